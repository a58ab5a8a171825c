package panel

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"orionbox/hw/gpio"
)

// faults is what does not work, for anybody to read.
type faults struct {
	log  *slog.Logger
	news chan struct{} // holds one: that there is a new one
	mu   sync.Mutex
	held map[string]Fault
}

func newFaults(log *slog.Logger) *faults {
	return &faults{log: log, news: make(chan struct{}, 1), held: map[string]Fault{}}
}

func (f *faults) set(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.held[fault.Name] == fault {
		return
	}
	f.held[fault.Name] = fault
	f.log.Warn("panel fault", "name", fault.Name, "text", fault.Text, "hint", fault.Hint)
	select {
	case f.news <- struct{}{}:
	default:
	}
}

func (f *faults) clear(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.held[name]; !ok {
		return
	}
	delete(f.held, name)
	f.log.Info("panel fault over", "name", name)
}

// open tells whether anything could be mended by trying again.
func (f *faults) open() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range f.held {
		if !fault.forGood {
			return true
		}
	}
	return false
}

func (f *faults) list() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []Fault
	for _, name := range slices.Sorted(maps.Keys(f.held)) {
		all = append(all, f.held[name])
	}
	return all
}

func stuckName(name string) string { return ButtonPrefix + name + "_stuck" }

func stuckFault(name string) Fault {
	return Fault{Name: stuckName(name), Text: fmt.Sprintf("button %s has been down for too long", name), forGood: true,
		Hint: "free it; if nobody touches it, its wiring is short, or its line in [Hardware] has a ! too many or too few"}
}

const chipName = "chip"

// lineFault is what a line's error means to a person. The error names line and chip.
func lineFault(name string, err error) Fault {
	kind, of, _ := strings.Cut(name, "_")
	hint := "look at the wiring and at [Hardware] " + name
	switch {
	case errors.Is(err, gpio.ErrNoChip):
		return Fault{Name: chipName, Text: err.Error(), Hint: "correct [Hardware] chip; sim is a panel without hardware, and the box works without a panel"}
	case errors.Is(err, gpio.ErrTaken), errors.Is(err, gpio.ErrNoLine):
		hint = "give " + name + " in [Hardware] a line of its own, or none"
	}
	return Fault{Name: name, Text: fmt.Sprintf("%s %s: %v", kind, of, err), Hint: hint}
}
