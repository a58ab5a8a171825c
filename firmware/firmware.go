// Package firmware assembles a box: it builds the parts, hands each its own piece of conn.conf, starts them in order and
// stops them in the reverse. What a box does is decided in session and carried out by director; nothing is decided here.
//
// A box starts from the inside out, so that recording waits for nothing: sound card and recorders, then the door, then
// (once what a power cut left is repaired) the phone.
package firmware

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"orionbox/audio/codec"
	"orionbox/audio/engine"
	"orionbox/audio/mp3"
	"orionbox/audio/pcm"
	"orionbox/audio/recorder"
	"orionbox/audio/wav"
	"orionbox/firmware/conf"
	"orionbox/firmware/director"
	"orionbox/firmware/logbook"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
	"orionbox/hw/panel"
	"orionbox/sip/phone"
	"orionbox/webadmin"
)

// Config is what a box is made from.
type Config struct {
	Settings conf.Config
	Conf     string // path of conn.conf, for the page; empty = no page
	Socket   string // path of the unix socket that status and press come in by
	Version  string
	Book     *logbook.Book // the last lines of the log, for the page; nil = none
}

// Status is what a box tells about itself.
type Status = director.Status

// Box is an Orion box.
type Box struct {
	cfg    Config
	log    *slog.Logger
	engine *engine.Engine
	studio *recorder.Recorder
	phone  *phone.Phone // nil while no account is set up
	direct *director.Director
	hangUp context.CancelFunc
	called chan struct{} // closed when the phone has left
	parted chan struct{} // closed when the peers were told goodbye
	door   http.Handler
	room
	post
	gear
	caretaker

	repaired chan struct{} // closed when earlier sessions are mended
}

const (
	repairLimit = 2 * time.Second // after which the phone no longer waits for the repair of old recordings
	flushEvery  = 500 * time.Millisecond
)

// New builds a box; until Run nothing runs but the panel, whose LEDs say that it starts, and nothing is written but the
// recordings' folder.
func New(cfg Config, log *slog.Logger) (*Box, error) {
	b := &Box{cfg: cfg, log: log, hangUp: func() {}, called: make(chan struct{}), parted: make(chan struct{}), repaired: make(chan struct{})}
	root, err := filepath.Abs(cfg.Settings.AudioSettings.RecordingLocation)
	if err == nil {
		err = os.MkdirAll(root, 0o750)
	}
	if err != nil {
		return nil, fmt.Errorf("make recordings' folder: %w; set AudioSettings, recording_location to one that can be written", err)
	}
	b.cfg.Settings.AudioSettings.RecordingLocation = root
	b.service = NewService(log)
	set := b.cfg.Settings
	if b.engine, err = engine.New(b.engineConfig(), log.With("part", "audio")); err != nil {
		return nil, fmt.Errorf("build audio engine: %w", err)
	}
	b.studio = recorder.New(recorder.Config{
		Name: "studio", Source: b.engine.Studio(), PreRoll: set.AudioSettings.PreRoll, Flush: flushEvery,
	}, log.With("part", "studio"))
	if err := b.buildPhone(); err != nil {
		return nil, err
	}
	directed, err := b.directorConfig()
	if err != nil {
		return nil, err
	}
	if err := b.buildGear(); err != nil {
		return nil, errors.Join(err, b.closeGear())
	}
	directed.NoHub = b.buildAtOnce()
	b.direct = director.New(directed, b.parts(), log.With("part", "director"))
	b.door = webadmin.New(b.doors(), log.With("part", "door"))
	return b, nil
}

// doors are what the socket and the page open on.
func (b *Box) doors() webadmin.Parts {
	return webadmin.Parts{Box: door{b.direct}, Panel: door{b.direct}, Studio: studio{b.direct}, Host: b.doorHost(), System: system{b}}
}

func (b *Box) format() pcm.Format {
	hq := b.cfg.Settings.HQRecordingSettings
	return pcm.Format{Rate: hq.Rate, Channels: hq.Channels}
}

func (b *Box) engineConfig() engine.Config {
	a, hq := b.cfg.Settings.AudioSettings, b.cfg.Settings.HQRecordingSettings
	return engine.Config{Mic: a.Mic, Speakers: a.Speakers, Format: b.format(), Width: pcm.Width(hq.Width), Tap: b.talk.hear}
}

func (b *Box) buildPhone() error {
	c := b.cfg.Settings.ConnectionDetails
	if !c.Configured() {
		close(b.called)
		return nil
	}
	p, err := phone.New(b.phoneConfig(), b.log.With("part", "phone"))
	if err != nil {
		return fmt.Errorf("build phone: %w", err)
	}
	b.phone = p
	return nil
}

func (b *Box) phoneConfig() phone.Config {
	c := b.cfg.Settings.ConnectionDetails
	return phone.Config{
		User: c.User, Password: string(c.Password), Server: c.Server, CallNo: c.CallNo, Transport: c.Transport,
		Codec: b.cfg.Settings.LQRecordingSettings.Codec, StatePath: b.dialogPath(), UserAgent: "OrionBox/" + b.cfg.Version,
	}
}

// dialogPath is where the call's identity is kept for the start after a power cut: beside the recordings, on the one
// place of a box that is written to, and apart from that of any other box that records there.
func (b *Box) dialogPath() string {
	return b.hidden("dialog-" + takes.FileName(b.cfg.Settings.Name()) + ".json")
}

