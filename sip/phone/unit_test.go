package phone

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"orionbox/sip/media"
)

func TestBackoffDoublesUpToItsCap(t *testing.T) {
	chance := 0.5
	b := backoff{first: time.Second, cap: 30 * time.Second, slow: time.Minute, random: func() float64 { return chance }}
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
		if got := b.next(false, 0); got != want*time.Second {
			t.Errorf("wait %d is %s, want %s", i, got, want*time.Second)
		}
	}
	b.reset()
	chance = 0
	if got := b.next(false, 0); got != 800*time.Millisecond {
		t.Errorf("least wait %s", got)
	}
	chance = 0.999999
	if got := b.next(true, 0); got < time.Minute || got > 72*time.Second {
		t.Errorf("slow wait %s", got)
	}
	if got := b.next(false, 5*time.Minute); got != 5*time.Minute {
		t.Errorf("the server asked for 5 min, waits %s", got)
	}
	if got := b.next(false, 1000*time.Hour); got != maxRetryAfter {
		t.Errorf("the server asked for 1000 h, waits %s", got)
	}
	for range 100 {
		if got := b.next(false, 0); got <= 0 || got > 36*time.Second {
			t.Fatalf("after many tries waits %s", got)
		}
	}
}

// The vectors are those of RFC 7616 section 3.9.1 and RFC 2617 section 3.5.
func TestDigestVectors(t *testing.T) {
	mufasa := credentials{"Mufasa", "Circle of Life"}
	const cnonce, nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
	for _, c := range []struct {
		user credentials
		ch   challenge
		cn   string
		want string
	}{
		{mufasa, challenge{realm: "http-auth@example.org", nonce: nonce, algorithm: "MD5", qop: "auth"}, cnonce,
			"8ca523f5e9506fed4657c9700eebdbec"},
		{mufasa, challenge{realm: "http-auth@example.org", nonce: nonce, algorithm: "SHA-256", qop: "auth"}, cnonce,
			"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		{credentials{"Mufasa", "Circle Of Life"}, challenge{realm: "testrealm@host.com", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093", qop: "auth"},
			"0a4f113b", "6629fae49393a05397450978507c4ef1"},
		{credentials{"Mufasa", "Circle Of Life"}, challenge{realm: "testrealm@host.com", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093"},
			"0a4f113b", "670fd8c2df070c60b045671b8b24ff02"},
	} {
		got, err := c.user.answerWith(c.ch, "GET", "/dir/index.html", nil, c.cn)
		if err != nil || !strings.Contains(got, `response="`+c.want+`"`) {
			t.Errorf("%s %s: %s, %v", c.ch.algorithm, c.ch.qop, got, err)
		}
	}
}

