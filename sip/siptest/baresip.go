package siptest

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"orionbox/audio/audiotest"
	"orionbox/audio/audiotest/lab"
	"orionbox/audio/measure"
)

// BaresipOptions is who a baresip is and what it plays.
type BaresipOptions struct {
	Server    string // "host:port" of the registrar; "" = none, only calls by whole URI
	User      string // "1002"
	Password  string // "" = the lab's password of User
	Transport string // "udp" or "tcp"; "" = udp
	Codec     string // "opus", "G722", "PCMU", "PCMA"; "" = all of them in this order
	Tone      int    // Hz of the sine it plays without end, at -9 dBFS RMS; 0 = silence
	// Sound is played once in place of the tone.
	Sound *measure.Sound
	At    *lab.End // where it runs; nil = this machine
}

// Baresip is a running telephone that answers calls, plays its sound, and records all it sends and hears.
type Baresip struct {
	t       testing.TB
	opts    BaresipOptions
	folder  lab.Folder
	ports   lab.Ports
	process *lab.Process
	control *control
}

//go:embed baresip/config
var baresipConf string

// StartBaresip starts a telephone and returns when it is registered, or, with no server, when it runs.
func StartBaresip(t testing.TB, opts BaresipOptions) *Baresip {
	t.Helper()
	b := &Baresip{t: t, opts: opts, folder: lab.NewFolder(t, lab.Client, "baresip"), ports: lab.NewPorts(t)}
	b.configure()
	b.process = opts.At.Start(t, lab.Client, b.folder, []string{"HOME=" + b.folder.Inside},
		"/usr/bin/baresip", "-f", b.folder.Inside)
	b.process.Wait(t, "baresip's control port", 10*time.Second, func() bool {
		var err error
		b.control, err = connect(opts.At, b.controlAddr())
		return err == nil
	})
	t.Cleanup(func() { b.control.Close() })
	b.Command("uanew", b.account()) // an account of the file might register before we listen
	if opts.Server != "" {
		b.WaitRegistered()
	}
	return b
}

func (b *Baresip) controlAddr() string { return fmt.Sprintf("%s:%d", b.opts.At.Addr(), int(b.ports)+2) }

func (b *Baresip) configure() {
	source, rate, channels := fmt.Sprintf("ausine,%d", b.opts.Tone), 48000, 2
	b.folder.Write(b.t, "rec/.keep", "")
	s := b.opts.Sound
	if s == nil && b.opts.Tone == 0 {
		s = &measure.Sound{Rate: 8000, Samples: make([]float32, 8000*600)}
	}
	if s != nil {
		audiotest.WriteWAV(b.t, b.folder.Path("source.wav"), *s)
		source, rate, channels = "aufile,"+b.folder.Inside+"/source.wav", s.Rate, 1
	}
	fill := strings.NewReplacer("@DIR@", b.folder.Inside, "@ADDR@", b.opts.At.Addr(), "@SIP@", fmt.Sprint(int(b.ports)),
		"@CTRL@", fmt.Sprint(int(b.ports)+2), "@RTPFIRST@", fmt.Sprint(int(b.ports)+10),
		"@RTPLAST@", fmt.Sprint(int(b.ports)+lab.PortsInBlock-1), "@SOURCE@", source,
		"@RATE@", fmt.Sprint(rate), "@CHANNELS@", fmt.Sprint(channels))
	b.folder.Write(b.t, "config", fill.Replace(baresipConf))
	b.folder.Write(b.t, "accounts", "")
	b.folder.Write(b.t, "contacts", "")
}

func (b *Baresip) account() string {
	o := &b.opts
	if o.Transport == "" {
		o.Transport = "udp"
	}
	if o.Password == "" {
		o.Password = Password(o.User)
	}
	codecs := slices.DeleteFunc([]string{"opus/48000/2", "G722/16000/1", "PCMU/8000/1", "PCMA/8000/1"},
		func(c string) bool { return !strings.HasPrefix(c, o.Codec) })
	server, every := o.Server, 60
	if server == "" {
		server, every = o.At.Addr(), 0
	}
	return fmt.Sprintf("<sip:%s@%s;transport=%s>;auth_pass=%s;audio_codecs=%s;answermode=auto;regint=%d",
		o.User, server, o.Transport, o.Password, strings.Join(codecs, ","), every)
}

