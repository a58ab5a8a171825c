package cue

// Word is something that can be said. There are those named here and those that Number and Count make, and no others: what
// has no clip cannot be written. The zero Word is a silence of no length.
type Word struct {
	clips [5]clip // "" where there are fewer
}

func word(name clip) Word { return Word{[5]clip{name}} }

// The state of the box.
var (
	Ready        = word("ready")
	Starting     = word("starting")
	ShuttingDown = word("shutting-down")
	SafeToUnplug = word("safe")
	NotYet       = word("not-yet")    // NotYet, Count(2, Takes), ToDeliver
	ToDeliver    = word("to-deliver") // as above
	Delivering   = word("delivering")
	Fault        = word("fault") // Fault, NoMicrophone
	Not          = word("not")   // Not, Recording; Not, InTheConference
	Comma        = word(comma)   // a pause within a sentence
)

// Recordings and the room for them.
var (
	Recording    = word("recording")    // Recording, Comma, Take, Number(3); Recording, Started
	Started      = word("started")      //
	Stopped      = word("stopped")      //
	PeerStopped  = word("peer-stopped") // a musician stopped recording
	Take         = word("take")         // Take, Number(3)
	Chunk        = word("chunk")        // Chunk, Number(12)
	Storage      = word("storage")      // Storage, Count(40, Minutes), Left; Storage, Low
	Low          = word("low")
	Full         = word("full")
	Left         = word("left")
	NothingSaved = word("no-disk") // recordings do not reach the disk
)

// The conference.
var (
	InTheConference = word("in-conference")
	Calling         = word("calling")
	Refused         = word("refused") // call refused
	NoConference    = word("no-settings")
	Here            = word("here") // Count(3, Musicians), Here
)

// Microphone and speakers.
var (
	Microphone   = word("microphone") // Microphone, Muted; Microphone, TooQuiet
	Speakers     = word("speakers")   // Speakers, Live
	Muted        = word("muted")
	Live         = word("live")
	Silent       = word("silent")
	TooQuiet     = word("quiet")
	TooLoud      = word("loud")
	MutedTalking = word("muted-talking") // microphone muted while you talk
)

// The pre-flight, and what may be wrong.
var (
	Preflight    = word("preflight") // Preflight, Good; Preflight, Not, Good
	Good         = word("good")
	NoMicrophone = word("no-microphone")
	NoSpeakers   = word("no-speakers")
	NoHub        = word("no-hub")
	NoNetwork    = word("no-network")
	NoClock      = word("no-clock")
	NoEcho       = word("no-echo")
	TooHot       = word("too-hot")
	LowPower     = word("low-power") // power supply too weak
)

// Unit is what can be counted.
type Unit struct {
	one, many clip
}

// What can be counted.
var (
	Hours     = Unit{"hour", "hours"}
	Minutes   = Unit{"minute", "minutes"}
	Takes     = Unit{"take", "takes"}
	Musicians = Unit{"musician", "musicians"}
)

// String is the text that is spoken.
func (w Word) String() string {
	var texts []string
	for _, c := range w.spoken() {
		texts = append(texts, c.text())
	}
	return sentence(texts)
}

func (w *Word) spoken() []clip {
	for i, c := range w.clips {
		if c == "" {
			return w.clips[:i]
		}
	}
	return w.clips[:]
}
