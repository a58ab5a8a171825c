package phone

import (
	"context"
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"
)

// keepAlive gives a sign of life at every interval, so that a NAT keeps the way back open, and watches that the server
// is still there: an empty line one time (RFC 5626 section 3.5), OPTIONS the other. It also watches the local address.
func (l *line) keepAlive() {
	ticker := time.NewTicker(l.p.cfg.KeepAlive)
	defer ticker.Stop()
	route := time.NewTicker(min(2*time.Second, l.p.cfg.KeepAlive))
	defer route.Stop()
	refused := make(chan error, 1)
	l.mu.Lock()
	l.refusals[refused] = l.server
	l.mu.Unlock()
	defer l.unwatch(refused)
	for odd := true; ; {
		select {
		case <-l.keep.Done():
			return
		case <-route.C:
			l.checkRoute()
		case <-l.doubts:
			l.checkDoubt()
		case <-refused:
			l.check() // one packet was refused: a server that restarts, or one that is gone
		case <-ticker.C:
			if odd = !odd; odd {
				l.check()
			} else if err := l.ping(); err != nil {
				l.log.Debug("no sign of life sent", "error", err)
			}
		}
	}
}

// doubt has the server asked whether it is there, unless it is being asked already.
func (l *line) doubt() {
	select {
	case l.doubts <- struct{}{}:
	default:
	}
}

// answerSoon is how long a server that is there takes to answer, on a network that a call can be made over.
const answerSoon = 700 * time.Millisecond

// checkDoubt asks a server whose call has fallen silent. That it does not answer soon is shown; the call is given up only when it
// has not after some more time: the network may be back by then.
func (l *line) checkDoubt() {
	soon := time.AfterFunc(answerSoon, func() { l.p.board.unheard(true) })
	l.check()
	if !soon.Stop() && l.keep.Err() == nil && l.ctx.Err() == nil {
		l.p.board.unheard(false)
	}
}

// check loses the line when the server answers nothing, twice.
func (l *line) check() {
	err := l.options()
	if err != nil {
		err = l.options()
	}
	if err != nil && l.keep.Err() == nil {
		l.lose(fmt.Errorf("server does not answer: %w", err))
	}
}

// options asks the server for anything: a refusal is a sign of life as well.
func (l *line) options() error {
	ctx, cancel := context.WithTimeout(l.keep, l.p.cfg.AttemptTimeout)
	defer cancel()
	n := l.p.number
	e := envelope{callID: newCallID(), local: n.account, remote: n.account, localTag: sip.GenerateTagN(16)}
	e.remote.User = ""
	req := l.request(sip.OPTIONS, sip.Uri{Scheme: "sip", Host: n.host, Port: n.port}, e, 1, l.server)
	req.AppendHeader(l.contactHeader())
	_, err := l.do(ctx, req)
	return err
}

// checkRoute loses the line when the way to the server starts from another address than the socket's: another network
// was plugged in, or DHCP gave a new lease. No way at all is left to the signs of life: it may come back.
func (l *line) checkRoute() {
	now, err := localAddress(l.server)
	if err == nil && now != l.local.Addr() {
		l.lose(fmt.Errorf("the box's own address changed to %s", now))
	}
}
