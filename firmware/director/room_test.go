package director

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// table is a hub at which the test sits: what the box says is kept, and the test answers as the hub does.
type table struct {
	mu     sync.Mutex
	shown  hub.Presence
	posts  []hub.Post
	tracks map[string]takes.Track
	events chan hub.Event
	status hub.Status
}

func newTable() *table {
	return &table{tracks: map[string]takes.Track{}, events: make(chan hub.Event, 64), status: hub.Status{State: hub.StateConnected}}
}

func (t *table) ID() string               { return "ann" }
func (t *table) Events() <-chan hub.Event { return t.events }
func (t *table) Show(p hub.Presence)      { t.with(func() { t.shown = p }) }
func (t *table) Post(p hub.Post)          { t.with(func() { t.posts = append(t.posts, p) }) }
func (t *table) Announce(k takes.Track)   { t.with(func() { t.tracks[k.File] = k }) }
func (t *table) Status() (s hub.Status)   { t.with(func() { s = t.status }); return s }

func (t *table) with(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f()
}

// said are the posts so far.
func (t *table) said() (posts []hub.Post) {
	t.with(func() { posts = slices.Clone(t.posts) })
	return posts
}

// tell tells the box of a track, present that a box is there.
func (t *table) tell(k takes.Track) { t.events <- hub.Tracked{Track: k} }
func (t *table) present(id string) {
	t.events <- hub.PeersChanged{Peers: []hub.Peer{{ID: id, State: hub.Present}}}
}

// ahead is how far the hub's clock is ahead of the box's.
const ahead = 5 * time.Minute

// sync lets the box know the hub's time, over a network without delay.
func (t *table) sync() {
	for range 8 {
		now := time.Now()
		hubNow := clock.InstantOf(now.Add(ahead))
		t.events <- hub.Exchanged{Exchange: clock.Exchange{Sent: now, Received: now, HubReceived: hubNow, HubSent: hubNow, Clock: "hub-1"}}
	}
}

// inRoom is a rig at a table.
func inRoom(t *testing.T, role session.Role) (*rig, *table) {
	t.Helper()
	at := newTable()
	return startIn(t, role, at), at
}

func (r *rig) synced() {
	r.t.Helper()
	r.await("the hub's clock", func(s Status) bool { return s.Clock.Synced })
}

// journal is what stands in the journal of the one session, of a kind.
func (r *rig) journal(kind takes.Kind) []takes.Entry {
	r.t.Helper()
	paths, err := filepath.Glob(filepath.Join(r.dir, "SESSION_*", "journal.jsonl"))
	if err != nil || len(paths) != 1 {
		r.t.Fatalf("journals %v, %v", paths, err)
	}
	f, err := os.Open(paths[0])
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	log, err := takes.ReadJournal(f)
	if err != nil {
		r.t.Fatal(err)
	}
	return slices.DeleteFunc(log.Entries, func(e takes.Entry) bool { return e.Kind != kind })
}

func markerPosts(posts []hub.Post) []hub.Post {
	return slices.DeleteFunc(posts, func(p hub.Post) bool { return p.Kind != hub.KindMarker })
}

func (r *rig) eventually(what string, ok func() bool) {
	r.t.Helper()
	r.await(what, func(Status) bool { return ok() })
}

func TestAMarkerSetBeforeTheHubIsKnownGetsItsPlaceLater(t *testing.T) {
	r, at := inRoom(t, session.Artist)
	r.press(session.Record)
	r.await("a take", func(s Status) bool { return s.Recording })
	before := time.Now()
	r.press(session.Segment)
	after := time.Now()
	if said := markerPosts(at.said()); len(said) != 0 {
		t.Fatalf("posted with a time that nobody shares: %+v", said)
	}
	at.sync()
	r.synced()
	r.eventually("the marker in the room", func() bool { return len(markerPosts(at.said())) == 1 })
	change := markerPosts(at.said())[0].Change
	from, to := clock.InstantOf(before.Add(ahead)), clock.InstantOf(after.Add(ahead))
	if change.At < from.Add(-time.Millisecond) || change.At > to.Add(time.Millisecond) {
		t.Errorf("marker at %v, pressed from %v to %v", change.At.Time(), from.Time(), to.Time())
	}
	markers, err := r.Markers(t.Context(), true)
	if err != nil || len(markers) != 1 || markers[0].At != change.At {
		t.Errorf("markers %+v, %v", markers, err)
	}
	r.eventually("both places in the journal", func() bool { return len(r.journal(takes.KindMarker)) == 2 })
	if e := r.journal(takes.KindMarker)[1]; e.Hub != change.At || e.Clock != "hub-1" || e.Pos <= 0 {
		t.Errorf("journalled as %+v", e)
	}
}