// URI is where the telephone itself can be called.
func (b *Baresip) URI() string {
	return fmt.Sprintf("sip:%s@%s:%d", b.opts.User, b.opts.At.Addr(), int(b.ports))
}

// WaitRegistered waits for the registrar's yes.
func (b *Baresip) WaitRegistered() {
	b.t.Helper()
	b.WaitEvent("REGISTER_OK")
}

// Dial calls a number at the server, or a whole URI, and waits until the call is answered.
func (b *Baresip) Dial(number string) {
	b.t.Helper()
	b.Call(number)
	b.WaitEvent("CALL_ESTABLISHED")
}

// Call calls like Dial and does not wait.
func (b *Baresip) Call(number string) {
	b.t.Helper()
	if !strings.HasPrefix(number, "sip:") {
		number = fmt.Sprintf("sip:%s@%s", number, b.opts.Server)
	}
	b.Command("dial", number)
}

// Hangup ends the call and waits until it is ended and its recordings are whole.
func (b *Baresip) Hangup() {
	b.t.Helper()
	b.Command("hangup", "")
	b.WaitEvent("CALL_CLOSED")
}

// Digits sends digits as telephone events (RFC 4733).
func (b *Baresip) Digits(digits string) { b.t.Helper(); b.Command("sndcode", digits) }

// Command gives baresip a command of its menu ("dial", "hangup", "reginfo").
func (b *Baresip) Command(command, params string) {
	b.t.Helper()
	if err := b.control.send(command, params); err != nil {
		b.t.Fatalf("baresip %s %s: %v", command, params, err)
	}
}

// Talk lets the call last until the telephone has recorded length of what it hears, of which silence counts too, but
// packets that never came do not.
func (b *Baresip) Talk(length time.Duration) {
	b.t.Helper()
	b.process.Wait(b.t, "sound from the far end", length+10*time.Second, func() bool { return b.Recorded() >= length })
}

// WaitEvent waits up to 15 s for an event that no call of it has seen yet, and returns its parameter (the reason of a
// CALL_CLOSED, say): REGISTER_OK, REGISTER_FAIL, CALL_INCOMING, CALL_ESTABLISHED, CALL_CLOSED.
func (b *Baresip) WaitEvent(kind string) (param string) {
	b.t.Helper()
	b.process.Wait(b.t, kind, 15*time.Second, func() bool {
		event, ok := b.control.take(kind)
		param = event.Param
		return ok
	})
	return param
}

// Heard is what the telephone heard in its latest call, which has ended.
func (b *Baresip) Heard() measure.Sound { b.t.Helper(); return b.recording("dec") }

// Sent is what the telephone sent in its latest call, which has ended.
func (b *Baresip) Sent() measure.Sound { b.t.Helper(); return b.recording("enc") }

func (b *Baresip) recording(direction string) measure.Sound {
	b.t.Helper()
	files, err := filepath.Glob(b.folder.Path("rec", "*-"+direction+".wav"))
	if err != nil || len(files) == 0 {
		b.t.Fatalf("baresip recorded nothing: %v", err)
	}
	slices.Sort(files)
	return audiotest.Read(b.t, files[len(files)-1])[0]
}

// Recorded is how much of what the telephone heard in its latest call, which may still last, is on disk.
func (b *Baresip) Recorded() time.Duration {
	files, _ := filepath.Glob(b.folder.Path("rec", "*-dec.wav"))
	if len(files) == 0 {
		return 0
	}
	slices.Sort(files)
	wav := readFile(files[len(files)-1])
	if len(wav) < 44 {
		return 0
	}
	perSecond := binary.LittleEndian.Uint32([]byte(wav[28:32]))
	return time.Duration(len(wav)-44) * time.Second / time.Duration(max(1, perSecond))
}
