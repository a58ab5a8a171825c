package hub

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

func TestClientBeatsShowsAndLeaves(t *testing.T) {
	hub := newScripted(t)
	c := start(t, hub.config())
	await(c, func(e StateChanged) bool { return e.State == StateConnected })
	await(c, whatever[CaughtUp])
	e := await(c, whatever[Exchanged])
	if e.Clock != "test" || e.HubReceived <= 0 || e.Received.Before(e.Sent) {
		t.Errorf("exchange %+v", e)
	}
	c.Show(Presence{Recording: true, Take: session.Recording, Number: 3, Fault: "a\nb"})
	eventually(t, "the new presence", func() bool { b, _ := hub.lastBeat(); return b.Presence.Recording })
	if b, _ := hub.lastBeat(); b.Presence.Number != 3 || b.Presence.Fault != "a b" {
		t.Errorf("showed %+v", b)
	}
	c.stop()
	if b, _ := hub.lastBeat(); !b.Bye {
		t.Errorf("left with %+v", b)
	}
}

func TestClientInProcess(t *testing.T) {
	hub := newScripted(t)
	cfg := hub.config()
	cfg.InProcess, cfg.Fingerprint, cfg.Address = hub.server, "", "here"
	c := start(t, cfg)
	await(c, whatever[Exchanged])
}

func TestClientPostsInOrder(t *testing.T) {
	hub := newScripted(t)
	var mu sync.Mutex
	var got []string
	hub.script(AskPost, func(data []byte) any {
		p, err := ParsePost(data)
		if err != nil {
			return PostReply{Error: err.Error()}
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, p.ID)
		if p.Text == "no" {
			return PostReply{Error: "not you"}
		}
		return PostReply{Seq: int64(len(got))}
	})
	c := start(t, hub.config())
	var want []string
	for i := range 200 {
		id := fmt.Sprintf("p%03d", i)
		want = append(want, id)
		text := "yes"
		if i == 100 {
			text = "no"
		}
		c.Post(chat(id, 0, text))
	}
	c.Post(chat("bad", 0, "two\nlines"))
	refused := []string{await(c, whatever[Refused]).ID, await(c, whatever[Refused]).ID}
	if slices.Sort(refused); !slices.Equal(refused, []string{"bad", "p100"}) {
		t.Errorf("refused %v", refused)
	}
	eventually(t, "all at the hub", func() bool { return c.Status().Waiting == 0 })
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(got, want) {
		t.Errorf("the hub got %d posts: %v", len(got), got)
	}
}

func TestOutboxOutlastsTheClient(t *testing.T) {
	hub := newScripted(t)
	hub.script(AskPost, func([]byte) any { return nil })
	cfg := hub.config()
	first := start(t, cfg)
	first.Post(chat("one", 0, "1"))
	first.Post(chat("two", 0, "2"))
	eventually(t, "both taken up", func() bool { return first.Status().Waiting == 2 })
	first.stop()
	if info, err := os.Stat(cfg.Outbox); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("outbox: %v, %v", info, err)
	}

	got := make(chan string, 10)
	hub.script(AskPost, func(data []byte) any {
		p, _ := ParsePost(data)
		got <- p.ID
		return PostReply{Seq: 7}
	})
	second := start(t, cfg)
	if a, b := <-got, <-got; a != "one" || b != "two" {
		t.Errorf("sent %q, then %q", a, b)
	}
	eventually(t, "all at the hub", func() bool { return second.Status().Waiting == 0 })
	second.stop()
	if data, err := os.ReadFile(cfg.Outbox); err != nil || len(data) != 0 {
		t.Errorf("outbox holds %q, %v", data, err)
	}
}