func TestAProducersMarkerCutsTheTakeWhereItWasPressed(t *testing.T) {
	r, at := inRoom(t, session.Artist)
	at.sync()
	r.synced()
	r.press(session.Record)
	r.await("a second of a take", func(s Status) bool { return s.Take.Seconds > 1 })
	pressed := time.Now().Add(-500 * time.Millisecond) // what comes late cuts where it was meant
	at.events <- hub.Posted{Post: hub.Post{ID: "c1", Kind: hub.KindMarker, Seq: 7, By: "carol", Change: &takes.Change{
		ID: "c1", Seq: 7, Marker: "m1", Op: takes.Set, At: clock.InstantOf(pressed.Add(ahead)), Name: "verse", By: "carol", Role: session.Producer}}}
	r.press(session.Record)
	r.await("the end of the take", func(s Status) bool { return s.Take.State == session.Idle })
	chunks, err := r.Chunks(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	chunks = slices.DeleteFunc(chunks, func(c takes.Chunk) bool { return c.Studio == nil })
	if len(chunks) != 2 || chunks[1].Title != "verse" || chunks[0].Studio.To != chunks[1].Studio.From {
		t.Fatalf("chunks %+v", chunks)
	}
	began := r.journal(takes.KindTakeStart)[0]
	want := format.Samples(pressed.Sub(r.card.began)) - began.Pos
	if got := chunks[1].Studio.From; got < want-40 || got > want+40 { // 5 ms
		t.Errorf("cut at sample %d, pressed at %d", got, want)
	}
	if e := r.journal(takes.KindMarker)[0]; e.Change == nil || e.Change.Marker != "m1" || e.Pos < began.Pos {
		t.Errorf("journalled as %+v", e)
	}
}

func TestTheEndOfATakeIsAMarkerForAllToSee(t *testing.T) {
	r, at := inRoom(t, session.Artist)
	at.sync()
	r.synced()
	r.press(session.Record)
	r.await("a take", func(s Status) bool { return s.Recording })
	r.press(session.Record)
	r.await("its end", func(s Status) bool { return s.Take.State == session.Idle })
	r.eventually("the marker", func() bool { return len(markerPosts(at.said())) == 1 })
	end := markerPosts(at.said())[0].Change
	chunks, err := r.Chunks(t.Context(), false)
	if err != nil || len(chunks) == 0 {
		t.Fatalf("chunks %+v, %v", chunks, err)
	}
	chunks = slices.DeleteFunc(chunks, func(c takes.Chunk) bool { return c.Studio == nil })
	last := chunks[len(chunks)-1]
	if off := end.At.Sub(last.Start.Add(time.Duration(last.Seconds * 1e9))); off.Abs() > 5*time.Millisecond {
		t.Errorf("the take ends %v from its marker", off)
	}
	var track takes.Track
	r.eventually("the track's end in the room", func() bool {
		at.with(func() {
			for _, k := range at.tracks {
				if k.Studio {
					track = k
				}
			}
		})
		return track.File != "" && !track.Open
	})
	if track.Box != "ann" || track.Bitrate != 320 || len(track.Line) == 0 || track.Samples == 0 {
		t.Errorf("track %+v", track)
	}
}

func TestPeersSeeWhatIsPressed(t *testing.T) {
	r, at := inRoom(t, session.Artist)
	at.sync()
	r.synced()
	r.press(session.Mic)
	at.with(func() {
		if !at.shown.MicMuted {
			t.Errorf("after the press peers see %+v", at.shown)
		}
	})
	r.press(session.Record)
	r.await("a take", func(s Status) bool { return s.Recording })
	r.eventually("the take among peers", func() (yes bool) {
		at.with(func() { yes = at.shown.Recording && at.shown.Number == 1 && at.shown.StorageMinutes > 0 })
		return yes
	})
	var notices []string
	for _, p := range at.said() {
		if p.Kind == hub.KindNotice {
			notices = append(notices, p.Text)
		}
	}
	if want := []string{hub.NoticeJoined, hub.NoticeMicMuted, hub.NoticeRecording}; !slices.Equal(notices, want) {
		t.Errorf("notices %q, want %q", notices, want)
	}
}

func TestTheHubsTroubleIsShown(t *testing.T) {
	r, at := inRoom(t, session.Artist)
	for _, c := range []struct {
		status hub.Status
		fault  string
	}{
		{hub.Status{State: hub.StateRefused, Detail: "revoked"}, "hub-refused"},
		{hub.Status{State: hub.StateConnected, Detail: "the hub does not store what this box says: 3 posts wait"}, "hub-stuck"},
	} {
		at.with(func() { at.status = c.status })
		s := r.await(c.fault, r.faulty(c.fault))
		for _, f := range s.Faults {
			if f.ID == "hub-down" || f.ID == c.fault && f.Detail != c.status.Detail {
				t.Errorf("with %+v: %s", c.status, f)
			}
		}
	}
	at.with(func() { at.status = hub.Status{State: hub.StateConnected} })
	r.await("no fault", func(s Status) bool { return !r.faulty("hub-stuck")(s) && !r.faulty("hub-refused")(s) })
}

func TestPeersAreShown(t *testing.T) {
	r, at := inRoom(t, session.Listener)
	at.events <- hub.PeersChanged{Peers: []hub.Peer{{ID: "bob", Name: "Bob", State: hub.Present}, {ID: "al", State: hub.Present}}}
	at.events <- hub.PeersChanged{Peers: []hub.Peer{{ID: "bob", Name: "Bob", State: hub.Unknown}}}
	s := r.await("bob unknown", func(s Status) bool { return len(s.Peers) == 2 && s.Peers[1].State == hub.Unknown })
	if s.Peers[0].ID != "al" || s.Peers[1].Name != "Bob" {
		t.Errorf("peers %+v", s.Peers)
	}
}

func TestWhatARoleMayNotDoToMarkersIsRefused(t *testing.T) {
	for _, c := range []struct {
		role    session.Role
		request MarkRequest
		why     string
	}{
		{session.Listener, MarkRequest{Op: takes.Set}, "LISTENER"},
		{session.Listener, MarkRequest{Op: takes.Delete, Marker: "m1"}, "LISTENER"},
		{session.Artist, MarkRequest{Op: takes.Move, Marker: "m1", By: time.Second}, "of \"carol\""},
		{session.Artist, MarkRequest{Op: takes.Move, Marker: "m9"}, "none with the id"},
		{session.Producer, MarkRequest{Op: takes.Rename, Marker: "m1", Name: strings.Repeat("x", 100)}, "64"},
		{session.Producer, MarkRequest{Op: "paint", Marker: "m1"}, "no such operation"},
	} {
		r, at := inRoom(t, c.role)
		at.sync()
		r.synced()
		at.events <- hub.Posted{Post: hub.Post{ID: "c1", Kind: hub.KindMarker, Seq: 1, By: "carol", Change: &takes.Change{
			ID: "c1", Seq: 1, Marker: "m1", Op: takes.Set, At: clock.InstantOf(time.Now()), By: "carol", Role: session.Producer}}}
		r.eventually("carol's marker", func() bool { m, err := r.Markers(t.Context(), true); return err == nil && len(m) == 1 })
		if text, err := r.Mark(t.Context(), c.request); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s %s: %q, %v; want a refusal with %q", c.role, c.request.Op, text, err, c.why)
		}
		if said := markerPosts(at.said()); len(said) != 0 {
			t.Errorf("%s %s: posted %+v", c.role, c.request.Op, said)
		}
	}
}

