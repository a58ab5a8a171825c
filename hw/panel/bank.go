package panel

import (
	"errors"
	"fmt"
	"image/color"
	"maps"
	"slices"
	"sync"

	"orionbox/hw/led"
	"orionbox/hw/strip"
)

// Light is what an LED does.
type Light struct {
	Pattern led.Pattern `json:"pattern"`
	On      bool        `json:"on"` // at this moment
}

// colours is a strip's lights.
type colours interface {
	Set(place int, c color.RGBA)
	Show() error
	Close() error
}

// bank is where the LEDs are: lines, the lights of a strip, and what can be read. The driver writes to it; missing parts
// are tried again by the goroutine of the buttons.
type bank struct {
	chip     chip
	faults   *faults
	cfg      Config
	mu       sync.Mutex
	lit      map[string]bool
	outputs  map[string]output
	strip    colours // nil while there is none
	watchers map[chan struct{}]bool
}

func newBank(cfg Config, c chip, f *faults) *bank {
	b := &bank{chip: c, faults: f, cfg: cfg, lit: map[string]bool{}, outputs: map[string]output{}, watchers: map[chan struct{}]bool{}}
	b.open()
	return b
}

// open tries to get what is missing, and makes it show what it should.
func (b *bank) open() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(b.cfg.LEDs)) {
		spec := b.cfg.LEDs[name]
		if b.outputs[name] != nil || b.cfg.Chip != Sim && !has(spec) {
			continue
		}
		out, err := b.chip.drive(LEDPrefix+name, spec)
		if err != nil {
			b.faults.set(lineFault(LEDPrefix+name, err))
			continue
		}
		b.faults.clear(LEDPrefix + name)
		b.faults.clear(chipName)
		b.outputs[name] = out
		if b.lit[name] {
			b.set(name, true)
		}
	}
	b.openStrip()
}

const stripName = "strip"

func (b *bank) openStrip() {
	switch {
	case b.strip != nil:
		return
	case b.cfg.Strip.Device == "":
		b.faults.clear(stripName)
		return
	}
	cfg := b.cfg.Strip
	cfg.Length = max(cfg.Length, len(b.cfg.Pixels))
	s, err := strip.Open(cfg)
	if err != nil {
		b.faults.set(stripFault(err))
		return
	}
	b.strip = s
	b.faults.clear(stripName)
	b.flush()
}

func stripFault(err error) Fault {
	return Fault{Name: stripName, Text: err.Error(), Hint: "look at the strip's wiring, and whether the box's user is in the group spi"}
}

// Set is called by the driver.
func (b *bank) Set(name string, on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lit[name] = on
	b.set(name, on)
}

func (b *bank) set(name string, on bool) {
	out := b.outputs[name]
	if out == nil {
		return
	}
	if err := out.Set(on); err != nil {
		_ = out.Close() // lost already
		delete(b.outputs, name)
		b.faults.set(lineFault(LEDPrefix+name, err))
	}
}

// Flush is called by the driver when it has set all that changes together.
func (b *bank) Flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flush()
	for w := range b.watchers {
		select {
		case w <- struct{}{}:
		default: // it has not looked yet
		}
	}
}

func (b *bank) flush() {
	if b.strip == nil {
		return
	}
	for place, p := range b.cfg.Pixels {
		c := p.Color
		if !b.lit[p.LED] {
			c = dark
		}
		b.strip.Set(place, c)
	}
	if err := b.strip.Show(); err != nil {
		_ = b.strip.Close() // lost already
		b.strip = nil
		b.faults.set(stripFault(err))
	}
}

// works tells whether an LED has its line.
func (b *bank) works(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.outputs[name] != nil
}

func (b *bank) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var err error
	for name, out := range b.outputs {
		if closed := out.Close(); closed != nil {
			err = errors.Join(err, fmt.Errorf("give back LED %s: %w", name, closed))
		}
	}
	clear(b.outputs)
	if b.strip != nil {
		err = errors.Join(err, b.strip.Close())
		b.strip = nil
	}
	for w := range b.watchers {
		close(w)
	}
	b.watchers = nil
	return err
}
