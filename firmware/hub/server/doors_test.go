package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// book is a log that can be read.
type book struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// startLogged starts a hub whose log can be read, down to its chatter.
func startLogged(t *testing.T, cfg Config) (*Server, *book) {
	t.Helper()
	b := &book{}
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	s, err := New(cfg.loopback(), slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	run(t, s)
	return s, b
}

func TestStrangersAreRefused(t *testing.T) {
	s, log := startLogged(t, Config{})
	alice, err := s.Invite(t.Context(), "600", "Alice", session.Artist)
	if err != nil {
		t.Fatal(err)
	}
	bob, err := s.Invite(t.Context(), "600", "Bob", session.Artist)
	if err != nil {
		t.Fatal(err)
	}
	secret := "A" + strings.Repeat("B", 31)
	strangers := []struct{ what, room, id, token string }{
		{"wrong secret", "600", "alice", "alice." + secret},
		{"token of another box", "600", "alice", bob.Token},
		{"secret of another box", "600", "alice", "alice." + strings.TrimPrefix(bob.Token, "bob.")},
		{"unknown box", "600", "carol", "carol." + secret},
		{"another room", "601", "alice", alice.Token},
		{"no token", "600", "alice", ""},
		{"damaged token", "600", "alice", "alice"},
		{"long name", "600", strings.Repeat("a", 500), alice.Token},
		{"line in the name", "600", "alice\nlevel=ERROR", alice.Token},
	}
	for _, c := range strangers {
		if conn, err := connectBox(s.Addr(), s.Fingerprint(), c.room, c.id, c.token); err == nil {
			t.Errorf("%s: let in", c.what)
			conn.Close()
		}
	}
	if conn, err := nats.Connect("wss://"+s.Addr(), nats.ProxyPath(hub.Path), nats.Secure(pinned(s.Fingerprint())),
		nats.UserInfo(ownUser, "guess")); err == nil {
		t.Error("somebody was let in as the hub itself")
		conn.Close()
	}
	if n := s.refusals.total(); n < int64(len(strangers)) {
		t.Errorf("%d refusals were counted, want %d", n, len(strangers))
	}
	said := log.String()
	for _, want := range []string{"600.alice", "from=127.0.0.1", "wrong token", "unknown box"} {
		if !strings.Contains(said, want) {
			t.Errorf("the log does not tell of %s", want)
		}
	}
	for _, c := range []Credential{alice, bob, {Token: secret}} {
		if _, secret, _ := strings.Cut("."+c.Token, "."); strings.Contains(said, secret[len(secret)-32:]) {
			t.Error("the log tells a secret")
		}
	}
}

func TestRevokedBoxIsOutAtOnce(t *testing.T) {
	s, log := startLogged(t, Config{})
	bob := invite(t, s, "600", "Bob", session.Producer)
	c, err := s.Invite(t.Context(), "600", "Alice", session.Artist)
	if err != nil {
		t.Fatal(err)
	}
	out := make(chan struct{})
	conn, err := connectBox(s.Addr(), s.Fingerprint(), "600", c.ID, c.Token, nats.NoReconnect(),
		nats.ClosedHandler(func(*nats.Conn) { close(out) }))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	(&box{t: t, conn: conn, room: "600", id: "alice"}).beat(hub.Presence{})
	bob.beat(hub.Presence{})
	if err := s.Revoke(t.Context(), "600", "alice"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-out:
	case <-time.After(patience):
		t.Fatal("the revoked box is still connected")
	}
	bob.hearPeer("alice", func(p hub.Peer) bool { return p.State == hub.Absent })
	if conn, err := connectBox(s.Addr(), s.Fingerprint(), "600", c.ID, c.Token); err == nil {
		conn.Close()
		t.Error("the revoked box was let in again")
	}
	if !strings.Contains(log.String(), "log-in: revoked") {
		t.Error("the log does not tell of the revoked box")
	}
	bob.beat(hub.Presence{}) // is still there
	members, err := s.Members(t.Context(), "600")
	if err != nil || len(members) != 2 || !members[0].Revoked || members[0].State != hub.Absent || members[1].Revoked {
		t.Errorf("the members are %+v, %v", members, err)
	}
	if err := s.Revoke(t.Context(), "600", "nobody"); err == nil {
		t.Error("nobody was revoked")
	}
}

// A box asks under its own name only, hears its own room only, and gets nowhere near the store.
func TestBoxKeepsToItsOwn(t *testing.T) {
	s, log := startLogged(t, Config{})
	eve, bob := invite(t, s, "600", "Eve", session.Artist), invite(t, s, "600", "Bob", session.Producer)
	other := invite(t, s, "601", "Zoe", session.Producer)
	errs := make(chan error, 100)
	eve.conn.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { errs <- err })
	bob.beat(hub.Presence{})
	away, _ := json.Marshal(hub.Beat{Bye: true})
	for _, subject := range []string{hub.Ask("600", "bob", hub.AskBeat), hub.Ask("601", "zoe", hub.AskBeat),
		hub.Tell("600", hub.TellPeers), "$JS.API.STREAM.DELETE." + postStream, "$JS.API.INFO", postSubject + "600.eve.chat",
		credentialSubject + "600.eve", "$SYS.REQ.SERVER.PING", hub.Inbox("600", "bob") + ".x"} {
		if err := eve.conn.Publish(subject, away); err != nil {
			t.Fatal(err)
		}
		wantViolation(t, subject, errs)
	}
	for _, subject := range []string{"ask.>", hub.Tell("601", ">"), "tell.>", ">", hub.Inbox("600", "bob") + ".>", "_INBOX.>",
		"orion.>", "$JS.>"} {
		if _, err := eve.conn.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
		wantViolation(t, subject, errs)
	}
	msg := nats.NewMsg(hub.Ask("600", "eve", hub.AskBeat))
	msg.Reply, msg.Data = hub.Tell("600", hub.TellPost), away
	if err := eve.conn.PublishMsg(msg); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the log tells of it", func() bool { return strings.Contains(log.String(), "an answer to somebody else") })
	eventually(t, "the log tells who it was", func() bool { return strings.Contains(log.String(), "who=600.eve why=") })
	if p := bob.history(0).Peers; len(p) != 2 || p[0].State != hub.Present || p[1].ID != "eve" {
		t.Errorf("after all that, the peers are %+v", p)
	}
	for _, b := range []*box{bob, other} {
		for len(b.told) > 0 {
			if m := <-b.told; !strings.HasSuffix(m.Subject, hub.TellPeers) {
				t.Errorf("%s was told %s", b.id, m.Subject)
			}
		}
	}
}

