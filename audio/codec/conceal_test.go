package codec

import (
	"math"
	"testing"
)

// pass sends sound through a codec, 20 ms a packet, and drops those packets for which lost says so.
func pass(t testing.TB, c Codec, sound []int16, lost func(packet int) bool) []int16 {
	t.Helper()
	e, err := c.NewEncoder()
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	var out []int16
	var payload [MaxPayload]byte
	frame := make([]int16, c.SampleRate/50)
	for i := 0; len(sound) >= len(frame); i, sound = i+1, sound[len(frame):] {
		n, err := e.Encode(payload[:], sound[:len(frame)])
		if err != nil {
			t.Fatal(err)
		}
		if lost(i) {
			_, err = d.Conceal(frame, nil)
		} else {
			_, err = d.Decode(frame, payload[:n])
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, frame...)
	}
	return out
}

func none(int) bool { return false }

// gaps loses length packets of every ten, from the eleventh on.
func gaps(length, phase int) func(int) bool {
	return func(i int) bool { return i >= 10 && (i+phase)%10 < length }
}

// roughness is the largest second difference of neighbouring samples: what a click has and the sound has not.
func roughness(sound []int16) float64 {
	var most float64
	for i := 2; i < len(sound); i++ {
		most = max(most, math.Abs(float64(sound[i])-2*float64(sound[i-1])+float64(sound[i-2])))
	}
	return most
}

// clickFree is how rough a concealed sound may be: twice as rough as without loss, and 1 % of full scale for what a
// G.722 decoder does until it has caught up.
func clickFree(clean []int16) float64 { return 2*roughness(clean) + 327 }

func singers(rate int) []material {
	chord := make([]int16, rate)
	for _, hz := range []float64{220, 277.2, 329.6, 440.7} {
		for i, s := range tone(rate, len(chord), hz, 0.15) {
			chord[i] += s
		}
	}
	return []material{
		{"voice", voice(rate, rate)},
		{"low tone", tone(rate, rate, 110, 0.5)},
		{"tone", tone(rate, rate, 440, 0.5)},
		{"high tone", tone(rate, rate, 1318.5, 0.5)},
		{"chord", chord},
	}
}

// A gap must not click, wherever it begins and however long it is.
func TestConcealmentHasNoClick(t *testing.T) {
	for _, c := range byteCodecs(t) {
		start := c.SampleRate / 10
		for _, m := range singers(c.SampleRate) {
			t.Run(c.Name+"/"+m.name, func(t *testing.T) {
				clean := pass(t, c, m.sound, none)[start:]
				for _, length := range []int{1, 2, 3, 6} {
					for phase := range 10 {
						got := roughness(pass(t, c, m.sound, gaps(length, phase))[start:])
						if got > clickFree(clean) {
							t.Errorf("%d packets lost, phase %d: rough by %.0f, %.0f without loss",
								length, phase, got, roughness(clean))
						}
					}
				}
			})
		}
	}
}

// The measure itself: zeros in place of what was lost do click.
func TestZerosClick(t *testing.T) {
	for _, c := range byteCodecs(t) {
		for _, m := range singers(c.SampleRate)[1:3] {
			clean := pass(t, c, m.sound, none)
			holed := append([]int16(nil), clean...)
			for i := range holed {
				if gaps(1, 0)(50 * i / c.SampleRate) {
					holed[i] = 0
				}
			}
			if roughness(holed) < clickFree(clean) {
				t.Errorf("%s, %s: zeros are rough by %.0f, allowed are %.0f", c.Name, m.name,
					roughness(holed), clickFree(clean))
			}
		}
	}
}

// The first 10 ms are at full loudness; then it fades to nothing at 60 ms and stays there.
func TestConcealmentFades(t *testing.T) {
	for _, c := range byteCodecs(t) {
		step := c.SampleRate / 100
		got := pass(t, c, tone(c.SampleRate, c.SampleRate, 400, 0.5), func(i int) bool { return i >= 20 })
		gap := got[40*step:]
		want := rms(got[20*step : 40*step])
		for i := range 6 {
			loud := rms(gap[i*step:(i+1)*step]) / want
			expect := math.Min(1, 1.1-0.2*float64(i))
			if math.Abs(loud-expect) > 0.07 {
				t.Errorf("%s, %d ms into the gap: loudness %.2f, want %.2f", c.Name, 10*i+5, loud, expect)
			}
		}
		if left := rms(gap[6*step:]); left != 0 {
			t.Errorf("%s: %.1f left after 60 ms", c.Name, left)
		}
	}
}

func rms(sound []int16) float64 {
	var sum float64
	for _, s := range sound {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum / float64(len(sound)))
}

// One lost packet of a steady sound is hardly missed, and 10 ms after it all is as it was.
func TestConcealmentContinues(t *testing.T) {
	for _, c := range byteCodecs(t) {
		for _, m := range singers(c.SampleRate)[1:4] {
			step := c.SampleRate / 100
			clean := pass(t, c, m.sound, none)
			got := pass(t, c, m.sound, func(i int) bool { return i == 20 })
			if ratio := snr(clean[40*step:41*step], got[40*step:41*step]); ratio < 15 {
				t.Errorf("%s, %s: first 10 ms of the gap: %.1f dB", c.Name, m.name, ratio)
			}
			ratio := snr(clean[43*step:], got[43*step:])
			if c.Name != "G722" && firstDifference(got[43*step:], clean[43*step:]) >= 0 {
				t.Errorf("%s, %s: not the same 10 ms after the gap: %.1f dB", c.Name, m.name, ratio)
			}
			if ratio < 25 {
				t.Errorf("%s, %s: after the gap: %.1f dB", c.Name, m.name, ratio)
			}
		}
	}
}

func TestLossBeforeAnySound(t *testing.T) {
	for _, c := range byteCodecs(t) {
		d, err := c.NewDecoder()
		if err != nil {
			t.Fatal(err)
		}
		dst := noise(480, 1)
		if n, err := d.Conceal(dst, nil); n != 480 || err != nil || rms(dst) != 0 {
			t.Errorf("%s: %d samples, %v, loudness %.1f", c.Name, n, err, rms(dst))
		}
	}
}

// A pitch is found as its period or a multiple of it between 5 and 15 ms.
func TestPitch(t *testing.T) {
	for _, rate := range []int{8000, 16000} {
		for _, hz := range []float64{70, 82.4, 110, 146.8, 196, 261.6, 440, 1046.5} {
			sound := make([]float32, rate/20)
			for i := range sound {
				for k := 1.0; k*hz < 3000; k++ {
					sound[i] += float32(1000 / k * math.Cos(2*math.Pi*k*hz*float64(i)/float64(rate)))
				}
			}
			lag := pitch(sound, rate)
			periods := float64(lag) * hz / float64(rate)
			if off := math.Abs(periods-math.Round(periods)) * float64(rate) / hz; off > 0.51 {
				t.Errorf("%.1f Hz at %d: %d samples are %.2f periods", hz, rate, lag, periods)
			}
		}
	}
}
