package phone

import (
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"
)

// onInvite answers a re-INVITE of the far side: a new codec or address, hold, or only the session timer (RFC 3261
// section 14.2).
func (c *call) onInvite(in incoming) {
	if c.inviting {
		c.l.respond(in, 491, "Request Pending") // both asked at once
		return
	}
	if c.unacked != nil {
		c.postpone(in)
		return
	}
	body, ok := c.negotiate(in)
	if !ok {
		return
	}
	res := c.success(in)
	setSDP(res, body)
	c.l.reply(in, res)
	c.unacked = &resend{in: in, res: res, seq: in.req.CSeq().SeqNo, wait: sip.T1, until: time.Now().Add(64 * sip.T1),
		offer: len(in.req.Body()) == 0}
	c.repeat.Reset(sip.T1)
}

// postpone keeps an INVITE until the ACK of the one before: sipgo hands requests on from a goroutine each, so that one
// may overtake the other. If the ACK does not come soon the INVITE was too early (RFC 3261 section 14.2).
func (c *call) postpone(in incoming) {
	if c.early != nil {
		c.l.respond(in, 500, "Server Internal Error", "Retry-After", "1")
		return
	}
	c.early = &in
}

// admitEarly takes the postponed INVITE up.
func (c *call) admitEarly() {
	if in := c.early; in != nil {
		c.early = nil
		c.onInvite(*in)
	}
}

// refuseEarly ends the postponement.
func (c *call) refuseEarly() {
	if in := c.early; in != nil {
		c.early = nil
		c.l.respond(*in, 500, "Server Internal Error", "Retry-After", "1")
	}
}

// onUpdate answers UPDATE (RFC 3311), with or without an offer.
func (c *call) onUpdate(in incoming) {
	offers := len(in.req.Body()) > 0
	if offers && (c.inviting || c.unacked != nil) {
		c.l.respond(in, 491, "Request Pending")
		return
	}
	var body []byte
	if offers {
		var ok bool
		if body, ok = c.negotiate(in); !ok {
			return
		}
	} else if !c.timerAllowed(in) {
		return
	}
	res := c.success(in)
	if offers {
		setSDP(res, body)
	}
	c.l.reply(in, res)
	in.tx.TerminateGracefully()
}

// negotiate takes the far side's offer and returns our answer, or our own offer if there was none. If it cannot, it has
// responded already, and the call goes on as before.
func (c *call) negotiate(in incoming) ([]byte, bool) {
	if !c.timerAllowed(in) {
		return nil, false
	}
	var body []byte
	var err error
	if data := in.req.Body(); len(data) == 0 {
		body, err = c.describe(c.whole())
	} else {
		body, err = c.accept(data)
	}
	if err != nil {
		c.l.log.Warn("offer in the call refused", "error", err)
		c.l.respond(in, 488, "Not Acceptable Here")
		return nil, false
	}
	return body, true
}

// timerAllowed refuses a session timer shorter than the standard allows.
func (c *call) timerAllowed(in incoming) bool {
	if s := asked(in.req); s.interval == 0 || s.interval >= minSessionExpires {
		return true
	}
	c.l.respond(in, 422, "Session Interval Too Small", "Min-SE", fmt.Sprint(int(minSessionExpires/time.Second)))
	return false
}

// success is the 2xx to a re-INVITE or UPDATE; the request has moved the far side's Contact and the session timer.
func (c *call) success(in incoming) *sip.Response {
	c.d.refreshTarget(in.req)
	c.l.p.memory.put(leftDialog(c.l, c.d)) // no wait: what is on disk would do to end the call
	res := c.l.response(in, 200, "OK", "Allow", methods, "Supported", "timer")
	res.AppendHeader(c.l.contactHeader())
	if s := asked(in.req); s.interval > 0 {
		c.agree(s)
		res.AppendHeader(sip.NewHeader("Session-Expires", s.header()))
		if !s.ours {
			res.AppendHeader(sip.NewHeader("Require", "timer"))
		}
	}
	return res
}

// onAck ends the repetition of our 2xx, and reads the answer if that held our offer.
func (c *call) onAck(in incoming) {
	u := c.unacked
	if seq := in.req.CSeq(); u == nil || seq == nil || seq.SeqNo != u.seq {
		return
	}
	c.unacked = nil
	c.repeat.Stop()
	u.in.tx.TerminateGracefully()
	defer c.admitEarly()
	if !u.offer {
		return
	}
	if err := c.take(in.req.Body()); err != nil {
		c.l.log.Warn("answer in the call not understood, media stay as they were", "error", err)
	}
}

// repeatAnswer sends the 2xx again, with growing intervals; without an ACK for 64*T1 the call is dead.
func (c *call) repeatAnswer() error {
	u := c.unacked
	if u == nil {
		return nil
	}
	c.refuseEarly()
	if time.Now().After(u.until) {
		return failed(Timeout, "the server did not acknowledge our answer")
	}
	c.l.reply(u.in, u.res)
	u.wait = min(2*u.wait, sip.T2)
	c.repeat.Reset(u.wait)
	return nil
}
