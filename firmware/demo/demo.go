// Package demo owns the whole job on one machine, with no hardware and no server: the built-in conference, a producer and
// two artists who call in, play and record, and a receipt of what then lies on disk.
//
// Its boxes are real ones: each has a conn.conf, a WAV file as microphone and a socket that its buttons are pressed
// through. What is not real is only the sound card.
package demo

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"orionbox/audio/wav"
	"orionbox/firmware"
	"orionbox/firmware/conf"
	"orionbox/firmware/takes"
	"orionbox/sip/conference"
	"orionbox/webadmin"
)

// Config says how the demo is to run.
type Config struct {
	Out      string        // folder of all that it makes
	Length   time.Duration // of the takes
	Mic      string        // WAV file that everybody plays; empty = a signal of their own each
	Stay     bool          // keep the boxes up after the takes until ctx ends
	Version  string
	Progress io.Writer // a line for each step
}

const (
	preRoll   = 2 * time.Second
	joinLimit = 20 * time.Second
	stepLimit = 10 * time.Second
	settle    = 500 * time.Millisecond // for the sound devices
	callNo    = "600"
)

// ErrFaults is returned when a recording is not what it should be; the receipt says which and how.
var ErrFaults = errors.New("the demo's recordings are not all what they should be")

// Run runs the demo and writes receipt.json. The receipt is whole, and to be shown, when err is nil or ErrFaults.
func Run(ctx context.Context, cfg Config, log *slog.Logger) (Receipt, error) {
	run, err := os.MkdirTemp("", "orionbox-demo-")
	if err != nil {
		return Receipt{}, fmt.Errorf("make folder for sockets: %w", err)
	}
	defer os.RemoveAll(run)
	held, err := claim(cfg.Out)
	if err != nil {
		return Receipt{}, err
	}
	defer held.Close()
	d := &demo{cfg: cfg, log: log, run: run}
	if err := d.prepare(); err != nil {
		return Receipt{}, err
	}
	at, failed := d.play(ctx)
	d.say("reading back what lies on disk")
	receipt := examine(cfg, at)
	if failed != nil {
		receipt.OK = false
		receipt.Faults = append(receipt.Faults, "the demo did not come to its end")
		return receipt, errors.Join(failed, receipt.write(cfg.Out))
	}
	if err := receipt.write(cfg.Out); err != nil {
		return receipt, err
	}
	if !receipt.OK {
		return receipt, ErrFaults
	}
	return receipt, nil
}

type demo struct {
	cfg    Config
	log    *slog.Logger
	run    string // folder of the sockets; short, as a socket's path must be
	server *conference.Conference
	users  map[string]string
	boxes  []*box
}

// box is one of the demo's boxes and the client that presses its buttons.
type box struct {
	player
	box  *firmware.Box
	door *webadmin.Client
}

func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.cfg.Progress, format+"\n", args...)
}

// prepare makes an empty folder, the conference and the boxes; nothing runs yet.
func (d *demo) prepare() error {
	if err := playable(d.cfg.Mic); err != nil {
		return err
	}
	if err := clear(d.cfg.Out); err != nil {
		return err
	}
	d.users = map[string]string{}
	for _, p := range players {
		d.users[p.name] = rand.Text()
	}
	var err error
	d.server, err = conference.New(conference.Config{Listen: "127.0.0.1:0", Users: d.users}, d.log.With("part", "conference"))
	if err != nil {
		return fmt.Errorf("open conference: %w", err)
	}
	for _, p := range players {
		b, err := d.newBox(p)
		if err != nil {
			return fmt.Errorf("set up %s's box: %w", p.name, err)
		}
		d.boxes = append(d.boxes, b)
	}
	return nil
}

// playable is nil if the microphone that everybody shall share is none, or a WAV file with sound in it.
func playable(mic string) error {
	if mic == "" {
		return nil
	}
	file, err := wav.Open(mic)
	if err != nil {
		return fmt.Errorf("open --mic: %w", err)
	}
	if file.Len() == 0 {
		err = fmt.Errorf("open --mic: there is no sound in %s", mic)
	}
	return errors.Join(err, file.Close())
}

// clear empties dir. Only what an earlier demo made, and nobody has added a recording to, is removed;
// anything else is left as it is.
func clear(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read demo folder: %w", err)
	}
	if len(entries) > 0 {
		if err := ours(dir, entries); err != nil {
			return fmt.Errorf("%s: %w; name another folder with --out, or remove this one", dir, err)
		}
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("remove earlier demo: %w", err)
		}
	}
	return nil
}

// claim makes dir and holds it against another demo until the file is closed.
func claim(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make demo folder: %w", err)
	}
	folder, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("open demo folder: %w", err)
	}
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: another demo is using it; name another folder with --out", dir), folder.Close())
	}
	return folder, nil
}

// ours is nil if dir holds an earlier demo that told its receipt, and nothing more.
func ours(dir string, entries []os.DirEntry) error {
	for _, e := range entries {
		mine := e.Name() == receiptName || slices.ContainsFunc(players, func(p player) bool { return p.name == e.Name() })
		if !mine {
			return fmt.Errorf("it holds %s, which the demo did not make", e.Name())
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, receiptName))
	var r Receipt
	if err != nil || json.Unmarshal(data, &r) != nil || r.Files == nil {
		return errors.New("it holds no receipt of an earlier demo")
	}
	made := map[string]bool{}
	for _, f := range r.Files {
		made[filepath.Join(dir, f.Path)] = true
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if _, recording := takes.ParseName(path); err == nil && recording && !made[path] {
			return fmt.Errorf("it holds a recording that is not on the demo's receipt, %s", d.Name())
		}
		return err
	})
}

