package conference

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"
)

// step is a request within a dialog on its way to the leg. Done is closed when the request needs its transaction no
// longer; until then the handler that brought it waits.
type step struct {
	req  *sip.Request
	tx   sip.ServerTransaction
	done chan struct{}
}

// leg is one call in the conference. One goroutine, run, owns everything that changes; the mixer's tick touches the
// sound only.
type leg struct {
	c          *Conference
	log        *slog.Logger
	user, room string
	since      time.Time

	sound  *sound
	seat   *seat
	dialog dialog
	// canUpdate tells that the far end takes UPDATE.
	canUpdate bool
	// canceled is set by the transaction when a CANCEL comes before our answer.
	canceled atomic.Bool

	// steps are requests for run; ended is closed when none is taken any more.
	steps chan step
	ended chan struct{}

	// final is our 2xx to an INVITE until its ACK comes.
	final *final
	// resend fires when the 2xx is due again.
	resend *time.Timer
	// timer is what RFC 4028 asks for; session fires when it is due.
	timer     sessionTimer
	session   *time.Timer
	refreshed chan refreshed
	// refreshing tells that a refresh of ours waits for its answer.
	refreshing bool

	// over is why the leg ends; empty while it lives. hangUp tells that the far end does not know it yet.
	over   string
	hangUp bool
}

// run is the life of the leg from the INVITE that opens it to its end.
func (l *leg) run(ctx context.Context, invite step, answer []byte) {
	l.resend, l.session = stopped(), stopped()
	watch := time.NewTicker(max(l.c.cfg.MediaTimeout/20, tickLength))
	defer watch.Stop()
	l.open(invite, answer)
	for l.over == "" {
		select {
		case s := <-l.steps:
			l.take(s)
		case <-l.resend.C:
			l.again()
		case <-l.session.C:
			l.sessionDue(ctx)
		case r := <-l.refreshed:
			l.sessionRefreshed(r)
		case <-watch.C:
			l.checkMedia()
		case <-ctx.Done():
			l.end("shutdown", true)
		}
	}
	l.close()
}

// stopped is a timer that fires only once it is set.
func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// end notes why the leg is over; the first reason counts. hangUp asks for a BYE.
func (l *leg) end(why string, hangUp bool) {
	if l.over == "" {
		l.over, l.hangUp = why, hangUp
	}
}

// byeTimeout bounds the wait for the answer to a BYE: long enough for three repetitions over UDP.
const byeTimeout = 4 * time.Second

// close leaves the room first, so that the others are rid of the voice at once, and says BYE last.
func (l *leg) close() {
	l.c.forget(l)
	close(l.ended)
	l.settle()
	l.resend.Stop()
	l.session.Stop()
	l.c.rooms.leave(l.room, l.seat)
	if err := l.sound.close(); err != nil {
		l.log.Warn("media not closed cleanly", "err", err)
	}
	l.log.Info("leg left", "why", l.over, "after", time.Since(l.since).Round(time.Millisecond))
	if !l.hangUp {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), byeTimeout)
	defer cancel()
	res, err := l.c.line.do(ctx, l.dialog.request(sip.BYE, l.c.hostFor(l.dialog.source)), &l.dialog)
	switch {
	case err != nil:
		l.log.Info("bye not answered", "err", err)
	case !res.IsSuccess():
		l.log.Info("bye refused", "status", res.StatusCode)
	}
}

// checkMedia ends a leg that nothing was heard from for too long. One that announced silence (hold) gets longer.
func (l *leg) checkMedia() {
	limit := l.c.cfg.MediaTimeout
	if l.sound.silent {
		limit = max(limit, l.c.cfg.HoldTimeout)
	}
	if quiet := time.Since(l.sound.lastHeard()); quiet > limit {
		l.end("no media", true)
	}
}
