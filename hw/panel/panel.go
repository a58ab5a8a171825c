// Package panel owns which line is which button or LED. A panel is made of lines of a GPIO chip, of nothing at all (chip
// sim), or of lines and a coloured strip; to whoever uses it, it is the same: gestures come out, patterns go in. Buttons
// may also be pushed by a page or a command, and what is lit can be read, on every kind.
//
// A line that cannot be had is a fault, and all the others work. Names of buttons and LEDs are the caller's.
//
//	line -> watch -+-> run: button.Button a button -> Events
//	Push ----------+
//	Show -> led.Driver -> bank: line, pixel, Lights, Watch
package panel

import (
	"errors"
	"fmt"
	"image/color"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"orionbox/hw/button"
	"orionbox/hw/led"
	"orionbox/hw/strip"
)

// Sim is the chip that is none: all buttons and LEDs are there, without a line.
const Sim = "sim"

// None is the line of a button or LED that the panel does not have.
const None = "none"

// Prefixes of the names of lines in faults, as keys of conn.conf.
const (
	ButtonPrefix = "button_"
	LEDPrefix    = "led_"
)

// Config says what is where.
type Config struct {
	Chip     string                   // gpio.Auto, a chip's name or label, or Sim
	Buttons  map[string]string        // a button's name to its line: 17, GPIO17, ! in front for active low; None or "" = no line
	LEDs     map[string]string        // an LED's name to its line, likewise
	Gestures map[string]button.Config // a button's name to its gestures; else it has presses alone, told on the way down
	Strip    strip.Config             // Device empty = none
	Pixels   []Pixel                  // the strip's lights, in order
	Order    []string                 // of names, in which a Test takes them; those that are not in it come first
}

// Pixel is one light of a strip: it does what an LED does, in colour.
type Pixel struct {
	LED   string
	Color color.RGBA
}

// Event is what a person did.
type Event struct {
	Button  string         `json:"button"`
	Gesture button.Gesture `json:"gesture"`
	At      time.Time      `json:"at"` // with the monotonic clock's reading
}

// Fault is a part of the panel that does not work.
type Fault struct {
	Name string `json:"name"` // chip, strip, or the line's key in conn.conf, as button_record
	Text string `json:"text"`
	Hint string `json:"hint"`

	forGood bool // trying again does not help
}

const (
	waiting    = 64               // events that nobody has taken; more are lost, and logged
	retryEvery = 30 * time.Second // for what could not be had
)

// ErrNoButton is the error of pushing a button that the panel does not know.
var ErrNoButton = errors.New("no such button")

// Panel is a panel at work. Make it by New.
type Panel struct {
	cfg    Config
	log    *slog.Logger
	chip   chip
	events chan Event
	edges  chan edge
	stop   chan struct{}
	gone   chan struct{}
	once   sync.Once
	bank   *bank
	driver *led.Driver
	faults *faults
	woken  atomic.Int64
}

// New takes all lines that can be had. What cannot is among the Faults and tried again from time to time, so that no
// wiring keeps a box from starting; the error is for the caller's own mistakes.
func New(cfg Config, log *slog.Logger) (*Panel, error) {
	c := chip(&header{name: cfg.Chip})
	if cfg.Chip == Sim {
		c = newSimulated()
	}
	return start(cfg, c, log)
}

func start(cfg Config, c chip, log *slog.Logger) (*Panel, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	p := &Panel{cfg: cfg, log: log, chip: c, events: make(chan Event, waiting), edges: make(chan edge, waiting),
		stop: make(chan struct{}), gone: make(chan struct{})}
	p.faults = newFaults(log)
	p.bank = newBank(cfg, c, p.faults)
	p.driver = led.New(p.bank)
	k := newKeys(p)
	k.open(time.Now())
	go k.run()
	return p, nil
}

func (cfg Config) check() error {
	for name := range cfg.Gestures {
		if _, ok := cfg.Buttons[name]; !ok {
			return fmt.Errorf("set up panel: gestures of %s: %w, use %s", name, ErrNoButton, list(cfg.Buttons))
		}
	}
	return nil
}

// has tells whether a line is given at all.
func has(line string) bool { return line != "" && !strings.EqualFold(line, None) }

func list[V any](m map[string]V) string { return strings.Join(slices.Sorted(maps.Keys(m)), ", ") }

// Events is where gestures come out. It is closed by Close.
func (p *Panel) Events() <-chan Event { return p.events }

// Show gives an LED a pattern. It does not wait. An LED that has no line is shown by Lights all the same.
func (p *Panel) Show(name string, pattern led.Pattern) { p.driver.Show(name, pattern) }

// ShowAll gives LEDs their patterns at one moment; the others keep theirs.
func (p *Panel) ShowAll(patterns map[string]led.Pattern) { p.driver.ShowAll(patterns) }

// Patterns is what was shown last, by LED.
func (p *Panel) Patterns() map[string]led.Pattern { return p.driver.Patterns() }

// Faults is what does not work now, by name.
func (p *Panel) Faults() []Fault { return p.faults.list() }

// Where tells for each button and LED, by its key, on which line of which chip it is; those without a line are left out.
func (p *Panel) Where() map[string]string {
	places := map[string]string{}
	for prefix, lines := range map[string]map[string]string{ButtonPrefix: p.cfg.Buttons, LEDPrefix: p.cfg.LEDs} {
		for name, spec := range lines {
			if p.cfg.Chip == Sim || has(spec) {
				places[prefix+name] = p.chip.where(prefix+name, spec)
			}
		}
	}
	return places
}

// Wakeups is how often the panel's own goroutines have run: for a test that shows that they sleep.
func (p *Panel) Wakeups() int64 { return p.woken.Load() + p.driver.Wakeups() }

// Close makes the LEDs dark and gives all lines back.
func (p *Panel) Close() error {
	var err error
	p.once.Do(func() {
		close(p.stop)
		<-p.gone
		err = errors.Join(p.driver.Close(), p.bank.close())
	})
	return err
}
