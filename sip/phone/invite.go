package phone

import (
	"context"
	"errors"
	"time"

	"github.com/emiago/sipgo/sip"
)

// roundInvite makes one INVITE transaction. Any word within AttemptTimeout is a sign of life, then limit bounds how long
// it may ring. When ctx ends, or nobody answers, the INVITE is cancelled (RFC 3261 section 9).
func (l *line) roundInvite(ctx context.Context, req *sip.Request, limit time.Duration, ringing func(*sip.Response)) (*sip.Response, error) {
	refused := l.watchRefusals(req)
	defer l.unwatch(refused)
	tx, err := l.ua.TransactionLayer().Request(ctx, req)
	if err != nil {
		return nil, err
	}
	tx.OnRetransmission(l.stray)
	timer := time.NewTimer(l.p.cfg.AttemptTimeout)
	defer timer.Stop()
	for alive := false; ; {
		select {
		case res := <-tx.Responses():
			l.learn(res)
			if !res.IsProvisional() {
				return res, nil
			}
			if !alive {
				timer.Reset(limit)
			}
			alive = true
			ringing(res)
		case <-tx.Done():
			return nil, errors.Join(errors.New("no answer"), tx.Err())
		case err := <-refused:
			if !alive {
				tx.Terminate()
				return nil, err
			}
		case <-l.ctx.Done():
			tx.Terminate()
			return nil, context.Cause(l.ctx)
		case <-timer.C:
			if !alive {
				tx.Terminate()
				return nil, failed(Timeout, "no answer from the server")
			}
			return l.withdraw(req, tx, failed(NoAnswer, "nobody answered within %s", limit))
		case <-ctx.Done():
			return l.withdraw(req, tx, ctx.Err())
		}
	}
}

// withdraw cancels an INVITE and waits a little for its end. A 2xx that crossed the CANCEL is returned: the call is up,
// and the caller has to end it with BYE.
func (l *line) withdraw(req *sip.Request, tx sip.ClientTransaction, why error) (*sip.Response, error) {
	cancelled := make(chan struct{})
	l.keepers.Go(func() {
		defer close(cancelled)
		ctx, stop := context.WithTimeout(l.ctx, farewell)
		defer stop()
		if _, err := l.do(ctx, l.cancelOf(req)); err == nil {
			l.p.memory.drop(req.CallID().Value())
		}
	})
	defer func() { <-cancelled }()
	deadline := time.NewTimer(2 * farewell)
	defer deadline.Stop()
	for {
		select {
		case res := <-tx.Responses():
			if res.IsSuccess() {
				return res, nil
			}
			if !res.IsProvisional() {
				return nil, why
			}
		case <-tx.Done():
			return nil, why
		case <-deadline.C:
			tx.Terminate()
			return nil, why
		}
	}
}

// cancelOf has the branch and the number of the INVITE, by which the server knows what is meant.
func (l *line) cancelOf(invite *sip.Request) *sip.Request {
	req := sip.NewRequest(sip.CANCEL, *invite.Recipient.Clone())
	req.AppendHeader(invite.Via().Clone())
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(&hops)
	for _, name := range []string{"From", "To", "Call-ID", "Route"} {
		sip.CopyHeaders(name, invite, req)
	}
	req.AppendHeader(&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	req.SetTransport(invite.Transport())
	req.SetDestination(invite.Destination())
	req.Laddr = invite.Laddr
	req.SetBody(nil)
	return req
}
