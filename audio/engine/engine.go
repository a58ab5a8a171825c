// Package engine owns the real-time graph of a box: what the microphone hears goes to the studio recording and to the
// call, and what the call, the cues and the playback say is mixed into the speakers.
//
//	            the card's thread                      |              anybody else
//	                                                   |
//	mic ──> input.deliver ─┬─> meter, clock            |
//	                       ├─> Studio ring, >= 12 s ───┼─> Pop ──> recorder          (never muted)
//	                       └─> mono ─> lane of a Mic ──┼─> resample ─> gain, mute ─> ReadVoice
//	                                                   |       ^
//	                                                   |     Drift
//	                                                   |       v
//	speakers <── output.render <─┬── lane of a Speaker <┼── resample <── WriteVoice    (call)
//	   limit, gain, mute, meter  └── lane of a Speaker <┼── resample <── WriteVoice    (cue, playback)
//
// Left of the line nothing locks, logs, allocates or waits: the rings are the border. Three clocks meet there: the
// microphone's crystal, the speakers' and the caller's. Each Mic and Speaker measures how its ring fills and bends its
// resampler by parts per million, so that nothing is ever dropped or doubled for the sake of a clock.
//
// A device that is away is a fault, not an end. The engine stands in for it: silence, marked Filled and in real time, for
// a microphone, so that a recording keeps its time line and the call its pace; for speakers, what is written is
// drained. Only the very first silence is not recorded: the stream begins when the microphone is open, or stays away. Meanwhile it tries to open the device again, and at once when one is plugged in.
package engine

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"orionbox/audio/device"
	"orionbox/audio/pcm"
	"orionbox/audio/ring"
)

// Config says which devices to use and how, as device.Config does.
type Config struct {
	Mic, Speakers string
	Format        pcm.Format
	Width         pcm.Width
	Period        time.Duration // of a callback; zero means 10 ms
	// Tap, if there is one, hears the microphone before gain and mute, in mono blocks of at most a Period that end at the
	// time given, on any clock that goes on. It runs on the card's thread, and is real-time like all that does.
	Tap func(end time.Duration, block []float32, muted bool)
}

const (
	defaultPeriod = 10 * time.Millisecond
	// studioDepth is how long a disk may stall before a studio recording loses anything.
	studioDepth = 15 * time.Second
)

// Engine is the graph of one box. Its methods may be called from any goroutine.
type Engine struct {
	cfg     Config
	log     *slog.Logger
	epoch   time.Time
	in      *input
	out     *output
	mic     *side
	speaker *side
	changed chan struct{}
	edit    sync.Mutex // guards the lists of Mics and Speakers while one is changed; never taken on a card's thread
}

// opener is what the engine needs of package device; tests give it cards that can be unplugged.
type opener struct {
	capture  func(device.Config, func([]float32)) (device.Device, error)
	playback func(device.Config, func([]float32)) (device.Device, error)
	identify func(name string, microphone bool) string
}

// New makes the graph and opens nothing: Run does. It fails only for settings that no device could have.
func New(cfg Config, log *slog.Logger) (*Engine, error) {
	return newEngine(cfg, log, opener{device.OpenCapture, device.OpenPlayback, device.Identify})
}

func newEngine(cfg Config, log *slog.Logger, open opener) (*Engine, error) {
	if cfg.Period == 0 {
		cfg.Period = defaultPeriod
	}
	if err := cfg.of(cfg.Mic).Validate(); err != nil {
		return nil, fmt.Errorf("set up sound: %w", err)
	}
	e := &Engine{cfg: cfg, log: log, epoch: time.Now(), changed: make(chan struct{}, 1)}
	e.in = newInput(cfg, e.now)
	e.out = newOutput(cfg, e.now)
	e.mic = newSide(e, "mic", cfg.Mic, &e.in.gate, &e.in.last)
	e.mic.open = func(ticket uint64) (device.Device, error) {
		return open.capture(cfg.of(cfg.Mic), func(data []float32) { e.in.deliver(ticket, data, false) })
	}
	e.mic.identify = func() string { return open.identify(cfg.Mic, true) }
	silence := make([]float32, cfg.blockLen()*cfg.Format.Channels)
	e.mic.standIn = func(ticket uint64, frames int) bool {
		return e.in.deliver(ticket, silence[:frames*cfg.Format.Channels], true)
	}
	e.speaker = newSide(e, "speakers", cfg.Speakers, &e.out.gate, &e.out.last)
	e.speaker.open = func(ticket uint64) (device.Device, error) {
		return open.playback(cfg.of(cfg.Speakers), func(dst []float32) { e.out.render(ticket, dst) })
	}
	e.speaker.identify = func() string { return open.identify(cfg.Speakers, false) }
	nowhere := make([]float32, cfg.blockLen()*cfg.Format.Channels)
	e.speaker.standIn = func(ticket uint64, frames int) bool {
		return e.out.render(ticket, nowhere[:frames*cfg.Format.Channels])
	}
	return e, nil
}

// of is the device's own settings.
func (c Config) of(name string) device.Config {
	return device.Config{Name: name, Format: c.Format, Width: c.Width, Period: c.Period}
}

func (c Config) blockLen() int { return max(int(c.Format.Samples(c.Period)), 1) }

// now is the monotonic time since the engine was made.
func (e *Engine) now() time.Duration { return time.Since(e.epoch) }

// Run opens both devices and watches them, until ctx ends; then it closes them. It returns nil: a device that is away
// is in Status.
func (e *Engine) Run(ctx context.Context) error {
	var both sync.WaitGroup
	both.Go(func() { e.mic.run(ctx) })
	both.Go(func() { e.speaker.run(ctx) })
	both.Wait()
	return nil
}

// Studio is the recording's ring: all that the microphone delivers, in the Format of the Config. It has one consumer.
// While the microphone is away it gets silence in real time, Filled and with Pos going on. It begins, at Pos 0, with the
// first sound, or with silence when there was none for 750 ms.
func (e *Engine) Studio() *ring.Ring { return e.in.studio }

// MuteMic silences every Mic, that is the call. The studio recording goes on.
func (e *Engine) MuteMic(mute bool) { e.in.muted.Store(mute) }

// MuteSpeakers silences what the box plays.
func (e *Engine) MuteSpeakers(mute bool) { e.out.muted.Store(mute) }

// SetMicGain sets the gain of every Mic in dB, at most +40. The studio recording is not touched.
func (e *Engine) SetMicGain(db float64) { e.in.gain.set(db) }

// SetSpeakerGain sets the gain of what the box plays in dB, at most +40.
func (e *Engine) SetSpeakerGain(db float64) { e.out.gain.set(db) }

// Changed gets a token when the state of a device changed: read Status then.
func (e *Engine) Changed() <-chan struct{} { return e.changed }

func (e *Engine) notify() {
	select {
	case e.changed <- struct{}{}:
	default: // a token waits already
	}
}

// String shows the wiring.
func (e *Engine) String() string {
	return fmt.Sprintf("engine(%s -> %v, voice; voice -> %s)", e.cfg.Mic, e.in.studio, e.cfg.Speakers)
}
