// Package health owns what is wrong with a box, as data: LEDs, web page, command and log read the same list.
//
// Every fault that can show is declared once, below, with the words a person reads and how long it must last before it
// is shown, so that a hiccup which mends itself does not send a musician looking for a cable.
package health

import (
	"slices"
	"strings"
	"time"
)

// Severity orders faults: what to look at first.
type Severity string

// Warning: something is missing, the session goes on. Error: sound is being lost, or a person is needed.
const (
	Warning Severity = "warning"
	Error   Severity = "error"
)

// Kind declares a fault.
type Kind struct {
	ID       string        // stable, for scripts
	Severity Severity      // how bad it is while it lasts
	Text     string        // what is wrong
	Hint     string        // what to do about it
	After    time.Duration // shown only once it has lasted this long
	Aside    bool          // the box is ready all the same, and another LED tells of it or no musician need know: status leaves it out
	hides    []string      // faults that follow from this one and need no mention
}

// The faults of a box.
var (
	Unconfigured = Kind{ID: "not-configured", Severity: Warning, Text: "no SIP account is set up",
		Hint: "set user, password, server and call_no under ConnectionDetails; recording works without", Aside: true}
	CallRefused = Kind{ID: "call-refused", Severity: Error, Text: "the SIP server refuses the call",
		Hint: "check user, password and call_no with whoever runs the server", hides: []string{"call-down"}}
	CallDown = Kind{ID: "call-down", Severity: Warning, Text: "not in the conference",
		Hint: "the box keeps trying; recording goes on", Aside: true}
	PINUnsent = Kind{ID: "pin-unsent", Severity: Error, Text: "the digits of call_no could not be sent",
		Hint: "the conference may be waiting for its PIN: allow RFC 4733 digits for this extension at the server"}
	HubRefused = Kind{ID: "hub-refused", Severity: Error, Text: "the hub refuses this box",
		Hint: "ask the producer for a new invite; recording and the call go on", hides: []string{"hub-down"}}
	HubDown = Kind{ID: "hub-down", Severity: Warning, Text: "the hub does not answer: peers are not seen",
		Hint: "the box keeps trying; markers and chat wait and are sent when it is back", After: time.Second}
	HubStuck = Kind{ID: "hub-stuck", Severity: Warning, Text: "the hub is there, but does not take what this box says",
		Hint: "look at the hub: `orionbox hub status` there; nothing is lost, the box says it again"}
	HubMissing = Kind{ID: "hub-missing", Severity: Warning, Text: "there is no hub: this box is alone",
		Hint: "mend what the detail says and start the box again; recording and the call go on"}
	HubWordRefused = Kind{ID: "hub-word-refused", Severity: Warning, Text: "the hub refused what this box said",
		Hint: "read why; nothing of a recording is lost", Aside: true}
	Undelivered = Kind{ID: "undelivered", Severity: Warning, Text: "recordings are not getting to the hub",
		Hint: "mend what the detail says; they stay on this box and are sent by themselves", After: 20 * time.Second}
	Unreceived = Kind{ID: "unreceived", Severity: Warning, Text: "recordings of others do not arrive",
		Hint: "mend what the detail says; the hub and the artists' boxes keep them until then", After: 20 * time.Second}
	NoMicrophone = Kind{ID: "no-microphone", Severity: Error, Text: "no input device",
		Hint: "plug the interface in, or correct AudioSettings, mic (`orionbox devices` lists what there is)", After: time.Second}
	NoSpeakers = Kind{ID: "no-speakers", Severity: Warning, Text: "no output device",
		Hint: "plug the interface in, or correct AudioSettings, speakers (`orionbox devices` lists what there is)", After: time.Second, Aside: true}
	StorageLow = Kind{ID: "storage-low", Severity: Warning, Text: "storage is low",
		Hint: "deliver or delete recordings", Aside: true}
	StorageFull = Kind{ID: "storage-full", Severity: Error, Text: "storage is at the reserve: recordings are closed and none starts",
		Hint: "deliver or delete recordings, or use a larger disk", hides: []string{"storage-low", "take-failed", "voice-failed"}}
	StorageUnknown = Kind{ID: "storage-unknown", Severity: Error, Text: "the recordings' disk does not tell its free space",
		Hint: "look whether it is still there, and AudioSettings, recording_location", After: time.Second}
	TakeFailed = Kind{ID: "take-failed", Severity: Error, Text: "asked to record, but nothing reaches the disk",
		Hint: "look at the disk; the box tries again by itself, press record to give up"}
	TakeCut = Kind{ID: "take-cut", Severity: Error, Text: "the last take could not be closed whole",
		Hint: "what had reached the disk is kept: run `orionbox recover` on the recordings' folder, and look at the disk"}
	VoiceFailed = Kind{ID: "voice-failed", Severity: Error, Text: "the voice recording cannot be written",
		Hint: "look at the disk; the box tries again by itself"}
	SoundLost = Kind{ID: "sound-lost", Severity: Error, Text: "sound was lost: the box or its disk did not keep up",
		Hint: "use a faster card; the gap stands in the session's journal"}
	JournalFailed = Kind{ID: "journal-failed", Severity: Error, Text: "the session's journal cannot be written",
		Hint: "look at the disk; the recordings themselves go on"}
	PanelBroken = Kind{ID: "panel", Severity: Warning, Text: "a part of the panel does not work",
		Hint: "mend what the detail says; the other buttons and LEDs, and `orionbox press`, work all the same"}
	LowPower = Kind{ID: "low-power", Severity: Error, Text: "the power supply is too weak",
		Hint: "use the power supply made for this computer, and a short cable: cards break of this"}
	TooHot = Kind{ID: "too-hot", Severity: Warning, Text: "the computer is too hot, and slows down",
		Hint: "give it air and shade"}
	ClockUnset = Kind{ID: "clock-unset", Severity: Warning, Text: "the computer's clock has not been set: names of files may have a wrong date",
		Hint: "give it the network, or a clock with a battery; takes are in step all the same", After: time.Minute, Aside: true}
	PageDown = Kind{ID: "page-down", Severity: Warning, Text: "the web page cannot be opened",
		Hint: "correct Admin, listen, or what the detail says; all else works", Aside: true}
	Unrepaired = Kind{ID: "unrepaired", Severity: Error, Text: "a recording of an earlier session could not be repaired",
		Hint: "run `orionbox recover` on the recordings' folder and read what it says; nothing was deleted"}
)

