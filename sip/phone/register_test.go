package phone_test

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"orionbox/sip/phone"
)

func start(t *testing.T, p *peer, edit func(*phone.Config)) *rig {
	t.Helper()
	r := ring(t, p.addr(), "1001", "600", edit)
	t.Cleanup(p.indulge)
	return r
}

func TestRegisterKeepsTheExpiryThatWasGranted(t *testing.T) {
	p := newPeer(t)
	r := start(t, p, nil)
	first := p.take("REGISTER")
	if first.get("expires") != "300" || !strings.HasPrefix(first.line, "REGISTER sip:127.0.0.1:") {
		t.Errorf("%q, expires %q", first.line, first.get("expires"))
	}
	p.answer(first, 200, "OK", "Expires: 3000", "Contact: <sip:other@192.0.2.1>;expires=7, "+first.get("contact")+";expires=2")
	p.join()
	second := p.take("REGISTER")
	if second.get("call-id") != first.get("call-id") || second.number("cseq") <= first.number("cseq") {
		t.Errorf("refreshed with Call-ID %q, CSeq %q after %q", second.get("call-id"), second.get("cseq"), first.get("cseq"))
	}
	p.answer(second, 500, "Trouble")
	r.until("the loss of the registration", func(e phone.Event) bool { return !e.Status.Registered && e.Leg != nil })
	p.registrar()
	r.until("the registration", func(e phone.Event) bool { return e.Status.Registered && e.Leg != nil })
	go r.stop()
	p.answer(p.take("BYE"), 200, "OK")
	if last := p.take("REGISTER"); last.get("expires") != "0" {
		t.Errorf("left with expires %q", last.get("expires"))
	} else {
		p.answer(last, 200, "OK")
	}
}

func TestRegisterForLonger(t *testing.T) {
	p := newPeer(t)
	start(t, p, nil)
	p.answer(p.take("REGISTER"), 423, "Interval Too Brief", "Min-Expires: 777")
	if m := p.registrar(); m.get("expires") != "777" {
		t.Errorf("asked for %q", m.get("expires"))
	}
	p.take("INVITE")
}

func TestRegisterAgainAsTheServerSeesUs(t *testing.T) {
	p := newPeer(t)
	start(t, p, nil)
	m := p.take("REGISTER")
	m.head["via"][0] = strings.Replace(m.get("via"), "rport", "rport=4242;received=192.0.2.33", 1)
	p.answer(m, 200, "OK")
	if m = p.registrar(); !strings.Contains(m.get("contact"), "192.0.2.33:4242") {
		t.Errorf("contact %q", m.get("contact"))
	}
	if m = p.take("INVITE"); !strings.Contains(m.get("contact"), "192.0.2.33:4242") {
		t.Errorf("contact %q", m.get("contact"))
	}
}

func TestServerIsNoRegistrar(t *testing.T) {
	p := newPeer(t)
	r := start(t, p, nil)
	p.answer(p.take("REGISTER"), 405, "Method Not Allowed")
	p.join()
	if e := r.up(); e.Status.Registered {
		t.Errorf("%+v", e.Status)
	}
}

// proves checks the digest response of a request.
func proves(m message, h func() hash.Hash, password string) bool {
	sum := func(parts ...string) string {
		s := h()
		s.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(s.Sum(nil))
	}
	name := "authorization"
	if m.get(name) == "" {
		name = "proxy-authorization"
	}
	a1 := sum("1001", m.param(name, "realm"), password)
	a2 := sum(m.method(), m.param(name, "uri"))
	want := sum(a1, m.param(name, "nonce"), m.param(name, "nc"), m.param(name, "cnonce"), m.param(name, "qop"), a2)
	return strings.Contains(m.get(name), `response="`+want+`"`)
}

func TestStrongestChallengeIsAnswered(t *testing.T) {
	p := newPeer(t)
	start(t, p, nil)
	p.answer(p.take("REGISTER"), 401, "Unauthorized", `WWW-Authenticate: Digest realm="x", nonce="weak", algorithm=MD5, qop="auth"`,
		`WWW-Authenticate: Digest realm="x", nonce="odd", algorithm=ROT13, qop="auth"`,
		`WWW-Authenticate: Digest realm="x", nonce="strong", algorithm=SHA-256, qop="auth-int, auth"`)
	m := p.take("REGISTER")
	if m.param("authorization", "nonce") != "strong" || !proves(m, sha256.New, "secret1001") {
		t.Errorf("answered %q", m.get("authorization"))
	}
	p.answer(m, 200, "OK")
	p.take("INVITE")
}

