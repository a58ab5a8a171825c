package phone

import (
	"context"
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
