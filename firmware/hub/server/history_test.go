package server

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
)

// More is posted than is kept in memory: the history is whole all the same, in order, once each, also after a new start.
func TestLongHistoryIsWhole(t *testing.T) {
	cfg := Config{Dir: t.TempDir()}
	s, err := New(cfg.loopback(), testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, s)
	c, err := s.Invite(t.Context(), "600", "Zoe", session.Listener)
	if err != nil {
		t.Fatal(err)
	}
	zoe := dial(t, s.Addr(), s.Fingerprint(), "600", c)
	const boxes, each = 6, 120
	var posting sync.WaitGroup
	for i := range boxes {
		b := invite(t, s, "600", fmt.Sprint("Box ", i), session.Artist)
		posting.Go(func() {
			for n := range each {
				if r := b.insist(hub.Post{ID: fmt.Sprint(b.id, "-", n), Kind: hub.KindChat, At: clock.InstantOf(time.Now()), Text: strings.Repeat("x", hub.MaxText)}); r.Error != "" {
					t.Error(r.Error)
				}
			}
		})
	}
	posting.Wait()
	seen := 0
	hear(zoe, hub.TellPost, func(hub.Post) bool { seen++; return seen == boxes*each })
	whole := func(b *box) {
		t.Helper()
		all := b.history(0).Posts
		ids := map[string]bool{}
		for i, p := range all {
			if ids[p.ID] = true; i > 0 && p.Seq <= all[i-1].Seq {
				t.Errorf("%d comes after %d", p.Seq, all[i-1].Seq)
			}
		}
		if len(all) != boxes*each || len(ids) != len(all) {
			t.Errorf("%d posts, %d of them different; want %d", len(all), len(ids), boxes*each)
		}
		if middle := all[len(all)/2].Seq; len(b.history(middle).Posts) != len(all)-len(all)/2-1 {
			t.Errorf("behind %d there are %d posts", middle, len(b.history(middle).Posts))
		}
	}
	if _, _, from := s.posts.page("600", 0, maxPage); from == 0 {
		t.Error("all of it is in memory")
	}
	whole(zoe)
	stop()
	s = startHub(t, cfg)
	whole(dial(t, s.Addr(), s.Fingerprint(), "600", c))
}

func TestHeadOfABigRoomComesInPages(t *testing.T) {
	s := &Server{presence: newPresence("me"), tracks: newShelf(), files: newShelf()}
	const boxes, recordings, sent = 1000, 3000, 5000
	for i := range boxes {
		r := record{Room: "600", ID: fmt.Sprint("box", i), Name: strings.Repeat("n", hub.MaxName), Role: session.Artist}
		s.presence.beat(asker{record: r, room: "600"}, hub.Beat{}, 1, time.Unix(1, 0))
	}
	for i := range recordings {
		s.tracks.stored("600", fmt.Sprint(i), laid{json.RawMessage(`"` + strings.Repeat("t", 2000) + `"`), time.Unix(int64(i), 0), uint64(i)})
	}
	for i := range sent {
		s.files.stored("600", fmt.Sprint(i), laid{json.RawMessage(`"` + strings.Repeat("f", 400) + `"`), time.Unix(int64(i), 0), uint64(i)})
	}
	peers, tracks, files := 0, 0, 0
	for n, more := 0, true; more; n++ {
		page := s.head("600", n)
		if n == 0 && len(page.Peers) != boxes {
			t.Errorf("the first page has %d peers", len(page.Peers))
		}
		data, err := json.Marshal(page)
		if err != nil || len(data) > maxHead+hub.MaxMessage {
			t.Errorf("page %d has %d bytes, %v", n, len(data), err)
		}
		peers, tracks, files, more = peers+len(page.Peers), tracks+len(page.Tracks), files+len(page.Files), page.More
	}
	if peers != boxes || tracks != recordings || files != sent {
		t.Errorf("%d peers, %d tracks and %d files came, want %d, %d and %d", peers, tracks, files, boxes, recordings, sent)
	}
	if page := s.head("600", 99); page.More || len(page.Peers)+len(page.Tracks)+len(page.Files) != 0 {
		t.Errorf("page 99 has something")
	}
}
