package session

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

// artist is the state of an artist's box with the given take in an open session.
func artist(take Take) State {
	s := New(Artist)
	s.Open, s.Take, s.Number = take != Idle, take, 1
	if take == Idle {
		s.Number = 0
	}
	return s
}

func with(s State, change func(*State)) State {
	change(&s)
	return s
}

func TestNext(t *testing.T) {
	storageFull := func(s *State) { s.Storage = StorageFull }
	leaving := func(s *State) { s.Leaving = true }
	again := func(s *State) { s.Again = true }
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	begun := func(s *State) { s.Began = noon }
	for _, c := range []struct {
		name   string
		from   State
		event  Event
		to     State
		effect []Effect
	}{
		{"joining opens the session", New(Artist), Joined{},
			with(New(Artist), func(s *State) { s.Open, s.InConference = true, true }), []Effect{OpenSession{}}},
		{"joining again changes nothing", with(artist(Recording), func(s *State) { s.InConference = true }), Joined{},
			with(artist(Recording), func(s *State) { s.InConference = true }), nil},
		{"a lost call leaves the take alone", with(artist(Recording), func(s *State) { s.InConference = true }), Left{},
			artist(Recording), nil},
		{"record with no network opens the session and starts", New(Artist), Press{Button: Record},
			artist(Starting), []Effect{OpenSession{}, StartTake{1}}},
		{"the take is recording once the file grows", artist(Starting), TakeStarted{}, artist(Recording), nil},
		{"record ends the take", artist(Recording), Press{Button: Record}, artist(Stopping), []Effect{StopTake{Pressed}}},
		{"record ends a take that is still starting", artist(Starting), Press{Button: Record}, artist(Stopping), []Effect{StopTake{Pressed}}},
		{"a late start report does not undo the stop", artist(Stopping), TakeStarted{}, artist(Stopping), nil},
		{"record while closing asks for the next take", artist(Stopping), Press{Button: Record}, with(artist(Stopping), again), nil},
		{"and takes the wish back", with(artist(Stopping), again), Press{Button: Record}, artist(Stopping), nil},
		{"which starts when the first is closed", with(artist(Stopping), again), TakeStopped{},
			with(artist(Starting), func(s *State) { s.Number = 2 }), []Effect{StartTake{2}}},
		{"a finger that presses twice means once", with(artist(Recording), begun), Press{Record, noon.Add(999 * time.Millisecond)},
			with(artist(Recording), begun), []Effect{Refuse{"the take has only just begun: press record again to end it"}}},
		{"and ends the take a second later", with(artist(Recording), begun), Press{Record, noon.Add(time.Second)},
			with(artist(Stopping), begun), []Effect{StopTake{Pressed}}},
		{"a command means it at once", with(artist(Recording), begun), Press{Button: Record}, with(artist(Stopping), begun), []Effect{StopTake{Pressed}}},
		{"a finger may end at once what a command began", artist(Recording), Press{Record, noon}, artist(Stopping), []Effect{StopTake{Pressed}}},
		{"a take that was ended by mistake is followed at once", artist(Stopping), Press{Record, noon},
			with(artist(Stopping), func(s *State) { again(s); begun(s) }), nil},
		{"and that one is not ended by the same mistake", with(artist(Stopping), func(s *State) { again(s); begun(s) }), Press{Record, noon.Add(time.Second / 2)},
			with(artist(Stopping), func(s *State) { again(s); begun(s) }), []Effect{Refuse{"the take has only just begun: press record again to end it"}}},
		{"a take that fails stays wanted", artist(Recording), TakeFailed{}, artist(Failing), nil},
		{"one that never started gives its number back", artist(Starting), TakeFailed{},
			with(artist(Failing), func(s *State) { s.Number = 0 }), nil},
		{"and is tried again", artist(Failing), Retry{}, with(artist(Starting), func(s *State) { s.Number = 2 }), []Effect{StartTake{2}}},
		{"but not on a full disk", with(artist(Failing), storageFull), Retry{}, with(artist(Failing), storageFull), nil},
		{"record gives a failing take up", artist(Failing), Press{Button: Record}, with(artist(Failing), func(s *State) { s.Take = Idle }), nil},
		{"retry does nothing otherwise", artist(Recording), Retry{}, artist(Recording), nil},
		{"a producer does not record", New(Producer), Press{Button: Record}, New(Producer),
			[]Effect{Refuse{"only an ARTIST's box records takes; this one is a PRODUCER's (ChatSettings, role)"}}},
		{"a full disk refuses a take", with(New(Artist), storageFull), Press{Button: Record}, with(New(Artist), storageFull),
			[]Effect{Refuse{"storage is full: deliver or delete recordings, or use a larger disk"}}},
		{"a disk that fills closes the take", artist(Recording), StorageIs{StorageFull},
			with(artist(Stopping), storageFull), []Effect{StopTake{NoSpace}}},
		{"and starts no other", with(artist(Stopping), func(s *State) { storageFull(s); again(s) }), TakeStopped{},
			with(artist(Idle), func(s *State) { storageFull(s); s.Open, s.Number = true, 1 }), nil},
		{"mic mutes", New(Artist), Press{Button: Mic}, with(New(Artist), func(s *State) { s.MicMuted = true }), []Effect{MuteMic{true}}},
		{"speakers mute", New(Listener), Press{Button: Speakers}, with(New(Listener), func(s *State) { s.SpeakersMuted = true }), []Effect{MuteSpeakers{true}}},
		{"segment marks", artist(Recording), Press{Button: Segment}, artist(Recording), []Effect{Mark{}}},
		{"where it was pressed", artist(Recording), Press{Segment, noon}, artist(Recording), []Effect{Mark{noon}}},
		{"segment needs a session", New(Artist), Press{Button: Segment}, New(Artist), []Effect{Refuse{"no session yet: join the conference or press record first"}}},
		{"a listener does not mark", New(Listener), Press{Button: Segment}, New(Listener), []Effect{Refuse{"a LISTENER may not set markers"}}},
		{"status reports", New(Listener), Press{Button: Status}, New(Listener), []Effect{Report{}}},
		{"an unknown button is refused", New(Artist), Press{Button: "doorbell"}, New(Artist), []Effect{Refuse{"there is no such button"}}},
		{"leaving closes the take first", artist(Recording), Leave{}, with(artist(Stopping), leaving), []Effect{HangUp{}, StopTake{Leaving}}},
		{"and then the session", with(artist(Stopping), leaving), TakeStopped{},
			with(New(Artist), func(s *State) { leaving(s); s.Number = 1 }), []Effect{CloseSession{}}},
		{"leaving with no take closes at once", with(New(Artist), func(s *State) { s.Open = true }), Leave{},
			with(New(Artist), leaving), []Effect{HangUp{}, CloseSession{}}},
		{"leaving twice is once", with(New(Artist), leaving), Leave{}, with(New(Artist), leaving), nil},
		{"a box that leaves takes no press", with(New(Artist), leaving), Press{Button: Record}, with(New(Artist), leaving), []Effect{Refuse{"the box is shutting down"}}},
		{"a take whose folder is gone ends, and goes on in another", artist(Recording), FolderGone{},
			with(artist(Stopping), func(s *State) { s.Open, s.Again = false, true }), []Effect{StopTake{NoFolder}}},
		{"which is made when the first is closed", with(artist(Stopping), func(s *State) { s.Open, s.Again = false, true }), TakeStopped{},
			artist(Starting), []Effect{OpenSession{}, StartTake{1}}},
		{"a conference whose folder is gone waits for the next try", with(New(Artist), func(s *State) { s.Open, s.InConference = true, true }), FolderGone{},
			with(New(Artist), func(s *State) { s.InConference = true }), nil},
		{"a take that waits for its folder keeps its number", with(artist(Starting), func(s *State) { s.Open = false }), Joined{},
			with(artist(Starting), func(s *State) { s.InConference = true }), []Effect{OpenSession{}}},
		{"a conference without a folder gets one as soon as it can be had", with(New(Artist), func(s *State) { s.InConference = true }), Retry{},
			with(New(Artist), func(s *State) { s.InConference, s.Open = true, true }), []Effect{OpenSession{}}},
		{"a folder that cannot be made is no session", artist(Starting), FolderFailed{}, with(artist(Starting), func(s *State) { s.Open = false }), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			to, effects := Next(c.from, c.event)
			if to != c.to {
				t.Errorf("state\n got %+v\nwant %+v", to, c.to)
			}
			if !reflect.DeepEqual(effects, c.effect) {
				t.Errorf("effects %#v, want %#v", effects, c.effect)
			}
		})
	}
}

