package hub_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/hub/server"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// The client against the hub itself.

const (
	room     = "600#main"
	patience = 30 * time.Second // what a test waits at most; nothing is judged by it
)

// studio is a hub that can be stopped and started again.
type studio struct {
	t      *testing.T
	dir    string
	listen string
	*server.Server
	stop func()
}

func newStudio(t *testing.T) *studio {
	t.Helper()
	s := &studio{t: t, dir: t.TempDir(), listen: "127.0.0.1:0"}
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *studio) start() {
	s.t.Helper()
	var err error
	s.Server, err = server.New(server.Config{Listen: s.listen, Dir: s.dir, Version: "test"}, quiet())
	if err != nil {
		s.t.Fatal(err)
	}
	s.listen = s.Addr()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
	})
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (s *studio) invite(name string, role session.Role) hub.ClientConfig {
	s.t.Helper()
	c, err := s.Invite(s.t.Context(), room, name, role)
	if err != nil {
		s.t.Fatal(err)
	}
	return hub.ClientConfig{Room: room, Token: c.Token, Address: s.Addr(), Fingerprint: s.Fingerprint(),
		Outbox: filepath.Join(s.t.TempDir(), "outbox")}
}

// member is a box of the studio, and all that it has heard.
type member struct {
	*hub.Client
	t    *testing.T
	stop func()

	mu    sync.Mutex
	posts []hub.Post
	peers map[string]hub.Peer
	all   []hub.Event
}

