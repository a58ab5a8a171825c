package server

import (
	"testing"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

func TestBoxesHearOfEachOther(t *testing.T) {
	s := startHub(t, Config{Dir: t.TempDir()})
	alice, bob := invite(t, s, "600", "Alice", session.Artist), invite(t, s, "600", "Bob", session.Producer)
	other := invite(t, s, "601", "Eve", session.Producer)
	if r := alice.beat(hub.Presence{Recording: true}); r.Error != "" || r.Received <= 0 || r.Sent < r.Received || r.Clock == "" {
		t.Fatalf("the beat was answered by %+v", r)
	}
	bob.beat(hub.Presence{})
	p := bob.hearPeer("alice", func(p hub.Peer) bool { return p.Recording })
	if p.Name != "Alice" || p.Role != session.Artist || p.State != hub.Present || p.Since <= 0 {
		t.Errorf("alice is shown as %+v", p)
	}
	reply := bob.change("m1", takes.Set, "marker", 5)
	if reply.Error != "" || reply.Seq <= 0 {
		t.Fatalf("the marker was answered by %+v", reply)
	}
	told := hear(alice, hub.TellPost, func(p hub.Post) bool { return p.ID == "m1" })
	if told.By != "bob" || told.Name != "Bob" || told.Role != session.Producer || told.Seq != reply.Seq ||
		told.Change.By != "bob" || told.Change.ID != "m1" || told.Change.Seq != reply.Seq || told.Change.Role != session.Producer {
		t.Errorf("the marker was told as %+v, its change as %+v", told, told.Change)
	}
	track := takes.Track{Box: "alice", Name: "nobody", Session: "SESSION_20260102_200000", File: "LQ_alice_200000.wav", Rate: 48000, Line: takes.Timeline{{Hub: 1, Pos: 1}}}
	if r := ask[hub.PostReply](alice, hub.AskTrack, track); r.Error != "" {
		t.Fatal(r.Error)
	}
	laid := hear(bob, hub.TellTrack, func(tr takes.Track) bool { return tr.File == "LQ_alice_200000.wav" })
	if laid.Box != "alice" || laid.Name != "Alice" {
		t.Errorf("the track was told as %+v", laid)
	}
	all := bob.history(0)
	if len(all.Posts) != 1 || len(all.Peers) != 2 || len(all.Tracks) != 1 {
		t.Errorf("history has %+v", all)
	}
	if h := other.history(0); len(h.Posts)+len(h.Peers)+len(h.Tracks) != 0 {
		t.Errorf("another room's history has %+v", h)
	}
	if len(other.told) != 0 {
		t.Errorf("another room was told something")
	}
}

func TestMarkersAreJudgedAsTheyStand(t *testing.T) {
	s := startHub(t, Config{Dir: t.TempDir()})
	producer, artist := invite(t, s, "600", "P", session.Producer), invite(t, s, "600", "A", session.Artist)
	listener := invite(t, s, "600", "L", session.Listener)
	good := []hub.PostReply{
		producer.change("1", takes.Set, "theirs", 5), artist.change("2", takes.Set, "own", 6),
		artist.change("3", takes.Move, "own", clock.Instant(7)), producer.change("4", takes.Delete, "own", 0),
	}
	for i, r := range good {
		if r.Error != "" {
			t.Errorf("change %d: %s", i, r.Error)
		}
	}
	bad := []hub.PostReply{
		listener.change("5", takes.Set, "x", 5), artist.change("6", takes.Move, "theirs", 5),
		artist.change("7", takes.Move, "own", 5), producer.change("8", takes.Set, "theirs", 9),
	}
	for i, r := range bad {
		if r.Error == "" || r.Seq != 0 {
			t.Errorf("forbidden change %d was answered by %+v", i, r)
		}
	}
	hear(listener, hub.TellPost, func(p hub.Post) bool { return p.ID == "4" })
	if n := len(listener.history(0).Posts); n != len(good) {
		t.Errorf("%d posts are stored, want %d", n, len(good))
	}
}
