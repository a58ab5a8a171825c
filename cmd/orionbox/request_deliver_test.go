package main

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"orionbox/audio/mp3"
	"orionbox/firmware"
	"orionbox/firmware/received"
	"orionbox/firmware/takes"
)

// folder is the only artist's folder that a producer's box has.
func (b *testBox) folder() string {
	b.t.Helper()
	return filepath.Dir(b.inFolder("x"))
}

// cutFiles are the two chunks of a take that a producer's box has cut into files, the earlier one first.
func (b *testBox) cutFiles() (first, second received.Written) {
	b.t.Helper()
	var written []received.Written
	if !poll(20*time.Second, func() bool {
		places, _ := received.List(filepath.Join(b.dir, "rec", "received"))
		if len(places) == 1 {
			written, _ = received.Chunks(places[0].Dir)
			written = slices.DeleteFunc(written, func(w received.Written) bool { return w.Pending }) // not under its name yet
		}
		return len(written) == 2
	}) {
		b.t.Fatalf("two chunks are wanted, there are %+v", written)
	}
	slices.SortFunc(written, func(a, b received.Written) int { return cmp.Compare(a.From, b.From) })
	return written[0], written[1]
}

// TestTakesGoToTwoProducersWhenAskedFor has an artist who delivers on request, two producers, and a marker that is moved
// afterwards.
func TestTakesGoToTwoProducersWhenAskedFor(t *testing.T) {
	server := startConference(t, "carol", "dave", "alice")
	carol := newBox(t, server, "carol", 440, settings{"ChatSettings.role": "PRODUCER", "Hub.listen": freeAddress(t)}).start()
	dave, alice := newBox(t, server, "dave", 440, nil), newBox(t, server, "alice", 440, nil)
	carol.invite(dave, "dave", "PRODUCER")
	carol.invite(alice, "alice", "ARTIST")
	alice.append("[Delivery]\npolicy = request\n")
	dave.start()
	alice.start()
	for _, b := range []*testBox{carol, dave, alice} {
		b.await("the others in the conference", func(s firmware.Status) bool {
			return s.Clock.Synced && len(present(s)) == 3 && s.Call == "in conference"
		})
	}
	alice.record()
	alice.talk(2 * time.Second)
	cut := strings.TrimSuffix(strings.Fields(carol.do("marker", "add", "--name", "verse 2"))[1], ":")
	alice.talk(time.Second)
	alice.endTake()
	s := alice.await("to be asked", func(s firmware.Status) bool { return len(s.Safe.Missing) == 1 })
	if !strings.Contains(s.Safe.Missing[0], "waits until a producer asks for it") {
		t.Errorf("it says %v", s.Safe.Missing)
	}
	if in, err := dave.status(); err != nil || in.Delivery.Inbox.Received+len(in.Delivery.Inbox.Arriving) > 0 {
		t.Errorf("something has arrived unasked: %+v, %v", in.Delivery.Inbox, err)
	}
	wantExit(t, exitRefused, "only a PRODUCER", "request", "alice/take-1", "--socket", alice.socket)
	dave.await("alice's chunks", func(firmware.Status) bool {
		return slices.ContainsFunc(ask[[]takes.Chunk](dave, "chunks"), func(c takes.Chunk) bool { return c.Box == "alice" && c.Title == "verse 2" })
	})
	if out := dave.do("request", "alice/take-1"); !strings.Contains(out, "take 1 of alice") {
		t.Errorf("request prints %s", out)
	}
	for _, b := range []*testBox{carol, dave} {
		b.await("the take", func(s firmware.Status) bool { return s.Delivery.Inbox.Received == 1 })
		_, verse := b.cutFiles()
		if sum := sumOf(t, filepath.Join(b.folder(), verse.File)); sum != verse.SHA256 || verse.Tags.Title != "verse 2" {
			t.Errorf("%s has %+v, %s", b.conf, verse, sum)
		}
	}
	alice.await("both producers' word", func(s firmware.Status) bool { return s.Safe.Safe })
	// The producer finds that the verse begins earlier.
	_, before := carol.cutFiles()
	carol.do("marker", "move", cut, "-700ms")
	for _, b := range []*testBox{carol, dave} {
		var first, verse received.Written
		if !poll(20*time.Second, func() bool { first, verse = b.cutFiles(); return verse.From < before.From && first.To == verse.From }) {
			t.Fatalf("%s: the verse still begins at %d, what is before it ends at %d", b.conf, verse.From, first.To)
		}
		if moved := before.From - verse.From; moved < 33550 || moved > 33650 {
			t.Errorf("%s: the verse begins at %d, it was %d", b.conf, verse.From, before.From)
		}
		for _, w := range []received.Written{first, verse} {
			r, err := mp3.Probe(filepath.Join(b.folder(), w.File))
			if err != nil || r.Samples != w.To-w.From {
				t.Errorf("%s has %d samples, %v; the chunk %d", w.File, r.Samples, err, w.To-w.From)
			}
		}
	}
	if files, _ := filepath.Glob(filepath.Join(carol.folder(), "HQ_alice_1-*.mp3")); len(files) != 2 {
		t.Errorf("chunks' files %v", files)
	}
}

// TestRevokedArtistLosesNothing revokes an artist while something waits, and invites again.
func TestRevokedArtistLosesNothing(t *testing.T) {
	more := alone("carol", "PRODUCER")
	more["Hub.listen"] = freeAddress(t)
	carol := newBox(t, "", "carol", 440, more).start()
	alice := newBox(t, "", "alice", 440, alone("alice", "ARTIST"))
	carol.invite(alice, "alice", "ARTIST")
	alice.start().await("the session clock", func(s firmware.Status) bool { return s.Clock.Synced })
	alice.record()
	carol.await("some of the take", func(s firmware.Status) bool {
		return s.Delivery.Inbox != nil && len(s.Delivery.Inbox.Arriving) == 1 && s.Delivery.Inbox.Arriving[0].Have > 0
	})
	carol.do("revoke", "alice")
	alice.talk(time.Second)
	alice.endTake()
	s := alice.await("the refusal", func(s firmware.Status) bool { return s.Hub.State == "refused" && s.Delivery.Outbox.Trouble != "" })
	if s.Safe.Safe || !strings.Contains(s.Delivery.Outbox.Trouble, "ask the producer for a new invite") {
		t.Errorf("it says %+v, %+v", s.Safe, s.Delivery.Outbox)
	}
	own := alice.only("HQ_*.mp3")
	sum := sumOf(t, own)
	alice.stop()
	carol.invite(alice, "alice", "ARTIST")
	alice.start().awaitFor(30*time.Second, "all to be delivered", func(s firmware.Status) bool {
		return s.Safe.Safe && s.Delivery.Outbox != nil && s.Delivery.Outbox.Delivered == 1
	})
	whole := 0
	places, err := received.List(filepath.Join(carol.dir, "rec", "received"))
	for _, p := range places {
		if files, _ := filepath.Glob(filepath.Join(p.Dir, filepath.Base(own))); len(files) == 1 && sumOf(t, files[0]) == sum {
			whole++
		}
	}
	if err != nil || whole != 1 {
		t.Errorf("the producer has the take %d times, in %v, %v", whole, places, err)
	}
	carol.awaitFor(30*time.Second, "what the old invite had begun to be waited for no more", func(s firmware.Status) bool {
		return s.Safe.Safe && len(s.Delivery.Inbox.Arriving) == 0
	})
}