func TestChallenges(t *testing.T) {
	c, err := parseChallenge(`digest realm="a, \"b\"" ,nonce=xyz, opaque="", qop="auth-int,auth" , Algorithm=sha-256,stale=TRUE, ,new=1`)
	want := challenge{realm: `a, "b"`, nonce: "xyz", qop: "auth", algorithm: "sha-256", stale: true}
	if err != nil || c != want {
		t.Errorf("read %+v, %v", c, err)
	}
	for _, bad := range []string{"", "Basic realm=x", "Digest", `Digest realm="x"`, `Digest nonce="x`, "Digest nonce"} {
		if c, err := parseChallenge(bad); err == nil {
			t.Errorf("%q was read as %+v", bad, c)
		}
	}
	if _, err := strongest([]string{"Basic realm=x", "Digest nonce=1, algorithm=ROT13"}); err == nil {
		t.Error("an unknown algorithm was chosen")
	}
	if text, err := (credentials{"a\"\r\nX: y", "p"}).answer(want, "REGISTER", "sip:x", nil); err != nil || strings.ContainsAny(text, "\r\n") {
		t.Errorf("answer %q, %v", text, err)
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct{ user, server, callNo, account, target, digits, host string }{
		{"1001", "pbx", "600", "sip:1001@pbx", "sip:600@pbx", "", "pbx"},
		{"1001@studio.example", "10.0.0.1:5070", "600,,1234#", "sip:1001@studio.example", "sip:600@studio.example", ",,1234#", "10.0.0.1"},
		{"1001", "[2001:db8::1]:5070", "*43#", "sip:1001@[2001:db8::1]", "sip:*43%23@[2001:db8::1]", "", "2001:db8::1"},
		{"1001", "2001:db8::1", "sip:room@elsewhere,1", "sip:1001@[2001:db8::1]", "sip:room@elsewhere", ",1", "2001:db8::1"},
	} {
		n, err := parseNumber(Config{User: c.user, Server: c.server, CallNo: c.callNo})
		if err != nil || n.account.String() != c.account || n.target.String() != c.target || n.digits != c.digits || n.host != c.host {
			t.Errorf("%+v was read as %s, %s, %q, %s (%v)", c, n.account.String(), n.target.String(), n.digits, n.host, err)
		}
	}
	for _, bad := range []Config{
		{User: "u", Server: "pbx:0", CallNo: "1"}, {User: "u", Server: "pbx:x", CallNo: "1"}, {User: "u", Server: "a b", CallNo: "1"},
		{User: "u", Server: ":5060", CallNo: "1"}, {User: "u", Server: "pbx", CallNo: ",1"}, {User: "u", Server: "pbx", CallNo: "1,x"},
		{User: "u", Server: "pbx", CallNo: "6 00"}, {User: "u", Server: "pbx", CallNo: "1", Transport: "tls"},
		{User: "u", Server: "pbx", CallNo: "1", Codec: "speex"},
	} {
		if _, err := New(bad, quietLogger(testLog(t))); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func TestSessionTimers(t *testing.T) {
	for _, c := range []struct {
		header string
		agreed sessionTimer // as the answer to ours
		asked  sessionTimer // as a request of theirs
	}{
		{"1800", sessionTimer{1800 * time.Second, true}, sessionTimer{1800 * time.Second, false}},
		{"90;refresher=uac", sessionTimer{90 * time.Second, true}, sessionTimer{90 * time.Second, false}},
		{"90 ; Refresher = UAS", sessionTimer{90 * time.Second, false}, sessionTimer{90 * time.Second, true}},
		{"nonsense", sessionTimer{0, true}, sessionTimer{0, false}},
	} {
		res, req := sip.NewResponse(200, "OK"), sip.NewRequest(sip.UPDATE, sip.Uri{})
		res.AppendHeader(sip.NewHeader("Session-Expires", c.header))
		req.AppendHeader(sip.NewHeader("x", c.header))
		if got := agreed(res); got != c.agreed {
			t.Errorf("%q agrees on %+v", c.header, got)
		}
		if got := asked(req); got != c.asked {
			t.Errorf("%q asks for %+v", c.header, got)
		}
	}
	if d := (sessionTimer{1800 * time.Second, true}).due(); d != 900*time.Second {
		t.Errorf("refreshes after %s", d)
	}
	if d := (sessionTimer{1800 * time.Second, false}).due(); d != 1768*time.Second {
		t.Errorf("hangs up after %s", d)
	}
	if d := (sessionTimer{90 * time.Second, false}).due(); d != 60*time.Second {
		t.Errorf("hangs up after %s", d)
	}
}

func TestMemoryOutlivesTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.json")
	m := newMemory(path, testLog(t))
	end := m.keep()
	m.setPort(5077)
	for i := range maxLeft + 3 {
		m.put(leftBehind{CallID: string(rune('a' + i)), Time: time.Now()})
	}
	m.drop("e")
	m.put(leftBehind{CallID: "old", Time: time.Now().Add(-2 * maxAge)})
	end()
	again := newMemory(path, testLog(t))
	if err := again.load(); err != nil {
		t.Fatal(err)
	}
	if left := again.calls(); len(left) != maxLeft-1 || again.port() != 5077 {
		t.Errorf("%d calls, port %d", len(left), again.port())
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("left in the folder: %v, %v", entries, err)
	}
}

func TestFailuresOfTheNetwork(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Reason
	}{
		{context.DeadlineExceeded, Timeout}, {sip.ErrTransactionTimeout, Timeout}, {errors.New("connection refused"), NoRoute},
		{failed(Busy, "x"), Busy},
	} {
		if f := sendFailure("dial", c.err); f.reason != c.want {
			t.Errorf("%v is %q, want %q", c.err, f.reason, c.want)
		}
	}
	if got := printable("a\r\nb\x00" + strings.Repeat("ü", 200)); strings.ContainsAny(got, "\r\n\x00") || len(got) > 120 {
		t.Errorf("printable: %q", got)
	}
}

func TestDigitsAreNotQuoted(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("send digits: %w", media.ErrNoEvents), "telephone events"}, {errors.New("send digits: '7' is no key"), "not sent"},
	} {
		f := digitsFailure(c.err)
		if f.reason != NoDigits || !strings.Contains(f.Error(), c.want) || strings.Contains(f.Error(), "'7'") {
			t.Errorf("%v is told as %q: %v", c.err, f.reason, f)
		}
	}
	var b board
	b.init(testLog(t))
	if b.flaw(digitsFailure(media.ErrNoEvents)); b.status().Reason != "" {
		t.Errorf("a flaw of a call that is gone is told: %+v", b.status())
	}
}

