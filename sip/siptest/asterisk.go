// Package siptest owns the SIP world that tests meet: a real Asterisk with a conference, echo, tones and every way a
// call can fail, and baresip, a real telephone that plays a known sound and records what it hears.
//
// Each server is the test's own: own folder, own ports on 127.0.0.1 or at an end of a lab.Link, gone when the test ends.
// Only tests import it.
package siptest

import (
	"embed"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"orionbox/audio/audiotest/lab"
)

// Password is the password of a user of the lab, 1001 to 1006 and 1104 (session timers always on).
func Password(user string) string { return "secret" + user }

// AsteriskOptions sets what a test needs otherwise than usual.
type AsteriskOptions struct {
	Codecs     string   // Asterisk's names in its order of preference; "" = opus,g722,ulaw,alaw
	MinExpires int      // seconds: a REGISTER for less is answered 423; 0 = 10
	At         *lab.End // where it runs; nil = this machine
}

// Asterisk is a running server. What answers at which number stands in asterisk/extensions.conf.
type Asterisk struct {
	t       testing.TB
	at      *lab.End
	folder  lab.Folder
	ports   lab.Ports
	process *lab.Process
}

//go:embed asterisk/*.conf
var asteriskConf embed.FS

// StartAsterisk starts a server of the test's own and returns when it takes calls. It ends with the test; its log is
// shown if the test fails.
func StartAsterisk(t testing.TB, opts AsteriskOptions) *Asterisk {
	t.Helper()
	a := &Asterisk{t: t, at: opts.At, folder: lab.NewFolder(t, lab.Asterisk, "asterisk"), ports: lab.NewPorts(t)}
	a.configure(opts)
	a.Start()
	t.Cleanup(func() {
		if t.Failed() {
			started := max(0, strings.LastIndex(a.Log(), "Asterisk Ready"))
			t.Logf("log of asterisk:\n%s", a.Log()[started:])
		}
	})
	return a
}

func (a *Asterisk) configure(opts AsteriskOptions) {
	if opts.Codecs == "" {
		opts.Codecs = "opus,g722,ulaw,alaw"
	}
	if opts.MinExpires == 0 {
		opts.MinExpires = 10
	}
	fill := strings.NewReplacer("@DIR@", a.folder.Inside, "@MODULES@", "/usr/lib/asterisk/modules",
		"@CODECS@", opts.Codecs, "@MINEXPIRES@", fmt.Sprint(opts.MinExpires), "@ADDR@", a.at.Addr(), "@SIP@", fmt.Sprint(int(a.ports)),
		"@RTPFIRST@", fmt.Sprint(int(a.ports)+10), "@RTPLAST@", fmt.Sprint(int(a.ports)+lab.PortsInBlock-1))
	names, _ := asteriskConf.ReadDir("asterisk")
	for _, name := range names {
		text, _ := asteriskConf.ReadFile("asterisk/" + name.Name())
		a.folder.Write(a.t, "etc/"+name.Name(), fill.Replace(string(text)))
	}
	for _, dir := range []string{"varlib", "run", "log", "cache", "spool/monitor"} {
		a.folder.Write(a.t, dir+"/.keep", "")
	}
}

// Addr is where it takes SIP over UDP and TCP: "127.0.0.1:port".
func (a *Asterisk) Addr() string { return fmt.Sprintf("%s:%d", a.at.Addr(), int(a.ports)) }

// Start starts a stopped or killed server again, at the same address, with the registrations it had.
func (a *Asterisk) Start() {
	a.t.Helper()
	a.process = a.at.Start(a.t, lab.Asterisk, a.folder, nil,
		"/usr/sbin/asterisk", "-f", "-q", "-n", "-C", a.folder.Inside+"/etc/asterisk.conf")
	a.process.Wait(a.t, "asterisk to be up", 30*time.Second, func() bool {
		out, err := a.command("core waitfullybooted")
		return err == nil && strings.Contains(out, "fully booted")
	})
}

// Stop ends the server in good order: calls are hung up.
func (a *Asterisk) Stop() { a.process.Stop() }

// Kill ends the server as a power cut would: nobody is told.
func (a *Asterisk) Kill() { a.process.Kill() }

// Hang lets it stand still, as a host that is gone or a cable that is pulled does: nothing answers, and nothing says so. GoOn ends
// that.
func (a *Asterisk) Hang() { a.signal(syscall.SIGSTOP) }

// GoOn lets it go on after Hang.
func (a *Asterisk) GoOn() { a.signal(syscall.SIGCONT) }

func (a *Asterisk) signal(s syscall.Signal) {
	a.t.Helper()
	if err := syscall.Kill(a.process.PID(), s); err != nil {
		a.t.Fatal(err)
	}
}

// CLI gives the server a console command ("core show channels concise") and returns what it prints.
func (a *Asterisk) CLI(command string) string {
	a.t.Helper()
	out, err := a.command(command)
	if err != nil {
		a.t.Fatalf("asterisk -rx %q: %v\n%s", command, err, out)
	}
	return out
}

func (a *Asterisk) command(command string) (string, error) {
	return lab.Run(a.t, lab.Asterisk, nil,
		"/usr/sbin/asterisk", "-C", a.folder.Inside+"/etc/asterisk.conf", "-rx", command)
}

// Channels is how many calls (legs) the server has; a conference's own announcer does not count.
func (a *Asterisk) Channels() int {
	return strings.Count("\n"+a.CLI("core show channels concise"), "\nPJSIP/")
}

// HangUp ends all calls from the server's side.
func (a *Asterisk) HangUp() { a.CLI("channel request hangup all") }

// Log is all the server has logged so far, DTMF included.
func (a *Asterisk) Log() string { return readFile(a.folder.Path("log", "full")) }

// WaitLog waits up to 15 s for a text in the log ("DTMF-GOT 1234") and fails the test if it does not come.
func (a *Asterisk) WaitLog(text string) {
	a.t.Helper()
	a.Wait(fmt.Sprintf("%q in the log", text), func() bool { return strings.Contains(a.Log(), text) })
}

// Wait polls cond for up to 15 s while the server runs.
func (a *Asterisk) Wait(what string, cond func() bool) {
	a.t.Helper()
	a.process.Wait(a.t, what, 15*time.Second, cond)
}

// Recordings are the files recorded so far, by name: NUMBER-ID-rx (heard from the caller), -tx (sent to the caller),
// and without either both mixed; .sln48 is read with audiotest.ReadRaw. They are whole once the call has ended.
func (a *Asterisk) Recordings() []string {
	files, err := filepath.Glob(a.folder.Path("spool", "monitor", "*.*"))
	if err != nil {
		a.t.Fatalf("list recordings: %v", err)
	}
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, ".keep") })
	slices.Sort(files)
	return files
}
