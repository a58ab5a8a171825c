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

	"orionbox/audio/device"
	"orionbox/firmware"
	"orionbox/firmware/conf"
	"orionbox/firmware/invite"
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
	producer  = "PRODUCER"
	artist    = "ARTIST"
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
	hurry()
	d := &demo{cfg: cfg, log: log, run: run}
	if err := d.prepare(); err != nil {
		return Receipt{}, err
	}
	at, failed := d.play(ctx)
	d.say("reading back what lies on disk, and exporting it")
	receipt := examine(context.WithoutCancel(ctx), cfg, at, d.cuts, d.chunks)
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
	boxes  []*box // the producer's first: the hub is on it
	cuts   []cut
	chunks []takes.Chunk // at the end, each box's as it shows them itself
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
	if err := empty(d.cfg.Out); err != nil {
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

func (d *demo) newBox(p player) (*box, error) {
	home := filepath.Join(d.cfg.Out, p.name)
	if err := os.MkdirAll(home, 0o750); err != nil {
		return nil, err
	}
	mic, err := d.microphone(home, p)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(home, "conn.conf")
	if err := d.writeConf(path, mic, p); err != nil {
		return nil, err
	}
	settings, err := d.settings(path, p)
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(d.run, p.name+".sock")
	b, err := firmware.New(firmware.Config{Settings: settings, Socket: socket, Version: d.cfg.Version}, d.log.With("box", p.name))
	if err != nil {
		return nil, err
	}
	return &box{player: p, box: b, door: webadmin.NewClient(socket)}, nil
}

// settings are those of conn.conf, to which the invite of the producer's hub is added for all but the producer.
func (d *demo) settings(path string, p player) (conf.Config, error) {
	file, err := conf.Load(path)
	if err != nil {
		return conf.Config{}, err
	}
	if len(d.boxes) > 0 {
		if err := d.join(file, p); err != nil {
			return conf.Config{}, err
		}
	}
	for _, problem := range file.Problems() {
		return conf.Config{}, errors.New(problem.String())
	}
	return file.Config(), nil
}

// join writes an invite into a conn.conf, as `orionbox invite` and `orionbox join` do.
func (d *demo) join(file *conf.File, p player) error {
	ctx, cancel := context.WithTimeout(context.Background(), stepLimit)
	defer cancel()
	reply, err := d.boxes[0].box.Host().Invite(ctx, webadmin.InviteRequest{
		Name: p.name, Role: p.role, User: p.name, Password: d.users[p.name], Server: d.server.Addr().String(), CallNo: callNo})
	if err != nil {
		return err
	}
	in, err := conf.ParseInvite(reply.String)
	if err != nil {
		return err
	}
	if _, err := invite.Join(file, in); err != nil {
		return err
	}
	return file.Save()
}

// microphone is the file that everybody plays from its start, or the player's own signal, in step with the others'.
func (d *demo) microphone(home string, p player) (string, error) {
	if d.cfg.Mic != "" {
		path, err := filepath.Abs(d.cfg.Mic)
		return device.FilePrefix + path, err
	}
	path, err := filepath.Abs(filepath.Join(home, "mic.wav"))
	return device.RoomPrefix + path, errors.Join(err, writeSignal(path, p))
}

func (d *demo) writeConf(path, mic string, p player) error {
	text := fmt.Sprintf(`# conn.conf of a demo box
[ConnectionDetails]
user = %s
password = %s
server = %s
call_no = %s

[AudioSettings]
mic = %s
speakers = null
recording_location = .
pre_roll = %g
# the demo shall run on a small disk too
reserve = 50

[ChatSettings]
username = %s
role = %s
`, p.name, d.users[p.name], d.server.Addr(), callNo, mic, preRoll.Seconds(), p.name, p.role)
	if p.role == producer {
		text += "\n[Hub]\nlisten = 127.0.0.1:0\n"
	}
	return os.WriteFile(path, []byte(text), 0o600)
}