// A person is told what was done, and when, in words.
func TestWordsOfWhatWasDoneToAMarker(t *testing.T) {
	at := time.Date(2026, 11, 22, 20, 15, 1, 250e6, time.Local)
	for op, want := range map[takes.Op]string{
		takes.Set:    "marker m1 set at 20:15:01.250",
		takes.Move:   "marker m1 moved to 20:15:01.250",
		takes.Rename: `marker m1 renamed to "verse 2"`,
		takes.Delete: "marker m1 deleted",
		takes.NoGood: "marker m1: the chunk that begins there is no-good",
	} {
		if got := markWords(takes.Change{Marker: "m1", Op: op, At: clock.InstantOf(at), Name: "verse 2"}); got != want {
			t.Errorf("%s: %q, want %q", op, got, want)
		}
	}
}

func TestWhatTheHubRefusesIsTakenBack(t *testing.T) {
	r, at := inRoom(t, session.Artist)
	at.sync()
	r.synced()
	if _, err := r.Mark(t.Context(), MarkRequest{Op: takes.Set, Name: "here"}); !errors.Is(err, ErrRefused) {
		t.Errorf("a marker without a session: %v", err)
	}
	r.press(session.Record)
	r.await("a take", func(s Status) bool { return s.Recording })
	if _, err := r.Mark(t.Context(), MarkRequest{Op: takes.Set, Name: "here"}); err != nil {
		t.Fatal(err)
	}
	at.events <- hub.Refused{Post: markerPosts(at.said())[0], Why: "the room is closed"}
	r.await("the fault", r.faulty("hub-word-refused"))
	if markers, err := r.Markers(t.Context(), true); err != nil || len(markers) != 0 {
		t.Errorf("markers %+v, %v", markers, err)
	}
	r.eventually("the refusal in the journal", func() bool {
		lines := r.journal(takes.KindMarker)
		return len(lines) == 2 && lines[1].Text == takes.MarkerRefused
	})
	at.events <- hub.Posted{Post: hub.Post{ID: "p9", Kind: hub.KindChat, Seq: 9, By: "ann", Text: "what was wrong?"}}
	r.await("the fault to go", func(s Status) bool { return !r.faulty("hub-word-refused")(s) })
}

