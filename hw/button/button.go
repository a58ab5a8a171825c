// Package button turns the edges of a push button into what a person meant: a press, a long one, two short ones. It is
// pure: edges and the time go in, events come out, and Due says when to look again. No bounce delays anything: the first
// edge counts at once, and what follows within a few milliseconds of it is the contact, not the finger.
package button

import "time"

// Gesture is what a person did with a button, or what became of it.
type Gesture string

// The gestures. Stuck is told once for a button that is held down too long, Freed when it is up again.
const (
	Press  Gesture = "press"
	Hold   Gesture = "hold"
	Double Gesture = "double"
	Stuck  Gesture = "stuck"
	Freed  Gesture = "freed"
)

// Config says which gestures a button has. With none of them it has presses alone, each told on the way down.
type Config struct {
	Hold   time.Duration // down for so long is a Hold; zero = it has none
	Double time.Duration // a second press within this time after the first is a Double; zero = it has none
	// Early tells a press on the way down although the button has a Hold or a Double, which then follow the Press. For what
	// must be quick and does no harm if more was meant. Else a Press is told once it can be nothing else.
	Early    bool
	Debounce time.Duration // quiet for so long before the next change counts; zero means 5 ms
	Stuck    time.Duration // down for so long is no finger; zero means 30 s
}

const (
	usualDebounce = 5 * time.Millisecond // twice what the data sheets of tactile and arcade switches promise
	usualStuck    = 30 * time.Second
)

// Event is a gesture and when it was complete: for a Hold, when it had been held long enough, however late that was seen.
type Event struct {
	Gesture Gesture
	At      time.Time
}

// Button is the state of one button, up at first.
type Button struct {
	cfg  Config
	raw  bool      // as the line was last
	down bool      // as it counts
	deaf time.Time // until then a change is a bounce; zero = it hears

	since time.Time // of the way down; zero when up, and when the press came to nothing more
	taken bool      // this press has been told as something already
	stuck time.Time // when it will be stuck; zero when it is up or told
	told  bool      // that it is stuck
	again time.Time // until then a second press makes a Double; zero = there was no first
}

// New makes a button that is up. A button that is down already is told so by Start.
func New(cfg Config) *Button {
	if cfg.Debounce == 0 {
		cfg.Debounce = usualDebounce
	}
	if cfg.Stuck == 0 {
		cfg.Stuck = usualStuck
	}
	return &Button{cfg: cfg}
}

// Start sets the button to what its line is when it is first seen. That it is down then is no press: nobody pressed it
// while it was watched. If it stays so, it is stuck.
func (b *Button) Start(at time.Time, down bool) {
	*b = Button{cfg: b.cfg, raw: down, down: down}
	if down {
		b.taken, b.stuck = true, at.Add(b.cfg.Stuck)
	}
}

// Down tells whether the button counts as down.
func (b *Button) Down() bool { return b.down }

// Edge takes what the line has become. It may repeat itself. Times never run backwards.
func (b *Button) Edge(at time.Time, down bool) []Event {
	events := b.Tick(at)
	if down == b.raw {
		return events
	}
	b.raw = down
	if !b.deaf.IsZero() {
		b.deaf = at.Add(b.cfg.Debounce)
		return events
	}
	return append(events, b.change(at)...)
}

// Tick lets time pass up to at.
func (b *Button) Tick(at time.Time) []Event {
	var events []Event
	for due, ok := b.Due(); ok && !due.After(at); due, ok = b.Due() {
		events = append(events, b.pass(due)...)
	}
	return events
}

// Due is when Tick has something to do, unless an edge comes before; false when only an edge can bring more.
func (b *Button) Due() (time.Time, bool) {
	due := time.Time{}
	for _, t := range []time.Time{b.deaf, b.held(), b.again, b.stuck} {
		if !t.IsZero() && (due.IsZero() || t.Before(due)) {
			due = t
		}
	}
	return due, !due.IsZero()
}

// held is when the press becomes a Hold; zero if it will not.
func (b *Button) held() time.Time {
	if b.cfg.Hold == 0 || b.since.IsZero() {
		return time.Time{}
	}
	return b.since.Add(b.cfg.Hold)
}

// pass does one thing that is due at the time given.
func (b *Button) pass(at time.Time) []Event {
	switch at {
	case b.deaf:
		b.deaf = time.Time{}
		if b.raw != b.down {
			return b.change(at)
		}
	case b.again:
		b.again = time.Time{}
		return b.first(at)
	case b.held():
		b.since, b.taken = time.Time{}, true
		return []Event{{Hold, at}}
	case b.stuck:
		b.since, b.stuck, b.taken, b.told = time.Time{}, time.Time{}, true, true
		return []Event{{Stuck, at}}
	}
	return nil
}

// first tells the press that could have become a Double and did not.
func (b *Button) first(at time.Time) []Event {
	if b.cfg.Early {
		return nil
	}
	return []Event{{Press, at}}
}

// change is a change that counts.
func (b *Button) change(at time.Time) []Event {
	b.down, b.deaf = b.raw, at.Add(b.cfg.Debounce)
	if b.down {
		return b.pressed(at)
	}
	return b.released(at)
}

func (b *Button) pressed(at time.Time) []Event {
	b.since, b.stuck, b.taken, b.told = at, at.Add(b.cfg.Stuck), false, false
	switch {
	case !b.again.IsZero():
		b.again, b.since, b.taken = time.Time{}, time.Time{}, true
		return []Event{{Double, at}}
	case b.cfg.Early || b.cfg.Hold == 0 && b.cfg.Double == 0:
		return []Event{{Press, at}}
	}
	return nil
}

func (b *Button) released(at time.Time) []Event {
	taken, told := b.taken, b.told
	b.since, b.stuck, b.told = time.Time{}, time.Time{}, false
	switch {
	case told:
		return []Event{{Freed, at}}
	case taken:
	case b.cfg.Double != 0:
		b.again = at.Add(b.cfg.Double)
	case b.cfg.Hold != 0 && !b.cfg.Early:
		return []Event{{Press, at}}
	}
	return nil
}
