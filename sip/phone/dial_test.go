package phone_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"orionbox/sip/phone"
)

// calling registers and returns the INVITE.
func calling(t *testing.T, edit func(*phone.Config)) (*peer, *rig, message) {
	t.Helper()
	p := newPeer(t)
	r := start(t, p, edit)
	p.registrar()
	return p, r, p.take("INVITE")
}

func TestEveryStatusCodeHasItsReason(t *testing.T) {
	p := newPeer(t)
	r := start(t, p, nil)
	p.registrar()
	for _, c := range []struct {
		code   int
		reason phone.Reason
		state  phone.State
	}{
		{302, phone.ServerError, phone.Retrying}, {400, phone.ServerError, phone.Retrying},
		{403, phone.Forbidden, phone.Refused}, {404, phone.NoSuchNumber, phone.Refused},
		{408, phone.Timeout, phone.Retrying}, {410, phone.NoSuchNumber, phone.Refused},
		{415, phone.NoCommonCodec, phone.Refused}, {480, phone.NoAnswer, phone.Retrying},
		{484, phone.NoSuchNumber, phone.Refused}, {486, phone.Busy, phone.Retrying},
		{487, phone.HungUp, phone.Retrying}, {488, phone.NoCommonCodec, phone.Refused},
		{500, phone.ServerError, phone.Retrying}, {503, phone.ServerError, phone.Retrying},
		{600, phone.Busy, phone.Retrying}, {603, phone.Declined, phone.Retrying},
		{604, phone.NoSuchNumber, phone.Refused}, {606, phone.NoCommonCodec, phone.Refused}, {699, phone.ServerError, phone.Retrying},
	} {
		m := p.take("INVITE")
		p.answer(m, c.code, "As the test says")
		p.take("ACK")
		r.reason(c.reason, c.state)
		if s := r.phone.Status(); !strings.Contains(s.Detail, fmt.Sprint(c.code)) {
			t.Errorf("%d: detail %q", c.code, s.Detail)
		}
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	p, r, m := calling(t, nil)
	p.answer(m, 503, "Service Unavailable", "Retry-After: 120 (maintenance);duration=60")
	p.take("ACK")
	r.reason(phone.ServerError, phone.Retrying)
	if in := time.Until(r.phone.Status().RetryAt); in < 100*time.Second || in > 121*time.Second {
		t.Errorf("tries again in %s", in)
	}
}

func TestSessionTimerTooShort(t *testing.T) {
	p, r, m := calling(t, func(c *phone.Config) { c.SessionExpires = 90 * time.Second })
	p.answer(m, 422, "Session Interval Too Small", "Min-SE: 200")
	p.take("ACK")
	if again := p.take("INVITE"); again.get("session-expires") != "200" || again.get("call-id") != m.get("call-id") ||
		again.number("cseq") <= m.number("cseq") {
		t.Errorf("asked for %q with CSeq %q", again.get("session-expires"), again.get("cseq"))
	} else {
		p.answer(again, 200, "OK", p.contact(), pcmu("sendrecv"))
	}
	p.take("ACK")
	r.up()
}

func TestTheOffer(t *testing.T) {
	_, _, m := calling(t, nil)
	for _, want := range []string{"opus/48000/2", "G722/8000", "PCMU/8000", "PCMA/8000", "telephone-event/8000", "a=sendrecv"} {
		if !strings.Contains(m.body, want) {
			t.Errorf("offer has no %s:\n%s", want, m.body)
		}
	}
	if !strings.Contains(m.get("via"), ";rport") || strings.Contains(m.get("via"), "0.0.0.0") {
		t.Errorf("via %q", m.get("via"))
	}
}

func TestAnswersThatCannotBeUsed(t *testing.T) {
	for name, body := range map[string]string{
		"no body": "", "no common codec": describe("18", "sendrecv", 1), "refused": strings.Replace(pcmu("sendrecv"), "audio 9", "audio 0", 1),
	} {
		t.Run(name, func(t *testing.T) {
			p, r, m := calling(t, nil)
			lines := []string{p.contact()}
			if body != "" {
				lines = append(lines, body)
			}
			p.answer(m, 200, "OK", lines...)
			p.take("ACK")
			p.answer(p.take("BYE"), 200, "OK")
			r.reason(phone.NoCommonCodec, phone.Refused)
		})
	}
}

func TestCancelWhileItRings(t *testing.T) {
	p, r, m := calling(t, nil)
	for range 15 { // more than sipgo's dialog layer would bear
		p.answer(m, 180, "Ringing")
	}
	p.answer(m, 183, "Session Progress", p.contact(), pcmu("sendrecv"))
	r.until("dialling", func(e phone.Event) bool { return e.Status.State == phone.Dialling })
	go r.stop()
	c := p.take("CANCEL")
	if c.get("via") != m.get("via") || c.number("cseq") != m.number("cseq") || strings.Contains(c.get("to"), "tag") {
		t.Errorf("cancelled %q %q %q", c.get("via"), c.get("cseq"), c.get("to"))
	}
	p.answer(c, 200, "OK")
	p.answer(m, 487, "Request Terminated")
	p.take("ACK")
	p.answer(p.take("REGISTER"), 200, "OK")
}

func TestCancelThatCrossesTheAnswer(t *testing.T) {
	p, r, m := calling(t, nil)
	p.answer(m, 180, "Ringing")
	r.until("dialling", func(e phone.Event) bool { return e.Status.State == phone.Dialling })
	go r.stop()
	c := p.take("CANCEL")
	p.answer(m, 200, "OK", p.contact(), pcmu("sendrecv"))
	p.answer(c, 200, "OK")
	p.take("ACK")
	if b := p.take("BYE"); !strings.Contains(b.get("to"), "tag=peer") || b.number("cseq") <= m.number("cseq") {
		t.Errorf("ended with %q %q", b.get("to"), b.get("cseq"))
	} else {
		p.answer(b, 200, "OK")
	}
	p.answer(p.take("REGISTER"), 200, "OK")
}

func TestLateAnswerIsEnded(t *testing.T) {
	p, r, m := calling(t, func(c *phone.Config) { c.AttemptTimeout = 300 * time.Millisecond })
	r.reason(phone.Timeout, phone.Retrying)
	p.answer(m, 200, "OK", p.contact(), pcmu("sendrecv"))
	for acked, ended := false, false; !acked || !ended; {
		next := <-p.in
		if next.get("call-id") != m.get("call-id") {
			continue
		}
		acked = acked || next.method() == "ACK"
		if next.method() == "BYE" {
			ended = true
			p.answer(next, 200, "OK")
		}
	}
}

func TestRepeatedAnswerIsAcknowledgedAgain(t *testing.T) {
	p, r, m := calling(t, nil)
	for range 3 {
		p.answer(m, 200, "OK", p.contact(), pcmu("sendrecv"))
		for ack := (<-p.in); ack.method() != "ACK"; ack = <-p.in {
		}
	}
	r.up()
}

func TestSecondPhoneThatAnswersIsEnded(t *testing.T) {
	p, r, m := calling(t, nil)
	p.answer(m, 200, "OK", p.contact(), pcmu("sendrecv"))
	p.take("ACK")
	r.up()
	m.head["to"][0] += ";tag=fork"
	p.answer(m, 200, "OK", p.contact(), pcmu("sendrecv"))
	if ack := p.take("ACK"); !strings.Contains(ack.get("to"), "tag=fork") {
		t.Errorf("acknowledged %q", ack.get("to"))
	}
	if b := p.take("BYE"); !strings.Contains(b.get("to"), "tag=fork") {
		t.Errorf("ended %q", b.get("to"))
	} else {
		p.answer(b, 200, "OK")
	}
}

func TestNobodyAnswers(t *testing.T) {
	p, r, m := calling(t, func(c *phone.Config) { c.RingTimeout = 200 * time.Millisecond })
	p.answer(m, 180, "Ringing")
	p.answer(p.take("CANCEL"), 200, "OK")
	p.answer(m, 487, "Request Terminated")
	p.take("ACK")
	r.reason(phone.NoAnswer, phone.Retrying)
}