func TestLineIsLostWhenTheBoxHasAnotherAddress(t *testing.T) {
	l := &line{server: netip.MustParseAddrPort("127.0.0.1:5060"), local: netip.MustParseAddrPort("127.0.0.1:1")}
	l.ctx, l.cancel = context.WithCancelCause(t.Context())
	if l.checkRoute(); l.lostCause() != nil {
		t.Errorf("lost: %v", l.lostCause())
	}
	l.local = netip.MustParseAddrPort("192.0.2.1:1")
	if l.checkRoute(); l.lostCause() == nil {
		t.Error("not lost")
	}
}

func FuzzParseChallenge(f *testing.F) {
	f.Add(`Digest realm="a, \"b\"" ,nonce=xyz, opaque="", qop="auth-int,auth" , Algorithm=sha-256,stale=TRUE`)
	f.Add(`Digest nonce="x`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseChallenge(text)
		if err != nil {
			return
		}
		if _, known := c.strength(); !known {
			return
		}
		answer, err := credentials{"user", "pass"}.answer(c, "INVITE", "sip:x", nil)
		if err != nil || strings.ContainsAny(answer, "\r\n") || strings.Contains(answer, "pass\"") {
			t.Fatalf("%q: answered %q, %v", text, answer, err)
		}
	})
}

func FuzzParseNumber(f *testing.F) {
	f.Add("1001@x", "[::1]:5060", "600,,1234#")
	f.Add("1001", "pbx:5060", "sip:600@y,1")
	f.Fuzz(func(t *testing.T, user, server, callNo string) {
		n, err := parseNumber(Config{User: user, Server: server, CallNo: callNo})
		if err == nil && (n.host == "" || n.port < 0 || n.port > 65535 || strings.ContainsAny(n.target.String()+n.account.String(), "\r\n <>")) {
			t.Fatalf("%q %q %q was read as %+v", user, server, callNo, n)
		}
	})
}

func FuzzMemory(f *testing.F) {
	f.Add([]byte(`{"port":5060,"calls":[{"call_id":"x","local":"sip:a@b","remote":"sip:c@d","target":"sip:e@f:5060;lr","via":"1.2.3.4:5"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "call.json")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		m := newMemory(path, testLog(t))
		if m.load() != nil {
			return
		}
		for _, left := range m.calls() {
			_, _ = left.dialog()
		}
	})
}
