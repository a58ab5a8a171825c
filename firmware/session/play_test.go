package session

import (
	"strings"
	"testing"
)

func TestMayPlay(t *testing.T) {
	in := State{Role: Producer, Open: true, InConference: true}
	change := func(f func(*State)) State { s := in; f(&s); return s }
	for what, c := range map[string]struct {
		state  State
		toAll  bool
		reason string // a part of it; empty if it may
	}{
		"a producer to all":        {in, true, ""},
		"an artist to all":         {change(func(s *State) { s.Role = Artist }), true, "PRODUCER"},
		"a listener to all":        {change(func(s *State) { s.Role = Listener }), true, "PRODUCER"},
		"a listener to themselves": {change(func(s *State) { s.Role = Listener }), false, ""},
		"to all without a call":    {change(func(s *State) { s.InConference = false }), true, "not in the conference"},
		"to all without a session": {change(func(s *State) { s.Open = false }), true, "not in the conference"},
		"alone":                    {State{Role: Artist}, false, ""},
		"while it shuts down":      {change(func(s *State) { s.Leaving = true }), false, "shutting down"},
	} {
		if why := c.state.MayPlay(c.toAll); (why == "") != (c.reason == "") || !strings.Contains(why, c.reason) {
			t.Errorf("%s: %q, want %q", what, why, c.reason)
		}
	}
}
