package codec

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os/exec"
	"testing"
)

// The peer that did not grow here is ffmpeg: it codes the same material, and the bytes are compared.

func peer(t testing.TB, in []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("ffmpeg", append([]string{"-v", "error", "-nostdin"}, args...)...)
	cmd.Stdin = bytes.NewReader(in)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run ffmpeg (install it with: apt-get install ffmpeg): %v\n%s", err, stderr.String())
	}
	return out
}

// peerFormat is what ffmpeg calls the raw stream of a codec, and its codec.
func peerFormat(c Codec) (format, name string) {
	switch c.Name {
	case "PCMU":
		return "mulaw", "pcm_mulaw"
	case "PCMA":
		return "alaw", "pcm_alaw"
	}
	return "g722", "g722"
}

func peerEncode(t testing.TB, c Codec, sound []int16) []byte {
	format, name := peerFormat(c)
	rate := map[int]string{8000: "8000", 16000: "16000"}[c.SampleRate]
	return peer(t, toBytes(sound), "-f", "s16le", "-ar", rate, "-ac", "1", "-i", "pipe:0",
		"-c:a", name, "-f", format, "pipe:1")
}

func peerDecode(t testing.TB, c Codec, payload []byte) []int16 {
	format, _ := peerFormat(c)
	args := []string{"-f", format, "-i", "pipe:0", "-f", "s16le", "pipe:1"}
	if format != "g722" {
		args = append([]string{"-ar", "8000", "-ac", "1"}, args...)
	}
	return fromBytes(peer(t, payload, args...))
}

func toBytes(sound []int16) []byte {
	out := make([]byte, 2*len(sound))
	for i, s := range sound {
		binary.LittleEndian.PutUint16(out[2*i:], uint16(s))
	}
	return out
}

func fromBytes(b []byte) []int16 {
	out := make([]int16, len(b)/2)
	for i := range out {
		out[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return out
}

// Material, a second and more of each, at any rate.

type material struct {
	name  string
	sound []int16
}

func materials(rate int) []material {
	return []material{
		{"silence", make([]int16, rate)},
		{"voice", voice(rate, 2*rate)},
		{"tone", tone(rate, rate, 440, 0.5)},
		{"full-scale tone", tone(rate, rate, 997, 1)},
		{"full-scale square 1 kHz", square(rate, rate, 1000)},
		{"full-scale square 70 Hz", square(rate, rate, 70)},
		{"full-scale square at half the rate", square(rate, rate, float64(rate)/2)},
		{"full-scale noise", noise(rate, 1)},
		{"faint noise", noise(rate, 0.0005)},
		{"random full-scale steps", steps(rate)},
		{"hostile to the filters", hostile(rate)},
		{"loud and silent", bursts(rate)},
		{"every value", ramp()},
	}
}

func tone(rate, n int, hz, level float64) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(32767 * level * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return out
}

func square(rate, n int, hz float64) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = 32767
		if math.Mod(float64(i)*hz/float64(rate), 1) >= 0.5 {
			out[i] = -32768
		}
	}
	return out
}

func noise(n int, level float64) []int16 {
	random := rand.New(rand.NewPCG(1, uint64(n)))
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(level * float64(random.IntN(65536)-32768))
	}
	return out
}

func steps(n int) []int16 {
	random := rand.New(rand.NewPCG(2, 2))
	out := make([]int16, n)
	for i := range out {
		out[i] = 32767
		if random.IntN(2) == 0 {
			out[i] = -32768
		}
	}
	return out
}

// hostile has the signs of the filter's own taps, so that its sums become as large as any signal can make them.
func hostile(n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		tap := mirrorTaps[i/2%len(mirrorTaps)]
		if i%2 == 1 {
			tap = mirrorTaps[len(mirrorTaps)-1-i/2%len(mirrorTaps)]
		}
		out[i] = 32767
		if tap < 0 != (i/240%2 == 1) {
			out[i] = -32768
		}
	}
	return out
}

func bursts(rate int) []int16 {
	out := noise(rate, 1)
	for i := range out {
		if i/(rate/20)%2 == 0 {
			out[i] = 0
		}
	}
	return out
}

func ramp() []int16 {
	out := make([]int16, 65536)
	for i := range out {
		out[i] = int16(i - 32768)
	}
	return out
}

// voice is like a singer: a gliding pitch with vibrato, harmonics under two formants, a breath of noise.
func voice(rate, n int) []int16 {
	random := rand.New(rand.NewPCG(3, 3))
	out := make([]int16, n)
	var phase float64
	for i := range out {
		at := float64(i) / float64(rate)
		hz := 130 + 30*math.Sin(2*math.Pi*0.4*at) + 3*math.Sin(2*math.Pi*5.5*at)
		phase += hz / float64(rate)
		var s float64
		for k := 1.0; k*hz < float64(rate)*0.4 && k < 30; k++ {
			s += math.Sin(2*math.Pi*k*phase) / (1 + math.Abs(k*hz-600)/300) / (1 + k/8)
		}
		s = 0.2*s + 0.004*random.NormFloat64()
		out[i] = int16(32767 * min(max(0.8*s, -1), 1))
	}
	return out
}

// snr is the signal-to-noise ratio of got against want in dB.
func snr(want, got []int16) float64 {
	var signal, noise float64
	for i := range got {
		s, e := float64(want[i]), float64(want[i])-float64(got[i])
		signal += s * s
		noise += e * e
	}
	return 10 * math.Log10(signal/max(noise, 1e-9))
}

// shifted is the best SNR of got against want over delays of up to limit samples, and that delay.
func shifted(want, got []int16, limit int) (best float64, delay int) {
	best = math.Inf(-1)
	for d := range limit {
		if r := snr(want[:len(got)-limit], got[d:d+len(got)-limit]); r > best {
			best, delay = r, d
		}
	}
	return best, delay
}
