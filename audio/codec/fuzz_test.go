package codec

import (
	"testing"
)

// Any bytes, split into packets and gaps of any length: no panic, nothing written past dst, never more samples than
// the payload claims, and the decoder goes on working.
func fuzzDecoder(f *testing.F, name string) {
	c, _ := Named(name)
	e, err := c.NewEncoder()
	if err != nil {
		f.Fatal(err)
	}
	var payload [MaxPayload]byte
	n, err := e.Encode(payload[:], voice(c.SampleRate, c.SampleRate/50))
	if err != nil {
		f.Fatal(err)
	}
	for _, cut := range []int{n, n / 2, 1, 0} {
		f.Add(payload[:cut], uint16(n), uint16(c.SampleRate/50))
	}
	f.Add(make([]byte, 1500), uint16(700), uint16(1))
	f.Add([]byte{0xff, 0xff, 0xff, 0x7f, 0x03, 0x3f}, uint16(2), uint16(7000))
	f.Fuzz(func(t *testing.T, stream []byte, size, room uint16) {
		d, err := c.NewDecoder()
		if err != nil {
			t.Fatal(err)
		}
		for range 8 {
			n := min(int(size), len(stream))
			decodeOne(t, c, d, stream[:n], int(room)%(2*MaxSamples))
			stream = stream[n:]
			size = size*31 + 7
			size %= 400
		}
	})
}

const guard = 0x5aa5

func decodeOne(t *testing.T, c Codec, d Decoder, payload []byte, room int) {
	t.Helper()
	buf := make([]int16, room+16)
	for i := range buf {
		buf[i] = guard
	}
	claimed, claimErr := c.Samples(payload)
	n, err := d.Decode(buf[:room], payload)
	switch {
	case err != nil && n != 0:
		t.Errorf("%d samples beside %v", n, err)
	case err == nil && (n != claimed || claimErr != nil || n > room):
		t.Errorf("%d samples, claimed are %d (%v), room is %d", n, claimed, claimErr, room)
	}
	step := max(room/(c.SampleRate/400), 1) * (c.SampleRate / 400)
	if step > room {
		step = 0
	}
	if n, err := d.Conceal(buf[:step], payload); n != step || err != nil {
		t.Errorf("%d samples of %d concealed: %v", n, step, err)
	}
	for i, s := range buf[room:] {
		if s != guard {
			t.Fatalf("sample %d after the end is written", i)
		}
	}
}

func FuzzPCMU(f *testing.F) { fuzzDecoder(f, "PCMU") }
func FuzzPCMA(f *testing.F) { fuzzDecoder(f, "PCMA") }
func FuzzG722(f *testing.F) { fuzzDecoder(f, "G722") }
func FuzzOpus(f *testing.F) { fuzzDecoder(f, "opus") }

// FuzzRoundTrip encodes any sound and decodes it again: the length stays.
func FuzzRoundTrip(f *testing.F) {
	f.Add(toBytes(square(8000, 320, 300)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		sound := fromBytes(raw)
		sound = sound[:min(len(sound), 400)/2*2]
		for _, c := range byteCodecs(t) {
			e, err := c.NewEncoder()
			if err != nil {
				t.Fatal(err)
			}
			d, err := c.NewDecoder()
			if err != nil {
				t.Fatal(err)
			}
			payload, buf := make([]byte, len(sound)), make([]int16, len(sound))
			n, err := e.Encode(payload, sound)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				continue
			}
			if m, err := d.Decode(buf, payload[:n]); m != len(sound) || err != nil {
				t.Errorf("%s: %d samples of %d: %v", c.Name, m, len(sound), err)
			}
		}
	})
}
