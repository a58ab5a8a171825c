package phone

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// staleTimeout bounds how long calls left behind may hold up the next one.
const staleTimeout = 2 * time.Second

// seqGap is how far the CSeq of a BYE may be ahead of what was saved: requests sent since then were not. Numbers may be
// skipped (RFC 3261 section 12.2.2), but not go back.
const seqGap = 1000

// endLeftBehind ends the calls that a crash or a lost line left behind, so that the conference does not hear a ghost.
// What the server does not answer in time stays remembered.
func (l *line) endLeftBehind(ctx context.Context) {
	left := l.p.memory.calls()
	if len(left) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, staleTimeout)
	defer cancel()
	var all sync.WaitGroup
	for _, call := range left {
		all.Go(func() {
			if err := l.endLeft(ctx, call); err != nil {
				l.log.Warn("call left behind not ended", "error", err)
				return
			}
			l.log.Info("call left behind ended", "since", call.Time)
			l.remember(l.p.memory.drop(call.CallID))
		})
	}
	all.Wait()
}

// endLeft ends one: with BYE if it was up, with CANCEL if it was being dialled. Any final response will do: a server that
// does not know the call has ended it itself.
func (l *line) endLeft(ctx context.Context, left leftBehind) error {
	d, err := left.dialog()
	if err != nil {
		l.log.Warn("call left behind not understood", "error", err)
		return nil // and forgotten
	}
	if left.RemoteTag != "" {
		d.seq.Store(left.Seq + seqGap)
		err := l.bye(ctx, d)
		var f failure
		if asFailure(err, &f) && f.reason == WrongPassword {
			return nil
		}
		return err
	}
	// The 2xx may have been sent to the box that crashed and may be repeated to this one, at the same port: then it ends.
	l.expect(&outbound{dialog: d, seq: left.Seq, gone: true})
	_, err = l.do(ctx, l.cancelOf(left.invite(l, d)))
	return err
}

// dialog is the dialog as it was saved.
func (left leftBehind) dialog() (*dialog, error) {
	d := &dialog{envelope: envelope{callID: left.CallID, localTag: left.LocalTag, remoteTag: left.RemoteTag, routes: left.Routes}}
	for text, uri := range map[string]*sip.Uri{left.Local: &d.local, left.Remote: &d.remote, left.Target: &d.target} {
		if err := sip.ParseUri(text, uri); err != nil {
			return nil, fmt.Errorf("read call state: uri %q: %w", printable(text), err)
		}
	}
	d.seq.Store(left.Seq)
	return d, nil
}

// invite is the INVITE as it was sent, as far as its CANCEL needs it: the branch names it, and so do host and port of the
// Via, which are those of the line before the crash.
func (left leftBehind) invite(l *line, d *dialog) *sip.Request {
	req := l.request(sip.INVITE, d.target, d.envelope, left.Seq, l.server)
	via := req.Via()
	via.Params.Add("branch", left.Branch)
	if sent, err := netip.ParseAddrPort(left.Via); err == nil {
		via.Host, via.Port = uriHost(sent.Addr()), int(sent.Port())
	}
	return req
}

// remember logs that the state could not be saved: the call goes on all the same.
func (l *line) remember(err error) {
	if err != nil {
		l.log.Warn("call state not saved: a crash would leave the call behind", "error", err)
	}
}
