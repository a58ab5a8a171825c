package phone

import (
	"context"
	"errors"
	"time"

	"github.com/emiago/sipgo/sip"
)

// outbound is an INVITE that is under way or was given up: a 2xx that still comes must be acknowledged and ended, or the
// server would keep a call that nobody is in.
type outbound struct {
	dialog *dialog
	seq    uint32
	ack    *sip.Request // of the dialog that was taken, nil if none was yet
	gone   bool         // given up: none will be
	since  time.Time
}

// lateFor is how long a server may repeat a 2xx: 64*T1 (RFC 3261 section 13.3.1.4), and some on top.
const lateFor = time.Minute

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
			l.remember(l.p.memory.drop(req.CallID().Value()))
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

// expect notes an INVITE whose answers may come late.
func (l *line) expect(o *outbound) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o.since = time.Now()
	for id, old := range l.invites {
		if time.Since(old.since) > lateFor {
			delete(l.invites, id)
		}
	}
	l.invites[o.dialog.callID] = o
}

// giveUp notes that a 2xx that still comes finds nobody.
func (l *line) giveUp(callID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if o := l.invites[callID]; o != nil {
		o.gone = true
	}
}

// stray handles responses that no transaction waits for: a 2xx that is repeated because our ACK was lost gets the ACK
// again; a 2xx of a call that was given up, or of a second phone that answered (a fork), is ended.
func (l *line) stray(res *sip.Response) {
	seq, id := res.CSeq(), res.CallID()
	if !res.IsSuccess() || seq == nil || seq.MethodName != sip.INVITE || id == nil {
		return
	}
	l.mu.Lock()
	o := l.invites[id.Value()]
	if o == nil || seq.SeqNo != o.seq || o.ack == nil && !o.gone {
		l.mu.Unlock()
		return
	}
	ack := o.ack
	l.mu.Unlock()
	other := &dialog{envelope: o.dialog.envelope, target: l.p.number.target}
	other.confirm(res)
	if ack != nil && sameTag(ack, other.remoteTag) {
		l.post(ack.Clone())
		return
	}
	other.seq.Store(seq.SeqNo + seqGap)
	l.post(l.ack(other, seq.SeqNo))
	ctx, cancel := context.WithTimeout(l.ctx, farewell)
	defer cancel()
	if err := l.bye(ctx, other); err != nil {
		l.log.Warn("late answer not ended", "error", err)
	}
}

func sameTag(ack *sip.Request, tag string) bool {
	of, _ := ack.To().Params.Get("tag")
	return of == tag
}

// bye ends a dialog. That the far side does not know it is as good as an OK: it is gone.
func (l *line) bye(ctx context.Context, d *dialog) error {
	_, _, err := l.authenticated(ctx, l.inDialog(sip.BYE, d, d.nextSeq()), d.nextSeq, l.do)
	if err != nil {
		return sendFailure("hang up", err)
	}
	return nil
}
