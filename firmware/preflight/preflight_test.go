package preflight

import (
	"errors"
	"strings"
	"testing"
	"time"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/sip/phone"
)

// ready is a box at which nothing is to be said against a session.
var ready = Measured{
	Role: session.Artist, Mic: Device{Name: "interface"}, PeakDB: -12, Speakers: Device{Name: "interface"}, ToneDB: -20,
	Call: phone.InConference, Codec: "opus", RoundTrip: 30 * time.Millisecond,
	Echo:    Echo{Number: "*43", Heard: true, RoundTrip: 60 * time.Millisecond, Received: 100, Codec: "opus"},
	Storage: session.StorageOK, Minutes: 500, Hub: hub.StateConnected, Synced: true, ErrorMS: 0.4, WallTime: true,
}

func with(change func(*Measured)) Measured {
	m := ready
	change(&m)
	return m
}

func find(t *testing.T, r Report, name string) Check {
	t.Helper()
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no check %s in %+v", name, r)
	return Check{}
}

func TestAllIsWell(t *testing.T) {
	r := Judge(ready, time.Now())
	if !r.Good || len(r.Worst()) != 0 {
		t.Errorf("worst %+v", r.Worst())
	}
	for _, c := range r.Checks {
		if c.Result != Good || c.Text == "" || c.Hint != "" {
			t.Errorf("%+v", c)
		}
	}
	var text strings.Builder
	if err := r.Print(&text); err != nil || !strings.HasSuffix(text.String(), "\nready for a session\n") {
		t.Errorf("%v, %s", err, &text)
	}
}

// TestWhatMayBeWrong has a line for each finding.
func TestWhatMayBeWrong(t *testing.T) {
	for _, c := range []struct {
		check   string
		change  func(*Measured)
		result  Result
		finding Finding
		says    string
	}{
		{"microphone", func(m *Measured) { m.Mic.Away = "lost" }, Bad, NoDevice, "interface: lost"},
		{"microphone", func(m *Measured) { m.PeakDB = -96 }, Bad, Silent, "-96"},
		{"microphone", func(m *Measured) { m.PeakDB = -50 }, Warning, TooQuiet, "-50"},
		{"microphone", func(m *Measured) { m.Clipped, m.PeakDB = true, 0 }, Bad, TooLoud, "0 dBFS"},
		{"microphone", func(m *Measured) { m.Mic.Muted = true }, Warning, Muted, "interface"},
		{"microphone", func(m *Measured) { m.Role, m.PeakDB = session.Producer, -120 }, Warning, Silent, "-120"},
		{"speakers", func(m *Measured) { m.Speakers.Away = "missing" }, Bad, NoDevice, "missing"},
		{"speakers", func(m *Measured) { m.Speakers.Muted = true }, Warning, Muted, "muted"},
		{"speakers", func(m *Measured) { m.ToneDB = -120 }, Bad, Silent, "-120"},
		{"speakers", func(m *Measured) { m.NoTone = "a take runs" }, Skipped, "", "a take runs"},
		{"call", func(m *Measured) { m.Call = phone.NotConfigured }, Warning, NotSetUp, "no SIP account"},
		{"call", func(m *Measured) { m.Call, m.CallWhy = phone.Refused, "wrong password" }, Bad, NoCall, "wrong password"},
		{"call", func(m *Measured) { m.Call, m.CallWhy = phone.Retrying, "no route" }, Bad, NoCall, "no route"},
		{"call", func(m *Measured) { m.Loss = 5 }, Warning, "", "5.0 % lost"},
		{"call", func(m *Measured) { m.RoundTrip = time.Second }, Warning, "", "1000 ms"},
		{"echo", func(m *Measured) { m.NoEcho = "no echo_no is set" }, Skipped, "", "no echo_no"},
		{"echo", func(m *Measured) { m.EchoErr = errors.New("no such number") }, Bad, NoEcho, "no such number"},
		{"echo", func(m *Measured) { m.Echo.Heard, m.Echo.Received = false, 0 }, Bad, NoEcho, "no sound comes"},
		{"echo", func(m *Measured) { m.Echo.Heard = false }, Bad, NoEcho, "does not come back"},
		{"storage", func(m *Measured) { m.Storage = session.StorageFull }, Bad, Full, "room"},
		{"storage", func(m *Measured) { m.Storage = session.StorageLow }, Warning, Low, "room"},
		{"storage", func(m *Measured) { m.Minutes = 30 }, Warning, Low, "30 minutes"},
		{"clock", func(m *Measured) { m.Synced = false }, Warning, NotSynced, "not known"},
		{"clock", func(m *Measured) { m.ErrorMS = 20 }, Warning, NotSynced, "20.00 ms"},
		{"clock", func(m *Measured) { m.WallTime = false }, Warning, NotSynced, "date"},
		{"clock", func(m *Measured) { m.Alone = true }, Good, "", "own"},
		{"hub", func(m *Measured) { m.Alone = true }, Skipped, "", "alone"},
		{"hub", func(m *Measured) { m.Hub, m.HubWhy = hub.StateUnreachable, "cannot be reached" }, Bad, NoHub, "cannot be reached"},
		{"hub", func(m *Measured) { m.HubWhy = "it does not take what this box says" }, Warning, NoHub, "does not take"},
		{"box", func(m *Measured) { m.LowPower = true }, Bad, LowPower, "power"},
		{"box", func(m *Measured) { m.Hot = 83 }, Warning, TooHot, "83"},
		{"box", func(m *Measured) { m.Panel = "button record: lost" }, Warning, Broken, "button record"},
	} {
		r := Judge(with(c.change), time.Now())
		got := find(t, r, c.check)
		if got.Result != c.result || got.Finding != c.finding || !strings.Contains(got.Text, c.says) {
			t.Errorf("want %s %s with %q, got %+v", c.result, c.finding, c.says, got)
		}
		if hinted := got.Hint != ""; hinted != (c.result == Bad || c.result == Warning) {
			t.Errorf("%+v: a hint is for what a person should do", got)
		}
		if r.Good == (c.result == Bad) {
			t.Errorf("%+v makes the whole %v", got, r.Good)
		}
	}
}

func TestBadIsToldFirst(t *testing.T) {
	r := Judge(with(func(m *Measured) { m.Mic.Muted, m.Hub = true, hub.StateRefused }), time.Now())
	worst := r.Worst()
	if r.Good || len(worst) != 2 || worst[0].Name != "hub" || worst[1].Name != "microphone" {
		t.Errorf("worst %+v", worst)
	}
	var text strings.Builder
	if err := r.Print(&text); err != nil || !strings.Contains(text.String(), "NOT ready") {
		t.Errorf("%v, %s", err, &text)
	}
}
