package hub

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nats-io/nats.go"

	"orionbox/firmware/session"
)

// setState takes in how the way to the hub stands, and tells if it is other than before.
func (l *loop) setState(state State, detail string) {
	l.mu.Lock()
	changed := l.status.State != state || l.status.Detail != detail
	if l.status.State != state {
		l.status.Since = time.Now()
	}
	l.status.State, l.status.Detail = state, detail
	l.status.RoundTripMS = float64(l.trip) / float64(time.Millisecond)
	l.status.Waiting = len(l.outbox.list)
	status := l.status
	l.mu.Unlock()
	if changed {
		l.log.Info("hub", "state", string(state), "detail", detail)
		l.mail.put(StateChanged{status})
	}
}

func (l *loop) setWaiting() {
	l.mu.Lock()
	l.status.Waiting = len(l.outbox.list)
	l.mu.Unlock()
}

// diagnose says what an attempt failed of, and what a person can do.
func (l *loop) diagnose(err error) (State, string) {
	at := "the hub at " + l.cfg.Address
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthRevoked), errors.Is(err, nats.ErrAuthExpired),
		errors.Is(err, nats.ErrAccountAuthExpired):
		return StateRefused, at + " does not know this box's credential, or it was revoked: ask the producer for a new invite"
	case errors.Is(err, errOtherCertificate):
		return StateRefused, at + " has another certificate than the invite names: ask the producer whether the hub was set up anew, and for a new invite"
	case badCertificate(err):
		return StateRefused, at + " has a certificate that nobody vouches for: ask the producer for a new invite, which names it"
	case strings.Contains(err.Error(), "invalid websocket connection"):
		return StateUnreachable, at + " is none, or is not ready: something else answers there"
	}
	return StateUnreachable, fmt.Sprintf("%s cannot be reached: %v", at, err)
}

// tidy makes a presence such that the hub takes it: a fault is one line, of no more length than is allowed.
func (p Presence) tidy() Presence {
	if p.Take == "" {
		p.Take = session.Idle
	}
	p.Number = min(max(p.Number, 0), maxCount)
	p.StorageMinutes = min(max(p.StorageMinutes, -1), maxCount)
	p.Fault = strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if breaksLine(r) {
			return ' '
		}
		return r
	}, p.Fault), "?")
	if utf8.RuneCountInString(p.Fault) > maxFault {
		p.Fault = string([]rune(p.Fault)[:maxFault])
	}
	return p
}

// byeLimit is how long a goodbye may take.
const byeLimit = time.Second

// goodbye sends what was said last, and then that the box leaves; it waits for the answers, but not for long.
func (l *loop) goodbye() {
	l.doDesk()
	hurry, end := time.NewTimer(byeLimit/2), time.NewTimer(byeLimit)
	defer hurry.Stop()
	defer end.Stop()
	var said uint64 // the last beat
	for l.link != nil {
		if said == 0 {
			said = l.sayBye(false)
		}
		select {
		case w := <-l.words:
			if w.link == l.link && said != 0 && w.number == said && w.what == AskBeat {
				l.part()
			} else {
				l.doWord(w)
			}
		case <-l.keep.told:
		case <-hurry.C:
			if said == 0 {
				said = l.sayBye(true)
			}
		case <-end.C:
			l.part()
		}
	}
}

func (l *loop) part() {
	l.link.close()
	l.link = nil
}

// sayBye says it once the hub has all posts, or at once. It gives the number of the beat, 0 if it was not said.
func (l *loop) sayBye(now bool) uint64 {
	if !now {
		l.send(time.Now())
		if len(l.outbox.list) > 0 || l.ledger.open > 0 {
			return 0
		}
	}
	number := l.number()
	if !l.put(AskBeat, number, Beat{Presence: l.presence, Bye: true}) {
		return 0
	}
	return number
}