func (d *demo) newBox(p player) (*box, error) {
	home := filepath.Join(d.cfg.Out, p.name)
	if err := os.MkdirAll(home, 0o750); err != nil {
		return nil, err
	}
	mic := d.cfg.Mic
	if mic == "" {
		mic = filepath.Join(home, "mic.wav")
		if err := writeSignal(mic, p); err != nil {
			return nil, err
		}
	}
	path := filepath.Join(home, "conn.conf")
	if err := d.writeConf(path, mic, p); err != nil {
		return nil, err
	}
	file, err := conf.Load(path)
	if err != nil {
		return nil, err
	}
	for _, problem := range file.Problems() {
		return nil, errors.New(problem.String())
	}
	socket := filepath.Join(d.run, p.name+".sock")
	b, err := firmware.New(firmware.Config{Settings: file.Config(), Socket: socket, Version: d.cfg.Version}, d.log.With("box", p.name))
	if err != nil {
		return nil, err
	}
	return &box{player: p, box: b, door: webadmin.NewClient(socket)}, nil
}

func (d *demo) writeConf(path, mic string, p player) error {
	mic, err := filepath.Abs(mic)
	if err != nil {
		return err
	}
	text := fmt.Sprintf(`# conn.conf of a demo box
[ConnectionDetails]
user = %s
password = %s
server = %s
call_no = %s

[AudioSettings]
mic = file:%s
speakers = null
recording_location = .
pre_roll = %g
# the demo shall run on a small disk too
reserve = 50

[ChatSettings]
username = %s
role = %s
`, p.name, d.users[p.name], d.server.Addr(), callNo, mic, preRoll.Seconds(), p.name, p.role)
	return os.WriteFile(path, []byte(text), 0o600)
}

// times are how long the parts of a session lasted.
type times struct {
	take    time.Duration // between the presses
	session time.Duration // from the first call to the last
}

// play runs the conference and the boxes through the session.
func (d *demo) play(ctx context.Context) (at times, err error) {
	serving, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	server := make(chan error, 1)
	go func() { server <- d.server.Run(serving) }()

	start := time.Now()
	playing, leave := context.WithCancel(ctx)
	group, inSession := errgroup.WithContext(playing)
	for _, b := range d.boxes {
		group.Go(func() error { return b.box.Run(inSession) })
	}
	at.take, err = d.session(inSession)
	if err == nil && d.cfg.Stay {
		d.stay(inSession)
	}
	d.say("leaving")
	leave()
	err = errors.Join(err, group.Wait())
	at.session = time.Since(start)
	hangUp()
	return at, errors.Join(err, <-server)
}

// session is what the three do: join, record, stop.
func (d *demo) session(ctx context.Context) (time.Duration, error) {
	d.say("conference at %s; %d boxes call %s", d.server.Addr(), len(d.boxes), callNo)
	if err := d.join(ctx); err != nil {
		return 0, err
	}
	start := time.Now()
	if err := d.press(ctx, "record", func(s firmware.Status) bool { return s.Recording }); err != nil {
		return 0, err
	}
	d.say("recording for %v", d.cfg.Length)
	select {
	case <-ctx.Done():
		return 0, fmt.Errorf("record: %w", context.Cause(ctx))
	case <-time.After(d.cfg.Length - time.Since(start)):
	}
	took := time.Since(start)
	if err := d.press(ctx, "record", func(s firmware.Status) bool { return s.Take.State == "idle" }); err != nil {
		return 0, err
	}
	return took, nil
}

// join waits until all are in the conference and have heard enough for a take to begin before its press.
func (d *demo) join(ctx context.Context) error {
	for _, b := range d.boxes {
		if err := b.await(ctx, joinLimit, "to be in the conference", func(s firmware.Status) bool { return s.Call == "in conference" }); err != nil {
			return err
		}
		d.say("%s is in the conference", b.name)
	}
	for _, b := range d.boxes {
		heard := func(s firmware.Status) bool { return s.Voice.Seconds > (preRoll + settle).Seconds() }
		if err := b.await(ctx, stepLimit, "to have heard enough for the pre-roll", heard); err != nil {
			return err
		}
	}
	return nil
}

// press presses a button on each artist's box and waits until all show what it leads to.
func (d *demo) press(ctx context.Context, button string, done func(firmware.Status) bool) error {
	for _, b := range d.boxes {
		if b.role != "ARTIST" {
			continue
		}
		text, err := b.door.Press(ctx, button, 0)
		if err != nil {
			return fmt.Errorf("press %s on %s's box: %w", button, b.name, err)
		}
		d.say("%s presses %s: %s", b.name, button, text)
	}
	for _, b := range d.boxes {
		if b.role != "ARTIST" {
			continue
		}
		if err := b.await(ctx, stepLimit, "to follow the press of "+button, done); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) stay(ctx context.Context) {
	d.say("staying until interrupted; in another terminal, for example:")
	for _, b := range d.boxes {
		d.say("  orionbox status --socket %s", filepath.Join(d.run, b.name+".sock"))
	}
	<-ctx.Done()
}

// await polls the box's status until it is as wished.
func (b *box) await(ctx context.Context, limit time.Duration, what string, ok func(firmware.Status) bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	var last error
	for {
		status, err := b.box.Status(ctx)
		if err == nil && ok(status) {
			return nil
		}
		last = errors.Join(err, status.Worst())
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s's box %s: %w", b.name, what, errors.Join(context.Cause(ctx), last))
		case <-poll.C:
		}
	}
}
