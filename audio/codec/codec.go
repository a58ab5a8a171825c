// Package codec owns the voice codecs of a call: which there are, how SDP names them, and the way from PCM to RTP
// payloads and back, packet loss included.
//
//	int16 mono -> Encoder -> payload -> network -> payload -> Decoder -> int16 mono
//	                                               (lost)  -> Conceal -^
//
// PCMU, PCMA and G722 are written here: they are small, they must saturate and never wrap, and their bytes must be
// those of other programs. Opus is libopus. Encoder and Decoder run on the 20 ms voice tick: they allocate nothing, and
// a Decoder takes any bytes the network brings. One goroutine owns each; only SetLoss may come from another.
package codec

import (
	"fmt"
	"strings"
)

// MaxSamples is the longest sound an opus packet holds: 120 ms at 48 kHz (RFC 6716 section 3.2.5). A dst of this
// length decodes every packet of opus and 360 ms of the others.
const MaxSamples = 5760

// MaxPayload is room enough in bytes for what Encode makes of up to 60 ms with any codec.
const MaxPayload = 1275

// Codec is one way to carry voice over RTP, in the words of SDP.
type Codec struct {
	// Name is the encoding name of a=rtpmap: PCMU, PCMA, G722 or opus.
	Name string
	// PayloadType is the static one of RFC 3551, for opus the dynamic one we offer.
	PayloadType uint8
	// ClockRate is what RTP timestamps count, in Hz. It is not always the rate of the sound: G722 sounds at 16 kHz and
	// counts at 8 kHz (RFC 3551 section 4.5.2).
	ClockRate int
	// SampleRate is the rate in Hz of the PCM that goes in and comes out.
	SampleRate int
	// Channels is what a=rtpmap says: 2 for opus, whatever is in it (RFC 7587 section 4.1). The PCM is always mono.
	Channels int
	// Fmtp is the a=fmtp line without payload type, "" for none. NewEncoder heeds what the other side asks for in it.
	Fmtp string
}

// all is in the order of our preference.
var all = [...]Codec{
	{Name: "opus", PayloadType: 111, ClockRate: 48000, SampleRate: 48000, Channels: 2, Fmtp: "useinbandfec=1"},
	{Name: "G722", PayloadType: 9, ClockRate: 8000, SampleRate: 16000, Channels: 1},
	{Name: "PCMU", PayloadType: 0, ClockRate: 8000, SampleRate: 8000, Channels: 1},
	{Name: "PCMA", PayloadType: 8, ClockRate: 8000, SampleRate: 8000, Channels: 1},
}

// Named finds a codec by its SDP name, in any case.
func Named(name string) (Codec, bool) {
	for _, c := range all {
		if strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return Codec{}, false
}

// Preferred lists the codecs that a setting allows, best first: all for "Default" and "", else the one it names.
func Preferred(setting string) ([]Codec, error) {
	name := strings.TrimSpace(setting)
	if name == "" || strings.EqualFold(name, "Default") {
		list := all
		return list[:], nil
	}
	if c, ok := Named(name); ok {
		return []Codec{c}, nil
	}
	return nil, fmt.Errorf("choose codec %q: unknown; allowed are Default, %s", setting, names())
}

func names() string {
	var list []string
	for _, c := range all {
		list = append(list, c.Name)
	}
	return strings.Join(list, ", ")
}

// String is the codec as a=rtpmap names it: "G722/8000", "opus/48000/2".
func (c Codec) String() string {
	if c.Channels > 1 {
		return fmt.Sprintf("%s/%d/%d", c.Name, c.ClockRate, c.Channels)
	}
	return fmt.Sprintf("%s/%d", c.Name, c.ClockRate)
}

// Ticks is how far the RTP timestamp moves over samples of PCM.
func (c Codec) Ticks(samples int) uint32 {
	return uint32(int64(samples) * int64(c.ClockRate) / int64(c.SampleRate))
}

// Samples is how many samples of PCM a payload decodes to, without decoding it. It is what the payload claims: Decode
// may still find it broken.
func (c Codec) Samples(payload []byte) (int, error) {
	switch {
	case len(payload) == 0:
		return 0, ErrEmpty
	case c.Name == "opus":
		return opusSamples(payload, c.SampleRate)
	case c.Name == "G722":
		return 2 * len(payload), nil
	}
	return len(payload), nil
}

// Encoder turns PCM into RTP payloads. It carries state from one frame to the next.
type Encoder interface {
	// Encode writes the payload of one frame of mono PCM to dst and returns its length in bytes. A frame of G722 has an
	// even number of samples, one of opus lasts 2.5, 5, 10, 20, 40 or 60 ms.
	Encode(dst []byte, frame []int16) (int, error)
	// SetLoss tells the share of our packets in percent that the other side misses, so that opus spends bits on
	// repeating itself; nothing to the other codecs. Safe to call from any goroutine.
	SetLoss(percent int)
}

// Decoder turns RTP payloads into PCM. It carries state from one packet to the next, so it wants to hear of lost ones.
type Decoder interface {
	// Decode writes the sound of one payload to dst and returns the number of samples. On an error nothing of dst
	// counts: Conceal in its place.
	Decode(dst []int16, payload []byte) (int, error)
	// Conceal fills the whole of dst in place of what was lost. next is the payload after the gap if it is here
	// already, else nil: opus carries a coarse copy of the frame before in it. A longer gap is concealed by further
	// calls; next belongs to the last of them.
	Conceal(dst []int16, next []byte) (int, error)
}

// NewEncoder makes the encoder of one direction of one call.
func (c Codec) NewEncoder() (Encoder, error) {
	switch c.Name {
	case "PCMU":
		return g711Encoder{&muLawCodes}, nil
	case "PCMA":
		return g711Encoder{&aLawCodes}, nil
	case "G722":
		return newG722Encoder(), nil
	case "opus":
		return newOpusEncoder(c)
	}
	return nil, fmt.Errorf("make encoder %q: unknown codec; there are %s", c.Name, names())
}

// NewDecoder makes the decoder of one direction of one call.
func (c Codec) NewDecoder() (Decoder, error) {
	switch c.Name {
	case "PCMU":
		return newG711Decoder(&muLawLevels), nil
	case "PCMA":
		return newG711Decoder(&aLawLevels), nil
	case "G722":
		return newG722Decoder(), nil
	case "opus":
		return newOpusDecoder(c)
	}
	return nil, fmt.Errorf("make decoder %q: unknown codec; there are %s", c.Name, names())
}