func wantViolation(t *testing.T, subject string, errs <-chan error) {
	t.Helper()
	select {
	case err := <-errs:
		if !strings.Contains(strings.ToLower(err.Error()), "permissions violation") {
			t.Errorf("%s: %v", subject, err)
		}
	case <-time.After(patience):
		t.Errorf("%s: not refused", subject)
	}
}

// Whatever is malformed is answered with an error and stored nowhere; the box that said it goes on.
func TestMalformedWordsAreRefused(t *testing.T) {
	s, log := startLogged(t, Config{})
	eve, bob := invite(t, s, "600", "Eve", session.Artist), invite(t, s, "600", "Bob", session.Artist)
	bob.beat(hub.Presence{})
	long := strings.Repeat("a", hub.MaxText+1)
	words := map[string][]string{
		hub.AskBeat: {"", "{", "null", "[]", `"x"`, "\xff\xfe", `{"presence":7}`, `{"presence":{"take":"flying"}}`,
			`{"presence":{"take":"idle","take_number":-1}}`, `{"presence":{"take":"idle","fault":"` + long + `"}}`,
			`{"presence":{"take":"idle","fault":"a\nb"}}`, strings.Repeat("[", 100000)},
		hub.AskPost: {"", "{", "null", "{}", `{"id":"1","kind":"shout","at":"2026-01-02T20:00:00Z","text":"x"}`, `{"id":"1","kind":"chat","at":"2026-01-02T20:00:00Z"}`,
			`{"id":"1","kind":"chat","text":"x"}`, `{"kind":"chat","at":"2026-01-02T20:00:00Z","text":"x"}`,
			`{"id":"1","kind":"chat","at":"2026-01-02T20:00:00Z","text":"` + long + `"}`, `{"id":"` + long + `","kind":"chat","at":"2026-01-02T20:00:00Z","text":"x"}`,
			`{"id":"1","kind":"chat","at":"2026-01-02T20:00:00Z","text":"\u0007"}`, `{"id":"1","kind":"marker","at":"2026-01-02T20:00:00Z"}`,
			`{"id":"1","kind":"marker","at":"2026-01-02T20:00:00Z","change":{"op":"explode","marker":"m"}}`,
			`{"id":"1","kind":"marker","at":"2026-01-02T20:00:00Z","change":{"op":"set","marker":"m"}}`,
			`{"id":"1","kind":"chat","at":"2026-01-02T20:00:00Z","text":"x","change":{"op":"set","marker":"m","at":"2026-01-02T20:00:00Z"}}`,
			`{"id":"1","kind":"chat","at":"9999-01-02T20:00:00Z","text":"x"}`},
		hub.AskTrack: {"", "{", "null", "{}", `{"box":"eve","session":"../..","file":"x","rate":48000}`,
			`{"box":"bob","session":"S","file":"x","rate":48000}`, `{"box":"eve","session":"S","file":"x","rate":0}`,
			`{"box":"eve","session":"S","file":"x","rate":48000,"samples":-1}`,
			`{"box":"eve","session":"S","file":"x","rate":48000,"line":[{"hub":"2026-01-02T20:00:01Z","pos":2},{"hub":"2026-01-02T20:00:00Z","pos":1}]}`},
		hub.AskHistory: {"", "{", "null,", `{"after":-1}`, `{"after":"x"}`},
	}
	for _, strange := range []string{"nonsense", "beat.beat", "Beat"} {
		words[strange] = []string{"", "{}"}
	}
	before := s.refusals.total()
	count := int64(0)
	for what, all := range words {
		for _, word := range all {
			count++
			msg, err := eve.conn.Request(hub.Ask("600", "eve", what), []byte(word), patience)
			if err != nil {
				t.Fatalf("%s %.40q: %v", what, word, err)
			}
			var reply struct{ Error string }
			if json.Unmarshal(msg.Data, &reply) != nil || reply.Error == "" || len(reply.Error) > maxReason || strings.Contains(reply.Error, "\n") {
				t.Errorf("%s %.40q was answered by %s", what, word, msg.Data)
			}
		}
	}
	if n := s.refusals.total() - before; n != count {
		t.Errorf("%d refusals were counted, want %d", n, count)
	}
	if h := bob.history(0); len(h.Posts) != 0 || len(h.Tracks) != 0 || len(h.Peers) != 1 {
		t.Errorf("something of it was stored: %+v", h)
	}
	if r := eve.post(hub.Post{ID: "ok", Kind: hub.KindChat, At: clock.InstantOf(time.Now()), Text: strings.Repeat("ä", hub.MaxText)}); r.Error != "" {
		t.Errorf("a long but allowed line: %s", r.Error)
	}
	newer := json.RawMessage(`{"id":"new","kind":"chat","at":"` + time.Now().UTC().Format(time.RFC3339) + `","text":"x","mood":{"a":[1]}}`)
	if r := ask[hub.PostReply](eve, hub.AskPost, newer); r.Error != "" {
		t.Errorf("a field of tomorrow: %s", r.Error)
	}
	if !strings.Contains(log.String(), "who=600.eve") {
		t.Error("the log does not tell of it")
	}
}

