package conference

import (
	"context"
	"errors"
	"fmt"

	"github.com/emiago/sipgo/sip"
)

// errGone tells that the far end does not know the call any more, or does not answer at all.
var errGone = errors.New("session not refreshed")

// arm sets the session timer anew after each agreement.
func (l *leg) arm() {
	l.session.Stop()
	if l.timer.interval > 0 {
		l.session.Reset(l.timer.due())
	}
}

// sessionDue acts when the session timer fires: the far end's refresh has not come, or ours must go.
func (l *leg) sessionDue(ctx context.Context) {
	if !l.timer.ours {
		l.end("session expired", true)
		return
	}
	if l.refreshing || l.final != nil {
		l.arm()
		return
	}
	l.refreshing = true
	send := l.refresher()
	l.c.calls.Go(func() { l.refreshed <- send(ctx) })
}

// refreshed is the outcome of a refresh of ours.
type refreshed struct {
	// answer is the SDP of the far end, if it sent one.
	answer []byte
	err    error
}

// refresher builds the refresh here, on the leg's goroutine, and returns what sends it on another, since the far end
// may take half a minute to answer.
func (l *leg) refresher() func(context.Context) refreshed {
	method := sip.INVITE
	if l.canUpdate {
		method = sip.UPDATE
	}
	host := l.c.hostFor(l.dialog.source)
	req := l.dialog.request(method, host)
	for _, h := range append(l.timer.headers(), sip.NewHeader("Supported", "timer"), l.c.minSE()) {
		req.AppendHeader(h)
	}
	if method == sip.INVITE {
		body, err := l.sound.said.Marshal()
		if err != nil {
			return func(context.Context) refreshed { return refreshed{err: err} }
		}
		req.AppendHeader(sip.NewHeader("Content-Type", contentSDP))
		req.SetBody(body)
	}
	d := l.dialog
	return func(ctx context.Context) refreshed {
		res, err := l.c.line.do(ctx, req, &d)
		switch {
		case err != nil:
			return refreshed{err: fmt.Errorf("%w: %w", errGone, err)}
		case res.StatusCode == 408 || res.StatusCode == 481:
			return refreshed{err: fmt.Errorf("%w: status %d", errGone, res.StatusCode)}
		case method == sip.INVITE && res.IsSuccess():
			ack := d.request(sip.ACK, host)
			l.c.line.aim(ack, &d)
			return refreshed{res.Body(), l.c.line.client.WriteRequest(ack, asBuilt)}
		}
		return refreshed{}
	}
}

// sessionRefreshed takes the outcome of a refresh. A far end that answers at all, even to refuse, is there.
func (l *leg) sessionRefreshed(r refreshed) {
	l.refreshing = false
	if errors.Is(r.err, errGone) {
		l.end("session not refreshed", true)
		return
	}
	if len(r.answer) > 0 && r.err == nil {
		r.err = l.sound.accept(r.answer)
	}
	if r.err != nil {
		l.log.Info("session refresh not confirmed", "err", r.err)
	}
	l.arm()
}
