package phone

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"orionbox/sip/media"
)

// State is where the phone is.
type State string

// The states. A phone goes on trying in each of them for as long as it runs.
const (
	NotConfigured State = "not configured" // of a box that has no phone; no phone is in it
	Registering   State = "registering"    // the first, and so before Run
	Dialling      State = "dialling"
	InConference  State = "in conference"
	Retrying      State = "retrying" // will try again soon
	Refused       State = "refused"  // will try again, slowly: a person is needed
	Leaving       State = "leaving"
)

// Status is what the phone can tell about itself. Reason and Detail stay from the last failure until the call is up,
// and then tell what it lacks; the event that takes it away has those of its end.
type Status struct {
	State      State
	Reason     Reason
	Detail     string
	Since      time.Time // when State was entered
	RetryAt    time.Time // of the next attempt, zero if none waits
	Registered bool
	Unheard    bool         // in the conference as far as SIP goes, but nothing is heard, nor does the server answer
	Codec      string       // of the call, empty without one
	Media      *media.Stats // of the call, nil without one
}

// Event is a change. Leg is the call that is up; nil when there is none. Send and Receive of a leg that was replaced
// are silent, so a reader that is late does no harm.
type Event struct {
	Status Status
	Leg    *media.Leg
}

// board publishes the status: the goroutines of the phone write, anybody reads.
type board struct {
	log    *slog.Logger
	events chan Event

	mu  sync.Mutex
	now Status
	leg *media.Leg
}

func (b *board) init(log *slog.Logger) {
	b.log = log
	b.events = make(chan Event, 16)
	b.now = Status{State: Registering, Since: time.Now()}
}

// set enters a state. A nil why keeps the reason of the last failure, until the call is up.
func (b *board) set(state State, why error, retryAt time.Time) {
	b.change(func(s *Status) {
		s.enter(state, why)
		s.RetryAt = retryAt
	})
}

func (s *Status) enter(state State, why error) {
	if s.State != state {
		s.State, s.Since = state, time.Now()
	}
	if f := (failure{}); errors.As(why, &f) {
		s.Reason, s.Detail = f.reason, f.Error()
	}
}

func (b *board) setRegistered(registered bool) {
	b.change(func(s *Status) { s.Registered = registered })
}

// up shows the call that is up.
func (b *board) up(leg *media.Leg, codec string) {
	b.change(func(s *Status) {
		b.leg = leg
		*s = Status{State: InConference, Since: time.Now(), Registered: s.Registered, Codec: codec}
	})
}

// unheard shows that nothing is heard of a call that is up, nor of its server; or that something is again.
func (b *board) unheard(is bool) {
	b.change(func(s *Status) { s.Unheard = is && s.State == InConference })
}

// speaks shows that the call changed its codec.
func (b *board) speaks(codec string) {
	b.change(func(s *Status) { s.Codec = codec })
}

// flaw shows what the call lacks; when it is gone that matters no more.
func (b *board) flaw(f failure) {
	b.change(func(s *Status) {
		if s.State == InConference {
			s.enter(InConference, f)
		}
	})
}

// down shows that there is no call any more, and why.
func (b *board) down(why failure) {
	b.change(func(s *Status) {
		b.leg, s.Codec, s.Unheard = nil, "", false
		s.enter(why.state(), why)
	})
}

// change edits the status and tells of it if that changed anything. When nobody reads, the oldest event goes.
func (b *board) change(edit func(*Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, leg := b.now, b.leg
	edit(&b.now)
	if b.now == before && b.leg == leg {
		return
	}
	event := Event{Status: b.now, Leg: b.leg}
	if b.now.State != before.State {
		b.log.Info("phone", "state", b.now.State, "reason", b.now.Reason, "detail", b.now.Detail)
	}
	for {
		select {
		case b.events <- event:
			return
		default:
		}
		select {
		case <-b.events:
		default:
		}
	}
}

func (b *board) status() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.now
	if b.leg != nil {
		stats := b.leg.Stats()
		s.Media = &stats
	}
	return s
}
