package panel

import (
	"io"
	"maps"
	"slices"
	"time"

	"orionbox/hw/button"
)

// grace is how far the buttons' time is behind: an edge that was before it has arrived by then. Else a bounce that was
// slow to come, from another goroutine, would count as a release. Presses do not wait for it.
const grace = 2 * time.Millisecond

// edge is news of a button, from its line or from Push.
type edge struct {
	button string
	pushed bool // by Push; else by the line
	at     time.Time
	down   bool
	lost   error
}

// key is one button: a line that may be missing, a push by software, and what their edges mean. It is down while either is.
type key struct {
	*button.Button
	spec   string
	line   io.Closer // nil while there is none
	inLine bool
	inSoft bool
}

// keys is all buttons; it belongs to one goroutine.
type keys struct {
	*Panel
	all   map[string]*key
	retry time.Time
	lost  int
}

func newKeys(p *Panel) *keys {
	k := &keys{Panel: p, all: map[string]*key{}}
	for name, spec := range p.cfg.Buttons {
		k.all[name] = &key{Button: button.New(p.cfg.Gestures[name]), spec: spec}
	}
	return k
}

// run waits for edges and for what is due, and for nothing else.
func (k *keys) run() {
	defer k.closed()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Stop()
		if due, ok := k.due(); ok {
			timer.Reset(time.Until(due.Add(grace)))
		}
		select {
		case e := <-k.edges:
			k.edge(e)
		case <-timer.C:
			k.tick(time.Now())
		case <-k.faults.news: // sets the time of the next try
		case <-k.stop:
			return
		}
		k.woken.Add(1)
	}
}

// due is when a button or a fault wants to be looked at; false = nothing to wait for.
func (k *keys) due() (due time.Time, ok bool) {
	for _, key := range k.all {
		if at, waits := key.Due(); waits && (!ok || at.Before(due)) {
			due, ok = at, true
		}
	}
	if !k.faults.open() {
		k.retry = time.Time{}
		return due, ok
	}
	if k.retry.IsZero() {
		k.retry = time.Now().Add(retryEvery)
	}
	if !ok || k.retry.Before(due) {
		due, ok = k.retry, true
	}
	return due, ok
}

// tick lets time pass for all buttons, after what their lines have said up to then.
func (k *keys) tick(now time.Time) {
	for waits := len(k.edges); waits > 0; waits-- {
		k.edge(<-k.edges)
	}
	for name, key := range k.all {
		k.tell(name, key.Tick(now.Add(-grace)))
	}
	if !k.retry.IsZero() && !now.Before(k.retry) {
		k.retry = time.Time{}
		k.open(now)
		k.bank.open()
	}
}

func (k *keys) edge(e edge) {
	key := k.all[e.button]
	switch {
	case e.lost != nil:
		k.faults.set(lineFault(ButtonPrefix+e.button, e.lost))
		k.drop(e.button, key, e.at)
		return
	case e.pushed:
		key.inSoft = e.down
	default:
		key.inLine = e.down
	}
	k.tell(e.button, key.Edge(e.at, key.inLine || key.inSoft))
}

// drop forgets a line that is lost. That its button was down then was no gesture: nobody saw how it went on.
func (k *keys) drop(name string, key *key, at time.Time) {
	if key.line != nil {
		_ = key.line.Close() // lost already; what it says now helps nobody
	}
	key.line, key.inLine = nil, false
	key.Start(at, key.inSoft)
	k.faults.clear(stuckName(name))
}

// open tries to get the lines that are missing.
func (k *keys) open(now time.Time) {
	for _, name := range slices.Sorted(maps.Keys(k.all)) {
		key := k.all[name]
		if key.line != nil || k.cfg.Chip != Sim && !has(key.spec) {
			continue
		}
		line, down, err := k.chip.watch(ButtonPrefix+name, key.spec, func(e edge) { k.send(name, e) })
		if err != nil {
			k.faults.set(lineFault(ButtonPrefix+name, err))
			continue
		}
		k.faults.clear(ButtonPrefix + name)
		k.faults.clear(chipName)
		key.line, key.inLine = line, down
		key.Start(now, key.inLine || key.inSoft)
	}
}

// send passes an edge on, from the line's own goroutine.
func (k *keys) send(name string, e edge) {
	e.button = name
	select {
	case k.edges <- e:
	case <-k.stop:
	}
}

// tell hands out gestures. Somebody who takes none for 64 of them loses the newest.
func (k *keys) tell(name string, events []button.Event) {
	for _, e := range events {
		switch e.Gesture {
		case button.Stuck:
			k.faults.set(stuckFault(name))
		case button.Freed:
			k.faults.clear(stuckName(name))
		}
		select {
		case k.events <- Event{name, e.Gesture, e.At}:
		default:
			k.lost++
			k.log.Warn("button event lost: nobody takes them", "button", name, "gesture", e.Gesture, "lost", k.lost)
		}
	}
}

func (k *keys) closed() {
	for name, key := range k.all {
		if key.line == nil {
			continue
		}
		if err := key.line.Close(); err != nil {
			k.log.Warn("button line not given back", "button", name, "err", err)
		}
	}
	close(k.events)
	close(k.gone)
}
