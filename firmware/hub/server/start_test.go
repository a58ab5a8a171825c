package server

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crypto/tls"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
)

func TestStartIsRefusedClearly(t *testing.T) {
	held := t.TempDir()
	s, err := New(Config{Dir: held}.loopback(), testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, certificateFile), []byte("-----BEGIN"), 0o600); err != nil {
		t.Fatal(err)
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, c := range []struct {
		what string
		cfg  Config
		want []string
	}{
		{"folder of another hub", Config{Dir: held}, []string{held, "another hub"}},
		{"damaged certificate", Config{Dir: damaged}, []string{certificateFile, "every box needs a new invite"}},
		{"busy port", Config{Dir: t.TempDir(), Listen: busy.Addr().String()}, []string{"[Hub] listen", busy.Addr().String()}},
		{"no address", Config{Dir: t.TempDir(), Listen: "nonsense"}, []string{"[Hub] listen"}},
		{"no cluster there", Config{Dir: t.TempDir(), NATSURL: "nats://me:secret@127.0.0.1:1"}, []string{"[Hub] nats_url", "127.0.0.1:1"}},
		{"no URL", Config{Dir: t.TempDir(), NATSURL: "nats://me:secret@[::"}, []string{"[Hub] nats_url"}},
		{"no host", Config{Dir: t.TempDir(), NATSURL: "secret"}, []string{"[Hub] nats_url"}},
	} {
		s, err := New(c.cfg.loopback(), testLog(t))
		if err == nil {
			t.Errorf("%s: it started", c.what)
			s.Close()
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the error %q does not name %s", c.what, err, want)
			}
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error tells a password: %v", c.what, err)
		}
	}
	if left, err := os.ReadDir(damaged); err != nil || len(left) != 1 {
		t.Errorf("the folder with the damaged certificate holds %v, %v", left, err)
	}
}

// What a hub is known by outlives it; its own box has the same id each time and another secret.
func TestNewStartIsTheSameHub(t *testing.T) {
	cfg := Config{Dir: t.TempDir()}
	var print, address string
	var own, alice Credential
	for n := range 3 {
		s, err := New(cfg.loopback(), testLog(t))
		if err != nil {
			t.Fatal(err)
		}
		stop := run(t, s)
		now, err := s.Own(t.Context(), "600", "Pat Producer", session.Producer)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			print, own = s.Fingerprint(), now
			if alice, err = s.Invite(t.Context(), "600", "Alice", session.Artist); err != nil {
				t.Fatal(err)
			}
		}
		if s.Fingerprint() != print || now.ID != own.ID || n > 0 && now.Token == own.Token {
			t.Errorf("start %d: fingerprint %s, own box %s", n, s.Fingerprint(), now.ID)
		}
		if n > 0 {
			if conn, err := connectBox(s.Addr(), print, "600", own.ID, own.Token); err == nil {
				conn.Close()
				t.Error("the own box of an earlier start was let in")
			}
		}
		own, address = now, s.Addr()
		dial(t, address, print, "600", alice).beat(hub.Presence{})
		dial(t, address, print, "600", own).beat(hub.Presence{})
		if members, err := s.Members(t.Context(), "600"); err != nil || len(members) != 2 || members[1].ID != "pat-producer" {
			t.Errorf("start %d: members %+v, %v", n, members, err)
		}
		stop()
	}
	info, err := os.Stat(filepath.Join(cfg.Dir, certificateFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key is readable for others: %v, %v", info.Mode(), err)
	}
}

func TestIDsAreTheRoomsOnlyOnes(t *testing.T) {
	s := startHub(t, Config{Dir: t.TempDir()})
	for _, c := range []struct{ room, name, want string }{
		{"600", "Alice", "alice"}, {"600", "alice!", "alice-2"}, {"600", "ALICE", "alice-3"}, {"601", "Alice", "alice"},
		{"600", "Zoë Müller-Ü", "zo-m-ller"}, {"600", "李", "box"}, {"600", "王", "box-2"},
		{"sip:x@y.z", strings.Repeat("long ", 12), "long-long-long-long-long-lo"},
	} {
		got, err := s.Invite(t.Context(), c.room, c.name, session.Listener)
		if err != nil || got.ID != c.want {
			t.Errorf("%s in %s is %q, %v; want %q", c.name, c.room, got.ID, err, c.want)
		}
		dial(t, s.Addr(), s.Fingerprint(), c.room, got).beat(hub.Presence{})
	}
	for _, c := range []struct {
		room, name string
		role       session.Role
	}{{"", "x", session.Artist}, {"600", "", session.Artist}, {"600", "a\nb", session.Artist}, {"600", "x", "KING"}} {
		if _, err := s.Invite(t.Context(), c.room, c.name, c.role); err == nil {
			t.Errorf("%+v was invited", c)
		}
	}
}

// The port has room for others, and nothing but what was put there.
func TestPortCarriesMore(t *testing.T) {
	s, err := New(Config{Dir: t.TempDir()}.loopback(), testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	s.Handle("/files/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	run(t, s)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: pinned(s.Fingerprint())}}
	defer client.CloseIdleConnections()
	for path, want := range map[string]int{"/files/x": http.StatusTeapot, "/": http.StatusNotFound, "/natsx": http.StatusNotFound,
		hub.Path: http.StatusBadRequest} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.Addr()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		reply, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if reply.Body.Close(); reply.StatusCode != want {
			t.Errorf("%s answers %d, want %d", path, reply.StatusCode, want)
		}
	}
	if _, err := tls.Dial("tcp", s.Addr(), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("it speaks TLS 1.1")
	}
}

// A hub that was never run is closed like any other.
func TestCloseWithoutRun(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		s, err := New(Config{Dir: dir}.loopback(), testLog(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Invite(context.Background(), "600", "A", session.Artist); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestStatusTellsOfRooms(t *testing.T) {
	s := startHub(t, Config{Dir: t.TempDir(), Version: "v1"})
	alice := invite(t, s, "600", "Alice", session.Artist)
	invite(t, s, "empty", "Eve", session.Artist)
	alice.beat(hub.Presence{})
	alice.say("1", "hello")
	hear(alice, hub.TellPost, func(hub.Post) bool { return true })
	got, err := s.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Address != s.Addr() || got.Version != "v1" || got.Store != builtIn || got.Connections != 2 || got.Uptime <= 0 ||
		got.StoredBytes <= 0 || got.LimitBytes != 1<<30 || got.MemoryBytes <= 0 || got.Refused != 0 ||
		len(got.Rooms) != 1 || got.Rooms[0] != (RoomStatus{Room: "600", Present: 1, Posts: 1}) {
		t.Errorf("status is %+v", got)
	}
	if data, err := json.Marshal(got); err != nil || !strings.Contains(string(data), `"uptime_seconds":`) || strings.Contains(string(data), "trouble") {
		t.Errorf("it is told as %s, %v", data, err)
	}
	alice.conn.Close()
	eventually(t, "the box is missed", func() bool {
		now, err := s.Status(t.Context())
		return err == nil && now.Rooms[0].Unknown == 1 && now.Rooms[0].Present == 0
	})
	s.presence.forget(s.clock.now() + 1)
	s.posts.forget(1<<60, s.began)
	if now, err := s.Status(t.Context()); err != nil || len(now.Rooms) != 0 {
		t.Errorf("finished rooms are told of: %+v, %v", now.Rooms, err)
	}
}