// What is said at a time that cannot be is refused in words; what was said before and is said again is not.
func TestWordsOfAnotherTime(t *testing.T) {
	s := startHub(t, Config{Dir: t.TempDir()})
	eve := invite(t, s, "600", "Eve", session.Artist)
	day := 24 * time.Hour
	for i, c := range []struct {
		kind  hub.PostKind
		text  string
		after time.Duration
		want  string
	}{
		{hub.KindChat, "x", -30 * day, ""}, {hub.KindChat, "x", -32 * day, "31 days ago"}, {hub.KindChat, "x", 50 * time.Minute, ""},
		{hub.KindChat, "x", 2 * time.Hour, "an hour ahead"}, {hub.KindNotice, hub.NoticeJoined, -32 * day, "31 days ago"},
		{hub.KindNotice, hub.NoticeJoined, 0, ""}, {hub.KindNotice, "hacked", 0, "no such notice"},
	} {
		p := hub.Post{ID: fmt.Sprint(i), Kind: c.kind, Text: c.text, At: s.clock.now().Add(c.after)}
		if r := eve.post(p); (r.Error == "") != (c.want == "") || !strings.Contains(r.Error, c.want) {
			t.Errorf("%+v was answered by %+v", p, r)
		} else if again := eve.post(p); again.Seq != r.Seq {
			t.Errorf("%+v again was answered by %+v", p, again)
		}
	}
	if _, err := s.judge(asker{room: "600"}, hub.Post{ID: "0", Kind: hub.KindChat, At: 1, Text: "x"}); err != nil {
		t.Errorf("what is stored already is refused: %v", err)
	}
	if r := eve.change("old", takes.Set, "m", 5); r.Error != "" {
		t.Errorf("a marker: %s", r.Error)
	}
}

