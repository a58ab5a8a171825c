package panel

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
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
