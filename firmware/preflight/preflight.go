// Package preflight owns what is looked at before a session, and what is made of it: a pure function from what was measured
// to a list of checks and one verdict. The director measures; a person reads the list, or hears the verdict in the headphones.
package preflight

import (
	"fmt"
	"io"
	"strings"
	"time"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/sip/phone"
)

// Result is what a check came to.
type Result string

// Good: ready. Warning: works, but look at it. Bad: a session should not begin so. Skipped: not tried, and Text says why.
const (
	Good    Result = "good"
	Warning Result = "warning"
	Bad     Result = "bad"
	Skipped Result = "skipped"
)

// Finding is what exactly was found, for a program and for the voice.
type Finding string

// The findings. The empty one is that all is well, or that Text alone tells.
const (
	NoDevice  Finding = "no-device"
	Silent    Finding = "silent"
	TooQuiet  Finding = "too-quiet"
	TooLoud   Finding = "too-loud"
	Muted     Finding = "muted"
	NoCall    Finding = "no-call"
	NoEcho    Finding = "no-echo"
	NotSetUp  Finding = "not-set-up"
	Low       Finding = "low"
	Full      Finding = "full"
	NotSynced Finding = "not-synced"
	NoHub     Finding = "no-hub"
	LowPower  Finding = "low-power"
	TooHot    Finding = "too-hot"
	Broken    Finding = "broken"
)

// Check is one thing that was looked at.
type Check struct {
	Name    string  `json:"name"`
	Result  Result  `json:"result"`
	Finding Finding `json:"finding,omitempty"`
	Text    string  `json:"text"`           // what was found
	Hint    string  `json:"hint,omitempty"` // what to do about it
}

// Report is a pre-flight.
type Report struct {
	At     time.Time `json:"at"`
	Good   bool      `json:"good"` // nothing is Bad
	Checks []Check   `json:"checks"`
}

// Echo is what came of a call to a number that echoes.
type Echo struct {
	Number    string
	Heard     bool
	RoundTrip time.Duration
	LevelDB   float64 // of what came back, relative to what was sent
	Received  int64   // packets; 0: no sound came at all
	Loss      float64 // percent
	Codec     string
}

// Device is a microphone or speakers.
type Device struct {
	Name, Away string // Away is why it cannot be used; empty if it can
	Muted      bool
}

// Measured is what a pre-flight has looked at.
type Measured struct {
	Role     session.Role
	Mic      Device
	PeakDB   float64 // the loudest in the time of listening, dBFS
	Clipped  bool
	Speakers Device
	ToneDB   float64 // of the test tone as it was played, dBFS
	NoTone   string  // why none was played; empty if one was

	Call      phone.State
	CallWhy   string
	Codec     string
	Loss      float64 // percent
	RoundTrip time.Duration

	Echo     Echo
	EchoErr  error
	NoEcho   string // why nobody was called; empty if somebody was
	Storage  session.Storage
	Minutes  float64 // of a take
	Hub      hub.State
	HubWhy   string
	Alone    bool // no hub is set up
	Synced   bool // the session clock is the hub's
	ErrorMS  float64
	WallTime bool // the computer's clock is set, or nobody can tell
	LowPower bool
	Hot      float64 // degrees Celsius; 0: not too hot
	Panel    string  // what of it does not work; empty if nothing
}

// Judge makes a report of what was measured.
func Judge(m Measured, at time.Time) Report {
	r := Report{At: at, Good: true, Checks: []Check{
		m.mic(), m.speakers(), m.call(), m.echo(), m.storage(), m.clock(), m.hub(), m.computer(),
	}}
	for _, c := range r.Checks {
		r.Good = r.Good && c.Result != Bad
	}
	return r
}

// Worst are the findings that a person should hear of, the bad ones first.
func (r Report) Worst() []Check {
	var worst []Check
	for _, result := range []Result{Bad, Warning} {
		for _, c := range r.Checks {
			if c.Result == result {
				worst = append(worst, c)
			}
		}
	}
	return worst
}

// Print writes the report for a person.
func (r Report) Print(w io.Writer) error {
	var text strings.Builder
	for _, c := range r.Checks {
		fmt.Fprintf(&text, "%-10s %-8s %s\n", c.Name, c.Result, c.Text)
		if c.Hint != "" {
			fmt.Fprintf(&text, "%19s %s\n", "", c.Hint)
		}
	}
	verdict := "ready for a session"
	if !r.Good {
		verdict = "NOT ready for a session"
	}
	fmt.Fprintln(&text, verdict)
	_, err := io.WriteString(w, text.String())
	return err
}
