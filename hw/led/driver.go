package led

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// Output is where the LEDs are. The driver calls it from its one goroutine: Set for each LED that changes, then Flush
// once. What an LED shows before its first Set is off.
type Output interface {
	Set(led string, on bool)
	Flush()
}

// Driver shows patterns on LEDs, which are names to it. Make it by New.
type Driver struct {
	out     Output
	epoch   time.Time
	changed chan struct{} // holds one: that wanted is new
	stop    chan struct{}
	stopped chan struct{}
	once    sync.Once
	wakeups atomic.Int64

	mu     sync.Mutex // for what follows: the border between who asks and who shows
	wanted map[string]Pattern
}

// New starts a driver, all LEDs off.
func New(out Output) *Driver {
	d := &Driver{out: out, epoch: time.Now(), changed: make(chan struct{}, 1), stop: make(chan struct{}),
		stopped: make(chan struct{}), wanted: map[string]Pattern{}}
	go d.run()
	return d
}

// Show gives one LED a pattern. It does not wait, and a pattern that the LED has already wakes nobody.
func (d *Driver) Show(led string, p Pattern) { d.ShowAll(map[string]Pattern{led: p}) }

// ShowAll gives LEDs their patterns at one moment. LEDs that are not named keep theirs.
func (d *Driver) ShowAll(patterns map[string]Pattern) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var news bool
	for led, p := range patterns {
		if !p.Valid() {
			p = Off
		}
		old, known := d.wanted[led]
		news = news || !known && p != Off || known && p != old
		d.wanted[led] = p
	}
	if !news {
		return
	}
	select {
	case d.changed <- struct{}{}:
	default: // it will see this one too
	}
}

// Patterns is what was asked for last, by LED.
func (d *Driver) Patterns() map[string]Pattern {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.wanted)
}

// Wakeups is how often the driver's goroutine has run: for a test that shows that it sleeps.
func (d *Driver) Wakeups() int64 { return d.wakeups.Load() }

// Close makes all LEDs dark and ends the goroutine; the output is not used after it.
func (d *Driver) Close() error {
	d.once.Do(func() { close(d.stop) })
	<-d.stopped
	return nil
}

// run is the only one that knows what is lit.
func (d *Driver) run() {
	defer close(d.stopped)
	lit, early := map[string]bool{}, early{}
	timer := time.NewTimer(0)
	timer.Stop()
	for {
		select {
		case <-d.changed:
		case <-timer.C:
		case <-d.stop:
			d.set(lit, map[string]bool{})
			return
		}
		d.wakeups.Add(1)
		patterns, since := d.Patterns(), time.Since(d.epoch)
		state, next := show(patterns, since)
		early.light(patterns, state, since)
		d.set(lit, state)
		timer.Stop()
		if next > 0 {
			timer.Reset(next)
		}
	}
}

// show is what is lit at a time, and in how long that changes; zero = never.
func show(patterns map[string]Pattern, since time.Duration) (state map[string]bool, next time.Duration) {
	state = map[string]bool{}
	for led, p := range patterns {
		on, change := At(p, since)
		state[led] = on
		if change > 0 && (next == 0 || change < next) {
			next = change
		}
	}
	return state, next
}

// early is what has just begun to blink fast, and until when: somebody has pressed a button and looks, so it is lit at once,
// and not once the others are.
type early map[string]struct {
	pattern Pattern
	until   time.Duration
}

// light lights what has begun to blink fast in the dark half of its pattern.
func (e early) light(patterns map[string]Pattern, state map[string]bool, since time.Duration) {
	for led, p := range patterns {
		begun := e[led]
		if begun.pattern != p {
			begun.pattern, begun.until = p, 0
			if on, change := At(p, since); p == Fast && !on {
				begun.until = since + change
			}
			e[led] = begun
		}
		state[led] = state[led] || since < begun.until
	}
}

// set passes on what is not as it was, and remembers it.
func (d *Driver) set(lit, state map[string]bool) {
	var any bool
	for led := range lit {
		if lit[led] && !state[led] {
			d.out.Set(led, false)
			lit[led], any = false, true
		}
	}
	for led, on := range state {
		if on && !lit[led] {
			d.out.Set(led, true)
			lit[led], any = true, true
		}
	}
	if any {
		d.out.Flush()
	}
}
