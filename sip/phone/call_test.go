package phone_test

import (
	"strings"
	"testing"
	"time"

	"orionbox/sip/phone"
)

// talking is a call that is up.
func talking(t *testing.T, edit func(*phone.Config), lines ...string) (*peer, *rig, message) {
	t.Helper()
	p := newPeer(t)
	r := start(t, p, edit)
	p.registrar()
	m := p.join(lines...)
	r.up()
	return p, r, m
}

func TestServerHangsUpAndTheBoxCallsAgain(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		p, r, m := talking(t, func(c *phone.Config) { c.Transport = transport })
		p.request(m, "BYE", 1, `Reason: Q.850;cause=16;text="Normal"`)
		if a := p.take("SIP/2.0"); a.line != "SIP/2.0 200 OK" {
			t.Errorf("BYE was answered %q", a.line)
		}
		r.left(phone.HungUp, phone.Retrying)
		if s := r.phone.Status(); !strings.Contains(s.Detail, "cause=16") {
			t.Errorf("detail %q", s.Detail)
		}
		if again := p.join(); again.get("call-id") == m.get("call-id") {
			t.Error("the same call once more")
		}
		r.up()
	}
}

func TestReinvite(t *testing.T) {
	p, r, m := talking(t, nil)
	p.request(m, "INVITE", 1, "Session-Expires: 1800;refresher=uac", describe("8 101", "sendonly", 2))
	first := p.take("SIP/2.0")
	if !strings.HasPrefix(first.line, "SIP/2.0 200") || !strings.Contains(first.body, "a=recvonly") ||
		!strings.Contains(first.body, "RTP/AVP 8 101\r\n") || first.get("session-expires") != "1800;refresher=uac" {
		t.Errorf("answered %q %q\n%s", first.line, first.get("session-expires"), first.body)
	}
	if second := p.take("SIP/2.0"); second.body != first.body || second.line != first.line {
		t.Errorf("not repeated before the ACK, but %q", second.line)
	}
	p.request(m, "ACK", 1)
	r.until("the new codec", func(e phone.Event) bool { return e.Status.Codec == "PCMA" && e.Leg != nil })

	p.request(m, "INVITE", 2) // without an offer: ours goes out, the answer comes with the ACK
	offer := p.take("SIP/2.0")
	if !strings.Contains(offer.body, "opus") || !strings.Contains(offer.body, "a=sendrecv") {
		t.Errorf("offered\n%s", offer.body)
	}
	p.request(m, "ACK", 2, describe("0 101", "sendrecv", 3))
	r.until("the old codec", func(e phone.Event) bool { return e.Status.Codec == "PCMU" && e.Leg != nil })
	if version(first.body) >= version(offer.body) {
		t.Errorf("versions %s and %s", version(first.body), version(offer.body))
	}
}

// version is the o= line's.
func version(body string) string {
	_, rest, _ := strings.Cut(body, "o=")
	return strings.Fields(rest)[2]
}

func TestReinviteThatCannotBeTaken(t *testing.T) {
	p, _, m := talking(t, nil)
	for i, c := range []struct{ method, line, want string }{
		{"INVITE", describe("18", "sendrecv", 2), "488"},
		{"UPDATE", "v=0 is no description", "488"},
		{"UPDATE", "Session-Expires: 30", "422"},
		{"REFER", "Refer-To: <sip:x@y>", "405"},
		{"OPTIONS", "Accept: */*", "200"},
		{"UPDATE", "Session-Expires: 1800", "200"},
	} {
		p.request(m, c.method, i+10, c.line)
		if a := p.take("SIP/2.0"); !strings.HasPrefix(a.line, "SIP/2.0 "+c.want) {
			t.Errorf("%s with %.30q was answered %q, want %s", c.method, c.line, a.line, c.want)
		}
	}
	p.request(m, "INFO", 3)
	if a := p.take("SIP/2.0"); !strings.HasPrefix(a.line, "SIP/2.0 500") {
		t.Errorf("a CSeq that went back was answered %q", a.line)
	}
}

func TestInviteBeforeTheACKIsTooEarly(t *testing.T) {
	p, _, m := talking(t, nil)
	p.request(m, "INVITE", 1, describe("0 101", "sendrecv", 2))
	p.take("SIP/2.0")
	p.request(m, "INVITE", 2, describe("0 101", "sendrecv", 3))
	for a := p.take("SIP/2.0"); ; a = p.take("SIP/2.0") {
		if a.number("cseq") == 2 && a.line != "SIP/2.0 100 Trying" {
			if !strings.HasPrefix(a.line, "SIP/2.0 500") {
				t.Errorf("a second INVITE before the ACK was answered %q", a.line)
			}
			return
		}
	}
}

