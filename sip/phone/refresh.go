package phone

import (
	"context"
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"
)

// refreshed is how a refresh of the session ended.
type refreshed struct {
	sent *sip.Request
	res  *sip.Response
	err  error
}

// sessionDue refreshes the session, or ends the call if the far side should have (RFC 4028 section 10).
func (c *call) sessionDue() error {
	if !c.session.ours {
		return failed(Timeout, "the server did not refresh the session within %s", c.session.interval)
	}
	if time.Since(c.refreshed) > c.session.interval {
		return failed(Timeout, "the session could not be refreshed")
	}
	if c.unacked != nil {
		c.timer.Reset(between(time.Second, 2*time.Second))
		return nil
	}
	req, err := c.refreshRequest()
	if err != nil {
		return failed(ServerError, "refresh session: %w", err)
	}
	c.inviting = req.IsInvite()
	c.l.keepers.Go(func() { c.refresh <- c.sendRefresh(req) })
	return nil
}

// refreshRequest is UPDATE if the far side knows it, since that needs no offer; or else a re-INVITE that offers what was
// said before.
func (c *call) refreshRequest() (*sip.Request, error) {
	method := sip.UPDATE
	if !c.updates {
		method = sip.INVITE
	}
	req := c.l.inDialog(method, c.d, c.d.nextSeq())
	req.AppendHeader(c.l.contactHeader())
	req.AppendHeader(sip.NewHeader("Supported", "timer"))
	interval := max(c.session.interval, c.minimum)
	req.AppendHeader(sip.NewHeader("Session-Expires", fmt.Sprintf("%d;refresher=uac", int(interval/time.Second))))
	req.AppendHeader(sip.NewHeader("Min-SE", fmt.Sprint(int(minSessionExpires/time.Second))))
	if method == sip.INVITE {
		body, err := c.local.Marshal()
		if err != nil {
			return nil, err
		}
		setSDP(req, body)
	}
	return req, nil
}

// sendRefresh runs beside the call's goroutine: the call goes on meanwhile.
func (c *call) sendRefresh(req *sip.Request) refreshed {
	ctx, cancel := context.WithTimeout(c.l.keep, 2*c.l.p.cfg.AttemptTimeout)
	defer cancel()
	send := c.l.do
	if req.IsInvite() {
		send = func(ctx context.Context, req *sip.Request) (*sip.Response, error) {
			return c.l.roundInvite(ctx, req, c.l.p.cfg.AttemptTimeout, func(*sip.Response) {})
		}
	}
	sent, res, err := c.l.authenticated(ctx, req, c.d.nextSeq, send)
	return refreshed{sent, res, err}
}

// acknowledge sends the ACK of a re-INVITE, whose 2xx may name a new Contact.
func (c *call) acknowledge(r refreshed) {
	if contact := r.res.Contact(); contact != nil && contact.Address.Host != "" {
		c.d.target = *contact.Address.Clone()
	}
	if !r.sent.IsInvite() {
		return
	}
	seq := r.sent.CSeq().SeqNo
	ack := c.l.ack(c.d, seq)
	c.l.expect(&outbound{dialog: c.d, seq: seq, ack: ack})
	c.l.post(ack)
	if err := c.take(r.res.Body()); err != nil {
		c.l.log.Warn("answer in the call not understood, media stay as they were", "error", err)
	}
}

// onRefreshed goes on as the far side decided. Only what says that the dialog is gone ends the call; anything else is
// tried again until the session runs out.
func (c *call) onRefreshed(r refreshed) error {
	c.inviting = false
	if r.err != nil {
		c.l.log.Warn("session not refreshed", "error", r.err)
		c.timer.Reset(between(2*time.Second, 4*time.Second))
		return nil
	}
	switch code := r.res.StatusCode; {
	case r.res.IsSuccess():
		c.acknowledge(r)
		if s := agreed(r.res); s.interval > 0 {
			c.agree(s)
		} else {
			c.agree(c.session)
		}
		return nil
	case code == 481 || code == 408:
		return failure{reason: HungUp, err: fmt.Errorf("refresh session: the server knows the call no more (%d)", code)}
	case code == 405 || code == 501:
		c.updates = false
		c.timer.Reset(0)
	case code == 422 && raise(&c.minimum, r.res):
		c.timer.Reset(0)
	default: // 491 above all: after 2.1 to 4 s, since the Call-ID is ours (RFC 3261 section 14.1)
		c.timer.Reset(between(2100*time.Millisecond, 4*time.Second))
	}
	return nil
}
