package phone

import (
	"context"
	"sync"
	"time"
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
			l.p.memory.drop(call.CallID)
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