func TestPostsGoOutThoughTheDiskRefuses(t *testing.T) {
	hub := newScripted(t)
	hub.script(AskPost, func([]byte) any { return PostReply{Seq: 1} })
	cfg := hub.config()
	cfg.Outbox = "/proc/nothing/here"
	c := start(t, cfg)
	for i := range 3 {
		c.Post(chat(fmt.Sprint(i), 0, "x"))
		eventually(t, "at the hub", func() bool { return c.Status().Waiting == 0 && slices.Contains(hub.questions(), AskPost) })
	}
	c.stop()
	if n := strings.Count(c.log.String(), "keep the outbox"); n != 1 {
		t.Errorf("said %d times that the disk refuses", n)
	}
}

func (s *scripted) questions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// The history comes in pages while posts are told; each is to be told once, in order.
func TestCatchUp(t *testing.T) {
	hub := newScripted(t)
	hub.script(AskHistory, func(data []byte) any {
		r, err := ParseHistoryRequest(data)
		switch {
		case err != nil:
			t.Error(err)
		case r.After == 0:
			hub.tell(TellPost, chat("p5", 5, "told before it is in the history"))
			hub.tell(TellPost, chat("p6", 6, "told alone"))
			return HistoryReply{Posts: []Post{chat("p1", 1, "a"), {ID: "broken", Seq: 2}}, More: true,
				Peers:  []Peer{{ID: "bob", Name: "Bob", Role: "ARTIST", State: Present}},
				Tracks: []takes.Track{{Box: "bob", Session: "SESSION_20260102_200000", File: "LQ_bob_200000.wav", Rate: 48000}}}
		case r.After == 2:
			return HistoryReply{Posts: []Post{chat("p3", 3, "c"), chat("p5", 5, "told before it is in the history")}}
		}
		return HistoryReply{}
	})
	c := start(t, hub.config())
	await(c, whatever[CaughtUp])
	hub.tell(TellPost, chat("p6", 6, "told alone"))
	hub.tell(TellPost, []byte("{"))
	hub.tell(TellPost, chat("p9", 9, "later"))
	await(c, func(e Posted) bool { return e.Seq == 9 })
	var got []int64
	peers, tracks := 0, 0
	for _, event := range c.known {
		switch e := event.(type) {
		case Posted:
			got = append(got, e.Seq)
		case PeersChanged:
			peers += len(e.Peers)
		case Tracked:
			tracks++
		}
	}
	if !slices.Equal(got, []int64{1, 3, 5, 6, 9}) || peers != 1 || tracks != 1 {
		t.Errorf("told %v, %d peers, %d tracks", got, peers, tracks)
	}
}

func TestBackAfterTheHubWasAway(t *testing.T) {
	hub := newScripted(t)
	asked := make(chan int64, 10)
	hub.script(AskHistory, func(data []byte) any {
		r, _ := ParseHistoryRequest(data)
		asked <- r.After
		if r.After == 0 {
			return HistoryReply{Posts: []Post{chat("p4", 4, "x")}, Peers: []Peer{{ID: "bob", Name: "Bob", Role: "ARTIST", State: Present}}}
		}
		return HistoryReply{Posts: []Post{chat("p4", 4, "x")}, Peers: []Peer{{ID: "carol", Name: "Carol", Role: "ARTIST", State: Present}}}
	})
	tracks := make(chan string, 10)
	hub.script(AskTrack, func(data []byte) any {
		tr, err := ParseTrack(data)
		if err != nil {
			t.Error(err)
		}
		tracks <- tr.Box + "/" + tr.File
		return PostReply{}
	})
	c := start(t, hub.config())
	c.Announce(takes.Track{Session: "SESSION_20260102_200000", File: "LQ_ann_200000.wav", Rate: 48000})
	await(c, func(e PeersChanged) bool { return e.Peers[0].ID == "bob" })
	if got := <-tracks; got != "alice/LQ_ann_200000.wav" {
		t.Errorf("announced %s", got)
	}

	hub.stop()
	await(c, func(e StateChanged) bool { return e.State == StateUnreachable })
	lost := await(c, whatever[PeersChanged])
	if p := lost.Peers[0]; p.ID != "bob" || p.State != Unknown || p.Since <= 0 {
		t.Errorf("without the hub: %+v", p)
	}
	got := make(chan string, 10)
	hub.script(AskPost, func(data []byte) any {
		p, _ := ParsePost(data)
		got <- p.ID
		return PostReply{Seq: 5}
	})
	c.Post(chat("meanwhile", 0, "x"))
	hub.start()

	await(c, func(e StateChanged) bool { return e.State == StateConnected })
	await(c, whatever[CaughtUp])
	if a, b := <-asked, <-asked; a != 0 || b != 3 {
		t.Errorf("asked for what came after %d, then %d", a, b)
	}
	if id := <-got; id != "meanwhile" {
		t.Errorf("posted %q", id)
	}
	if again := <-tracks; again != "alice/LQ_ann_200000.wav" {
		t.Errorf("announced %s again", again)
	}
}