func TestSessionIsRefreshedByUpdate(t *testing.T) {
	p, r, m := talking(t, nil, "Allow: INVITE, ACK, BYE, UPDATE", "Session-Expires: 2;refresher=uac")
	u := p.take("UPDATE")
	if u.number("cseq") <= m.number("cseq") || !strings.Contains(u.get("session-expires"), "refresher=uac") {
		t.Errorf("refreshed with CSeq %q, %q", u.get("cseq"), u.get("session-expires"))
	}
	p.answer(u, 401, "Unauthorized", `WWW-Authenticate: Digest realm="x", nonce="b", qop="auth"`)
	again := p.take("UPDATE")
	if again.number("cseq") != u.number("cseq")+1 || again.get("authorization") == "" {
		t.Errorf("the challenge was answered with CSeq %q", again.get("cseq"))
	}
	p.answer(again, 200, "OK", "Session-Expires: 2;refresher=uac")
	p.answer(p.take("UPDATE"), 422, "Session Interval Too Small", "Min-SE: 100")
	if u = p.take("UPDATE"); !strings.HasPrefix(u.get("session-expires"), "100;") {
		t.Errorf("asked for %q", u.get("session-expires"))
	}
	p.answer(u, 481, "Call/Transaction Does Not Exist")
	p.answer(p.take("BYE"), 481, "Call/Transaction Does Not Exist")
	r.reason(phone.HungUp, phone.Retrying)
}

func TestSessionIsRefreshedByReinviteAndGlareIsTold(t *testing.T) {
	p, r, m := talking(t, nil, "Session-Expires: 2;refresher=uac")
	re := p.take("INVITE")
	if re.get("call-id") != m.get("call-id") || version(re.body) != version(m.body) {
		t.Errorf("refreshed with %q\n%s", re.get("call-id"), re.body)
	}
	p.answer(re, 100, "Trying")
	p.request(m, "INVITE", 1, describe("0 101", "sendrecv", 2))
	if a := p.take("SIP/2.0"); !strings.HasPrefix(a.line, "SIP/2.0 491") {
		t.Errorf("an INVITE that crossed ours was answered %q", a.line)
	}
	p.request(m, "ACK", 1)
	p.answer(re, 200, "OK", p.contact(), pcmu("sendrecv"), "Session-Expires: 1800;refresher=uas")
	p.take("ACK")
	if s := r.phone.Status(); s.State != phone.InConference {
		t.Errorf("%+v", s)
	}
}

func TestSessionThatNobodyRefreshesIsEnded(t *testing.T) {
	p, r, _ := talking(t, nil, "Session-Expires: 2;refresher=uas")
	p.answer(p.take("BYE"), 200, "OK")
	r.left(phone.Timeout, phone.Retrying)
}

func TestHangUpIsChallenged(t *testing.T) {
	p, r, _ := talking(t, nil)
	go r.stop()
	b := p.take("BYE")
	p.answer(b, 407, "Proxy Authentication Required", `Proxy-Authenticate: Digest realm="x", nonce="b", qop="auth"`)
	again := p.take("BYE")
	if again.number("cseq") != b.number("cseq")+1 || again.get("proxy-authorization") == "" {
		t.Errorf("the challenge was answered with CSeq %q", again.get("cseq"))
	}
	p.answer(again, 200, "OK")
	p.answer(p.take("REGISTER"), 200, "OK")
	r.left(phone.ToldToLeave, phone.Leaving)
}

func TestRouteSetAndContactAreFollowed(t *testing.T) {
	p := newPeer(t)
	proxy := newPeer(t)
	r := start(t, p, nil)
	p.registrar()
	m := p.take("INVITE")
	p.answer(m, 200, "OK", "Contact: <sip:room@192.0.2.50:5070>", pcmu("sendrecv"),
		"Record-Route: <sip:192.0.2.7;lr>", "Record-Route: <sip:"+proxy.addr()+";lr>")
	for _, method := range []string{"ACK", "BYE"} {
		got := proxy.take(method)
		routes := strings.Join(got.head["route"], ", ")
		if !strings.HasPrefix(got.line, method+" sip:room@192.0.2.50:5070 ") || routes != "<sip:"+proxy.addr()+";lr>, <sip:192.0.2.7;lr>" {
			t.Errorf("%q with routes %q", got.line, routes)
		}
		if method == "ACK" {
			r.up()
			t.Cleanup(proxy.indulge)
			go r.stop()
		} else {
			proxy.answer(got, 200, "OK")
		}
	}
}