// What a box says of who it is counts for nothing.
func TestPostsAreSignedByTheHub(t *testing.T) {
	s := startHub(t, Config{Dir: t.TempDir()})
	eve, bob := invite(t, s, "600", "Eve", session.Artist), invite(t, s, "600", "Bob", session.Producer)
	if r := bob.change("1", takes.Set, "m", 5); r.Error != "" {
		t.Fatal(r.Error)
	}
	forged := &takes.Change{ID: "other", Seq: 99, Op: takes.Delete, Marker: "m", By: "bob", Role: session.Producer}
	p := hub.Post{ID: "2", Kind: hub.KindMarker, At: 1, Change: forged, Seq: 77, By: "bob", Name: "Bob", Role: session.Producer}
	if r := eve.post(p); r.Error == "" {
		t.Error("eve deleted bob's marker in his name")
	}
	p.ID, forged.Op, forged.Marker, forged.At = "3", takes.Set, "n", 6
	if r := eve.post(p); r.Error != "" {
		t.Fatal(r.Error)
	}
	told := hear(bob, hub.TellPost, func(p hub.Post) bool { return p.ID == "3" })
	if told.By != "eve" || told.Name != "Eve" || told.Role != session.Artist || told.Seq == 77 ||
		told.Change.By != "eve" || told.Change.Role != session.Artist || told.Change.ID != "3" || told.Change.Seq != told.Seq {
		t.Errorf("the forged post was told as %+v, %+v", told, told.Change)
	}
}

func TestHubWithAnotherCertificateIsNotSpokenTo(t *testing.T) {
	s := startHub(t, Config{Dir: t.TempDir()})
	other := startHub(t, Config{Dir: t.TempDir()})
	c, err := s.Invite(t.Context(), "600", "Alice", session.Artist)
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := connectBox(other.Addr(), s.Fingerprint(), "600", c.ID, c.Token); err == nil || !strings.Contains(err.Error(), "another hub") {
		t.Errorf("the box spoke to another hub: %v", err)
		if conn != nil {
			conn.Close()
		}
	}
	if n := other.refusals.total(); n != 0 {
		t.Error("it told the other hub its token")
	}
}
