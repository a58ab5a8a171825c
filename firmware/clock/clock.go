// Package clock owns the session clock: one time line that all boxes of a studio share, and where on it each sample of a
// box lies.
//
//	hub's clock  <-- Hub: exchanges of time stamps -->  the box's monotonic clock  <-- Card: callbacks -->  sample index
//
// Everything in it is a function of what it was shown; it reads no clock and starts no goroutine.
//
// What it is good for (TestCutsOfAllBoxesMeetTheTruth, some 28,000 cuts a line): eight boxes whose clocks are wrong by minutes,
// drift by up to 100 ppm and wander, as their cards do; markers from 30 s after the start; 1 % of messages lost, 1 % late by
// 500 ms. By how many milliseconds a box's cut misses the moment of the press on another:
//
//	a message takes, ms                      p50   p99   two boxes apart, p99
//	uniform 20+-60, at least 0               0.10  0.12  0.04
//	normal 20, sigma 60, at least 0          0.11  0.12  0.04
//	20 and exponential 30                    0.29  1.74  2.37
//	uniform 20..140, 20 and exponential 5    0.57  2.54  3.22   there and back
//	uniform 20..80                           0.45  2.59  4.20
//	normal 50, sigma 15, at least 20         0.30  5.31  9.13   2 of 100 messages are quick: it takes minutes
//	0.2 and exponential 0.1                  0.10  0.12  0.04   a cable
//
// The 0.1 is the callbacks' own least delay. The exchange with the least round trip, of the last 8 as in RFC 5905 or of 30 s, is
// off by 0.7 to 27 ms at p99 on these networks (TestCorridorBeatsTheLeastRoundTrip). What no box can see is by how much
// the quickest way there differs from the quickest back: half of that is added to all of its cuts.
package clock

import (
	"fmt"
	"math"
	"time"
)

// Instant is a moment on the session clock: nanoseconds since 1970 by the hub's clock. A box without a hub has a session
// clock of its own.
type Instant int64

// MarshalJSON writes the moment as RFC 3339 with all its nanoseconds, which programs that know no 64-bit integers read as
// exactly as people do.
func (i Instant) MarshalJSON() ([]byte, error) {
	return []byte(`"` + i.Time().UTC().Format(time.RFC3339Nano) + `"`), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (i *Instant) UnmarshalJSON(data []byte) error {
	var t time.Time
	if err := t.UnmarshalJSON(data); err != nil {
		return fmt.Errorf("read instant: %w", err)
	}
	if t.Before(first) || t.After(last) {
		return fmt.Errorf("read instant: %v is out of range", t)
	}
	*i = InstantOf(t)
	return nil
}

// The moments that an Instant can hold (time.Time.UnixNano).
var first, last = time.Unix(0, math.MinInt64), time.Unix(0, math.MaxInt64)

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
