package phone

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"orionbox/sip/media"
	"orionbox/sip/sdp"
)

// call is the call that is up. The goroutine in run owns all of it.
type call struct {
	l     *line
	d     *dialog
	leg   *media.Leg // owns its socket
	inbox chan incoming

	local  sdp.Description // what we said last
	format sdp.Format      // what is spoken
	sends  bool            // the far side said that it sends
	heard  time.Time       // from when on packets are expected
	asked  time.Time       // the server was asked last whether it is there

	session   sessionTimer
	timer     *time.Timer   // when to refresh or to hang up
	refreshed time.Time     // when the session was last refreshed
	minimum   time.Duration // that the far side asks for (422)
	updates   bool          // the far side knows UPDATE
	refresh   chan refreshed
	inviting  bool // a re-INVITE of ours is under way

	unacked *resend
	repeat  *time.Timer
	early   *incoming // an INVITE that came before the ACK of the one before
}

// begin sets the clocks of a call that was just answered.
func (c *call) begin(res *sip.Response) {
	now := time.Now()
	c.heard, c.refreshed, c.minimum = now, now, minSessionExpires
	c.refresh = make(chan refreshed, 1)
	c.timer, c.repeat = time.NewTimer(time.Hour), time.NewTimer(time.Hour)
	c.repeat.Stop()
	c.updates = slices.ContainsFunc(values(res, "allow"), func(v string) bool { return strings.Contains(v, "UPDATE") })
	c.agree(agreed(res))
}

// agree starts the session timer anew.
func (c *call) agree(s sessionTimer) {
	c.session, c.refreshed = s, time.Now()
	if s.interval == 0 {
		c.timer.Stop()
		return
	}
	c.timer.Reset(s.due())
}

// run keeps the call until it ends, and tells why it did. When ctx ends it says BYE.
func (c *call) run(ctx context.Context) (ended error) {
	board := &c.l.p.board
	board.up(c.leg, c.format.Name)
	defer func() { c.close(cause(ended)) }()
	digits, stop := context.WithCancel(c.l.ctx)
	typing := c.sendDigits(digits)
	defer func() { stop(); <-typing }()
	tick := time.NewTicker(min(doubtAfter/4, c.l.p.cfg.MediaTimeout/4))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			board.set(Leaving, leaving, time.Time{})
			c.hangUp()
			return leaving
		case <-c.l.lost():
			return c.l.lostCause() // the call stays in memory and is ended over the next line
		case in := <-c.inbox:
			ended = c.handle(in)
		case <-tick.C:
			ended = c.listen()
		case <-c.timer.C:
			ended = c.sessionDue()
		case r := <-c.refresh:
			ended = c.onRefreshed(r)
		case <-c.repeat.C:
			ended = c.repeatAnswer()
		}
		if ended != nil {
			if !errors.Is(ended, errBye) {
				c.hangUp()
			}
			return ended
		}
	}
}

// errBye marks the end that the far side made: there is nothing to hang up.
var errBye = errors.New("the server hung up")

// handle answers a request of the far side. An error ends the call.
func (c *call) handle(in incoming) error {
	if in.req.Method != sip.ACK && !c.d.admit(in.req) {
		c.l.respond(in, 500, "Server Internal Error", "Retry-After", "1")
		return nil
	}
	switch in.req.Method {
	case sip.BYE:
		c.l.respond(in, 200, "OK")
		c.l.p.memory.drop(c.d.callID)
		return failure{reason: HungUp, err: byeReason(in.req)}
	case sip.INVITE:
		c.onInvite(in)
	case sip.ACK:
		c.onAck(in)
		in.tx.Terminate()
	case sip.UPDATE:
		c.onUpdate(in)
	case sip.OPTIONS, sip.INFO, sip.NOTIFY:
		c.l.respond(in, 200, "OK", "Allow", methods)
	case sip.CANCEL:
		c.l.respond(in, 481, "Call/Transaction Does Not Exist")
	default:
		c.l.respond(in, 405, "Method Not Allowed", "Allow", methods)
	}
	return nil
}

// byeReason adds what the server says of it (RFC 3326).
func byeReason(req *sip.Request) error {
	if h := req.GetHeader("reason"); h != nil {
		return fmt.Errorf("%w: %s", errBye, printable(h.Value()))
	}
	return errBye
}

// A far side that is silent for doubtAfter may be gone: the server is asked at once, and again every doubtEvery. Many a
// server is only quiet, and says so.
const (
	doubtAfter = 800 * time.Millisecond
	doubtEvery = 5 * time.Second
)

// listen ends a call that is up in name only. A far side that said it sends nothing (hold) is not waited for.
func (c *call) listen() error {
	if !c.sends {
		c.heard = time.Now()
		return nil
	}
	if last := c.leg.LastPacket(); last.After(c.heard) {
		c.heard = last
	}
	silent := time.Since(c.heard)
	if silent > c.l.p.cfg.MediaTimeout {
		return failed(NoMedia, "no packet for %s", silent.Round(time.Second))
	}
	if silent > doubtAfter && time.Since(c.asked) > doubtEvery {
		c.asked = time.Now()
		c.l.doubt()
	}
	return nil
}

// sendDigits types what follows the number in call_no. The digits may be a PIN: they are not logged. If they cannot be
// sent the call stays up, for it may do without them; but it may as well stand before a door, so the status tells.
func (c *call) sendDigits(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	digits := c.l.p.number.digits
	go func() {
		defer close(done)
		if digits == "" {
			return
		}
		if err := c.leg.SendDigits(ctx, digits); err != nil && ctx.Err() == nil {
			f := digitsFailure(err)
			c.l.log.Warn("digits not sent", "detail", f.Error())
			c.l.p.board.flaw(f)
		}
	}()
	return done
}

// hangUp says BYE; if that fails, the call stays in memory to be ended on the next occasion.
func (c *call) hangUp() { c.l.endDialog(c.d) }

// close tells why the call is gone and releases what it held.
func (c *call) close(why failure) {
	c.l.p.board.down(why)
	c.l.leave(c.d.callID, c.inbox)
	c.timer.Stop()
	c.repeat.Stop()
	c.refuseEarly()
	if c.unacked != nil {
		c.unacked.in.tx.Terminate()
	}
	if err := c.leg.Close(); err != nil {
		c.l.log.Debug("close leg", "error", err)
	}
}

// between gives a random time of [a, b).
func between(a, b time.Duration) time.Duration { return a + rand.N(b-a) }
