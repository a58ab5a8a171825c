package engine

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orionbox/audio/device"
	"orionbox/audio/pcm"
)

var stereo = pcm.Format{Rate: 48000, Channels: 2}

func testConfig() Config {
	return Config{Mic: "card", Speakers: "card", Format: stereo, Width: 2}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// bare is an engine whose callbacks the test makes itself, with the tickets for it.
func bare(t testing.TB, cfg Config) (e *Engine, in, out uint64) {
	t.Helper()
	e, err := newEngine(cfg, quiet(), opener{})
	if err != nil {
		t.Fatal(err)
	}
	in, out = e.in.gate.ticket(), e.out.gate.ticket()
	e.in.gate.admit(in)
	e.out.gate.admit(out)
	return e, in, out
}

// tone goes on where it stopped, at each call.
type tone struct {
	hz, amplitude float64
	rate          int
	at            int
}

func (o *tone) fill(dst []float32, channels int) {
	for i := range len(dst) / channels {
		v := float32(o.amplitude * math.Sin(2*math.Pi*o.hz*float64(o.at)/float64(o.rate)))
		o.at++
		for c := range channels {
			dst[i*channels+c] = v
		}
	}
}

// usb is a sound card with one microphone and one pair of speakers, that can be unplugged.
type usb struct {
	plugged atomic.Bool
	release chan struct{} // what Close of an unplugged device hangs on

	mu    sync.Mutex
	stale []func() // the callbacks of devices that were unplugged
	heard tone
}

func newUSB() *usb {
	u := &usb{release: make(chan struct{}), heard: tone{hz: 1000, amplitude: 0.5, rate: 48000}}
	u.plugged.Store(true)
	return u
}

func (u *usb) opener() opener {
	return opener{
		capture: func(cfg device.Config, f func([]float32)) (device.Device, error) {
			return u.open(cfg, func(data []float32) {
				u.heard.fill(data, 2)
				f(data)
			})
		},
		playback: func(cfg device.Config, f func([]float32)) (device.Device, error) { return u.open(cfg, f) },
		identify: func(string, bool) string { return "usb" },
	}
}

// plugin is one opened direction of a usb.
type plugin struct {
	usb    *usb
	format pcm.Format
	last   atomic.Int64 // unix ns
	quit   chan struct{}
	done   chan struct{}
}

func (u *usb) open(cfg device.Config, block func([]float32)) (device.Device, error) {
	if !u.plugged.Load() {
		return nil, fmt.Errorf("open %q: %w", cfg.Name, device.ErrNotFound)
	}
	p := &plugin{usb: u, format: cfg.Format, quit: make(chan struct{}), done: make(chan struct{})}
	p.last.Store(time.Now().UnixNano())
	data := make([]float32, int(cfg.Format.Samples(cfg.Period))*cfg.Format.Channels)
	go p.run(cfg.Period, func() { block(data) })
	return p, nil
}

func (p *plugin) run(period time.Duration, callback func()) {
	defer close(p.done)
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-p.quit:
			return
		case <-tick.C:
		}
		if !p.usb.plugged.Load() {
			p.usb.mu.Lock()
			p.usb.stale = append(p.usb.stale, callback)
			p.usb.mu.Unlock()
			<-p.quit
			return
		}
		callback()
		p.last.Store(time.Now().UnixNano())
	}
}

func (p *plugin) Name() string       { return "USB Audio" }
func (p *plugin) Format() pcm.Format { return p.format }
func (p *plugin) String() string     { return "usb" }
func (p *plugin) Age() time.Duration { return time.Duration(time.Now().UnixNano() - p.last.Load()) }

// Close hangs when the card is gone, as the driver does.
func (p *plugin) Close() error {
	if !p.usb.plugged.Load() {
		<-p.usb.release
	}
	close(p.quit)
	<-p.done
	return nil
}
