package phone

import (
	"time"

	"github.com/emiago/sipgo/sip"
)

// incoming is a request of the server with its transaction; who takes it must respond and finish it.
type incoming struct {
	req *sip.Request
	tx  *sip.ServerTx
}

// receive is called by sipgo for each request, on a goroutine of its own. What belongs to a call goes to the goroutine
// that owns it.
func (l *line) receive(req *sip.Request, tx *sip.ServerTx) {
	in := incoming{req, tx}
	if req.CallID() == nil || req.From() == nil || req.To() == nil || req.CSeq() == nil {
		l.respond(in, 400, "Bad Request")
		return
	}
	if !l.deliver(in) {
		l.outside(in)
	}
}

// deliver hands a request to its call, and tells whether there was one that could take it.
func (l *line) deliver(in incoming) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	inbox := l.calls[in.req.CallID().Value()]
	if inbox == nil {
		return false
	}
	select {
	case inbox <- in: // under the lock, so that leave finds whatever was put in
		return true
	default:
		return false
	}
}

// outside answers what belongs to no call of ours. The box takes no calls.
func (l *line) outside(in incoming) {
	switch in.req.Method {
	case sip.ACK:
		in.tx.Terminate()
	case sip.OPTIONS:
		l.respond(in, 200, "OK", "Accept", "application/sdp", "Allow", methods)
	case sip.INVITE:
		if _, inside := in.req.To().Params.Get("tag"); inside {
			l.respond(in, 481, "Call/Transaction Does Not Exist")
			return
		}
		l.respond(in, 486, "Busy Here")
	case sip.BYE, sip.CANCEL, sip.UPDATE, sip.INFO, sip.NOTIFY, sip.PRACK:
		l.respond(in, 481, "Call/Transaction Does Not Exist")
	default:
		l.respond(in, 405, "Method Not Allowed", "Allow", methods)
	}
}

// respond answers with headers given as name and value by turns, and finishes the transaction.
func (l *line) respond(in incoming, code int, text string, headers ...string) {
	l.reply(in, l.response(in, code, text, headers...))
	in.tx.TerminateGracefully()
}

func (l *line) response(in incoming, code int, text string, headers ...string) *sip.Response {
	res := sip.NewResponseFromRequest(in.req, code, text, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		res.AppendHeader(sip.NewHeader(headers[i], headers[i+1]))
	}
	res.AppendHeader(sip.NewHeader("User-Agent", l.p.cfg.UserAgent))
	return res
}

func (l *line) reply(in incoming, res *sip.Response) {
	if err := in.tx.Respond(res); err != nil {
		l.log.Debug("not answered", "method", in.req.Method, "status", res.StatusCode, "error", err)
	}
}

// join lets a call receive the requests of its dialog.
func (l *line) join(callID string, inbox chan<- incoming) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls[callID] = inbox
}

// leave ends that, and answers what nobody took.
func (l *line) leave(callID string, inbox <-chan incoming) {
	l.mu.Lock()
	delete(l.calls, callID)
	l.mu.Unlock()
	for {
		select {
		case in := <-inbox:
			l.outside(in)
		default:
			return
		}
	}
}

// resend is a 2xx to the far side's INVITE that is repeated until the ACK comes (RFC 3261 section 13.3.1.4).
type resend struct {
	in    incoming
	res   *sip.Response
	seq   uint32
	wait  time.Duration
	until time.Time
	offer bool // the 2xx held our offer: the ACK holds the answer
}