// TestAnotherClock has the hub's machine lose its power in mid-take and count anew, an hour off.
func TestAnotherClock(t *testing.T) {
	r, at := inRoom(t, session.Artist)
	at.sync()
	r.synced()
	r.press(session.Record)
	r.await("some of a take", func(s Status) bool { return s.Take.Seconds > 0.6 })
	pressed := time.Now().Add(-300 * time.Millisecond)
	at.events <- hub.Posted{Post: hub.Post{ID: "c1", Kind: hub.KindMarker, Seq: 1, By: "carol", Change: &takes.Change{
		ID: "c1", Seq: 1, Marker: "m1", Op: takes.Set, At: clock.InstantOf(pressed.Add(ahead)), Clock: "hub-1", By: "carol", Role: session.Producer}}}
	r.eventually("the marker", func() bool { m, err := r.Markers(t.Context(), false); return err == nil && len(m) == 1 })
	for range 8 {
		now := time.Now()
		other := clock.InstantOf(now.Add(ahead + time.Hour))
		at.events <- hub.Exchanged{Exchange: clock.Exchange{Sent: now, Received: now, HubReceived: other, HubSent: other, Clock: "hub-2"}}
	}
	r.await("the other clock", func(s Status) bool { return s.Clock.Clock == "hub-2" })
	r.press(session.Record)
	r.await("the end of the take", func(s Status) bool { return s.Take.State == session.Idle })
	began := r.journal(takes.KindTakeStart)[0]
	want := format.Samples(pressed.Sub(r.card.began)) - began.Pos
	chunks, err := r.Chunks(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(chunks, func(c takes.Chunk) bool { return c.Marker == "m1" })
	if i < 0 || chunks[i].Studio == nil || chunks[i].Studio.From < want-40 || chunks[i].Studio.From > want+40 {
		t.Errorf("pressed at sample %d, chunks %+v", want, chunks)
	}
	for _, p := range markerPosts(at.said()) {
		if p.Change.Clock != "hub-2" {
			t.Errorf("posted by the old clock: %+v", p.Change)
		}
	}
}

// TestAHubThatComesLate gives the box its hub while it runs.
func TestAHubThatComesLate(t *testing.T) {
	r := startWith(t, session.Artist, nil, errors.New("the port is taken"))
	r.await("the fault", r.faulty("hub-missing"))
	r.press(session.Record)
	r.await("a take", func(s Status) bool { return s.Recording })
	r.press(session.Segment)
	at := newTable()
	r.Meet(at, nil)
	at.sync()
	r.eventually("the marker in the room", func() bool { return len(markerPosts(at.said())) == 1 })
	if said := at.said(); said[0].Text != hub.NoticeJoined {
		t.Errorf("first said %+v", said[0])
	}
	r.eventually("the tracks in the room", func() (yes bool) { at.with(func() { yes = len(at.tracks) == 2 }); return yes })
}

// TestThePastIsTold has a box find what an earlier run could not tell.
func TestThePastIsTold(t *testing.T) {
	r, at := inRoom(t, session.Artist)
	now := clock.InstantOf(time.Now())
	past := takes.Track{Name: "ann", Session: "SESSION_20260102_200000", File: "HQ_ann_1_200000.mp3", Studio: true, Take: 1, Rate: 48000,
		Samples: 48000, Line: takes.Timeline{{Hub: now, Pos: 0}}, Clock: "hub-1"}
	heard := takes.Change{ID: "c1", Seq: 5, Marker: "m1", Op: takes.Set, At: now, Clock: "hub-1", By: "ann", Role: session.Artist}
	unheard := takes.Change{ID: "c2", Marker: "m2", Op: takes.Set, At: now, Clock: "hub-1", By: "ann", Role: session.Artist}
	r.Past([]takes.Track{past}, []takes.Change{heard, unheard})
	if said := markerPosts(at.said()); len(said) != 0 {
		t.Errorf("told before the hub is there: %+v", said)
	}
	at.sync()
	r.synced()
	r.eventually("the track", func() (yes bool) { at.with(func() { yes = at.tracks[past.File].Box == "ann" }); return yes })
	r.eventually("the marker", func() bool { p := markerPosts(at.said()); return len(p) == 1 && p[0].ID == "c2" })
	if m, err := r.Markers(t.Context(), true); err != nil || len(m) != 2 {
		t.Errorf("markers %+v, %v", m, err)
	}
}

func TestChatWaitsForMore(t *testing.T) {
	r, at := inRoom(t, session.Listener)
	at.sync()
	r.synced()
	if err := r.Say(t.Context(), "  ready?\n"); err != nil {
		t.Fatal(err)
	}
	if last := at.said()[len(at.said())-1]; last.Kind != hub.KindChat || last.Text != "ready?" || last.At == 0 {
		t.Errorf("said %+v", last)
	}
	got := make(chan []hub.Post, 1)
	go func() {
		posts, err := r.Chat(context.Background(), 3, 10*time.Second)
		if err != nil {
			t.Error(err)
		}
		got <- posts
	}()
	at.events <- hub.Posted{Post: hub.Post{ID: "p3", Kind: hub.KindChat, Seq: 3, Text: "old"}}
	at.events <- hub.Posted{Post: hub.Post{ID: "p4", Kind: hub.KindChat, Seq: 4, Text: "new"}}
	if posts := <-got; len(posts) != 1 || posts[0].Text != "new" {
		t.Errorf("after 3: %+v", posts)
	}
	for _, bad := range []string{"", " \n", strings.Repeat("x", hub.MaxText+1), "\xff"} {
		if err := r.Say(t.Context(), bad); !errors.Is(err, ErrRefused) {
			t.Errorf("%.10q: %v", bad, err)
		}
	}
}

func TestABoxAloneCutsOnAClockOfItsOwn(t *testing.T) {
	r := start(t, session.Artist)
	r.press(session.Record)
	r.await("a second of a take", func(s Status) bool { return s.Take.Seconds > 1 })
	r.press(session.Segment)
	r.press(session.Record)
	r.await("the end of the take", func(s Status) bool { return s.Take.State == session.Idle })
	chunks, err := r.Chunks(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	pieces := 0
	for _, c := range chunks {
		if c.Studio != nil {
			pieces++
		}
	}
	if pieces != 2 {
		t.Errorf("chunks %+v", chunks)
	}
	if err := r.Say(t.Context(), "anybody?"); !errors.Is(err, ErrRefused) {
		t.Errorf("chat without a hub: %v", err)
	}
}