func TestCallWithoutMedia(t *testing.T) {
	p, r, m := talking(t, func(c *phone.Config) { c.MediaTimeout = 400 * time.Millisecond })
	p.request(m, "UPDATE", 1, describe("0 101", "inactive", 2)) // on hold nothing is missed
	p.take("SIP/2.0")
	hold := time.NewTimer(time.Second)
	select {
	case e := <-r.phone.Events():
		if e.Leg == nil {
			t.Errorf("ended on hold: %+v", e.Status)
		}
		<-hold.C
	case <-hold.C:
	}
	p.request(m, "UPDATE", 2, describe("0 101", "sendrecv", 3))
	p.take("SIP/2.0")
	p.answer(p.take("BYE"), 200, "OK")
	r.left(phone.NoMedia, phone.Retrying)
}

func TestDigitsThatCannotBeSentAreTold(t *testing.T) {
	p, r, m := calling(t, func(c *phone.Config) { c.CallNo = "600,7391#" })
	p.answer(m, 200, "OK", p.contact(), describe("0", "sendrecv", 1)) // no telephone-event
	p.take("ACK")
	e := r.until("the flaw", func(e phone.Event) bool { return e.Status.Reason == phone.NoDigits })
	if s := e.Status; e.Leg == nil || s.State != phone.InConference || !strings.Contains(s.Detail, "telephone events") {
		t.Errorf("%+v", s)
	}
	if strings.Contains(e.Status.Detail+r.log.String(), "7391#") {
		t.Errorf("the digits were told: %q\n%s", e.Status.Detail, r.log)
	}
	p.request(m, "BYE", 1)
	p.take("SIP/2.0")
	r.left(phone.HungUp, phone.Retrying)
}

func TestConnectionIsLostInMidCall(t *testing.T) {
	p, r, m := talking(t, func(c *phone.Config) { c.Transport = "tcp" })
	m.hang()
	r.left(phone.NoRoute, phone.Retrying)
	p.registrar()
	b := p.take("BYE") // for the call that was left behind, over the new connection
	if b.get("call-id") != m.get("call-id") {
		t.Errorf("ended %q", b.get("call-id"))
	}
	p.answer(b, 481, "Call/Transaction Does Not Exist")
	p.join()
	r.up()
}

func TestServerThatFallsSilentIsNoticed(t *testing.T) {
	p := newPeer(t)
	r := start(t, p, func(c *phone.Config) { c.KeepAlive, c.AttemptTimeout = 100*time.Millisecond, 200*time.Millisecond })
	p.registrar()
	p.join()
	r.up()
	r.reason(phone.NoRoute, phone.Retrying) // nobody answers the OPTIONS
}

// TestServerThatIsOnlyQuietKeepsItsCall has a server that sends no sound: asked whether it is there it says yes, and then
// nothing more.
func TestServerThatIsOnlyQuietKeepsItsCall(t *testing.T) {
	p, r, _ := talking(t, func(c *phone.Config) {
		c.KeepAlive, c.MediaTimeout, c.AttemptTimeout = time.Hour, time.Hour, 200*time.Millisecond
	})
	p.answer(p.take("OPTIONS"), 200, "OK")
	p.take("OPTIONS") // the next time it is asked
	if s := r.phone.Status(); s.State != phone.InConference {
		t.Errorf("%+v", s)
	}
	r.left(phone.NoRoute, phone.Retrying)
}

func TestBoxTakesNoCalls(t *testing.T) {
	p, _, m := talking(t, nil)
	for i, c := range []struct{ method, want string }{
		{"INVITE", "486"}, {"OPTIONS", "200"}, {"MESSAGE", "405"}, {"BYE", "481"}, {"NOTIFY", "481"},
	} {
		other := message{head: map[string][]string{"from": {"<sip:1001@127.0.0.1>"}, "to": {"<sip:x@127.0.0.1>"},
			"contact": m.head["contact"], "via": m.head["via"], "call-id": {"other"}}, reply: m.reply}
		p.request(other, c.method, 100+i)
		if a := p.take("SIP/2.0"); !strings.HasPrefix(a.line, "SIP/2.0 "+c.want) {
			t.Errorf("%s was answered %q, want %s", c.method, a.line, c.want)
		}
	}
}