func (b *Box) directorConfig() (director.Config, error) {
	set := b.cfg.Settings
	offered, err := codec.Preferred(set.LQRecordingSettings.Codec)
	if err != nil {
		return director.Config{}, fmt.Errorf("choose codecs: %w", err)
	}
	return director.Config{
		Name: set.Name(), Role: session.Role(set.ChatSettings.Role), Version: b.cfg.Version,
		Folder: set.AudioSettings.RecordingLocation, Reserve: set.AudioSettings.Reserve, Keep: set.Delivery.Keep,
		Studio: b.format(), Bitrate: set.HQRecordingSettings.Bitrate,
		VoiceRate: offered[0].SampleRate,
		OpenTake:  b.openTake, OpenVoice: openVoice, NewVoice: b.newVoice,
		OpenPlayback: b.openPlayback, Speak: b.speak,
		HangUp: func() { b.hangUp() },
		Ready:  b.repaired, Chip: set.Hardware.Chip, Peers: names(set.Hardware), Tones: set.AudioSettings.Cues == "tones",
		Talking: b.talk.asked, Alive: b.alive, Echo: b.echoCall(),
	}, nil
}

func (b *Box) parts() director.Parts {
	set := b.cfg.Settings
	parts := director.Parts{
		Audio: b.engine, Studio: b.studio, Panel: b.panel,
		Disk: takes.New(takes.Config{Root: set.AudioSettings.RecordingLocation, Artist: set.Name()}, b.log.With("part", "takes")),
	}
	if b.phone != nil { // a nil *phone.Phone in the interface would not be nil
		parts.Phone = b.phone
	}
	if b.client != nil {
		parts.Hub = b.client
	}
	if b.cues != nil {
		parts.Cues = b.cues
	}
	parts.Outbox = b.out()
	return parts
}

func (b *Box) openTake(path string) (recorder.File, error) {
	return mp3.Create(path, mp3.Config{Format: b.format(), Bitrate: b.cfg.Settings.HQRecordingSettings.Bitrate})
}

func openVoice(path string, rate int) (recorder.File, error) {
	return wav.Create(path, pcm.Format{Rate: rate, Channels: 1})
}

// Run is the box, until ctx ends or the status button is held; then it closes what is open and leaves.
func (b *Box) Run(ctx context.Context) error {
	listener, err := webadmin.ListenLocal(b.cfg.Socket)
	if err != nil {
		return errors.Join(err, b.closeRoom(), b.closeGear())
	}
	b.guard()
	inside, stopInside := context.WithCancel(context.WithoutCancel(ctx))
	defer stopInside()
	calling, hangUp := context.WithCancel(inside)
	b.hangUp = hangUp
	defer hangUp()

	failures := make(chan error, 8)
	running := 0
	start := func(what string, run func(context.Context) error, ctx context.Context) {
		running++
		go func() { failures <- wrap(what, run(ctx)) }()
	}
	start("audio engine", b.engine.Run, inside)
	start("studio recorder", b.studio.Run, inside)
	start("door", b.serve(listener), inside)
	start("computer", b.observe, inside)
	start("page", b.page, inside)
	if b.phone != nil {
		start("phone", b.runPhone, calling)
	}
	meeting, part := context.WithCancel(inside)
	defer part()
	start("peers", b.meet, meeting)
	go b.repair(inside)
	b.log.Info("box runs", "settings", b.cfg.Settings, "socket", b.cfg.Socket, "version", b.cfg.Version)

	quiet := context.AfterFunc(ctx, b.service.Leave)
	err = b.direct.Run(ctx) // returns when all is closed and the phone was told to leave
	if quiet() && !b.Restarts() {
		b.service.Leave()
	}
	<-b.called
	part()
	<-b.parted
	stopInside()
	for range running {
		err = errors.Join(err, <-failures)
	}
	<-b.repaired
	b.log.Info("box stopped")
	err = errors.Join(err, b.unguard())
	b.switchOff(ctx)
	return errors.Join(err, b.closeGear(), b.renew())
}

func wrap(what string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return nil
	}
	return fmt.Errorf("run %s: %w", what, err)
}

func (b *Box) serve(listener net.Listener) func(context.Context) error {
	return func(ctx context.Context) error { return webadmin.Serve(ctx, listener, b.door) }
}

// runPhone calls, once what a power cut left is repaired; a long repair goes on beside the call.
func (b *Box) runPhone(ctx context.Context) error {
	defer close(b.called)
	select {
	case <-b.repaired:
	case <-time.After(repairLimit):
		b.log.Info("repair of earlier recordings goes on beside the call")
	case <-ctx.Done():
	}
	return b.phone.Run(ctx)
}

// repair mends what a power cut left of earlier sessions, until ctx ends.
func (b *Box) repair(ctx context.Context) {
	defer close(b.repaired)
	root := b.cfg.Settings.AudioSettings.RecordingLocation
	report, err := takes.Recover(ctx, root, b.log.With("part", "repair"))
	b.log.Debug("repair of earlier recordings", "report", report)
	if err != nil && ctx.Err() == nil {
		b.log.Error("repair earlier recordings", "err", err)
		b.direct.Unrepaired(err)
	}
	b.tellPast()
}

// Status is what the box tells about itself.
func (b *Box) Status(ctx context.Context) (Status, error) { return b.direct.Status(ctx) }

// door is the director as the door's box: refusals get the HTTP status of their kind.
type door struct{ direct *director.Director }

func (d door) Status(ctx context.Context) (any, error) { return d.direct.Status(ctx) }

func (d door) Press(ctx context.Context, button string, hold time.Duration) (string, error) {
	text, err := d.direct.Press(ctx, session.Button(button), hold)
	return text, asRefusal(err)
}

func (d door) Preflight(ctx context.Context) (any, error) {
	report, err := d.direct.Preflight(ctx)
	return report, asRefusal(err)
}

func (d door) TestPanel(ctx context.Context, tell func(any)) error {
	return asRefusal(d.direct.TestPanel(ctx, func(f panel.Finding) { tell(f) }))
}
