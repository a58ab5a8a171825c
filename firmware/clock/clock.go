// Package clock owns the session clock: one time line that all boxes of a studio share, and where on it each sample of a
// box lies.
//
//	hub's clock  <-- Hub: exchanges of time stamps -->  the box's monotonic clock  <-- Card: callbacks -->  sample index
//
// Everything in it is a function of what it was shown; it reads no clock and starts no goroutine.
package clock

import "time"

// Instant is a moment on the session clock: nanoseconds since 1970 by the hub's clock. A box without a hub has a session
// clock of its own.
type Instant int64

// InstantOf is the moment that a wall clock shows.
func InstantOf(t time.Time) Instant { return Instant(t.UnixNano()) }

// Time is the moment as a wall clock that agrees with the hub would show it.
func (i Instant) Time() time.Time { return time.Unix(0, int64(i)) }

// Add is the moment d later.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d) }

// Sub is the time from o to i.
func (i Instant) Sub(o Instant) time.Duration { return time.Duration(i - o) }

// Exchange is one question for the time and its answer. Sent and Received are read from the box's monotonic clock.
type Exchange struct {
	Sent, Received       time.Time
	HubReceived, HubSent Instant
	Clock                string // which clock answered: another name, another time line
}
