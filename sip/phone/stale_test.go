package phone_test

import (
	"os"
	"strings"
	"testing"

	"orionbox/sip/phone"
)

// after starts a phone that finds this state on disk.
func after(t *testing.T, p *peer, state []byte) *rig {
	t.Helper()
	return start(t, p, func(c *phone.Config) {
		if err := os.WriteFile(c.StatePath, state, 0o600); err != nil {
			t.Fatal(err)
		}
	})
}

func stateOf(t *testing.T, r *rig) []byte {
	t.Helper()
	data, err := os.ReadFile(r.state)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestCallLeftBehindIsEndedFirst(t *testing.T) {
	p, r, m := talking(t, nil)
	state := stateOf(t, r)
	go r.stop()
	p.answer(p.take("BYE"), 200, "OK")
	p.answer(p.take("REGISTER"), 200, "OK")
	r.stop()

	second := after(t, p, state)
	p.registrar()
	b := p.take("BYE")
	if b.get("call-id") != m.get("call-id") || b.number("cseq") <= m.number("cseq") || !strings.Contains(b.get("to"), "tag=peer") ||
		b.param("from", "tag") != m.param("from", "tag") {
		t.Errorf("ended %q %q %q %q", b.get("call-id"), b.get("cseq"), b.get("from"), b.get("to"))
	}
	p.answer(b, 401, "Unauthorized", `WWW-Authenticate: Digest realm="x", nonce="b", qop="auth"`)
	p.answer(p.take("BYE"), 481, "Call/Transaction Does Not Exist")
	fresh := p.join()
	second.up()
	if s := string(stateOf(t, second)); strings.Contains(s, m.get("call-id")) || !strings.Contains(s, fresh.get("call-id")) {
		t.Errorf("state is\n%s", s)
	}
}

func TestInviteLeftBehindIsCancelledAndItsLateAnswerEnded(t *testing.T) {
	p, r, m := calling(t, nil)
	state := stateOf(t, r)
	p.answer(m, 180, "Ringing")
	go r.stop()
	p.answer(p.take("CANCEL"), 200, "OK")
	p.answer(m, 487, "Request Terminated")
	p.take("ACK")
	p.answer(p.take("REGISTER"), 200, "OK")
	r.stop()
	clear(p.seen) // what comes next repeats the branch on purpose

	after(t, p, state)
	p.registrar()
	c := p.take("CANCEL")
	if c.get("via") != m.get("via") || c.number("cseq") != m.number("cseq") || c.get("call-id") != m.get("call-id") {
		t.Errorf("cancelled %q %q", c.get("via"), c.get("cseq"))
	}
	p.answer(c, 481, "Call/Transaction Does Not Exist")
	p.take("INVITE")
	m.reply = c.reply // the same port as before the crash
	p.answer(m, 200, "OK", p.contact(), pcmu("sendrecv"))
	p.take("ACK")
	if b := p.take("BYE"); b.get("call-id") != m.get("call-id") {
		t.Errorf("ended %q", b.get("call-id"))
	}
}

func TestSilenceAboutACallLeftBehindHoldsNothingUp(t *testing.T) {
	p, r, m := talking(t, nil)
	state := stateOf(t, r)
	go r.stop()
	p.answer(p.take("BYE"), 200, "OK")
	p.answer(p.take("REGISTER"), 200, "OK")
	r.stop()
	second := after(t, p, state)
	p.registrar()
	p.take("BYE") // not answered
	p.join()
	second.up()
	if s := string(stateOf(t, second)); !strings.Contains(s, m.get("call-id")) {
		t.Errorf("forgotten:\n%s", s)
	}
}

func TestPlaceFromBeforeTheCrashIsGivenBack(t *testing.T) {
	p, r, m := talking(t, func(c *phone.Config) { c.Transport = "tcp" })
	state := stateOf(t, r)
	go r.stop()
	p.answer(p.take("BYE"), 200, "OK")
	p.answer(p.take("REGISTER"), 200, "OK")
	r.stop()
	after(t, p, state)
	p.answer(p.take("REGISTER"), 403, "Too many contacts")
	if gone := p.take("REGISTER"); gone.get("expires") != "0" || gone.get("contact") != m.get("contact") {
		t.Errorf("gave back %q for %q", gone.get("contact"), gone.get("expires"))
	} else {
		p.answer(gone, 200, "OK")
	}
	p.registrar()
	p.take("BYE")
}

func TestStateThatIsGarbage(t *testing.T) {
	for _, state := range []string{"", "{", `{"calls":[{"call_id":"x","local":"","target":"\u0000"}],"port":99999}`, "[]"} {
		p := newPeer(t)
		r := after(t, p, []byte(state))
		p.registrar()
		p.join()
		r.up()
	}
}
