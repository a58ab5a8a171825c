package conference

import (
	"time"

	"github.com/emiago/sipgo/sip"
)

// final is a 2xx to an INVITE that waits for its ACK (RFC 3261 section 13.3.1.4): it is repeated until then, over TCP
// too, since it is the far end that must confirm and not the next hop.
type final struct {
	step
	response *sip.Response
	// offered tells that the 2xx held our offer, so the ACK holds the answer.
	offered bool
	wait    time.Duration
	sent    time.Time
}

// open answers the INVITE that makes the leg.
func (l *leg) open(s step, answer []byte) {
	if l.canceled.Load() {
		close(s.done)
		l.end("cancelled", false)
		return
	}
	l.confirm(s, answer, len(s.req.Body()) == 0)
	l.log.Info("leg joined", "room", l.room, "from", l.dialog.source, "transport", l.dialog.transport)
}

// confirm sends the 2xx to an INVITE and begins to wait for the ACK.
func (l *leg) confirm(s step, body []byte, offered bool) {
	res := l.ok(s.req, body)
	l.arm()
	if err := s.tx.Respond(res); err != nil {
		l.log.Info("answer not sent", "err", err)
		close(s.done)
		l.end("cannot answer", false)
		return
	}
	l.final = &final{step: s, response: res, offered: offered, wait: sip.T1, sent: time.Now()}
	l.resend.Reset(sip.T1)
}

// ok builds a 2xx within the dialog.
func (l *leg) ok(req *sip.Request, body []byte) *sip.Response {
	res := sip.NewResponseFromRequest(req, sip.StatusOK, "OK", body)
	tag, _ := l.dialog.local.Params.Get("tag")
	res.To().Params.Add("tag", tag)
	res.AppendHeader(&l.dialog.contact)
	if len(body) > 0 {
		res.AppendHeader(sip.NewHeader("Content-Type", contentSDP))
	}
	for _, h := range l.timer.headers() {
		res.AppendHeader(h)
	}
	l.c.sign(res)
	return res
}

// again repeats the 2xx, each time after twice as long up to T2, and gives up after 64 T1.
func (l *leg) again() {
	f := l.final
	if f == nil {
		return
	}
	if time.Since(f.sent) >= 64*sip.T1 {
		l.settle()
		l.end("answer never acknowledged", true)
		return
	}
	if err := f.tx.Respond(f.response); err != nil {
		l.log.Info("answer not repeated", "err", err)
	}
	f.wait = min(2*f.wait, sip.T2)
	l.resend.Reset(f.wait)
}

// settle ends the wait for an ACK.
func (l *leg) settle() {
	if l.final != nil {
		close(l.final.done)
		l.final = nil
		l.resend.Stop()
	}
}

// take carries one request within the dialog out.
func (l *leg) take(s step) {
	if s.req.IsAck() {
		l.acked(s)
		return
	}
	seq := s.req.CSeq().SeqNo
	if seq <= l.dialog.remoteSeq {
		l.refuse(s, 500, "Out of Order")
		return
	}
	l.dialog.remoteSeq = seq
	switch s.req.Method {
	case sip.BYE:
		l.refuse(s, 200, "OK")
		l.end("hung up", false)
	case sip.INVITE, sip.UPDATE:
		l.reoffer(s)
	case sip.OPTIONS:
		l.c.options(s.req, s.tx)
		close(s.done)
	case sip.INFO:
		l.refuse(s, 200, "OK")
	default:
		l.refuse(s, 405, "Method Not Allowed")
	}
}

// refuse answers with no more than a status and is done with the request.
func (l *leg) refuse(s step, status int, reason string, headers ...sip.Header) {
	l.c.respond(s.req, s.tx, status, reason, headers...)
	close(s.done)
}

// acked takes the ACK that belongs to our 2xx; every other is a repetition.
func (l *leg) acked(s step) {
	close(s.done)
	if l.final == nil || l.final.req.CSeq().SeqNo != s.req.CSeq().SeqNo {
		return
	}
	offered := l.final.offered
	l.settle()
	if !offered {
		return
	}
	if err := l.sound.accept(s.req.Body()); err != nil {
		l.log.Info("answer of the far end not usable", "err", err)
		l.end("no common codec", true)
	}
}

// reoffer answers a re-INVITE or UPDATE: hold, another address, another codec, or only a sign of life.
func (l *leg) reoffer(s step) {
	if l.final != nil && l.final.offered || l.refreshing && s.req.IsInvite() {
		l.refuse(s, 491, "Request Pending")
		return
	}
	if s.req.IsInvite() {
		l.settle() // who calls again has our 2xx; the ACK may still be on its way, or be overtaken here
	}
	timer, ok := readTimer(s.req, l.c.cfg.MinSession)
	if !ok {
		l.refuse(s, 422, "Session Interval Too Small", l.c.minSE())
		return
	}
	body, err := l.renegotiate(s.req)
	if err != nil {
		l.log.Info("change refused", "err", err)
		status, reason := refusal(err)
		l.refuse(s, status, reason)
		return
	}
	l.timer = timer
	l.dialog.follow(s.req)
	if s.req.IsInvite() {
		l.confirm(s, body, len(s.req.Body()) == 0)
		return
	}
	if err := s.tx.Respond(l.ok(s.req, body)); err != nil {
		l.log.Info("answer not sent", "err", err)
	}
	close(s.done)
	l.arm()
}

// renegotiate is the SDP for the 2xx: an answer to an offer, an offer of ours to an INVITE without, nothing to an
// UPDATE without.
func (l *leg) renegotiate(req *sip.Request) ([]byte, error) {
	switch {
	case len(req.Body()) > 0:
		return l.sound.answer(req.Body())
	case req.IsInvite():
		return l.sound.offer()
	}
	return nil, nil
}
