package session

import "time"

// Button is one of the box's five buttons, by the name that stands in conn.conf.
type Button string

// The buttons of a box.
const (
	Record   Button = "record"
	Segment  Button = "segment"
	Mic      Button = "mic"
	Speakers Button = "speakers"
	Status   Button = "status"
)

// Buttons are all there are, in the order of the panel.
var Buttons = []Button{Record, Segment, Mic, Speakers, Status}

// Event is something that happened: a press, or what a part of the box reports.
type Event interface{ event() }

type (
	// Press is one press of a button, wherever it came from: the panel, the page or the command line.
	Press struct {
		Button Button
		At     time.Time // when a finger did; zero for a command, which is meant as it is
	}
	// Joined reports that the call is up.
	Joined struct{}
	// Left reports that the call is gone, whoever ended it.
	Left struct{}
	// TakeStarted reports that the take's file is open and growing.
	TakeStarted struct{}
	// TakeStopped reports that the take is closed and on disk.
	TakeStopped struct{}
	// TakeFailed reports that the take could not be opened, or could not go on.
	TakeFailed struct{}
	// Retry comes every few seconds: what failed may be tried again.
	Retry struct{}
	// FolderFailed reports that the session's folder could not be made.
	FolderFailed struct{}
	// FolderGone reports that the session's folder, or the disk under it, is no longer there.
	FolderGone struct{}
	// StorageIs reports what the disk guard found.
	StorageIs struct{ Level Storage }
	// Leave asks the box to finish: close what is open and go.
	Leave struct{}
)

func (Press) event()        {}
func (Joined) event()       {}
func (Left) event()         {}
func (TakeStarted) event()  {}
func (TakeStopped) event()  {}
func (TakeFailed) event()   {}
func (Retry) event()        {}
func (FolderFailed) event() {}
func (FolderGone) event()   {}
func (StorageIs) event()    {}
func (Leave) event()        {}

// Why a take was stopped; written to the journal.
type Why string

// The reasons for which a take ends.
const (
	Pressed  Why = "pressed"
	NoSpace  Why = "storage below the reserve"
	NoFolder Why = "the session's folder is gone"
	Leaving  Why = "the box leaves"
)

// Effect is something that the director has to do.
type Effect interface{ effect() }

type (
	// OpenSession makes the session's folder and starts the voice recording.
	OpenSession struct{}
	// CloseSession ends the voice recording and the journal.
	CloseSession struct{}
	// StartTake starts studio take Number, pre-roll included.
	StartTake struct{ Number int }
	// StopTake closes the running take once all captured before now is on disk.
	StopTake struct{ Why Why }
	// MuteMic silences the box in the call; the studio recording goes on hearing it.
	MuteMic struct{ On bool }
	// MuteSpeakers silences the box's own output.
	MuteSpeakers struct{ On bool }
	// Mark sets a marker where it was pressed; zero = at this instant.
	Mark struct{ At time.Time }
	// Report tells the state of the box to the person who asked.
	Report struct{}
	// HangUp leaves the conference for good.
	HangUp struct{}
	// Refuse tells the person who pressed why nothing happens.
	Refuse struct{ Why string }
)

func (OpenSession) effect()  {}
func (CloseSession) effect() {}
func (StartTake) effect()    {}
func (StopTake) effect()     {}
func (MuteMic) effect()      {}
func (MuteSpeakers) effect() {}
func (Mark) effect()         {}
func (Report) effect()       {}
func (HangUp) effect()       {}
func (Refuse) effect()       {}