// Fault is a Kind that holds now.
type Fault struct {
	ID       string    `json:"id"`
	Severity Severity  `json:"severity"`
	Text     string    `json:"text"`
	Detail   string    `json:"detail,omitempty"`
	Hint     string    `json:"hint"`
	Since    time.Time `json:"since"`
	Aside    bool      `json:"-"` // as in Kind
}

// String is the fault as one line.
func (f Fault) String() string {
	text := f.Text
	if f.Detail != "" {
		text += " (" + f.Detail + ")"
	}
	return string(f.Severity) + ": " + text + "; " + f.Hint
}

// Ledger holds the faults of one box. It belongs to the goroutine that made it.
type Ledger struct {
	held map[string]held
}

type held struct {
	Kind
	detail string
	since  time.Time
}

// New is a ledger with no fault.
func New() *Ledger { return &Ledger{held: map[string]held{}} }

// Is records whether a fault holds, with detail for the person who reads it; Since stays at its first report.
func (l *Ledger) Is(k Kind, holds bool, detail string, now time.Time) {
	if !holds {
		delete(l.held, k.ID)
		return
	}
	since := now
	if h, ok := l.held[k.ID]; ok {
		since = h.since
	}
	l.held[k.ID] = held{Kind: k, detail: detail, since: since}
}

// Faults are those to show at now: they lasted long enough and no worse one explains them; errors first, then by age.
func (l *Ledger) Faults(now time.Time) []Fault {
	faults := []Fault{}
	for id, h := range l.held {
		if now.Sub(h.since) >= h.After && !l.hidden(id) {
			faults = append(faults, Fault{ID: id, Severity: h.Severity, Text: h.Text, Detail: h.detail, Hint: h.Hint, Since: h.since, Aside: h.Aside})
		}
	}
	slices.SortFunc(faults, func(a, b Fault) int {
		if a.Severity != b.Severity {
			return strings.Compare(string(a.Severity), string(b.Severity)) // "error" < "warning"
		}
		if order := a.Since.Compare(b.Since); order != 0 {
			return order
		}
		return strings.Compare(a.ID, b.ID)
	})
	return faults
}

func (l *Ledger) hidden(id string) bool {
	for _, h := range l.held {
		if slices.Contains(h.hides, id) {
			return true
		}
	}
	return false
}
