package hub

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"orionbox/firmware/session"
)

// catching is a loop that catches up over a link which a test plays, at times that the test chooses.
type catching struct {
	*loop
	t   *testing.T
	now time.Time
}

func newCatching(t *testing.T) *catching {
	t.Helper()
	client, err := NewClient(ClientConfig{Room: testRoom, Token: testToken, Address: "127.0.0.1:1"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c := &catching{loop: newLoop(client), t: t, now: time.Now()}
	c.link = &link{out: make(chan question, maxOut)}
	c.pace = newPace(c.now)
	c.heard = c.now
	c.catchUp()
	return c
}

// speak moves on to where the hub says something, and pass to where it says nothing; the link is never given up. Both give
// the number of the question for history that was asked, 0 if none was.
func (c *catching) speak(d time.Duration) (asked uint64) {
	c.t.Helper()
	c.heard = c.now.Add(d)
	return c.pass(d)
}

func (c *catching) pass(d time.Duration) (asked uint64) {
	c.t.Helper()
	c.now = c.now.Add(d)
	c.answered = c.now
	c.tick(c.t.Context(), c.now)
	for {
		select {
		case q := <-c.link.out:
			if q.what == AskHistory {
				asked = q.number
			}
		default:
			return asked
		}
	}
}

func (c *catching) tell(m any, w word) {
	c.t.Helper()
	data, err := json.Marshal(m)
	if err != nil {
		c.t.Fatal(err)
	}
	w.link, w.data, w.at = c.link, data, c.now
	c.doWord(w)
}

func (c *catching) want(id string, state PeerState) {
	c.t.Helper()
	if got := c.peers[id].State; got != state {
		c.t.Errorf("%s is %q, want %s", id, got, state)
	}
}

var bob = Peer{ID: "bob", Name: "Bob", Role: session.Artist, State: Present, Since: 1, Presence: Presence{Take: session.Idle}}

// Who was told of before the hub fell silent is known again once its history says so.
func TestSilenceInMidCatchUp(t *testing.T) {
	c := newCatching(t)
	before := c.pass(time.Millisecond)
	c.tell(PeersMessage{Peers: []Peer{bob}}, word{tell: true, what: TellPeers})
	c.want("bob", Present)
	again := c.pass(deadAfter)
	c.want("bob", Unknown)
	if again <= before {
		t.Fatalf("question %d, and %d after the silence: it must be asked anew", before, again)
	}
	c.tell(HistoryReply{Peers: []Peer{bob}}, word{what: AskHistory, number: before})
	c.want("bob", Unknown) // of before the silence
	c.tell(HistoryReply{Peers: []Peer{bob}}, word{what: AskHistory, number: again})
	c.want("bob", Present)
	if c.catch.on {
		t.Error("it has not caught up")
	}
}

// A hub that is there and stores nothing is complained of after a while, and no longer once it stores.
func TestHubThatStoresNothing(t *testing.T) {
	c := newCatching(t)
	beat := func(want string) {
		t.Helper()
		c.pass(time.Millisecond)
		c.tell(BeatReply{Received: 1, Sent: 1, Clock: "c"}, word{what: AskBeat, sent: c.now})
		if s := c.Status(); s.State != StateConnected || s.Detail != want {
			t.Errorf("%s, %q, want %q", s.State, s.Detail, want)
		}
	}
	beat("")
	c.enqueue(chat("one", 0, "1"), c.now)
	c.pass(keepLimit)
	beat("")
	c.speak(storeLimit / 2)
	beat("")
	c.enqueue(chat("two", 0, "2"), c.now)
	c.speak(storeLimit)
	beat("the hub does not store what this box says: 2 posts wait; look at the hub's status")
	first := c.outbox.list[0].number
	c.tell(PostReply{Seq: 1}, word{what: AskPost, number: first})
	beat("")
	c.speak(2 * storeLimit)
	beat("the hub does not store what this box says: 1 post waits; look at the hub's status")
	c.doDialled(attempt{link: c.link})
	c.pass(keepLimit)
	beat("")
}

// A hub that takes longer to answer than it is waited for is asked again, ever less often; its first answer counts.
func TestSlowHistoryCounts(t *testing.T) {
	c := newCatching(t)
	first := c.speak(time.Millisecond)
	if first == 0 || c.speak(historyLimit-time.Millisecond) != 0 || c.speak(2*time.Millisecond) == 0 {
		t.Fatal("it is not asked at once and again after the limit")
	}
	if c.speak(historyLimit) != 0 || c.speak(historyLimit) == 0 {
		t.Error("the second wait is not longer than the first")
	}
	c.tell(HistoryReply{Peers: []Peer{bob}, More: true}, word{what: AskHistory, number: first})
	c.want("bob", Present)
	second := c.speak(time.Millisecond)
	if second == 0 || c.catch.page != 1 {
		t.Fatal("the next page is not asked for")
	}
	c.tell(HistoryReply{}, word{what: AskHistory, number: first + 1}) // the first page once more
	if !c.catch.on {
		t.Error("an answer for one page was taken for another's")
	}
	c.tell(HistoryReply{}, word{what: AskHistory, number: second})
	if c.catch.on {
		t.Error("it has not caught up")
	}
}