// A NATS server that is up before its hub is refuses nothing: it has no answer.
func TestHubThatIsNotReady(t *testing.T) {
	hub := newScripted(t)
	hub.stop()
	hub.serve()
	hub.script(AskPost, func([]byte) any { return PostReply{Seq: 1} })
	c := start(t, hub.config())
	c.Post(chat("early", 0, "x"))
	eventually(t, "the link", func() bool { return hub.server.NumClients() > 0 })
	hub.listen()
	await(c, whatever[CaughtUp])
	eventually(t, "at the hub", func() bool { return c.Status().Waiting == 0 })
}

func TestRefusals(t *testing.T) {
	hub := newScripted(t)
	for _, test := range []struct {
		name  string
		spoil func(*ClientConfig)
		want  string
	}{
		{"credential", func(c *ClientConfig) { c.Token = "alice." + strings.Repeat("X", 26) }, "credential"},
		{"other certificate", func(c *ClientConfig) { c.Fingerprint = strings.Repeat("ab", 32) }, "another certificate"},
		{"unknown certificate", func(c *ClientConfig) { c.Fingerprint = "" }, "nobody vouches"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := hub.config()
			test.spoil(&cfg)
			c := start(t, cfg)
			e := await(c, func(e StateChanged) bool { return e.State == StateRefused })
			if !strings.Contains(e.Detail, test.want) || !strings.Contains(e.Detail, "new invite") {
				t.Errorf("detail %q", e.Detail)
			}
		})
	}
}

func TestHubThatIsNoHub(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hub := newScripted(t)
	cfg := hub.config()
	cfg.Address = l.Addr().String()
	c := start(t, cfg) // the listener takes connections and says nothing
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	await(c, func(e StateChanged) bool { return e.State == StateUnreachable })
	l.Close()
	await(c, func(e StateChanged) bool { return strings.Contains(e.Detail, "refused") && e.State == StateUnreachable })
}

// A network that is dead says so by silence only.
func TestDeadLinkIsGivenUp(t *testing.T) {
	hub := newScripted(t)
	way := newWay(t, hub.address(), 0)
	cfg := hub.config()
	cfg.Address = way.address()
	c := start(t, cfg)
	await(c, func(e StateChanged) bool { return e.State == StateConnected })
	way.freeze()
	e := await(c, func(e StateChanged) bool { return e.State == StateUnreachable })
	if !strings.Contains(e.Detail, "does not answer") {
		t.Errorf("detail %q", e.Detail)
	}
	way.thaw()
	await(c, func(e StateChanged) bool { return e.State == StateConnected })
}

// With round trips of more than a second several beats are under way, and all else works too.
func TestSlowNetwork(t *testing.T) {
	hub := newScripted(t)
	way := newWay(t, hub.address(), 600*time.Millisecond)
	hub.script(AskPost, func([]byte) any { return PostReply{Seq: 1} })
	cfg := hub.config()
	cfg.Address = way.address()
	c := start(t, cfg)
	c.Post(chat("slow", 0, "x"))
	var last Exchanged
	for range 20 {
		last = await(c, whatever[Exchanged])
	}
	if trip := last.Received.Sub(last.Sent); trip < time.Second {
		t.Errorf("a round trip of %v", trip)
	}
	eventually(t, "at the hub", func() bool { return c.Status().Waiting == 0 })
	if c.Status().State != StateConnected {
		t.Errorf("status %+v", c.Status())
	}
}

