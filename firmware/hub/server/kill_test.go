package server

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"

	"encoding/json"
)

// A hub is killed while boxes post, and started again where it was: what it has acknowledged is there, in the order of
// its numbers, and nothing twice.
func TestKilledHubLosesNothing(t *testing.T) {
	cfg := Config{Dir: t.TempDir()}
	first := startProcess(t, cfg)
	var tokens []Credential
	for i := range 4 {
		tokens = append(tokens, first.invite(fmt.Sprintf("box%d", i), session.Artist))
	}
	boxes := make([]*box, len(tokens))
	for i, c := range tokens {
		boxes[i] = dial(t, first.Address, first.Fingerprint, "600", c)
		boxes[i].beat(hub.Presence{})
	}
	boxes[3].conn.Close() // without a word
	before := boxes[0].beat(hub.Presence{})

	var mu sync.Mutex
	acknowledged := map[string]int64{}
	var posting sync.WaitGroup
	for _, b := range boxes[:3] {
		posting.Go(func() {
			for n := 0; ; n++ {
				id := fmt.Sprintf("%s-%d", b.id, n)
				data, _ := json.Marshal(hub.Post{ID: id, Kind: hub.KindChat, At: clock.InstantOf(time.Now()), Text: "x"})
				msg, err := b.conn.Request(hub.Ask("600", b.id, hub.AskPost), data, patience)
				var reply hub.PostReply
				if err != nil || json.Unmarshal(msg.Data, &reply) != nil {
					return // killed
				}
				mu.Lock()
				acknowledged[id] = reply.Seq
				mu.Unlock()
			}
		})
	}
	eventually(t, "100 posts", func() bool { mu.Lock(); defer mu.Unlock(); return len(acknowledged) >= 100 })
	first.kill()
	for _, b := range boxes[:3] {
		b.conn.Close()
	}
	posting.Wait()

	cfg.Listen = first.Address
	second := startProcess(t, cfg)
	if second.Fingerprint != first.Fingerprint {
		t.Error("the hub has another certificate")
	}
	alice := dial(t, second.Address, second.Fingerprint, "600", tokens[0])
	after := alice.beat(hub.Presence{})
	if after.Clock != before.Clock || after.Received <= before.Sent {
		t.Errorf("the clock went from %+v to %+v", before, after)
	}
	all := alice.history(0)
	stored := map[string]int64{}
	for i, p := range all.Posts {
		if i > 0 && p.Seq <= all.Posts[i-1].Seq {
			t.Error("the posts are out of order")
		}
		if stored[p.ID] != 0 {
			t.Errorf("%s is stored twice", p.ID)
		}
		stored[p.ID] = p.Seq
	}
	for id, seq := range acknowledged {
		if stored[id] != seq {
			t.Errorf("%s was acknowledged as %d and is stored as %d", id, seq, stored[id])
		}
		if reply := (alice.say(id, "again")); reply.Seq != seq {
			t.Errorf("%s, posted again, was answered by %+v, want %d", id, reply, seq)
		}
	}
	for _, p := range all.Peers {
		if p.ID != "box0" && p.State != hub.Unknown {
			t.Errorf("%s is told to be %s by a hub that cannot know", p.ID, p.State)
		}
	}
	if len(all.Peers) != len(tokens) {
		t.Errorf("%d peers are known, want %d", len(all.Peers), len(tokens))
	}
	second.stop()
}

// Time on one boot goes on with the machine's, whatever the hub and the wall clock do.
func TestClockGoesOnAfterANewStart(t *testing.T) {
	dir := t.TempDir()
	var last clock.Instant
	var name string
	for range 3 {
		s, err := New(Config{Dir: dir}.loopback(), testLog(t))
		if err != nil {
			t.Fatal(err)
		}
		now := s.clock.now()
		if name != "" && (s.clock.name != name || now <= last || now.Sub(last) > time.Minute) {
			t.Errorf("clock %s stood at %d, now %s at %d", name, last, s.clock.name, now)
		}
		name, last = s.clock.name, now
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
