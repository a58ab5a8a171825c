package hub

import "time"

// pace says when to beat: quickly after a connect, so that the clock settles, then every BeatEvery; and at once when the
// presence has changed, though no sooner than showEvery after the last.
type pace struct {
	since time.Time            // the connect
	last  time.Time            // beat sent
	dirty bool                 // the presence has changed since
	under map[uint64]time.Time // beats without an answer, when they were sent
}

const (
	burst      = 2 * time.Second // with 16 beats
	burstEvery = burst / 16
	settling   = 32 * time.Second // with 4 a second
	settleEach = 250 * time.Millisecond
	showEvery  = 20 * time.Millisecond
	maxUnder   = 32              // beats under way: a slow network has several at a time, a dead one no end of them
	beatLimit  = 5 * time.Second // then an answer is no longer waited for
)

func newPace(now time.Time) pace {
	return pace{since: now, under: map[uint64]time.Time{}}
}

// due is when the next beat is to be sent.
func (p *pace) due() time.Time {
	due := p.since
	switch {
	case len(p.under) >= maxUnder:
		due = never
		for _, sent := range p.under {
			due = earliest(due, sent.Add(beatLimit))
		}
	case p.last.IsZero():
	case p.dirty:
		due = p.last.Add(showEvery)
	default:
		due = p.last.Add(p.every())
	}
	return due
}

func (p *pace) every() time.Duration {
	switch age := p.last.Sub(p.since); {
	case age < burst:
		return burstEvery
	case age < settling:
		return settleEach
	}
	return BeatEvery
}

// beat notes that a beat is sent.
func (p *pace) beat(number uint64, now time.Time) {
	p.last, p.dirty = now, false
	p.under[number] = now
}

// forget gives up answers that are overdue.
func (p *pace) forget(now time.Time) {
	for number, sent := range p.under {
		if now.Sub(sent) >= beatLimit {
			delete(p.under, number)
		}
	}
}

// never is later than anything that is waited for.
var never = time.Unix(1<<40, 0)

func earliest(a time.Time, more ...time.Time) time.Time {
	for _, b := range more {
		if b.Before(a) {
			a = b
		}
	}
	return a
}
