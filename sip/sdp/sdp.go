// Package sdp owns what two ends of a call tell each other about their sound: the Description of one audio stream
// (RFC 8866), and the rule by which an offer becomes an answer (RFC 3264).
//
// A box has one audio stream and nothing else, so a Description is that stream. Other media of an offer (video, text)
// are remembered only to be refused in their place, as RFC 3264 section 6 asks. The bytes are read and written by
// pion/sdp, which no other package imports.
package sdp

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
)

var (
	// ErrNoCommonCodec tells that offer and local description share no voice codec.
	ErrNoCommonCodec = errors.New("no common codec")
	// ErrNoAudio tells that a description has no plain RTP audio stream (RTP/AVP or RTP/AVPF).
	ErrNoAudio = errors.New("no plain rtp audio stream")
)

// The directions of RFC 8866 section 6.7, seen from the one who says them.
const (
	SendRecv = "sendrecv"
	SendOnly = "sendonly"
	RecvOnly = "recvonly"
	Inactive = "inactive"
)

// EventName is the rtpmap name of DTMF digits (RFC 4733).
const EventName = "telephone-event"

// Format is one codec under its payload type.
type Format struct {
	PayloadType uint8
	// Name as the rtpmap has it; names are compared without regard to case.
	Name string
	// ClockRate is that of the RTP timestamps in Hz (8000 for G722, which samples at 16000: RFC 3551 section 4.5.2).
	ClockRate int
	// Channels as the rtpmap has them; 0 and 1 mean mono.
	Channels int
	// Fmtp is the text after the payload type, empty if there is none.
	Fmtp string
}

// Same tells whether two formats name the same codec, whatever payload type and parameters they have.
func (f Format) Same(g Format) bool {
	return strings.EqualFold(f.Name, g.Name) && f.ClockRate == g.ClockRate && max(f.Channels, 1) == max(g.Channels, 1)
}

// voice tells whether the format carries speech: neither digits nor comfort noise nor redundancy.
func (f Format) voice() bool {
	return !slices.ContainsFunc([]string{EventName, "CN", "red"}, func(name string) bool {
		return strings.EqualFold(name, f.Name)
	})
}

// Description is one audio stream as one side describes it.
type Description struct {
	// Address is where the side wants to receive; the unspecified address means hold (RFC 3264 section 8.4).
	Address netip.Addr
	// Port for RTP; 0 means that the stream is refused.
	Port int
	// RTCPPort is Port+1 unless said otherwise (RFC 3605). 0 on writing means Port+1.
	RTCPPort int
	// Formats in order of preference.
	Formats []Format
	// Direction is one of the constants; empty means sendrecv.
	Direction string
	// Ptime is the packet time in ms, 0 if not said.
	Ptime int
	// SessionID and Version are those of the o= line: the version grows by one with each changed description.
	SessionID, Version uint64

	// before and after are the other streams of a parsed description, to be refused in their places by Answer.
	before, after []other
}

// other is a stream that is none of ours: it keeps its place with port 0.
type other struct {
	media   string
	protos  []string
	formats []string
}

// Audio is the first voice codec; false if there is none.
func (d Description) Audio() (Format, bool) {
	for _, f := range d.Formats {
		if f.voice() {
			return f, true
		}
	}
	return Format{}, false
}

// Events is the payload type of telephone-event, the one clocked at 8000 Hz first; false if digits cannot be sent.
func (d Description) Events() (uint8, bool) {
	best, found := uint8(0), false
	for _, f := range d.Formats {
		if !strings.EqualFold(f.Name, EventName) {
			continue
		}
		if f.ClockRate == 8000 {
			return f.PayloadType, true
		}
		if !found {
			best, found = f.PayloadType, true
		}
	}
	return best, found
}

// Held tells whether the side does not want to receive: sendonly, inactive, or the address 0.0.0.0 of old.
func (d Description) Held() bool {
	return d.Direction == SendOnly || d.Direction == Inactive || d.Address.IsUnspecified()
}
