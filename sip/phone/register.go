package phone

import (
	"context"
	"time"

	"github.com/emiago/sipgo/sip"
)

// registration is the account's place at the registrar (RFC 3261 section 10). One Call-ID and a growing CSeq for the
// life of a line.
type registration struct {
	callID, tag string
	seq         uint32
	asked       time.Duration // expiry to ask for; the registrar may raise it
	granted     time.Duration // 0 while not registered
	cleared     bool          // the place from before a crash was taken away
	without     bool          // the server is no registrar: calls go without
}

func (r *registration) begin(expires time.Duration) {
	*r = registration{callID: newCallID(), tag: sip.GenerateTagN(16), seq: 1, asked: expires}
}

func (r *registration) nextSeq() uint32 {
	r.seq++
	return r.seq
}

// register makes the server know us, within AttemptTimeout. It is called by one goroutine at a time.
func (l *line) register(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.p.cfg.AttemptTimeout)
	defer cancel()
	var res *sip.Response
	var err error
	// Once more if the answer shows that the server sees us at another address than the Contact named (NAT), and once
	// or twice more if it asks for a longer time.
	for range 4 {
		var sent *sip.Request
		if sent, res, err = l.sendRegister(ctx, l.account.asked, l.contactHeader); err != nil {
			return sendFailure("register", err)
		}
		switch {
		case res.StatusCode == sip.StatusIntervalToBrief && raise(&l.account.asked, res):
			continue
		case res.IsSuccess() && l.reachableAt(sent):
			l.registeredFor(grantedExpiry(res, sent.Contact(), l.account.asked))
			return nil
		case res.IsSuccess():
			continue
		case res.StatusCode == 405 || res.StatusCode == 501:
			l.account.without = true
			l.log.Info("server is no registrar, calls go without", "status", res.StatusCode)
			return nil
		case res.StatusCode == 403 && l.makeRoom(ctx):
			continue
		case res.StatusCode == 403 && proved(sent):
			return failed(WrongPassword, "register: %d %s: user or password is wrong, or the account may not register",
				res.StatusCode, printable(res.Reason))
		}
		return responseFailure("register", res)
	}
	return responseFailure("register", res)
}

// proved tells whether the request carried the password: a 403 to that is how many servers refuse it, where others
// challenge once more.
func proved(sent *sip.Request) bool {
	return sent.GetHeader("authorization") != nil || sent.GetHeader("proxy-authorization") != nil
}

// makeRoom takes away the place that the box had before it crashed, if it was another than now: a registrar that allows
// one place an account refuses the second until the first has expired. It tells whether there was one.
func (l *line) makeRoom(ctx context.Context) bool {
	now := l.contactHeader().Address.String()
	for _, left := range l.p.memory.calls() {
		old := &sip.ContactHeader{}
		if left.Contact == now || l.account.cleared || sip.ParseUri(left.Contact, &old.Address) != nil {
			continue
		}
		l.account.cleared = true
		_, res, err := l.sendRegister(ctx, 0, func() *sip.ContactHeader { return old.Clone() })
		return err == nil && res.IsSuccess()
	}
	return false
}

// raise takes the least time that the server allows (423, RFC 3261 section 10.3; 422, RFC 4028).
func raise(asked *time.Duration, res *sip.Response) bool {
	for _, name := range []string{"min-expires", "min-se"} {
		if h := res.GetHeader(name); h != nil {
			if least := seconds(h.Value()); least > *asked && least < 24*time.Hour {
				*asked = least
				return true
			}
		}
	}
	return false
}

// reachableAt tells whether the Contact that was sent is where the server sees us.
func (l *line) reachableAt(sent *sip.Request) bool {
	now, was := l.contactHeader(), sent.Contact()
	return was != nil && was.Address.Host == now.Address.Host && was.Address.Port == now.Address.Port
}

func (l *line) registeredFor(granted time.Duration) {
	l.account.granted = granted
	l.p.board.setRegistered(granted > 0)
}

// sendRegister is one REGISTER with its challenges.
func (l *line) sendRegister(ctx context.Context, expires time.Duration, contact func() *sip.ContactHeader) (*sip.Request, *sip.Response, error) {
	n := l.p.number
	registrar := sip.Uri{Scheme: "sip", Host: n.account.Host}
	if n.account.Host == n.host {
		registrar.Port = n.port
	}
	e := envelope{callID: l.account.callID, local: n.account, remote: n.account, localTag: l.account.tag}
	req := l.request(sip.REGISTER, registrar, e, l.account.nextSeq(), l.server)
	req.AppendHeader(contact())
	value := sip.ExpiresHeader(expires / time.Second)
	req.AppendHeader(&value)
	req.AppendHeader(sip.NewHeader("Allow", methods))
	return l.authenticated(ctx, req, l.account.nextSeq, func(ctx context.Context, req *sip.Request) (*sip.Response, error) {
		req.ReplaceHeader(contact()) // what was learnt from the challenge
		return l.do(ctx, req)
	})
}

// grantedExpiry is what the registrar gave: the expires of our Contact, or the Expires header, or what was asked for.
func grantedExpiry(res *sip.Response, ours *sip.ContactHeader, asked time.Duration) time.Duration {
	for _, h := range res.GetHeaders("contact") {
		c, ok := h.(*sip.ContactHeader)
		if !ok || ours == nil || c.Address.User != ours.Address.User || c.Address.Host != ours.Address.Host || c.Address.Port != ours.Address.Port {
			continue
		}
		if text, ok := c.Params.Get("expires"); ok {
			return seconds(text)
		}
	}
	if h := res.GetHeader("expires"); h != nil {
		return seconds(h.Value())
	}
	return asked
}

// refreshAfter is when to register again: with a quarter of the time left, so that a few tries fit in.
func refreshAfter(granted time.Duration) time.Duration { return max(granted*3/4, time.Second) }

// keepRegistered refreshes until the line ends. A call that is up is not touched by a registrar that fails.
func (l *line) keepRegistered() {
	if l.account.without {
		return
	}
	wait := backoff{first: l.p.cfg.First, cap: l.p.cfg.Cap, slow: l.p.cfg.Slow, random: half}
	next := refreshAfter(l.account.granted)
	for {
		select {
		case <-l.keep.Done():
			return
		case <-time.After(next):
		}
		err := l.register(l.keep)
		if err == nil {
			wait.reset()
			next = refreshAfter(l.account.granted)
			continue
		}
		if l.keep.Err() != nil {
			return
		}
		l.p.board.setRegistered(false)
		var f failure
		asFailure(err, &f)
		next = wait.next(f.reason.needsPerson(), f.retryAfter)
		l.log.Warn("registration not refreshed", "error", err, "again in", next)
	}
}

func half() float64 { return 0.5 }

// unregister takes our Contact away, if the line still works; a server that is silent is not waited for long.
func (l *line) unregister() {
	if l.account.granted == 0 || l.ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(l.ctx, farewell)
	defer cancel()
	if _, res, err := l.sendRegister(ctx, 0, l.contactHeader); err != nil || !res.IsSuccess() {
		l.log.Debug("not un-registered", "error", err)
	}
	l.account.granted = 0
}

// farewell is how long BYE and un-REGISTER may take each when leaving.
const farewell = 1500 * time.Millisecond
