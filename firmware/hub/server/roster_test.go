package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
)

// damage changes the text in the files of the credentials' stream, once.
func damage(t *testing.T, dir, text string) {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", credentialStream, "msgs", "*.blk"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range blocks {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if i := strings.LastIndex(string(data), text); i >= 0 {
			data[i] ^= 1
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("%q is in none of %v", text, blocks)
}

// restarted stops a hub after which something happens to its folder, and starts another.
func restarted(t *testing.T, s *Server, stop func(), meanwhile func()) (*Server, *book) {
	t.Helper()
	stop()
	meanwhile()
	return startLogged(t, Config{Dir: s.cfg.Dir})
}

// A member that a damaged store has forgotten is named until invited again, or given up.
func TestDamagedCredentialsAreNamed(t *testing.T) {
	dir := t.TempDir()
	s, err := New(Config{Dir: dir}.loopback(), testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, s)
	for _, name := range []string{"Alice", "Bob", "Gone"} {
		if _, err := s.Invite(t.Context(), "600", name, session.Artist); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Own(t.Context(), "600", "Own", session.Producer); err != nil {
		t.Fatal(err)
	}
	if err := s.Revoke(t.Context(), "600", "gone"); err != nil {
		t.Fatal(err)
	}
	if got := trouble(t, s); got != "" {
		t.Errorf("trouble %q", got)
	}
	s, log := restarted(t, s, stop, func() { damage(t, dir, `"name":"Alice"`) })
	for _, told := range []string{trouble(t, s), log.String()} {
		if !strings.Contains(told, "invite ") || !strings.Contains(told, "Alice (alice, room 600)") || strings.Contains(told, "Gone (") ||
			strings.Contains(told, "Own (") {
			t.Errorf("of the lost member it tells %q", told)
		}
	}
	if !strings.Contains(log.String(), "level=ERROR") {
		t.Error("the log has no error")
	}
	c, err := s.Invite(t.Context(), "600", "Zoe", session.Artist) // another is no help
	if err != nil {
		t.Fatal(err)
	}
	dial(t, s.Addr(), s.Fingerprint(), "600", c).beat(hub.Presence{})
	if got := trouble(t, s); !strings.Contains(got, "Alice") {
		t.Errorf("then %q", got)
	}
	c, err = s.Invite(t.Context(), "600", "Alice", session.Artist)
	if err != nil {
		t.Fatalf("not invited again: %v\n%s", err, log)
	}
	dial(t, s.Addr(), s.Fingerprint(), "600", c).beat(hub.Presence{})
	if got := trouble(t, s); got != "" {
		t.Errorf("and at last %q", got)
	}
}

// A lost member that is not to come back is given up by revoking it.
func TestLostMemberIsGivenUp(t *testing.T) {
	s := startHub(t, Config{Dir: t.TempDir()})
	s.roster.members = []rosterLine{{Room: "600", ID: "alice", Name: "Alice"}}
	if got := trouble(t, s); !strings.Contains(got, "Alice") {
		t.Errorf("trouble %q", got)
	}
	if err := s.Revoke(t.Context(), "600", "alice"); err != nil {
		t.Error(err)
	}
	if got := trouble(t, s); got != "" {
		t.Errorf("trouble %q", got)
	}
	if err := s.Revoke(t.Context(), "600", "alice"); err == nil {
		t.Error("revoked twice")
	}
}

// A hub whose clock's file is damaged starts all the same, and says that its boxes get another clock.
func TestDamagedClockIsTold(t *testing.T) {
	dir := t.TempDir()
	s, err := New(Config{Dir: dir}.loopback(), testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	stop, name := run(t, s), s.clock.name
	again, log := restarted(t, s, stop, func() {
		if err := os.WriteFile(filepath.Join(dir, clockFile), []byte(`{"boot":`), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	if again.clock.name == name || again.clock.now() <= 0 {
		t.Errorf("the clock is %+v", again.clock)
	}
	if said := log.String(); !strings.Contains(said, "level=ERROR") || !strings.Contains(said, "a new session clock begins") {
		t.Error("the log does not tell of it")
	}
}
