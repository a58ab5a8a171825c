// Package media owns the way between RTP and sound: a Leg is the voice of one call, a Line the 20 ms tick that joins a
// call to a microphone, a loudspeaker and a recording.
//
//	Line.Tick: mic -> Leg.Send -> resample -> encode -> rtp.Session -> network
//	           network -> rtp reader -> inbox -> [jitter -> decode or conceal -> resample] -> Leg.Receive -> speaker
//	           mic + far end -> pcm.SoftLimit -> record
//
// The inbox is the only border between the network's goroutine and the tick: bounded, wait-free on both sides. Past it
// everything belongs to the tick, which neither locks nor allocates.
package media

import (
	"fmt"
	"time"

	"orionbox/audio/codec"
	"orionbox/sip/sdp"
)

// Frame is the length of a tick, and of the packets we send.
const Frame = 20 * time.Millisecond

const framesPerSecond = int(time.Second / Frame)

// eventType is the payload type that we offer telephone events under.
const eventType = 101

// Formats is what to offer for a codec setting, best first, telephone events last.
func Formats(codecSetting string) ([]sdp.Format, error) {
	codecs, err := codec.Preferred(codecSetting)
	if err != nil {
		return nil, err
	}
	var list []sdp.Format
	for _, c := range codecs {
		list = append(list, sdp.Format{
			PayloadType: c.PayloadType, Name: c.Name, ClockRate: c.ClockRate, Channels: c.Channels, Fmtp: c.Fmtp,
		})
	}
	event := sdp.Format{PayloadType: eventType, Name: sdp.EventName, ClockRate: eventClock, Channels: 1, Fmtp: "0-16"}
	return append(list, event), nil
}

// codecOf finds the codec of a format that was agreed on, under the payload type and parameters of the agreement.
func codecOf(f sdp.Format) (codec.Codec, error) {
	c, ok := codec.Named(f.Name)
	if !ok {
		return c, fmt.Errorf("choose codec %q: unknown", f.Name)
	}
	c.PayloadType, c.Fmtp = f.PayloadType, f.Fmtp
	return c, nil
}

// alias is the payload type that we offer a codec under. An answer may name another, to be sent under; what comes then comes
// under ours (RFC 3264 s. 5.1), unless that is the one of telephone events.
func alias(c codec.Codec, event uint8) uint8 {
	if ours, _ := codec.Named(c.Name); ours.PayloadType != event {
		return ours.PayloadType
	}
	return c.PayloadType
}

// NativeRate is the rate in Hz of a format's own PCM, the natural Rate of a leg; 0 if the codec is unknown.
func NativeRate(f sdp.Format) int {
	c, _ := codec.Named(f.Name)
	return c.SampleRate
}