// A hub that was set up anew counts from one again: nothing may be lost, nothing told twice.
func TestHubThatCountsAnew(t *testing.T) {
	hub := newScripted(t)
	history := HistoryReply{Posts: []Post{chat("old1", 100, "x"), chat("old2", 101, "x")}}
	hub.script(AskHistory, func(data []byte) any {
		hub.mu.Lock()
		defer hub.mu.Unlock()
		r, _ := ParseHistoryRequest(data)
		var page HistoryReply
		for _, p := range history.Posts {
			if p.Seq > r.After {
				page.Posts = append(page.Posts, p)
			}
		}
		return page
	})
	c := start(t, hub.config())
	await(c, whatever[CaughtUp])
	hub.mu.Lock()
	history = HistoryReply{Posts: []Post{chat("new1", 1, "x"), chat("old2", 2, "x"), chat("new3", 3, "x")}}
	hub.mu.Unlock()
	hub.tell(TellPost, chat("new3", 3, "x"))
	await(c, func(e Posted) bool { return e.ID == "new3" })
	var got []string
	for _, event := range c.known {
		if p, is := event.(Posted); is {
			got = append(got, p.ID)
		}
	}
	if !slices.Equal(got, []string{"old1", "old2", "new1", "new3"}) {
		t.Errorf("told %v", got)
	}
}

func TestHubTalksNonsense(t *testing.T) {
	hub := newScripted(t)
	var beats int
	hub.script(AskBeat, func(data []byte) any {
		switch beats++; beats {
		case 1:
			return []byte("nonsense")
		case 2:
			return BeatReply{Received: 5, Sent: 4, Clock: "backwards"}
		}
		return BeatReply{Received: 5, Sent: 5, Clock: "good"}
	})
	c := start(t, hub.config())
	e := await(c, whatever[Exchanged])
	if e.Clock != "good" || e.HubSent != clock.Instant(5) {
		t.Errorf("exchange %+v", e)
	}
	for _, what := range []string{TellPeers, TellPost, TellTrack} {
		hub.tell(what, []byte("[nonsense"))
		hub.tell(what, []byte("{}"))
	}
	hub.tell(TellPeers, PeersMessage{Peers: []Peer{{ID: "../x"}, {ID: "bob", Name: "Bob", Role: "ARTIST", State: Present}}})
	if p := await(c, whatever[PeersChanged]).Peers; len(p) != 1 || p[0].ID != "bob" {
		t.Errorf("peers %+v", p)
	}
}

func TestForbiddenWordsAreLogged(t *testing.T) {
	hub := newScripted(t)
	c := start(t, hub.config())
	await(c, whatever[CaughtUp])
	words := make(chan word, 100)
	l, err := c.dial(t.Context(), words)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	l.ask = func(what string) string { return Ask(testRoom, "bob", what) }
	l.put(question{what: AskBeat, number: 1, data: []byte("{}")})
	eventually(t, "a complaint", func() bool { return strings.Contains(c.log.String(), "ermissions") })
}

func TestNewClientSaysWhatIsWrong(t *testing.T) {
	good := ClientConfig{Room: testRoom, Token: testToken, Address: "host:9000"}
	for _, test := range []struct {
		spoil func(*ClientConfig)
		want  string
	}{
		{func(c *ClientConfig) { c.Token = "alice" }, "token is damaged"},
		{func(c *ClientConfig) { c.Room = "" }, "room is missing"},
		{func(c *ClientConfig) { c.Address = "host" }, "host:port"},
		{func(c *ClientConfig) { c.Fingerprint = "ABC" }, "64 hex digits"},
	} {
		cfg := good
		test.spoil(&cfg)
		if _, err := NewClient(cfg, nil); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("want %q, got %v", test.want, err)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v", good, good, good); strings.Contains(text, testSecret) {
		t.Error("the settings print the secret")
	}
}
