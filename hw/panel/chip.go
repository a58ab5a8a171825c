package panel

import (
	"fmt"
	"io"
	"sync"
	"time"

	"orionbox/hw/gpio"
)

// chip is where lines come from. Names are for messages and for the simulated one, specs are as in the settings.
type chip interface {
	// watch takes an input and tells whether it is active now; its edges go to told, from another goroutine.
	watch(name, spec string, told func(edge)) (line io.Closer, active bool, err error)
	// drive takes an output, inactive.
	drive(name, spec string) (output, error)
	// where names line and chip for a person.
	where(name, spec string) string
}

type output interface {
	Set(active bool) error
	Close() error
}

// header is the GPIO chip that the panel is wired to. It is looked for when the first line is: a box without any has no
// fault for want of a chip. Buttons and LEDs come from two goroutines.
type header struct {
	name string
	mu   sync.Mutex
	chip *gpio.Chip
}

func (h *header) open() (*gpio.Chip, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.chip != nil {
		return h.chip, nil
	}
	c, err := gpio.Open(h.name)
	h.chip = c
	return c, err
}

func (h *header) line(spec string) (*gpio.Chip, gpio.Spec, error) {
	s, err := gpio.ParseSpec(spec)
	if err != nil {
		return nil, s, err
	}
	c, err := h.open()
	return c, s, err
}

func (h *header) watch(_, spec string, told func(edge)) (io.Closer, bool, error) {
	c, s, err := h.line(spec)
	if err != nil {
		return nil, false, err
	}
	in, err := c.Watch(s, func(e gpio.Edge) { told(edge{at: e.At, down: e.Active, lost: e.Err}) })
	if err != nil {
		return nil, false, err
	}
	return in, in.Active(), nil
}

func (h *header) drive(_, spec string) (output, error) {
	c, s, err := h.line(spec)
	if err != nil {
		return nil, err
	}
	return c.Drive(s)
}

func (h *header) where(_, spec string) string {
	c, s, err := h.line(spec)
	if err != nil {
		return fmt.Sprintf("line %s of chip %s", spec, h.name)
	}
	return fmt.Sprintf("line %s of %s", s, c)
}

// simulated is a chip of lines that are only state: one a name, there at once unless broken.
type simulated struct {
	mu      sync.Mutex
	told    map[string]func(edge)
	outputs map[string]bool
	broken  map[string]error
}

func newSimulated() *simulated {
	return &simulated{told: map[string]func(edge){}, outputs: map[string]bool{}, broken: map[string]error{}}
}

func (s *simulated) watch(name, _ string, told func(edge)) (io.Closer, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.broken[name]; err != nil {
		return nil, false, fmt.Errorf("%s: %w", s.where(name, ""), err)
	}
	s.told[name] = told
	return simLine{s, name}, false, nil
}

func (s *simulated) drive(name, _ string) (output, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.broken[name]; err != nil {
		return nil, fmt.Errorf("%s: %w", s.where(name, ""), err)
	}
	s.outputs[name] = false
	return simLine{s, name}, nil
}

func (s *simulated) where(name, _ string) string { return fmt.Sprintf("line %s of chip %s", name, Sim) }

// breakLine lets a line fail until err is nil, as a wire that comes off.
func (s *simulated) breakLine(name string, err error) {
	s.mu.Lock()
	told := s.told[name]
	if err == nil {
		delete(s.broken, name)
	} else {
		s.broken[name] = err
		delete(s.told, name)
	}
	s.mu.Unlock()
	if err != nil && told != nil {
		told(edge{at: time.Now(), lost: fmt.Errorf("%s: %w", s.where(name, ""), err)})
	}
}

// simLine is one of its lines, in use.
type simLine struct {
	*simulated
	name string
}

func (l simLine) Set(active bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.broken[l.name]; err != nil {
		return fmt.Errorf("%s: %w", l.where(l.name, ""), err)
	}
	l.outputs[l.name] = active
	return nil
}

func (l simLine) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.told, l.name)
	delete(l.outputs, l.name)
	return nil
}
