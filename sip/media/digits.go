package media

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"orionbox/sip/rtp"
)

// eventClock counts the durations of telephone events (the rate of their rtpmap).
const eventClock = 8000

// pauseMark stands for a comma, pauseSteps for how long it lasts.
const (
	pauseMark  = 0xff
	pauseSteps = 100 // 2 s
)

// ErrNoEvents tells that the far end did not agree to telephone events.
var ErrNoEvents = errors.New("the far end takes no telephone events (RFC 4733)")

// ErrClosed tells that the call ended while digits were on their way.
var ErrClosed = errors.New("the call has ended")

// dialling is digits on their way: written once, then the tick's, but for the two flags.
type dialling struct {
	codes     []uint8
	rest      int // steps of pause left
	cancelled atomic.Bool
	done      atomic.Bool
}

// SendDigits sends keys (0-9 * # A-D) as telephone events and returns when the last is out; a comma is a pause of 2 s.
// The tick sends them in place of voice. If no tick runs, as before the leg is attached to a line, SendDigits steps itself.
func (l *Leg) SendDigits(ctx context.Context, digits string) error {
	d := &dialling{}
	for _, digit := range digits {
		code, ok := rtp.EventCode(digit)
		switch {
		case digit == ',':
			code = pauseMark
		case !ok:
			return fmt.Errorf("send digits: %q is no key; allowed are 0-9 * # A-D and the comma", digit)
		}
		d.codes = append(d.codes, code)
	}
	if len(d.codes) == 0 {
		return nil
	}
	if l.cfg.EventType == 0 {
		return fmt.Errorf("send digits: %w", ErrNoEvents)
	}
	l.dialTurn.Lock()
	defer l.dialTurn.Unlock()
	l.dialling.Store(d)
	return l.attend(ctx, d)
}

// attend waits until the digits are out, and takes the place of a tick that does not come.
func (l *Leg) attend(ctx context.Context, d *dialling) error {
	ticker := time.NewTicker(Frame)
	defer ticker.Stop()
	seen, idle := l.steps.Load(), 0
	for !d.done.Load() {
		select {
		case <-ctx.Done():
			d.cancelled.Store(true)
			return fmt.Errorf("send digits: %w", ctx.Err())
		case <-l.closed:
			d.cancelled.Store(true)
			return fmt.Errorf("send digits: %w", ErrClosed)
		case <-ticker.C:
		}
		if now := l.steps.Load(); now != seen {
			seen, idle = now, 0
		} else if idle++; idle > 3 {
			l.Send(nil)
			seen = l.steps.Load()
		}
	}
	return nil
}

// stepDigits sends the next 20 ms of the digits on their way, and tells whether the step was theirs.
func (l *Leg) stepDigits(s *sender) bool {
	d := l.dialling.Load()
	if d == nil && !l.key.Down() {
		return false
	}
	if !l.key.Down() && !l.nextDigit(d) {
		l.dialling.CompareAndSwap(d, nil)
		return false
	}
	if !l.key.Down() {
		return false // a comma: voice goes on
	}
	event, first, send := l.key.Step()
	if send {
		_ = l.session.SendEvent(event, s.units, first)
	} else {
		l.session.Skip(s.units)
	}
	return true
}

// nextDigit presses the next key or waits a step of a comma; false when all is done.
func (l *Leg) nextDigit(d *dialling) bool {
	switch {
	case d.cancelled.Load():
		return false
	case d.rest > 0:
		d.rest--
		return true
	case len(d.codes) == 0:
		d.done.Store(true)
		return false
	}
	code := d.codes[0]
	d.codes = d.codes[1:]
	if code == pauseMark {
		d.rest = pauseSteps - 1
		return true
	}
	l.key.Press(code)
	return true
}