func join(t *testing.T, cfg hub.ClientConfig) *member {
	t.Helper()
	c, err := hub.NewClient(cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	m := &member{Client: c, t: t, peers: map[string]hub.Peer{}}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	running.Go(func() { m.listen(ctx) })
	m.stop = func() { cancel(); running.Wait() }
	t.Cleanup(m.stop)
	return m
}

func (m *member) listen(ctx context.Context) {
	for {
		select {
		case event := <-m.Events():
			m.mu.Lock()
			m.all = append(m.all, event)
			switch e := event.(type) {
			case hub.PeersChanged:
				for _, p := range e.Peers {
					m.peers[p.ID] = p
				}
			case hub.Posted:
				m.posts = append(m.posts, e.Post)
			}
			m.mu.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// until polls until it is so.
func (m *member) until(what string, so func() bool) {
	m.t.Helper()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		m.mu.Lock()
		done := so()
		m.mu.Unlock()
		if done {
			return
		}
		select {
		case <-ticker.C:
		case <-late.C:
			m.t.Fatalf("%s never: %s (status %+v, peers %+v)", m.ID(), what, m.Status(), m.peers)
		}
	}
}

// heard are the posts so far, for use outside of until.
func (m *member) heard() []hub.Post {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.posts)
}

// texts are those of chat lines, in the order in which they were heard; for use within until.
func (m *member) texts() []string { return textsOf(m.posts) }

func textsOf(posts []hub.Post) (all []string) {
	for _, p := range posts {
		if p.Kind == hub.KindChat {
			all = append(all, p.Text)
		}
	}
	return all
}

func line(id, text string) hub.Post {
	return hub.Post{ID: id, Kind: hub.KindChat, At: clock.InstantOf(time.Now()), Text: text}
}

func TestStudioSeesWhatEverybodyDoes(t *testing.T) {
	s := newStudio(t)
	alice := join(t, s.invite("Alice", session.Artist))
	bob := join(t, s.invite("Bob", session.Producer))
	alice.until("sees Bob", func() bool { return alice.peers["bob"].State == hub.Present })
	bob.until("sees Alice", func() bool { return bob.peers["alice"].State == hub.Present })

	alice.Show(hub.Presence{Recording: true, Take: session.Recording, Number: 3})
	bob.until("sees Alice record", func() bool { p := bob.peers["alice"]; return p.Recording && p.Number == 3 })
	alice.until("sees itself", func() bool { return alice.peers["alice"].Recording })

	alice.Announce(takes.Track{Session: "SESSION_20260102_200000", File: "HQ_alice_1_200000.mp3", Studio: true, Take: 1, Rate: 48000, Line: takes.Timeline{{Hub: 1, Pos: 0}}})
	bob.until("hears of the take", func() bool {
		return slices.ContainsFunc(bob.all, func(e hub.Event) bool {
			tr, is := e.(hub.Tracked)
			return is && tr.Box == "alice" && tr.File == "HQ_alice_1_200000.mp3"
		})
	})
	late := join(t, s.invite("Lea", session.Listener))
	late.until("sees the present truth", func() bool {
		return late.peers["alice"].Recording && slices.ContainsFunc(late.all, func(e hub.Event) bool { _, is := e.(hub.Tracked); return is })
	})
	alice.stop()
	bob.until("sees Alice leave", func() bool { return bob.peers["alice"].State == hub.Absent })
}

func TestStudioKeepsTheOrderOfWhatIsSaid(t *testing.T) {
	s := newStudio(t)
	alice, bob := join(t, s.invite("Alice", session.Artist)), join(t, s.invite("Bob", session.Producer))
	const n = 50
	for i := range n {
		alice.Post(line(fmt.Sprint("a", i), fmt.Sprint("a", i)))
		bob.Post(line(fmt.Sprint("b", i), fmt.Sprint("b", i)))
	}
	alice.until("hears all", func() bool { return len(alice.texts()) == 2*n })
	bob.until("hears all", func() bool { return len(bob.texts()) == 2*n })
	heard := textsOf(bob.heard())
	if got := textsOf(alice.heard()); !slices.Equal(got, heard) {
		t.Errorf("Alice heard %v,\nBob %v", got, heard)
	}
	for _, who := range []string{"a", "b"} {
		var order, want []string
		for _, text := range heard {
			if strings.HasPrefix(text, who) {
				order = append(order, text)
			}
		}
		for i := range n {
			want = append(want, fmt.Sprint(who, i))
		}
		if !slices.Equal(order, want) {
			t.Errorf("%s's words came as %v", who, order)
		}
	}
}

func TestStudioRefusesAListenersMarker(t *testing.T) {
	s := newStudio(t)
	lea := join(t, s.invite("Lea", session.Listener))
	lea.Post(hub.Post{ID: "c1", Kind: hub.KindMarker, At: 1, Change: &takes.Change{ID: "c1", Marker: "m1", Op: takes.Set, At: 1}})
	lea.until("is refused", func() bool {
		return slices.ContainsFunc(lea.all, func(e hub.Event) bool { r, is := e.(hub.Refused); return is && r.ID == "c1" && r.Why != "" })
	})
	lea.until("has nothing to send any more", func() bool { return lea.Status().Waiting == 0 })
}

func TestStudioCatchesUpAfterTheHubWasAway(t *testing.T) {
	s := newStudio(t)
	alice, bob := join(t, s.invite("Alice", session.Artist)), join(t, s.invite("Bob", session.Producer))
	alice.Post(line("1", "before"))
	bob.until("hears it", func() bool { return slices.Equal(bob.texts(), []string{"before"}) })
	bob.until("sees Alice", func() bool { return bob.peers["alice"].State == hub.Present })
	alice.until("knows that it was heard", func() bool { return alice.Status().Waiting == 0 })

	s.stop()
	bob.until("knows of nobody", func() bool {
		return bob.peers["alice"].State == hub.Unknown && bob.Status().State == hub.StateUnreachable
	})
	alice.Post(line("2", "meanwhile"))
	alice.Post(hub.Post{ID: "c", Kind: hub.KindMarker, At: 7, Change: &takes.Change{ID: "c", Marker: "m", Op: takes.Set, At: 7}})
	alice.Post(hub.Post{ID: "d", Kind: hub.KindMarker, At: 8, Change: &takes.Change{ID: "d", Marker: "m", Op: takes.Rename, Name: "verse"}})
	alice.until("keeps it", func() bool { return alice.Status().Waiting == 3 })
	s.start()

	for _, m := range []*member{alice, bob} {
		m.until("hears all", func() bool { return len(m.posts) >= 4 })
		posts := m.heard()
		if got := textsOf(posts); !slices.Equal(got, []string{"before", "meanwhile"}) {
			t.Errorf("%s heard %v", m.ID(), got)
		}
		if c := posts[len(posts)-1].Change; c == nil || c.Name != "verse" || c.By != "alice" {
			t.Errorf("%s heard last %+v", m.ID(), posts[len(posts)-1])
		}
		if !slices.IsSortedFunc(posts, func(a, b hub.Post) int { return cmp.Compare(a.Seq, b.Seq) }) {
			t.Errorf("%s heard them out of order: %+v", m.ID(), posts)
		}
		m.until("sees the other", func() bool { return m.peers["alice"].State == hub.Present && m.peers["bob"].State == hub.Present })
	}
}

func TestStudioLetsNobodyInWithoutItsWord(t *testing.T) {
	s := newStudio(t)
	mallory := s.invite("Mallory", session.Artist)
	good := mallory
	mallory.Token = "mallory." + strings.Repeat("A", 26)
	m := join(t, mallory)
	m.until("is refused", func() bool { return m.Status().State == hub.StateRefused })

	other := good
	other.Fingerprint = strings.Repeat("00", 32)
	m = join(t, other)
	m.until("is refused", func() bool { return m.Status().State == hub.StateRefused })
	if d := m.Status().Detail; !strings.Contains(d, "another certificate") {
		t.Errorf("detail %q", d)
	}

	m = join(t, good)
	m.until("is in", func() bool { return m.Status().State == hub.StateConnected })
	if err := s.Revoke(t.Context(), room, "mallory"); err != nil {
		t.Fatal(err)
	}
	m.until("is out", func() bool { return m.Status().State == hub.StateRefused })
	if d := m.Status().Detail; !strings.Contains(d, "new invite") {
		t.Errorf("detail %q", d)
	}
}

func TestStudioGetsWhatABoxSaidBeforeItWentOff(t *testing.T) {
	s := newStudio(t)
	cfg := s.invite("Alice", session.Artist)
	bob := join(t, s.invite("Bob", session.Producer))
	bob.until("is in", func() bool { return bob.Status().State == hub.StateConnected })
	away := cfg
	away.Address = "127.0.0.1:1" // nobody is there
	alice := join(t, away)
	alice.Post(line("1", "one"))
	alice.Post(line("2", "two"))
	alice.until("keeps both", func() bool { return alice.Status().Waiting == 2 })
	alice.stop()
	if info, err := os.Stat(cfg.Outbox); err != nil || info.Size() == 0 {
		t.Fatalf("the outbox: %v, %v", info, err)
	}

	again := join(t, cfg)
	if n := again.Status().Waiting; n > 2 {
		t.Errorf("%d wait", n)
	}
	bob.until("hears both", func() bool { return slices.Equal(bob.texts(), []string{"one", "two"}) })
	again.until("has no more", func() bool { return again.Status().Waiting == 0 })
}

func TestStudioOnTheHubsOwnBox(t *testing.T) {
	s := newStudio(t)
	own, err := s.Own(t.Context(), room, "Paula", session.Producer)
	if err != nil {
		t.Fatal(err)
	}
	paula := join(t, hub.ClientConfig{Room: room, Token: own.Token, Address: s.Addr(), InProcess: s.InProcess()})
	alice := join(t, s.invite("Alice", session.Artist))
	paula.Post(line("1", "hello"))
	alice.until("hears it", func() bool { return slices.Equal(alice.texts(), []string{"hello"}) })
	paula.until("hears it", func() bool { return slices.Equal(paula.texts(), []string{"hello"}) })
	paula.until("sees Alice", func() bool { return paula.peers["alice"].State == hub.Present })
}

// Recordings that need more than one page of history are all told to who comes late.
func TestStudioTellsOfManyRecordings(t *testing.T) {
	s := newStudio(t)
	const recordings, points = 40, 1800 // more than 4 MB
	var line takes.Timeline
	begin := clock.InstantOf(time.Date(2026, 1, 2, 20, 0, 0, 123456789, time.UTC))
	for i := range int64(points) {
		line = append(line, takes.Point{Hub: begin.Add(time.Duration(i) * time.Second), Pos: i * 48000})
	}
	alice := join(t, s.invite("Alice", session.Artist))
	for i := range recordings {
		alice.Announce(takes.Track{Session: "SESSION_20260102_200000", File: fmt.Sprintf("LQ_alice_2000%02d.wav", i), Rate: 48000, Line: line})
	}
	tracks := func(m *member) int {
		files := map[string]bool{}
		for _, e := range m.all {
			if tr, is := e.(hub.Tracked); is && len(tr.Line) == points {
				files[tr.File] = true
			}
		}
		return len(files)
	}
	alice.until("hears of all", func() bool { return tracks(alice) == recordings })
	late := join(t, s.invite("Lea", session.Listener))
	late.until("has caught up", func() bool {
		return slices.ContainsFunc(late.all, func(e hub.Event) bool { _, is := e.(hub.CaughtUp); return is })
	})
	late.until("knows all", func() bool { return tracks(late) == recordings })
}
