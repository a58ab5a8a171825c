// Package demo owns the whole job on one machine, with no hardware and no server: the built-in conference, a producer and
// two artists who call in, play and record, and a receipt of what then lies on disk.
//
// Its boxes are real ones: each has a conn.conf, a WAV file as microphone and a socket that its buttons are pressed
// through. What is not real is only the sound card.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"orionbox/firmware"
	"orionbox/firmware/conf"
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
	callNo    = "600"
)

// ErrFaults is returned when a recording is not what it should be; the receipt says which and how.
var ErrFaults = errors.New("the demo's recordings are not all what they should be")

// Run runs the demo and writes receipt.json. The receipt is whole, and to be shown, when err is nil or ErrFaults.
func Run(ctx context.Context, cfg Config, log *slog.Logger) (Receipt, error) {
	d := &demo{cfg: cfg, log: log}
	if err := d.prepare(); err != nil {
		return Receipt{}, err
	}
	defer os.RemoveAll(d.run)
	took, err := d.play(ctx)
	if err != nil {
		return Receipt{}, err
	}
	d.say("reading back what lies on disk")
	receipt := examine(cfg, cfg.Out, players, took)
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
	if err := clear(d.cfg.Out); err != nil {
		return err
	}
	run, err := os.MkdirTemp("", "orionbox-demo-")
	if err != nil {
		return fmt.Errorf("make folder for sockets: %w", err)
	}
	d.run = run
	d.users = map[string]string{}
	for _, p := range players {
		d.users[p.name] = rand.Text()
	}
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

// mark is the file by which the demo knows a folder as its own.
const mark = "receipt.json"

// clear makes dir an empty folder. One that holds something other than an earlier demo is left alone: it may hold
// recordings.
func clear(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read demo folder: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, mark)); err != nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty and not of an earlier demo; name another folder with --out", dir)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove earlier demo: %w", err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make demo folder: %w", err)
	}
	return Receipt{Files: []File{}, Faults: []string{"the demo did not finish"}}.write(dir)
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

// play runs the conference and the boxes through the session and returns how long the takes were.
func (d *demo) play(ctx context.Context) (time.Duration, error) {
	serving, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	server := make(chan error, 1)
	go func() { server <- d.server.Run(serving) }()

	playing, leave := context.WithCancel(ctx)
	group, inSession := errgroup.WithContext(playing)
	for _, b := range d.boxes {
		group.Go(func() error { return b.box.Run(inSession) })
	}
	took, err := d.session(inSession)
	if err == nil && d.cfg.Stay {
		d.stay(inSession)
	}
	d.say("leaving")
	leave()
	err = errors.Join(err, group.Wait())
	hangUp()
	return took, errors.Join(err, <-server)
}

// session is what the three do: join, record, stop.
func (d *demo) session(ctx context.Context) (time.Duration, error) {
	d.say("conference at %s; %d boxes call %s", d.server.Addr(), len(d.boxes), callNo)
	for _, b := range d.boxes {
		if err := b.await(ctx, joinLimit, "to be in the conference", func(s firmware.Status) bool { return s.Call == "in conference" }); err != nil {
			return 0, err
		}
		d.say("%s is in the conference", b.name)
	}
	for _, b := range d.boxes { // so that a take can begin before the press
		if err := b.await(ctx, stepLimit, "to have heard enough for the pre-roll", func(s firmware.Status) bool { return s.Voice.Seconds > preRoll.Seconds() }); err != nil {
			return 0, err
		}
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
