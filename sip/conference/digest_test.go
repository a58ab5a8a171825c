package conference

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"
)

// The examples of RFC 7616 section 3.9.1.
func TestResponseOfTheStandard(t *testing.T) {
	c := credentials{
		user: "Mufasa", realm: "http-auth@example.org", uri: "/dir/index.html", qop: "auth", countText: "00000001",
		nonce:  "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
		cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
	}
	for name, want := range map[string]string{
		"":        "8ca523f5e9506fed4657c9700eebdbec",
		"md5":     "8ca523f5e9506fed4657c9700eebdbec",
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		sum, known := hashOf(name)
		if !known {
			t.Fatalf("%q is not known", name)
		}
		if got := response(sum, "GET", "Circle of Life", c); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

// hand is a clock that is set by hand.
type hand struct{ at time.Time }

func (h *hand) now() time.Time { return h.at }

// asked is an authority with one user, and good credentials for its challenge.
func asked(t *testing.T) (*authority, *hand, credentials) {
	t.Helper()
	clock := &hand{time.Unix(1_800_000_000, 0)}
	a := newAuthority("here", map[string]string{"alice": "secret"}, time.Minute, clock.now)
	values := a.challenges(offered(""), false)
	if len(values) != 2 || !strings.Contains(values[0], "SHA-256") || !strings.Contains(values[1], "MD5") {
		t.Fatalf("challenges %q", values)
	}
	c := credentials{user: "alice", realm: "here", uri: "sip:1@h", qop: "auth", cnonce: "x", algorithm: "SHA-256"}
	c.nonce = challengeParam(t, values[0], "nonce")
	return a, clock, fill(c, 1, "secret")
}

func fill(c credentials, count uint32, password string) credentials {
	c.count, c.countText = count, fmt.Sprintf("%08x", count)
	sum, _ := hashOf(c.algorithm)
	c.response = response(sum, "INVITE", password, c)
	return c
}

func challengeParam(t *testing.T, challenge, name string) string {
	t.Helper()
	for rest := strings.TrimPrefix(challenge, "Digest "); rest != ""; {
		key, value, after, ok := nextParam(rest)
		if !ok {
			t.Fatalf("challenge %q", challenge)
		}
		if key == name {
			return value
		}
		rest = after
	}
	return ""
}

func TestVerify(t *testing.T) {
	for name, c := range map[string]struct {
		change func(a *authority, clock *hand, c *credentials)
		want   verdict
	}{
		"good":      {func(*authority, *hand, *credentials) {}, right},
		"upper hex": {func(_ *authority, _ *hand, c *credentials) { c.response = strings.ToUpper(c.response) }, right},
		"md5 unsaid": {func(_ *authority, _ *hand, c *credentials) {
			c.algorithm = ""
			*c = fill(*c, 1, "secret")
		}, right},
		"wrong password": {func(_ *authority, _ *hand, c *credentials) { *c = fill(*c, 1, "Secret") }, wrong},
		"unknown user": {func(_ *authority, _ *hand, c *credentials) {
			c.user = "mallory"
			*c = fill(*c, 1, "secret")
		}, wrong},
		"unknown user, no password": {func(_ *authority, _ *hand, c *credentials) {
			c.user = "mallory"
			*c = fill(*c, 1, "")
		}, wrong},
		"another realm":   {func(_ *authority, _ *hand, c *credentials) { c.realm = "there" }, absent},
		"another quality": {func(_ *authority, _ *hand, c *credentials) { c.qop = "auth-int" }, absent},
		"unknown hash":    {func(_ *authority, _ *hand, c *credentials) { c.algorithm = "SHA-512-256" }, absent},
		"old":             {func(_ *authority, clock *hand, _ *credentials) { clock.at = clock.at.Add(time.Minute) }, outdated},
		"of an earlier run": {func(a *authority, _ *hand, _ *credentials) {
			a.key = sha256.Sum256(a.key[:])
		}, outdated},
		"made up nonce": {func(_ *authority, _ *hand, c *credentials) {
			c.nonce = "AAAA"
			*c = fill(*c, 1, "secret")
		}, outdated},
		"old and wrong": {func(_ *authority, clock *hand, c *credentials) {
			clock.at = clock.at.Add(time.Hour)
			*c = fill(*c, 1, "x")
		}, wrong},
		"count of zero": {func(_ *authority, _ *hand, c *credentials) { *c = fill(*c, 0, "secret") }, outdated},
	} {
		t.Run(name, func(t *testing.T) {
			a, clock, creds := asked(t)
			c.change(a, clock, &creds)
			if got := a.verify("INVITE", creds); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestOldTelephonesAreOfferedWhatTheyKnow(t *testing.T) {
	for agent, want := range map[string]int{"": 2, "orionbox": 2, "Linphone/5": 2, "baresip v1.0.0 (x86_64/linux)": 1} {
		offer := offered(agent)
		if len(offer) != want || offer[len(offer)-1].name != "MD5" {
			t.Errorf("%q is offered %d algorithms, want %d", agent, len(offer), want)
		}
	}
}

func TestNothingIsTakenTwice(t *testing.T) {
	a, _, first := asked(t)
	for i, c := range []struct {
		creds credentials
		want  verdict
	}{{first, right}, {first, outdated}, {fill(first, 3, "secret"), right}, {fill(first, 2, "secret"), outdated}} {
		if got := a.verify("INVITE", c.creds); got != c.want {
			t.Errorf("use %d: got %d, want %d", i, got, c.want)
		}
	}
	if got := a.verify("REGISTER", fill(first, 4, "secret")); got != wrong {
		t.Errorf("digest of another method: got %d, want wrong", got)
	}
}

func TestUsedNoncesAreForgotten(t *testing.T) {
	a, clock, _ := asked(t)
	for range maxNonces {
		if !a.count(a.mint(), 1) {
			t.Fatal("a new nonce was refused")
		}
	}
	if a.count(a.mint(), 1) {
		t.Error("more nonces were taken than can be remembered")
	}
	clock.at = clock.at.Add(time.Hour)
	if !a.count(a.mint(), 1) || len(a.used) != 1 {
		t.Errorf("dead nonces were kept: %d", len(a.used))
	}
}

func TestParseCredentials(t *testing.T) {
	const value = `Digest username="al\"ice", realm="a, b", nonce="n", uri="sip:6,00@h;x=y", response="abc", ` +
		`algorithm=MD5, cnonce="c", opaque="", qop=auth, nc=0000001f, other="ignored"`
	c, err := parseCredentials(value)
	if err != nil {
		t.Fatal(err)
	}
	want := credentials{user: `al"ice`, realm: "a, b", nonce: "n", uri: "sip:6,00@h;x=y", response: "abc",
		algorithm: "MD5", cnonce: "c", qop: "auth", count: 31, countText: "0000001f"}
	if c != want {
		t.Errorf("got %+v, want %+v", c, want)
	}
}

func TestMalformedCredentials(t *testing.T) {
	good := `Digest username="a", realm="r", nonce="n", uri="u", response="x", cnonce="c", qop=auth, nc=00000001`
	if _, err := parseCredentials(good); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "Basic YTpi", "Digest", "Digest username", `Digest username="a`, `Digest username="a" realm="r"`,
		good + `, nc=00000002`, good + `, username="b"`, good + `, x=a b`,
		strings.Replace(good, "nc=00000001", "nc=1", 1), strings.Replace(good, "00000001", "zzzzzzzz", 1),
		strings.Replace(good, `qop=auth, `, "", 1), strings.Replace(good, `cnonce="c"`, `cnonce=""`, 1),
	} {
		if c, err := parseCredentials(bad); err == nil {
			t.Errorf("%q was taken: %+v", bad, c)
		}
	}
}

func FuzzParseCredentials(f *testing.F) {
	f.Add(`Digest username="a", realm="r", nonce="n", uri="u", response="x", cnonce="c", qop=auth, nc=00000001`)
	f.Add(`digest a="\"\\",b=c ,,d = "e"`)
	f.Add("Digest =,=\"")
	f.Fuzz(func(t *testing.T, value string) {
		c, err := parseCredentials(value)
		if err == nil && (c.user == "" || c.nonce == "" || len(c.countText) != 8) {
			t.Errorf("incomplete credentials were taken: %+v", c)
		}
	})
}
