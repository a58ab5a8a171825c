package director

import (
	"slices"
	"sync"

	"orionbox/audio/cue"
)

// heard is what a musician hears in the headphones.
type heard struct {
	mu   sync.Mutex
	said []string
}

func (h *heard) Play(s cue.Sound, _ cue.Priority) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = append(h.said, s.Name)
	return nil
}

func (h *heard) Busy() bool { return false }

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.said)
}