// TestRandomWalk holds what must be true after any sequence of events: every StartTake is answered by exactly one end,
// and a box that was asked to leave gets there with nothing open.
func TestRandomWalk(t *testing.T) {
	for seed := range uint64(2000) {
		walk(t, rand.New(rand.NewPCG(seed, 7)))
	}
}

func walk(t *testing.T, r *rand.Rand) {
	s, disk := New(Artist), &recorder{}
	for range 60 {
		s = disk.step(t, s, disk.pick(r))
	}
	s = disk.step(t, s, Leave{})
	for disk.open {
		s = disk.step(t, s, TakeStopped{})
	}
	if !s.Done() {
		t.Fatalf("asked to leave, nothing is open, yet not done: %+v", s)
	}
}

// recorder stands for the studio recorder: it reports only what a real one can, given what it was told.
type recorder struct{ open, folder bool }

func (d *recorder) pick(r *rand.Rand) Event {
	events := []Event{Press{Button: Record}, Press{Button: Segment}, Press{Button: Mic}, Press{Button: Status}, Joined{}, Left{}, Retry{},
		StorageIs{StorageOK}, StorageIs{StorageLow}, StorageIs{StorageFull}}
	if d.folder {
		events = append(events, FolderGone{})
	}
	if d.open {
		events = append(events, TakeStarted{}, TakeStopped{}, TakeFailed{})
	}
	return events[r.IntN(len(events))]
}

func (d *recorder) step(t *testing.T, s State, e Event) State {
	t.Helper()
	switch e.(type) {
	case TakeStopped:
		if s.Take != Stopping {
			return s // a recorder stops only when told to
		}
		d.open = false
	case TakeFailed:
		d.open = false
	case FolderGone:
		d.folder = false
	}
	next, effects := Next(s, e)
	for _, f := range effects {
		switch f.(type) {
		case StartTake:
			if d.open {
				t.Fatalf("%#v in %+v starts a take over an open one", e, s)
			}
			d.open = true
		case StopTake:
			if !d.open {
				t.Fatalf("%#v in %+v stops a take that is not open", e, s)
			}
		case OpenSession:
			if d.folder {
				t.Fatalf("%#v in %+v opens a second session", e, s)
			}
			d.folder = true
		case CloseSession:
			if !d.folder || d.open {
				t.Fatalf("%#v in %+v closes a session that is not open, or before its take", e, s)
			}
			d.folder = false
		}
	}
	if next.Open != d.folder {
		t.Fatalf("%#v: state %+v, folder open %v", e, next, d.folder)
	}
	if running := slices.Contains([]Take{Starting, Recording, Stopping}, next.Take); running != d.open {
		t.Fatalf("%#v: state %+v, take open %v", e, next, d.open)
	}
	return next
}
