package server

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
)

func TestTimelineNeverGoesBack(t *testing.T) {
	wall := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		what   string
		latest clock.Instant
		want   clock.Instant
	}{
		{"nothing stored", 0, clock.InstantOf(wall)},
		{"stored before", clock.InstantOf(wall.Add(-time.Hour)), clock.InstantOf(wall)},
		{"stored later: the wall clock is wrong", clock.InstantOf(wall.Add(time.Hour)), clock.InstantOf(wall.Add(time.Hour + time.Second))},
	} {
		got := newTimeline("boot", wall, time.Minute, c.latest)
		if now := clock.Instant(time.Minute + got.Offset); now != c.want || got.Boot != "boot" || got.Name == "" {
			t.Errorf("%s: %+v, it is %v, want %v", c.what, got, now.Time(), c.want.Time())
		}
	}
	if a, b := newTimeline("x", wall, 0, 0), newTimeline("x", wall, 0, 0); a.Name == b.Name {
		t.Error("two time lines have one name")
	}
}

// fill puts posts of one box into a room, as they come back from the store.
func fill(p *posts, n int, text string) {
	for i := 1; i <= n; i++ {
		post := hub.Post{ID: fmt.Sprint("id", i), Kind: hub.KindChat, Seq: int64(i), Text: text}
		data, _ := json.Marshal(post)
		p.stored("600", post, data, stored{subject: "chat", seq: uint64(i), at: time.Unix(int64(i), 0)})
	}
}

func TestPostsStayBounded(t *testing.T) {
	p := newPosts()
	fill(p, maxPosts+10, strings.Repeat("x", 500))
	r := p.rooms["600"]
	if len(r.log) != maxPosts || len(r.known) != maxPosts || r.log[0].seq != 11 || r.cached > maxCached {
		t.Errorf("%d posts are known, %d of them by id, from %d on, %d bytes", len(r.log), len(r.known), r.log[0].seq, r.cached)
	}
	if seq, err := p.judge("600", hub.Post{ID: "id5000"}); seq != 5000 || err != nil {
		t.Errorf("a known post is judged as %d, %v", seq, err)
	}
	if page, more, from := p.page("600", 0, 1000); page != nil || !more || from != 11 {
		t.Errorf("what is not in memory is given as %d posts, %v, %d", len(page), more, from)
	}
	page, more, from := p.page("600", 5000, 2000)
	if len(page) != 3 || !more || from != 0 || !strings.Contains(string(page[0]), `"id5001"`) {
		t.Errorf("a page has %d posts, %v, %d", len(page), more, from)
	}
	p.forget(5000, time.Unix(5005, 0))
	if len(r.log) != 6 || r.uncached != 0 || r.log[0].seq != 5005 {
		t.Errorf("%d posts are left, %d not in memory", len(r.log), r.uncached)
	}
	p.forget(1<<60, time.Time{})
	if len(p.rooms) != 0 || r.cached != 0 || len(r.count) != 0 {
		t.Errorf("left: %d rooms, %d bytes, %v", len(p.rooms), r.cached, r.count)
	}
}

func TestForgottenChangesJudgeNobody(t *testing.T) {
	p := newPosts()
	set := hub.Post{ID: "1", Seq: 1, Kind: hub.KindMarker, Change: &takes.Change{ID: "1", Op: takes.Set, Marker: "m", At: 1, By: "a", Role: "PRODUCER"}}
	p.acknowledged("600", set)
	p.stored("600", set, nil, stored{subject: "s", seq: 1})
	again := hub.Post{ID: "2", Kind: hub.KindMarker, Change: &takes.Change{ID: "2", Op: takes.Set, Marker: "m", At: 1, By: "a", Role: "PRODUCER"}}
	if _, err := p.judge("600", again); err == nil {
		t.Error("a marker is set twice")
	}
	p.forget(2, time.Time{})
	if _, err := p.judge("600", again); err != nil {
		t.Error(err)
	}
	if len(p.rooms["600"].changes) != 0 {
		t.Error("changes are kept for ever")
	}
}

func TestPagesHoldAllInOrder(t *testing.T) {
	var things []json.RawMessage
	for i := range 100 {
		things = append(things, json.RawMessage(fmt.Sprintf("%0*d", 1+i%7, i)))
	}
	var back []json.RawMessage
	for _, page := range pages(things, 20) {
		size := 0
		for _, thing := range page {
			size += len(thing) + 1
		}
		if size > 20 && len(page) > 1 || len(page) == 0 {
			t.Errorf("a page of %d has %d bytes", len(page), size)
		}
		back = append(back, page...)
	}
	if !slices.EqualFunc(back, things, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
		t.Error("the pages are not the whole")
	}
	if len(pages(nil, 20)) != 0 {
		t.Error("nothing makes a page")
	}
}

// The first change is told at once, those that follow closely are told together.
func TestTellersGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var told []time.Duration
		begin := time.Now()
		tellers := newTellers(func(string) { mu.Lock(); defer mu.Unlock(); told = append(told, time.Since(begin)) })
		for range 20 {
			tellers.soon("600", 0, time.Now())
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		tellers.soon("600", 1000, time.Now())
		tellers.soon("600", 1000, time.Now())
		time.Sleep(time.Second)
		tellers.close()
		tellers.soon("600", 0, time.Now())
		want := []time.Duration{0, gather, 2 * gather, 1020 * time.Millisecond, 1020*time.Millisecond + gather + 1000*gatherForEach}
		if !slices.Equal(told, want) {
			t.Errorf("told at %v, want %v", told, want)
		}
	})
}

func TestRefusalsAreCountedAndSeldomTold(t *testing.T) {
	r := newRefusals(slog.New(slog.NewTextHandler(io.Discard, nil)))
	now := time.Unix(1000, 0)
	for i, want := range []bool{true, false, false} {
		if _, tell := r.note("eve", now); tell != want {
			t.Errorf("refusal %d: told %v", i, tell)
		}
	}
	if _, tell := r.note("bob", now); !tell {
		t.Error("one culprit hides another")
	}
	if untold, tell := r.note("eve", now.Add(time.Second)); !tell || untold != 2 {
		t.Errorf("a second later: %v, %d untold", tell, untold)
	}
	for i := range 3 * maxCulprits {
		r.note(fmt.Sprint(i), now)
	}
	if len(r.told) > maxCulprits || r.total() != 3*maxCulprits+5 {
		t.Errorf("%d culprits are remembered, %d refusals counted", len(r.told), r.total())
	}
}

func FuzzSlug(f *testing.F) {
	for _, seed := range []string{"Alice", "", "--", "Zoë", strings.Repeat("a-", 40), "\xff"} {
		f.Add(seed, 1)
	}
	f.Fuzz(func(t *testing.T, name string, n int) {
		if n < 1000 {
			if err := hub.CheckID(slug(name, n)); err != nil {
				t.Errorf("%q makes %q: %v", name, slug(name, n), err)
			}
		}
	})
}

func FuzzHosts(f *testing.F) {
	for _, seed := range []string{"nats://me:hush@host:4222", "nats://me:hush@a:1,tls://me:hush@b:2", "me:hush@host", "nats://me:hush@[::"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, urls string) {
		hosts, err := hostsOf(urls)
		if err != nil && strings.Contains(urls, "hush") && strings.Contains(err.Error(), "hush") {
			t.Errorf("the error %v tells the password", err)
		}
		if strings.Contains(hosts, "@") {
			t.Errorf("%q is shown as %q", urls, hosts)
		}
	})
}
