// Package jitter owns the wait between network and ear: packets are pushed as they arrive, popped as they are due.
//
// The wait must be long enough for nearly every packet and no longer, for people talk across it. The buffer measures
// how much later than the fastest each packet comes, and aims at the delay that all but the slowest hundredth keep
// (delay.go). The true delay follows that aim in whole frames: one is dropped or made up, in a quiet place if there is one
// (buffer.go). Since the fastest packet is taken from a sliding window, a sender whose clock differs from
// ours moves the aim along, and the difference does not pile up.
//
// It is pure: no clock, no lock, no goroutine. Times are handed in as durations since any fixed moment.
package jitter

import (
	"fmt"
	"time"
)

// Packet is one RTP packet of voice.
type Packet struct {
	SSRC      uint32
	Seq       uint16
	Timestamp uint32
	Marker    bool
	// Duration in clock units; 0 is a packet that takes a sequence number and holds no voice, such as a telephone event.
	Duration uint32
	// Payload is copied by Push. From Pop it is the buffer's, valid until the next Push.
	Payload []byte
}

// Verdict tells what Pop returned and what is to be made of it.
type Verdict uint8

const (
	// Empty: the far end is silent; play silence for a frame.
	Empty Verdict = iota
	// Play: decode the packet.
	Play
	// Shrink: decode the packet, then leave out as much sound as it holds: the wait is longer than need be.
	Shrink
	// Lost: conceal Packet.Duration; Packet.Payload is the packet after the gap, if this is the gap's last piece and it
	// is here already.
	Lost
	// Starved: the packet is late; conceal Packet.Duration. It may still be played.
	Starved
	// Stretch: conceal Packet.Duration although nothing is missing: the wait is shorter than it should be.
	Stretch
)

var verdictNames = [...]string{"empty", "play", "shrink", "lost", "starved", "stretch"}

func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("verdict %d", v)
}

// Config of a Buffer. Zero values take the defaults.
type Config struct {
	ClockRate int           // of the timestamps in Hz; must be set
	Frame     time.Duration // what a concealment lasts, and the caller's tick: 20 ms
	Min, Max  time.Duration // of the wait: 20 and 200 ms
	// Repeats tells that packets carry the one before them once more (opus in-band FEC). Then, while packets are being
	// lost, the wait is a packet longer, so that the packet after a gap is here when the gap is to be concealed.
	Repeats bool
}

// Stats counts packets, and frames of Config.Frame where it says so.
type Stats struct {
	Received  int64 // voice packets taken in
	Played    int64
	Lost      int64 // never came, or not in time to be of use
	Late      int64 // came, but too late
	Duplicate int64
	Skipped   int64 // thrown away because the wait had become too long at once
	Refused   int64 // of a time line that is not this stream's
	Concealed int64 // frames made up for lost and late packets
	Stretched int64 // frames made up to lengthen the wait
	Shrunk    int64 // packets left out to shorten it
	Resets    int64 // new streams: another SSRC, a jump of the time line
	Target    time.Duration
	Buffered  time.Duration // sound waiting
}
