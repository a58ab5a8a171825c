package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orionbox/audio/mp3/mp3test"
	"orionbox/firmware/delivery/door"
	"orionbox/firmware/hub"
	"orionbox/firmware/hub/server"
	"orionbox/firmware/received"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// patience is what a test gives anything that is to happen.
const patience = 30 * time.Second

// studio is a hub with its files' door, in a folder of its own, that can be stopped and started again.
type studio struct {
	t       *testing.T
	dir     string
	listen  string
	server  *server.Server
	door    *door.Door
	stop    func()
	files   door.Config
	members map[string]server.Credential
	running *atomic.Pointer[server.Server] // nil while it is stopped
	by      func(address string) string    // the way from the boxes to the hub
}

func newStudio(t *testing.T, files door.Config) *studio {
	t.Helper()
	s := &studio{t: t, dir: t.TempDir(), listen: "127.0.0.1:0", files: files, members: map[string]server.Credential{}, running: &atomic.Pointer[server.Server]{}}
	if s.files.Store == "" {
		s.files.Store = filepath.Join(s.dir, "files")
	}
	s.files.Reserve = max(s.files.Reserve, 1)
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

func testLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
}

func (s *studio) start() {
	s.t.Helper()
	srv, err := server.New(server.Config{Listen: s.listen, Dir: filepath.Join(s.dir, "hub")}, testLog(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	d, err := door.New(s.files, srv, testLog(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	srv.Handle(hub.FilesPath+"/", d)
	ctx, cancel := context.WithCancel(context.Background())
	ended, tidied := make(chan error, 1), make(chan error, 1)
	go func() { ended <- errors.Join(srv.Run(ctx), <-tidied) }()
	go func() { tidied <- d.Run(ctx) }()
	s.server, s.door, s.listen = srv, d, srv.Addr()
	s.running.Store(srv)
	s.stop = func() {
		s.running.Store(nil)
		cancel()
		if err, running := <-ended; running && err != nil {
			s.t.Error(err)
		}
		close(ended)
		s.stop = func() {}
	}
}

// way is how somebody of the room 600 reaches the files; who was not invited yet is.
func (s *studio) way(name string, role session.Role) *Way {
	s.t.Helper()
	c, known := s.members[name]
	if !known {
		var err error
		if c, err = s.server.Invite(s.t.Context(), "600", name, role); err != nil {
			s.t.Fatal(err)
		}
		s.members[name] = c
	}
	address := s.listen
	if s.by != nil {
		address = s.by(address)
	}
	w, err := NewWay(WayConfig{Room: "600", Token: c.Token, Address: address, Fingerprint: s.server.Fingerprint()})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(w.Close)
	return w
}

// record is a take of some seconds in a session of alice's; grow is called after each second of it with what is on the disk.
func record(t *testing.T, dir string, seconds int, grow func(path string, bytes int64)) (path string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "HQ_alice_1_200003.mp3")
	mp3test.Hiss(t, path, seconds, grow)
	return path
}

// run runs something of a box until the test, or the stop that it gives, ends it.
func run(t *testing.T, do func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// eventually polls until something is so.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !so(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("not in %v: %s", patience, what)
		}
	}
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// file is what the hub knows of a file of alice's session.
func (s *studio) file(name string) hub.File {
	f, _ := s.server.File("600", takes.TrackKey{Box: "alice", Session: testSession, File: name})
	return f
}

// tells has somebody hear what the hub knows of its files, as by the room, until the test ends. The hub is asked whichever it is
// now: what was heard may come again.
func (s *studio) tells(filed func(hub.File)) {
	known := map[takes.TrackKey]string{}
	stop := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(3 * time.Millisecond)
		defer tick.Stop()
		for {
			if srv := s.running.Load(); srv != nil {
				for _, f := range srv.Files("600") {
					if now := fmt.Sprintf("%+v", f); known[f.TrackKey] != now {
						known[f.TrackKey] = now
						filed(f)
					}
				}
			}
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	s.t.Cleanup(func() { close(stop); <-ended })
}

// heeder is an outbox or an inbox.
type heeder interface{ Heed(Sample) }

// blips has a box believe again and again that the hub has just come back, so that a test need not wait.
func blips(t *testing.T, all ...heeder) {
	stop := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			for _, h := range all {
				h.Heed(Sample{})
				h.Heed(Sample{Connected: true})
			}
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-ended })
}

// producer is an inbox in a folder, that hears what the hub tells, and is not run yet.
func (s *studio) producer(name, root string) *Inbox {
	s.t.Helper()
	store, err := received.Open(root)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = store.Close() }) // a test may have closed it
	i := NewInbox(InboxConfig{Box: name, Reserve: 1}, s.way(name, session.Producer), store, testLog(s.t))
	s.tells(func(f hub.File) { i.Filed(f, testSession) })
	return i
}

// arrived tells whether a take stands in the producer's folder as it stands in the artist's, with a receipt.
func arrived(root, recording string) bool {
	sum, _, err := received.SHA256(recording)
	if err != nil {
		return false
	}
	places, err := received.List(root)
	if err != nil || len(places) != 1 {
		return false
	}
	path := filepath.Join(places[0].Dir, filepath.Base(recording))
	got, _, err := received.SHA256(path)
	if _, receipt := os.Stat(path + receiptSuffix); receipt != nil {
		return false
	}
	return err == nil && got == sum
}

const testSession = "SESSION_20260102_200000"
