// Package led owns how LEDs blink: patterns as data, and one goroutine with one timer that shows them, all LEDs in phase
// and nothing awake when nothing blinks. It does not know what a pattern means, nor how an LED is reached.
package led

import (
	"slices"
	"time"
)

// Pattern is what one LED does, by name.
type Pattern string

// The patterns. Across a stage they are told apart by their rhythm alone: one colour must do.
const (
	Off    Pattern = "off"
	On     Pattern = "on"
	Slow   Pattern = "slow"   // once a second
	Fast   Pattern = "fast"   // four times a second
	Double Pattern = "double" // two short flashes every two seconds
	Wink   Pattern = "wink"   // on, with a short gap every two seconds
	Halted Pattern = "halted" // a flash every four seconds: all is closed, and the power may go
)

const ms = time.Millisecond

// table is how long each pattern is on, off, on, off... before it begins again. All of it fits into four seconds a whole
// number of times, so that LEDs which blink begin together.
var table = map[Pattern][]time.Duration{
	Off:    nil,
	On:     nil,
	Slow:   {500 * ms, 500 * ms},
	Fast:   {125 * ms, 125 * ms},
	Double: {150 * ms, 150 * ms, 150 * ms, 1550 * ms},
	Wink:   {1850 * ms, 150 * ms},
	Halted: {100 * ms, 3900 * ms},
}

// Patterns is all of them, sorted.
func Patterns() []Pattern {
	var all []Pattern
	for p := range table {
		all = append(all, p)
	}
	slices.Sort(all)
	return all
}

// Valid tells whether there is such a pattern. One that is not is shown as Off.
func (p Pattern) Valid() bool {
	_, ok := table[p]
	return ok
}

// Steps is how long the pattern is on, off, on, off... before it begins again; empty if it never changes. A page can
// blink by it.
func (p Pattern) Steps() []time.Duration { return slices.Clone(table[p]) }

// At is what the pattern shows at a time since its epoch, and in how long that changes; zero = never.
func At(p Pattern, since time.Duration) (on bool, next time.Duration) {
	steps := table[p]
	if len(steps) == 0 {
		return p == On, 0
	}
	var period time.Duration
	for _, s := range steps {
		period += s
	}
	since = (since%period + period) % period
	for i, s := range steps {
		if since < s {
			return i%2 == 0, s - since
		}
		since -= s
	}
	return false, period // never reached: since is below the period
}
