package codec

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// encodeAll codes in frames of 20 ms, the rest in one shorter.
func encodeAll(t testing.TB, c Codec, sound []int16) []byte {
	t.Helper()
	e, err := c.NewEncoder()
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	var buf [MaxPayload]byte
	for frame := range slices.Chunk(sound, c.SampleRate/50) {
		n, err := e.Encode(buf[:], frame)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, buf[:n]...)
	}
	return out
}

// decodeAll decodes packets of 20 ms.
func decodeAll(t testing.TB, c Codec, payload []byte) []int16 {
	t.Helper()
	d, err := c.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	var out []int16
	var buf [MaxSamples]int16
	for packet := range slices.Chunk(payload, 160) {
		n, err := d.Decode(buf[:], packet)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, buf[:n]...)
	}
	return out
}

func byteCodecs(t testing.TB) []Codec {
	t.Helper()
	var list []Codec
	for _, name := range []string{"PCMU", "PCMA", "G722"} {
		c, ok := Named(name)
		if !ok {
			t.Fatal(name)
		}
		list = append(list, c)
	}
	return list
}

func TestEncodersMatchFFmpeg(t *testing.T) {
	for _, c := range byteCodecs(t) {
		for _, m := range materials(c.SampleRate) {
			t.Run(c.Name+"/"+m.name, func(t *testing.T) {
				got, want := encodeAll(t, c, m.sound), peerEncode(t, c, m.sound)
				if len(got) != len(want) {
					t.Fatalf("%d bytes, ffmpeg %d", len(got), len(want))
				}
				if at := firstDifference(got, want); at >= 0 {
					t.Errorf("byte %d of %d: %#x, ffmpeg %#x", at, len(want), got[at], want[at])
				}
			})
		}
	}
}

func TestDecodersMatchFFmpeg(t *testing.T) {
	for _, c := range byteCodecs(t) {
		for _, m := range payloads(t, c) {
			t.Run(c.Name+"/"+m.name, func(t *testing.T) {
				got, want := decodeAll(t, c, m.payload), peerDecode(t, c, m.payload)
				if len(got) != len(want) {
					t.Fatalf("%d samples, ffmpeg %d", len(got), len(want))
				}
				if at := firstDifference(got, want); at >= 0 {
					t.Errorf("sample %d of %d: %d, ffmpeg %d", at, len(want), got[at], want[at])
				}
			})
		}
	}
}

type stream struct {
	name    string
	payload []byte
}

// payloads are what encoders make, and bytes that no encoder makes: they drive the predictors to their limits.
func payloads(t testing.TB, c Codec) []stream {
	var list []stream
	for _, m := range materials(c.SampleRate) {
		list = append(list, stream{m.name, encodeAll(t, c, m.sound)})
	}
	random := rand.New(rand.NewPCG(7, 7))
	wild := make([]byte, 20000)
	extreme := make([]byte, 20000)
	for i := range wild {
		wild[i] = byte(random.Uint32())
		extreme[i] = []byte{0x00, 0x20, 0xa0, 0x84, 0x04, 0xe0}[random.IntN(6)]
	}
	list = append(list, stream{"wild bytes", wild}, stream{"extreme bytes", extreme})
	for _, b := range []byte{0, 0x04, 0x20, 0x84, 0xa0, 0xff} {
		list = append(list, stream{"one byte again and again", bytes.Repeat([]byte{b}, 4000)})
	}
	return list
}

func firstDifference[T comparable](a, b []T) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}
