package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
)

func TestShelf(t *testing.T) {
	f, now := newShelf(), time.Date(2026, 1, 2, 20, 0, 0, 0, time.UTC)
	if _, known := f.get("a", "k"); known {
		t.Error("something is there at first")
	}
	f.stored("a", "k", laid{[]byte("two"), now, 2})
	f.stored("a", "k", laid{[]byte("one"), now, 1}) // which comes back late
	if l, _ := f.get("a", "k"); string(l.raw) != "two" || l.seq != 2 {
		t.Errorf("%s", l.raw)
	}
	if seq, same := f.same("a", "k", []byte("two")); seq != 2 || !same {
		t.Error("it is not known to be the same")
	}
	f.stored("b", "k", laid{[]byte("old"), now.Add(-time.Hour), 3})
	f.stored("b", "l", laid{[]byte("kept"), now.Add(-time.Hour), 4})
	gone := f.forgetSome(now, func(l laid) bool { return string(l.raw) == "old" })
	if len(gone) != 1 || gone[0] != "b.k" || f.counts()["b"] != 1 || f.counts()["a"] != 1 {
		t.Errorf("%v, %v", gone, f.counts())
	}
	if f.forget(now.Add(time.Second)); len(f.counts()) != 0 {
		t.Errorf("%v", f.counts())
	}
}

func TestShelfIsFullForOneBoxAlone(t *testing.T) {
	f := newShelf()
	for n := range maxTracks {
		f.stored("a", fmt.Sprintf("alice.%d", n), laid{seq: uint64(n + 1)})
	}
	if !f.full("a", "alice", "alice.new") {
		t.Error("a box has no end of files")
	}
	for _, key := range []string{"alice.5", "alicia.new", "ali.new"} {
		if id, _, _ := strings.Cut(key, "."); f.full("a", id, key) {
			t.Errorf("there is no room for %s", key)
		}
	}
	if f.full("b", "alice", "alice.new") {
		t.Error("another room is full")
	}
}

// Who was revoked is no producer, may not come in, and is no longer welcome.
func TestWhoMayComeToTheFiles(t *testing.T) {
	s := startHub(t, Config{Dir: t.TempDir()})
	invite(t, s, "600", "carol", session.Producer)
	c, err := s.Invite(t.Context(), "600", "dave", session.Producer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Invite(t.Context(), "600", "alice", session.Artist); err != nil {
		t.Fatal(err)
	}
	user := hub.User("600", c.ID)
	if g, err := s.Admit(user, c.Token); err != nil || g.Role != session.Producer || g.ID != c.ID || g.Room != "600" || !s.Admitted(user) || len(s.Producers("600")) != 2 {
		t.Errorf("%+v %v %v", g, err, s.Producers("600"))
	}
	if len(s.Producers("601")) != 0 || s.Admitted("nobody") {
		t.Error("somebody is known who is not")
	}
	if err := s.Revoke(t.Context(), "600", c.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Admit(user, c.Token); err == nil || s.Admitted(user) || len(s.Producers("600")) != 1 {
		t.Error("who was revoked may come in")
	}
}
