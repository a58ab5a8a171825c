package lamps

import (
	"testing"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/hw/led"
	"orionbox/sip/phone"
)

// well is a box that is ready, with nothing to tell.
var well = Measured{Life: Working, Take: session.Idle, Storage: session.StorageOK, Call: phone.InConference}

func with(change func(*Measured)) Measured {
	m := well
	change(&m)
	return m
}

// TestTable is the table of the package comment, a line a cell, and what wins where two cells hold.
func TestTable(t *testing.T) {
	take := func(take session.Take, growing bool) func(*Measured) {
		return func(m *Measured) { m.Take, m.Growing = take, growing }
	}
	call := func(state phone.State) Measured { return with(func(m *Measured) { m.Call = state }) }
	for _, c := range []struct {
		led  string
		what string
		m    Measured
		want led.Pattern
	}{
		{Record, "not recording", well, led.Off},
		{Record, "recording", with(take(session.Recording, true)), led.On},
		{Record, "the last bytes of a take", with(take(session.Stopping, true)), led.On},
		{Record, "asked, no byte yet", with(take(session.Starting, false)), led.Fast},
		{Record, "recording, nothing grows", with(take(session.Recording, false)), led.Fast},
		{Record, "failing", with(take(session.Failing, false)), led.Fast},
		{Record, "storage low", with(func(m *Measured) { m.Storage = session.StorageLow }), led.Slow},
		{Record, "storage full", with(func(m *Measured) { m.Storage = session.StorageFull }), led.Slow},
		{Record, "recording, storage low", with(func(m *Measured) { take(session.Recording, true)(m); m.Storage = session.StorageLow }), led.Slow},
		{Record, "nothing grows, storage low", with(func(m *Measured) { take(session.Recording, false)(m); m.Storage = session.StorageLow }), led.Fast},
		{Mic, "live", well, led.Off},
		{Mic, "muted", with(func(m *Measured) { m.MicMuted = true }), led.On},
		{Mic, "no input device", with(func(m *Measured) { m.MicAway = true }), led.Fast},
		{Mic, "muted, no input device", with(func(m *Measured) { m.MicMuted, m.MicAway = true, true }), led.Fast},
		{Speakers, "live", well, led.Off},
		{Speakers, "muted", with(func(m *Measured) { m.SpeakersMuted = true }), led.On},
		{Speakers, "no output device", with(func(m *Measured) { m.SpeakersAway = true }), led.Fast},
		{Call, "not configured", call(phone.NotConfigured), led.Off},
		{Call, "no phone", call(""), led.Off},
		{Call, "in conference", well, led.On},
		{Call, "registering", call(phone.Registering), led.Slow},
		{Call, "dialling", call(phone.Dialling), led.Slow},
		{Call, "retrying", call(phone.Retrying), led.Slow},
		{Call, "refused", call(phone.Refused), led.Fast},
		{Call, "the PIN is not sent", with(func(m *Measured) { m.CallStuck = true }), led.Fast},
		{Call, "nothing is heard", with(func(m *Measured) { m.CallUnheard = true }), led.Slow},
		{Status, "ready", well, led.On},
		{Status, "starting", with(func(m *Measured) { m.Life = Starting }), led.Slow},
		{Status, "delivering", with(func(m *Measured) { m.Delivering = true }), led.Slow},
		{Status, "finishing", with(func(m *Measured) { m.Life = Finishing }), led.Slow},
		{Status, "finishing, with a fault", with(func(m *Measured) { m.Life, m.Fault = Finishing, true }), led.Slow},
		{Status, "a fault", with(func(m *Measured) { m.Fault = true }), led.Fast},
		{Status, "a fault while it delivers", with(func(m *Measured) { m.Fault, m.Delivering = true, true }), led.Fast},
		{Status, "all delivered", with(func(m *Measured) { m.Safe = true }), led.Double},
		{Status, "more is to be delivered", with(func(m *Measured) { m.Safe, m.Delivering = true, true }), led.Slow},
		{Status, "may be switched off", with(func(m *Measured) { m.Life, m.Fault = Halted, true }), led.Halted},
		{Record, "may be switched off", with(func(m *Measured) { m.Life = Halted; m.Storage = session.StorageLow }), led.Off},
	} {
		if got := Patterns(c.m)[c.led]; got != c.want {
			t.Errorf("%s, %s: %s, want %s", c.led, c.what, got, c.want)
		}
	}
}

func TestPeers(t *testing.T) {
	there := func(p hub.Presence) hub.Peer { return hub.Peer{ID: "bob", State: hub.Present, Presence: p} }
	for _, c := range []struct {
		what string
		peer hub.Peer
		want led.Pattern
	}{
		{"an empty seat", hub.Peer{}, led.Off},
		{"absent", hub.Peer{ID: "bob", State: hub.Absent, Presence: hub.Presence{Recording: true}}, led.Off},
		{"present", there(hub.Presence{}), led.On},
		{"muted", there(hub.Presence{MicMuted: true}), led.Wink},
		{"recording", there(hub.Presence{Recording: true}), led.Fast},
		{"recording, muted", there(hub.Presence{Recording: true, MicMuted: true}), led.Fast},
		{"no word from one that recorded", hub.Peer{ID: "bob", State: hub.Unknown, Presence: hub.Presence{Recording: true}}, led.Slow},
		{"no state", hub.Peer{ID: "bob"}, led.Slow},
	} {
		shown := Patterns(with(func(m *Measured) { m.Peers = []hub.Peer{{}, c.peer} }))
		if shown["peer2"] != c.want || shown["peer1"] != led.Off {
			t.Errorf("%s: %v, want %s", c.what, shown, c.want)
		}
	}
}

// TestEveryLEDIsNamed holds that a panel with all Names shows all patterns.
func TestEveryLEDIsNamed(t *testing.T) {
	names := Names(3)
	shown := Patterns(with(func(m *Measured) { m.Peers = make([]hub.Peer, 3) }))
	if len(names) != len(shown) {
		t.Errorf("%d LEDs are named, %d shown: %v, %v", len(names), len(shown), names, shown)
	}
	for _, name := range names {
		if _, ok := shown[name]; !ok {
			t.Errorf("%s shows nothing", name)
		}
	}
}
