package director

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/delivery"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// mail is an outbox and an inbox of which the test says how far they are, and which remember what they were told.
type mail struct {
	mu         sync.Mutex
	followed   []delivery.Recording
	ended      []string
	wanted     []takes.TrackKey
	filed      map[takes.TrackKey]string // with the group
	cuts       [][]takes.Chunk
	sample     delivery.Sample
	enough     int64
	moved      int64
	left       int
	delivering bool
	out        delivery.OutboxStatus
	in         delivery.InboxStatus
}

// outgoing and incoming are its two sides.
type outgoing struct{ *mail }
type incoming struct{ *mail }

func (m *mail) with(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

func (m *mail) Heed(s delivery.Sample) { m.with(func() { m.sample = s }) }
func (m *mail) Progress() (moved int64, left int) {
	m.with(func() { moved, left = m.moved, m.left })
	return moved, left
}

func (o outgoing) Follow(r delivery.Recording) {
	o.with(func() { o.followed = append(o.followed, r) })
}
func (o outgoing) EndSession(dir string) { o.with(func() { o.ended = append(o.ended, dir) }) }
func (o outgoing) Want(k takes.TrackKey, _ time.Time) {
	o.with(func() { o.wanted = append(o.wanted, k) })
}
func (o outgoing) Filed(hub.File)                    {}
func (o outgoing) MakeRoom(enough int64)             { o.with(func() { o.enough = enough }) }
func (o outgoing) Delivering() (yes bool)            { o.with(func() { yes = o.delivering }); return yes }
func (o outgoing) Deleted(string, []string)          {}
func (o outgoing) Owed() int                         { return len(o.Status().Waiting) }
func (o outgoing) Trouble() string                   { return o.Status().Trouble }
func (o outgoing) Status() (s delivery.OutboxStatus) { o.with(func() { s = o.out }); return s }
func (i incoming) Filed(f hub.File, group string)    { i.with(func() { i.filed[f.TrackKey] = group }) }
func (i incoming) Cut(chunks []takes.Chunk)          { i.with(func() { i.cuts = append(i.cuts, chunks) }) }
func (i incoming) Trouble() string                   { return i.Status().Trouble }
func (i incoming) Owed() int                         { return len(i.Status().Arriving) }
func (i incoming) Status() (s delivery.InboxStatus)  { i.with(func() { s = i.in }); return s }

// inStudio is a rig at a table whose outbox and inbox the test is.
func inStudio(t *testing.T, role session.Role) (*rig, *table, *mail) {
	t.Helper()
	r, at := inRoom(t, role)
	m := &mail{filed: map[takes.TrackKey]string{}}
	out := Outbox(nil)
	if role == session.Artist {
		out = outgoing{m}
	}
	r.Meet(at, out)
	if role == session.Producer {
		r.NoInbox(errors.New("the disk is not there yet"))
		r.Receive(incoming{m})
	}
	at.sync()
	r.synced()
	return r, at, m
}

func TestOutboxFollowsATake(t *testing.T) {
	r, _, m := inStudio(t, session.Artist)
	r.press(session.Record)
	r.await("a take", func(s Status) bool { return s.Recording })
	r.eventually("the outbox to know it", func() (yes bool) {
		m.with(func() { yes = len(m.followed) > 1 && m.followed[len(m.followed)-1].Bytes > 0 })
		return yes
	})
	if s, _ := r.Status(t.Context()); s.Safe.Safe || len(s.Safe.Missing) != 1 || !strings.Contains(s.Safe.Missing[0], "take 1 is not closed") {
		t.Errorf("while it records: %+v", s.Safe)
	}
	r.press(session.Record)
	r.await("the end", func(s Status) bool { return s.Take.State == session.Idle && s.Safe.Safe })
	var last delivery.Recording
	m.with(func() { last = m.followed[len(m.followed)-1] })
	if last.Open || !strings.HasSuffix(last.Path, ".mp3") && !strings.Contains(last.Path, "HQ_ann_1") {
		t.Errorf("at the end it is told %+v", last)
	}
	m.with(func() {
		m.out.Waiting = []delivery.ParcelStatus{{File: "HQ_ann_1_200000.mp3", Session: "SESSION_20260102_200000", Whole: true}}
	})
	if s, _ := r.Status(t.Context()); s.Safe.Safe || !strings.Contains(s.Safe.Missing[0], "no producer has taken it") {
		t.Errorf("at the hub, not taken: %+v", s.Safe)
	}
	m.with(func() { m.out.Waiting = nil })
	r.leave()
	r.finish()
	m.with(func() {
		if len(m.ended) != 1 || !strings.HasPrefix(m.ended[0], r.dir) {
			t.Errorf("sessions that ended: %v", m.ended)
		}
	})
}

func TestABoxLeavesOnceAllIsDelivered(t *testing.T) {
	r, _, m := inStudio(t, session.Artist)
	r.press(session.Record)
	r.await("a take", func(s Status) bool { return s.Recording })
	m.with(func() { m.left = 1 })
	r.leave()
	r.await("the session to close", func(s Status) bool { return s.Session == "" })
	for range 5 { // it still answers, and tells how far it is
		if _, err := r.Status(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	m.with(func() { m.left = 0 })
	r.finish()
}

func TestDeliveryIsParkedWhenNothingMoves(t *testing.T) {
	r, at, m := inStudio(t, session.Artist)
	m.with(func() { m.left = 1 })
	at.with(func() { at.status.State = hub.StateUnreachable })
	r.leave()
	r.finish() // no hub: at once
	var d Director
	d.parts.Hub, d.parts.Outbox, d.courier, d.log = newTable(), outgoing{m}, newCourier(), r.log
	now := time.Now()
	d.now = func() time.Time { return now }
	if d.rested() {
		t.Error("parked at once")
	}
	moves := func(after time.Duration) {
		t.Helper()
		now = now.Add(after)
		m.with(func() { m.moved++ })
		if d.rested() {
			t.Errorf("parked after %v, while it moves", now.Sub(d.leaves))
		}
	}
	moves(restPatience - time.Second)
	if now = now.Add(restPatience - time.Second); d.rested() {
		t.Error("parked too soon")
	}
	if now = now.Add(time.Second); !d.rested() {
		t.Error("not parked, though nothing moves")
	}
	m.with(func() { m.moved++ })
	if now = now.Add(restLimit); !d.rested() {
		t.Error("it waits for more than its limit")
	}
	m.with(func() { m.out.Policy = delivery.End })
	for range 20 {
		moves(restPatience / 2)
	}
	if d.park = true; !d.rested() {
		t.Error("told not to wait, it waits")
	}
}

func TestProducerRequestsGoToTheBoxThatTheyAreFor(t *testing.T) {
	r, at, m := inStudio(t, session.Artist)
	own := takes.TrackKey{Box: "ann", Session: "SESSION_20260102_200000", File: "HQ_ann_1_200000.mp3"}
	other := own
	other.Box = "bob"
	for n, k := range []takes.TrackKey{other, own} {
		at.events <- hub.Posted{Post: hub.Post{ID: k.Box, Kind: hub.KindRequest, At: 1, Seq: int64(n + 1), By: "carol", Want: &hub.Want{TrackKey: k}}}
	}
	r.eventually("what is asked of this box", func() (yes bool) { m.with(func() { yes = slices.Equal(m.wanted, []takes.TrackKey{own}) }); return yes })
	if _, err := r.Request(t.Context(), "bob/take-1", ""); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "PRODUCER") {
		t.Errorf("an artist asks: %v", err)
	}
}

func TestProducerAsksForATake(t *testing.T) {
	r, at, _ := inStudio(t, session.Producer)
	track := r.alices(10*time.Second, 5*time.Second, "HQ_Alice_1_201501.mp3")
	r.know(at, track)
	for _, what := range []string{"alice/1", "Alice/take-1", "HQ_Alice_1_201501.mp3"} {
		text, err := r.Request(t.Context(), what, track.Session)
		if err != nil || !strings.Contains(text, "take 1 of Alice") || !strings.Contains(text, "not there now") {
			t.Errorf("%s: %q, %v", what, text, err)
		}
	}
	var asked []hub.Post
	r.eventually("the posts", func() bool {
		asked = slices.DeleteFunc(at.said(), func(p hub.Post) bool { return p.Kind != hub.KindRequest })
		return len(asked) == 3
	})
	if asked[0].Want == nil || asked[0].Want.TrackKey != track.Key() || asked[0].Check() != nil {
		t.Errorf("asked for %+v", asked[0])
	}
	at.events <- hub.Filed{File: hub.File{TrackKey: track.Key(), Name: "Alice", SHA256: strings.Repeat("0", 64), Taken: []hub.Taken{{By: "ann"}}}}
	r.eventually("it is here", func() bool {
		_, err := r.Request(t.Context(), "alice/1", track.Session)
		return errors.Is(err, ErrRefused)
	})
	for _, what := range []string{"alice/take-2", "alice/7", "", "HQ_Bob_1_201501.mp3"} {
		if _, err := r.Request(t.Context(), what, track.Session); !errors.Is(err, ErrRefused) {
			t.Errorf("%q: %v", what, err)
		}
	}
}

func TestFilesGoToTheSessionThatTheyWereRecordedIn(t *testing.T) {
	r, at, m := inStudio(t, session.Producer)
	now := clock.InstantOf(time.Now().Add(ahead))
	own := func(session string, ago, lasts time.Duration) takes.Track {
		return takes.Track{Name: "ann", Session: session, File: "LQ_ann_200000.wav", Rate: 48000, Clock: "hub-1",
			Samples: int64(lasts.Seconds() * 48000), Line: takes.Timeline{{Hub: now.Add(-ago), Pos: 0}}}
	}
	r.Past([]takes.Track{own("SESSION_20260101_200000", 26*time.Hour, 2*time.Hour), own("SESSION_20260102_200000", 3*time.Hour, 2*time.Hour)}, nil)
	file := func(session string) hub.File {
		return hub.File{TrackKey: takes.TrackKey{Box: "alice", Session: session, File: "HQ_Alice_1_201501.mp3"}, Name: "Alice", Upload: "u"}
	}
	wants := func(f hub.File, want string) {
		t.Helper()
		r.eventually(f.Session+" in "+want, func() (yes bool) {
			m.with(func() { g, known := m.filed[f.TrackKey]; yes = known && g == want })
			return yes
		})
	}
	late := r.alices(25*time.Hour, 10*time.Minute, "HQ_Alice_1_201501.mp3")
	late.Session = "SESSION_20260101_211500"
	at.events <- hub.Filed{File: file(late.Session)}
	wants(file(late.Session), "") // nothing is known of it but its name
	r.know(at, late)
	wants(file(late.Session), "SESSION_20260101_200000")
	second := file(late.Session)
	second.File = "HQ_Alice_2_212001.mp3"
	at.events <- hub.Filed{File: second}
	wants(second, "SESSION_20260101_200000")
	alone := r.alices(12*time.Hour, 10*time.Minute, "HQ_Alice_1_201501.mp3")
	alone.Session = "SESSION_20260102_090000"
	r.know(at, alone)
	at.events <- hub.Filed{File: file(alone.Session)}
	wants(file(alone.Session), alone.Session) // the producer was not there
	unknown := file("SESSION_20250101_000000")
	unknown.SHA256 = strings.Repeat("0", 64)
	at.events <- hub.Filed{File: unknown}
	wants(unknown, unknown.Session)
	r.eventually("the chunks", func() (yes bool) {
		m.with(func() {
			yes = len(m.cuts) > 0 && slices.ContainsFunc(m.cuts[len(m.cuts)-1], func(c takes.Chunk) bool { return c.Box == "alice" })
		})
		return yes
	})
	chunks, err := r.Chunks(t.Context(), true)
	if err != nil || slices.ContainsFunc(chunks, func(c takes.Chunk) bool { return c.Delivered }) {
		t.Errorf("delivered before anybody took it: %+v, %v", chunks, err)
	}
	taken := file(alone.Session)
	taken.SHA256, taken.Taken = strings.Repeat("0", 64), []hub.Taken{{By: "ann", Name: "ann"}}
	at.events <- hub.Filed{File: taken}
	r.eventually("the chunk to be delivered", func() bool {
		chunks, _ := r.Chunks(t.Context(), true)
		return slices.ContainsFunc(chunks, func(c takes.Chunk) bool { return c.Delivered && c.Session == alone.Session })
	})
}

func TestDeliveredTakesAreDeletedOnlyIfTheSettingsAllowIt(t *testing.T) {
	for _, keep := range []bool{true, false} {
		r, _, m := inStudio(t, session.Artist)
		if err := r.onLoop(t.Context(), func() { r.cfg.Keep = keep }); err != nil {
			t.Fatal(err)
		}
		r.store.set(func(s *store) { s.free = 560 << 20 })
		r.await("storage to be low", func(s Status) bool { return s.Storage.Level == session.StorageLow })
		var enough int64
		r.eventually("a word to the outbox", func() bool { m.with(func() { enough = m.enough }); return keep || enough > 0 })
		if (enough > 0) == keep {
			t.Errorf("keep %v: %d bytes are to be made free", keep, enough)
		}
		r.leave()
		r.finish()
	}
}