func TestStaleNonceIsNoWrongPassword(t *testing.T) {
	p := newPeer(t)
	r := start(t, p, nil)
	p.answer(p.take("REGISTER"), 401, "Unauthorized", `WWW-Authenticate: Digest realm="x", nonce="a", qop="auth"`)
	m := p.take("REGISTER")
	p.answer(m, 401, "Unauthorized", `WWW-Authenticate: Digest realm="x", nonce="b", qop="auth", stale=TRUE`)
	if m = p.take("REGISTER"); m.param("authorization", "nonce") != "b" || !proves(m, md5.New, "secret1001") {
		t.Errorf("answered %q", m.get("authorization"))
	}
	p.answer(m, 200, "OK")
	m = p.take("INVITE")
	p.answer(m, 407, "Proxy Authentication Required", `Proxy-Authenticate: Digest realm="y", nonce="c", qop="auth"`)
	p.take("ACK")
	again := p.take("INVITE")
	if !proves(again, md5.New, "secret1001") || again.number("cseq") != m.number("cseq")+1 || again.get("call-id") != m.get("call-id") {
		t.Errorf("answered %q, CSeq %q after %q", again.get("proxy-authorization"), again.get("cseq"), m.get("cseq"))
	}
	p.answer(again, 200, "OK", p.contact(), pcmu("sendrecv"))
	p.take("ACK")
	r.up()
}

func TestMessagesLargerThanAPacketGoThrough(t *testing.T) {
	p := newPeer(t)
	start(t, p, nil)
	nonce := strings.Repeat("n", 2000)
	p.answer(p.take("REGISTER"), 401, "Unauthorized", `WWW-Authenticate: Digest realm="x", nonce="`+nonce+`"`)
	if m := p.take("REGISTER"); m.param("authorization", "nonce") != nonce {
		t.Errorf("answered %q", m.get("authorization"))
	}
}

func TestNothingIsLeftRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	p := newPeer(t)
	r := start(t, p, nil)
	p.registrar()
	p.join()
	r.up()
	p.indulge()
	r.stop()
	p.close()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, were %d\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

func TestWrongPassword(t *testing.T) {
	p := newPeer(t)
	r := start(t, p, func(c *phone.Config) { c.Password = "no such secret" })
	for _, nonce := range []string{"a", "b"} {
		p.answer(p.take("REGISTER"), 401, "Unauthorized", `WWW-Authenticate: Digest realm="x", nonce="`+nonce+`", qop="auth"`)
	}
	r.reason(phone.WrongPassword, phone.Refused)
	if s := r.phone.Status(); time.Until(s.RetryAt) > time.Second || s.RetryAt.IsZero() {
		t.Errorf("retries at %s", s.RetryAt)
	}
	p.take("REGISTER") // and does go on trying
}

func TestWrongPasswordAsMostServersSayIt(t *testing.T) {
	p := newPeer(t)
	r := start(t, p, nil)
	p.answer(p.take("REGISTER"), 403, "Forbidden")
	r.reason(phone.Forbidden, phone.Refused)
	p.answer(p.take("REGISTER"), 401, "Unauthorized", `WWW-Authenticate: Digest realm="x", nonce="a", qop="auth"`)
	p.answer(p.take("REGISTER"), 403, "Forbidden")
	r.reason(phone.WrongPassword, phone.Refused)
}

func TestNobodyListens(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		free.Close()
		r := ring(t, free.Addr().String(), "1001", "600", func(c *phone.Config) {
			c.Transport, c.AttemptTimeout = transport, time.Minute // so the network told, not the clock
		})
		r.reason(phone.NoRoute, phone.Retrying)
		r.stop()
	}
}

func TestNoSuchHost(t *testing.T) {
	r := ring(t, "no-such-host.invalid", "1001", "600", nil)
	r.reason(phone.NoRoute, phone.Retrying)
}

func TestSilentServerAndGarbage(t *testing.T) {
	p := newPeer(t)
	r := start(t, p, func(c *phone.Config) { c.AttemptTimeout = 300 * time.Millisecond })
	m := p.take("REGISTER")
	for _, garbage := range []string{"\x00\x01\x02", "SIP/2.0", "SIP/2.0 200 OK\r\n\r\n", "SIP/2.0 999999999999 X\r\nVia: \r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\n", "INVITE\r\n\r\n", strings.Repeat("A", 60000), "BYE sip:x SIP/2.0\r\n\r\n",
		"INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\nCSeq: 1 INVITE\r\n\r\n"} {
		m.reply([]byte(garbage))
	}
	r.reason(phone.Timeout, phone.Retrying)
	p.registrar()
	p.join()
	r.up()
}

func TestPhoneWithoutSettingsIsRefused(t *testing.T) {
	for missing, cfg := range map[string]phone.Config{
		"user": {Server: "pbx", CallNo: "600"}, "server": {User: "1001", CallNo: "600"}, "call_no": {User: "1001", Server: "pbx"},
	} {
		if _, err := phone.New(cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "no "+missing+" is set") {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}
