// Package session is what a box does, as a pure function: Next(State, Event) -> (State, []Effect).
//
// It owns no goroutine, clock, file or socket; the director feeds it what happened and carries out what it returns.
// So every rule of the box stands in one table that a test can walk through:
//
//	session   begins with the first join or the first take, whichever comes first, and ends when the box leaves
//	take      idle -> starting -> recording -> stopping -> idle, whatever the network does;
//	          failing while it was asked for and nothing reaches the disk: tried again until it does
//	mutes     mic: the call only; speakers: the box's own output only
package session

import "time"

// Role is what a box may do in the studio.
type Role string

// The roles: ARTIST records and delivers, PRODUCER marks and receives, LISTENER hears.
const (
	Artist   Role = "ARTIST"
	Producer Role = "PRODUCER"
	Listener Role = "LISTENER"
)

// Take is where the studio recording stands.
type Take string

// A take is Recording only once its file has been opened and written to, not when it was asked for; it is Failing while
// it was asked for and the disk does not take it.
const (
	Idle      Take = "idle"
	Starting  Take = "starting"
	Recording Take = "recording"
	Stopping  Take = "stopping"
	Failing   Take = "failing"
)

// Storage is what the disk guard found.
type Storage string

// Low warns; Full is below the reserve: no take starts, and one that runs is closed.
const (
	StorageOK   Storage = "ok"
	StorageLow  Storage = "low"
	StorageFull Storage = "full"
)

// State is all that decides what a box does next.
type State struct {
	Role          Role
	Open          bool // a session folder is open and the voice recording runs
	InConference  bool
	Take          Take
	Number        int       // of the take that runs or was the last; 0 before the first
	Began         time.Time // when a finger began it; zero if none did
	Again         bool      // record was pressed while the last take still closes
	MicMuted      bool
	SpeakersMuted bool
	Storage       Storage
	Leaving       bool
}

// New is the state of a box that was just switched on.
func New(role Role) State {
	return State{Role: role, Take: Idle, Storage: StorageOK}
}

// Done tells whether a box that was asked to leave has nothing left to close.
func (s State) Done() bool { return s.Leaving && !s.Open && s.Take == Idle }

// Recording tells whether sound of a take is reaching, or on its way to, the disk.
func (s State) Recording() bool { return s.Take == Recording || s.Take == Stopping }

// Next is the state after e, and what has to be done to make it true. An event that is illegal in s leaves the state
// as it is and returns a Refuse effect when a person caused it.
func Next(s State, e Event) (State, []Effect) {
	switch e := e.(type) {
	case Press:
		return press(s, e)
	case Joined:
		return joined(s)
	case Left:
		s.InConference = false
		return s, nil
	case TakeStarted:
		return takeStarted(s)
	case TakeStopped:
		return takeEnded(s)
	case TakeFailed:
		return takeFailed(s)
	case Retry:
		return retry(s)
	case FolderFailed:
		s.Open = false
		return s, nil
	case FolderGone:
		return folderGone(s)
	case StorageIs:
		return storage(s, e.Level)
	case Leave:
		return leave(s)
	}
	return s, nil
}

func press(s State, p Press) (State, []Effect) {
	if s.Leaving {
		return refuse(s, "the box is shutting down")
	}
	switch p.Button {
	case Record:
		return pressRecord(s, p.At)
	case Segment:
		return pressSegment(s, p.At)
	case Mic:
		s.MicMuted = !s.MicMuted
		return s, []Effect{MuteMic{On: s.MicMuted}}
	case Speakers:
		s.SpeakersMuted = !s.SpeakersMuted
		return s, []Effect{MuteSpeakers{On: s.SpeakersMuted}}
	case Status:
		return s, []Effect{Report{}}
	}
	return refuse(s, "there is no such button")
}

// Guard is how long a take cannot be ended by the finger that began it: whoever presses twice means once. The other way
// there is none: a take that was ended by mistake is followed by another at once, and its pre-roll has what was missed.
const Guard = time.Second

func pressRecord(s State, at time.Time) (State, []Effect) {
	if s.wanted() && !at.IsZero() && !s.Began.IsZero() && at.Sub(s.Began) < Guard {
		return refuse(s, "the take has only just begun: press record again to end it")
	}
	switch s.Take {
	case Starting, Recording:
		s.Take = Stopping
		return s, []Effect{StopTake{Why: Pressed}}
	case Stopping:
		s.Again, s.Began = !s.Again, at
		return s, nil
	case Failing:
		s.Take = Idle
		return s, nil
	}
	switch {
	case s.Role != Artist:
		return refuse(s, "only an ARTIST's box records takes; this one is a "+string(s.Role)+"'s (ChatSettings, role)")
	case s.Storage == StorageFull:
		return refuse(s, "storage is full: deliver or delete recordings, or use a larger disk")
	}
	s.Began = at
	return startTake(s, nil)
}

