// Package lamps owns what the LEDs of a panel mean, as a pure function from what was measured to patterns: nothing is lit
// because it was asked for. The director measures, hw/panel lights.
//
//	LED        off               steady            slow                fast                     other
//	record     not recording     the file grows    storage low         asked to, and it does    -
//	                                                                   not reach the disk
//	mic        live              muted             -                   no input device          -
//	speakers   live              muted             -                   no output device         -
//	call       not configured    in conference     under way           refused                  -
//	status     -                 ready             starting,           a fault, but for those   double: all delivered, safe to
//	                                               delivering,         that only another LED    unplug; halted: all is closed,
//	                                               finishing           has to tell              the power may go
//	peerN      absent            present           no word from it     recording                wink: present, and muted
package lamps

import (
	"fmt"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/hw/led"
	"orionbox/sip/phone"
)

// The LEDs of a box, as conn.conf names them after led_; those of the peers are PeerLED's.
const (
	Record   = "record"
	Mic      = "mic"
	Speakers = "speakers"
	Call     = "call"
	Status   = "status"
)

// PeerLED is the name of the LED of a seat, which count from 0.
func PeerLED(seat int) string { return fmt.Sprintf("peer%d", seat+1) }

// Names are all LEDs of a panel with so many seats, in the order of the panel.
func Names(seats int) []string {
	names := []string{Record, Mic, Speakers, Call, Status}
	for i := range seats {
		names = append(names, PeerLED(i))
	}
	return names
}

// Life is where a box is between its start and its end.
type Life int

// In order. What is Halted has closed all and may be switched off.
const (
	Starting Life = iota
	Working
	Finishing
	Halted
)

// Measured is what the LEDs are lit by.
type Measured struct {
	Life          Life
	Take          session.Take
	Growing       bool // the take's file has grown within the last second
	Storage       session.Storage
	MicAway       bool // no input device
	MicMuted      bool
	SpeakersAway  bool // no output device
	SpeakersMuted bool
	Call          phone.State
	CallStuck     bool // in the conference, as far as SIP goes, but a person is needed
	CallUnheard   bool // likewise, but neither the conference nor the server is heard
	Fault         bool // one that status tells of (see health.Kind)
	Delivering    bool
	Safe          bool       // something was recorded or received, and all of it is where it belongs
	Peers         []hub.Peer // by seat; one with no ID is an empty seat
}

// Patterns is what each LED shows.
func Patterns(m Measured) map[string]led.Pattern {
	shown := map[string]led.Pattern{
		Record:   m.record(),
		Mic:      device(m.MicAway, m.MicMuted),
		Speakers: device(m.SpeakersAway, m.SpeakersMuted),
		Call:     m.call(),
		Status:   m.status(),
	}
	for seat, p := range m.Peers {
		shown[PeerLED(seat)] = peer(p)
	}
	if m.Life == Halted {
		for name := range shown {
			shown[name] = led.Off
		}
		shown[Status] = led.Halted
	}
	return shown
}

func (m Measured) record() led.Pattern {
	asked := m.Take != session.Idle && m.Take != ""
	switch {
	case asked && !m.Growing:
		return led.Fast
	case m.Storage == session.StorageLow, m.Storage == session.StorageFull:
		return led.Slow
	case asked:
		return led.On
	}
	return led.Off
}

func device(away, muted bool) led.Pattern {
	switch {
	case away:
		return led.Fast
	case muted:
		return led.On
	}
	return led.Off
}

func (m Measured) call() led.Pattern {
	switch m.Call {
	case phone.InConference:
		switch {
		case m.CallStuck:
			return led.Fast
		case m.CallUnheard:
			return led.Slow
		}
		return led.On
	case phone.Registering, phone.Dialling, phone.Retrying:
		return led.Slow
	case phone.Refused:
		return led.Fast
	}
	return led.Off
}

func (m Measured) status() led.Pattern {
	switch {
	case m.Life == Finishing:
		return led.Slow
	case m.Fault:
		return led.Fast
	case m.Life == Starting, m.Delivering:
		return led.Slow
	case m.Safe:
		return led.Double
	}
	return led.On
}

func peer(p hub.Peer) led.Pattern {
	switch {
	case p.ID == "", p.State == hub.Absent:
		return led.Off
	case p.State != hub.Present:
		return led.Slow
	case p.Recording:
		return led.Fast
	case p.MicMuted:
		return led.Wink
	}
	return led.On
}
