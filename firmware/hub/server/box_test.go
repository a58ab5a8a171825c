package server

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// patience is what a test gives anything that is to happen.
const patience = 30 * time.Second

// box speaks to a hub as a box does, and as no box should: word by word.
type box struct {
	t    *testing.T
	conn *nats.Conn
	room string
	id   string
	told chan *nats.Msg
}

// startHub starts a hub in a folder, which runs until the test ends.
func startHub(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := New(cfg.loopback(), testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	run(t, s)
	return s
}

func (c Config) loopback() Config {
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	return c
}

// run runs a hub until the test, or the stop that it gives, ends it.
func run(t *testing.T, s *Server) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = func() {
		cancel()
		if err, running := <-done; running && err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() { cancel(); <-s.work.Done(); s.done.Wait() })
	return stop
}

func testLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// invite lets somebody in and connects as their box.
func invite(t *testing.T, s *Server, room, name string, role session.Role) *box {
	t.Helper()
	c, err := s.Invite(t.Context(), room, name, role)
	if err != nil {
		t.Fatal(err)
	}
	return dial(t, s.Addr(), s.Fingerprint(), room, c)
}

func dial(t *testing.T, address, print, room string, c Credential) *box {
	t.Helper()
	conn, err := connectBox(address, print, room, c.ID, c.Token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	b := &box{t: t, conn: conn, room: room, id: c.ID, told: make(chan *nats.Msg, 10000)}
	if _, err := conn.ChanSubscribe(hub.Tell(room, ">"), b.told); err != nil {
		t.Fatal(err)
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	return b
}

// connectBox connects over the hub's port, and to no other hub than the one with the fingerprint.
func connectBox(address, print, room, id, token string, more ...nats.Option) (*nats.Conn, error) {
	options := append([]nats.Option{nats.ProxyPath(hub.Path), nats.UserInfo(hub.User(room, id), token),
		nats.CustomInboxPrefix(hub.Inbox(room, id)), nats.Timeout(5 * time.Second), nats.MaxReconnects(-1),
		nats.ReconnectWait(50 * time.Millisecond), nats.Secure(pinned(print)), nats.IgnoreAuthErrorAbort()}, more...)
	return nats.Connect("wss://"+address, options...)
}

func pinned(print string) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(c tls.ConnectionState) error {
		sum := sha256.Sum256(c.PeerCertificates[0].Raw)
		if hex.EncodeToString(sum[:]) != print {
			return errors.New("another hub")
		}
		return nil
	}}
}

// ask asks the hub and gives its answer.
func ask[T any](b *box, what string, question any) T {
	b.t.Helper()
	data, ok := question.(json.RawMessage)
	if !ok {
		var err error
		if data, err = json.Marshal(question); err != nil {
			b.t.Fatal(err)
		}
	}
	msg, err := b.conn.Request(hub.Ask(b.room, b.id, what), data, patience)
	if err != nil {
		b.t.Fatalf("ask for %s: %v", what, err)
	}
	var reply T
	if err := json.Unmarshal(msg.Data, &reply); err != nil {
		b.t.Fatalf("answer to %s: %v", what, err)
	}
	return reply
}

func (b *box) beat(p hub.Presence) hub.BeatReply {
	b.t.Helper()
	if p.Take == "" {
		p.Take = session.Idle
	}
	return ask[hub.BeatReply](b, hub.AskBeat, hub.Beat{Presence: p})
}

func (b *box) post(p hub.Post) hub.PostReply {
	b.t.Helper()
	return ask[hub.PostReply](b, hub.AskPost, p)
}

func (b *box) say(id, text string) hub.PostReply {
	b.t.Helper()
	return b.post(hub.Post{ID: id, Kind: hub.KindChat, At: clock.InstantOf(time.Now()), Text: text})
}

func (b *box) change(id string, op takes.Op, marker string, at clock.Instant) hub.PostReply {
	b.t.Helper()
	return b.post(hub.Post{ID: id, Kind: hub.KindMarker, At: 1, Change: &takes.Change{Op: op, Marker: marker, At: at}})
}

// history asks for all there is, page after page.
func (b *box) history(after int64) hub.HistoryReply {
	b.t.Helper()
	var all hub.HistoryReply
	for n := 0; ; n++ {
		page := ask[hub.HistoryReply](b, hub.AskHistory, hub.HistoryRequest{After: after, Page: n})
		all.Posts = append(all.Posts, page.Posts...)
		all.Peers = append(all.Peers, page.Peers...)
		all.Tracks = append(all.Tracks, page.Tracks...)
		all.Files = append(all.Files, page.Files...)
		all.Error = page.Error
		if len(page.Posts) > 0 {
			after = page.Posts[len(page.Posts)-1].Seq
		}
		if !page.More {
			return all
		}
	}
}

// hear waits for something that the room is told, and that is right.
func hear[T any](b *box, what string, right func(T) bool) T {
	b.t.Helper()
	end := time.After(patience)
	for {
		select {
		case msg := <-b.told:
			if !strings.HasSuffix(msg.Subject, "."+what) {
				continue
			}
			var told T
			if err := json.Unmarshal(msg.Data, &told); err != nil {
				b.t.Fatalf("told %s: %v", what, err)
			}
			if right(told) {
				return told
			}
		case <-end:
			b.t.Fatalf("%s was not told of %s", b.id, what)
		}
	}
}

// hearPeer waits until the room is told of a peer that is right.
func (b *box) hearPeer(id string, right func(hub.Peer) bool) hub.Peer {
	b.t.Helper()
	var found hub.Peer
	hear(b, hub.TellPeers, func(m hub.PeersMessage) bool {
		for _, p := range m.Peers {
			if p.ID == id && right(p) {
				found = p
				return true
			}
		}
		return false
	})
	return found
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

// try posts once, for a second.
func (b *box) try(p hub.Post) (reply hub.PostReply, ok bool) {
	data, err := json.Marshal(p)
	if err != nil {
		b.t.Fatal(err)
	}
	msg, err := b.conn.Request(hub.Ask(b.room, b.id, hub.AskPost), data, time.Second)
	return reply, err == nil && json.Unmarshal(msg.Data, &reply) == nil
}