// wanted tells whether a take is asked for: it runs, fails, or follows on the one that ends.
func (s State) wanted() bool {
	return s.Take == Starting || s.Take == Recording || s.Take == Failing || s.Take == Stopping && s.Again
}

func pressSegment(s State, at time.Time) (State, []Effect) {
	if why := s.MayMark(); why != "" {
		return refuse(s, why)
	}
	return s, []Effect{Mark{at}}
}

// MayMark tells why this box sets no marker now; empty if it does.
func (s State) MayMark() string {
	switch {
	case s.Leaving:
		return "the box is shutting down"
	case s.Role == Listener:
		return "a LISTENER may not set markers"
	case !s.Open:
		return "no session yet: join the conference or press record first"
	}
	return ""
}

// MayPlay tells why this box plays no recording now, to all or to itself alone; empty if it does.
func (s State) MayPlay(toAll bool) string {
	switch {
	case s.Leaving:
		return "the box is shutting down"
	case !toAll:
		return ""
	case s.Role != Producer:
		return "only a PRODUCER plays to all, and the role of this box is " + string(s.Role) + ": play it to yourself (--to me)"
	case !s.Open || !s.InConference:
		return "this box is not in the conference, so nobody would hear it: play it to yourself (--to me)"
	}
	return ""
}

func joined(s State) (State, []Effect) {
	s.InConference = true
	return openSession(s, nil)
}

func takeStarted(s State) (State, []Effect) {
	if s.Take == Starting {
		s.Take = Recording
	}
	return s, nil
}

// takeEnded closes the books on a take, and starts the next one if it was already asked for.
func takeEnded(s State) (State, []Effect) {
	again := s.Again && !s.Leaving && s.Storage != StorageFull
	s.Take, s.Again = Idle, false
	switch {
	case again:
		return startTake(s, nil)
	case s.Leaving:
		return closeSession(s, nil)
	}
	return s, nil
}

// folderGone ends a take that goes on in a folder nobody will find again, and begins the next in a new one.
func folderGone(s State) (State, []Effect) {
	s.Open = false
	if s.Take != Recording {
		return s, nil
	}
	s.Take, s.Again = Stopping, true
	return s, []Effect{StopTake{Why: NoFolder}}
}

// takeFailed keeps the wish of a musician who did not press stop: the rest of what they play may still be saved.
func takeFailed(s State) (State, []Effect) {
	if s.Take == Stopping || s.Leaving {
		return takeEnded(s)
	}
	if s.Take == Starting {
		s.Number-- // nothing came of it
	}
	s.Take = Failing
	return s, nil
}

// retry mends what the disk refused: the take that a musician still wants, or the folder of a conference that goes on.
func retry(s State) (State, []Effect) {
	switch {
	case s.Leaving || s.Storage == StorageFull:
		return s, nil
	case s.Take == Failing:
		return startTake(s, nil)
	case s.InConference && s.Take == Idle:
		return openSession(s, nil)
	}
	return s, nil
}

func storage(s State, level Storage) (State, []Effect) {
	s.Storage = level
	if level == StorageFull && (s.Take == Starting || s.Take == Recording) {
		s.Take = Stopping
		return s, []Effect{StopTake{Why: NoSpace}}
	}
	return s, nil
}

func leave(s State) (State, []Effect) {
	if s.Leaving {
		return s, nil
	}
	s.Leaving, s.Again = true, false
	effects := []Effect{HangUp{}}
	switch s.Take {
	case Starting, Recording:
		s.Take = Stopping
		return s, append(effects, StopTake{Why: Leaving})
	case Stopping:
		return s, effects // the session closes when the take has
	}
	s.Take = Idle
	return closeSession(s, effects)
}

func startTake(s State, before []Effect) (State, []Effect) {
	s, effects := openSession(s, before)
	s.Take = Starting
	s.Number++
	return s, append(effects, StartTake{Number: s.Number})
}

func openSession(s State, before []Effect) (State, []Effect) {
	if s.Open || s.Leaving {
		return s, before
	}
	s.Open = true
	if s.Take == Idle || s.Take == Failing { // a take that is under way keeps its number
		s.Number = 0
	}
	return s, append(before, OpenSession{})
}

func closeSession(s State, before []Effect) (State, []Effect) {
	if !s.Open {
		return s, before
	}
	s.Open = false
	return s, append(before, CloseSession{})
}

func refuse(s State, why string) (State, []Effect) {
	return s, []Effect{Refuse{Why: why}}
}
