package engine

import (
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// rig runs a card whose crystal is off by ppm, and whose callbacks are late by up to 8 ms, beside a caller that wakes up
// every 20 ms, late by up to 4 ms, in virtual time.
type rig struct {
	card, voice   func()
	ppm           float64
	random        *rand.Rand
	blocks, ticks int
}

func (r *rig) run(seconds float64) {
	start := time.Now()
	at := func(s, late float64) time.Duration {
		return time.Duration((s + late*r.random.Float64()) * float64(time.Second))
	}
	period := 0.01 / (1 + r.ppm*1e-6)
	first := [2]int{r.blocks, r.ticks}
	nextCard, nextVoice := at(period, 0.008), at(0.02, 0.004)
	for time.Since(start).Seconds() < seconds {
		if nextCard <= nextVoice {
			time.Sleep(nextCard - time.Since(start))
			r.card()
			r.blocks++
			nextCard = at(period*float64(r.blocks-first[0]+1), 0.008)
			continue
		}
		time.Sleep(nextVoice - time.Since(start))
		r.voice()
		r.ticks++
		nextVoice = at(0.02*float64(r.ticks-first[1]+1), 0.004)
	}
}

// roughest is the largest departure from the course of a sine: for one of exactly hz it is zero, for one that is off by
// some ppm nearly so, for a wave that breaks it is large.
func roughest(x []float32, rate int, hz float64) float64 {
	turn, worst := 2*math.Cos(2*math.Pi*hz/float64(rate)), 0.0
	for i := 1; i < len(x)-1; i++ {
		worst = max(worst, math.Abs(float64(x[i+1])-turn*float64(x[i])+float64(x[i-1])))
	}
	return worst
}

// distortion is the level, in dB of the tone, of all that is not the tone in a window. The frequency is found first,
// since a drifting clock bends it: a tone that is off by d has the parts t*sin and t*cos beside sin and cos.
func distortion(x []float32, rate int, hz float64) float64 {
	w := 2 * math.Pi * hz / float64(rate)
	mid := float64(len(x)-1) / 2
	var a, b, rest float64
	for range 4 {
		var m [4][5]float64
		for i, v := range x {
			u := float64(i) - mid
			s, c := math.Sincos(w * u)
			basis := [4]float64{s, c, u * s, u * c}
			for j := range 4 {
				for k := range 4 {
					m[j][k] += basis[j] * basis[k]
				}
				m[j][4] += basis[j] * float64(v)
			}
		}
		p := solve(m)
		a, b = p[0], p[1]
		w += (a*p[3] - b*p[2]) / (a*a + b*b)
	}
	for i, v := range x {
		s, c := math.Sincos(w * (float64(i) - mid))
		e := float64(v) - a*s - b*c
		rest += e * e
	}
	return 10 * math.Log10(rest/float64(len(x))/((a*a+b*b)/2))
}

// solve is Gaussian elimination with pivots.
func solve(m [4][5]float64) (p [4]float64) {
	for i := range 4 {
		best := i
		for j := i; j < 4; j++ {
			if math.Abs(m[j][i]) > math.Abs(m[best][i]) {
				best = j
			}
		}
		m[i], m[best] = m[best], m[i]
		for j := range 4 {
			if j == i {
				continue
			}
			f := m[j][i] / m[i][i]
			for k := i; k < 5; k++ {
				m[j][k] -= f * m[i][k]
			}
		}
	}
	for i := range 4 {
		p[i] = m[i][4] / m[i][i]
	}
	return p
}

// judge looks at a tone of amplitude 0.5 that crossed from one clock to another.
func judge(t *testing.T, what string, x []float32, rate int, hz float64) {
	t.Helper()
	// a pitch off by 1000 ppm, the most there may be, is 2*w^2*0.001*amplitude rough
	w := 2 * math.Pi * hz / float64(rate)
	if r := roughest(x[rate/5:], rate, hz); r > 2*w*w*0.001*0.5 {
		t.Errorf("%s: the wave breaks: %.5f", what, r)
	}
	x = x[settle*rate:]
	worst := -200.0
	for window := rate / 10; len(x) >= window; x = x[window:] {
		worst = max(worst, distortion(x[:window], rate, hz))
	}
	t.Logf("%s: distortion and noise %.1f dB in the worst 100 ms", what, worst)
	if worst > -75 {
		t.Errorf("%s: distortion and noise %.1f dB, want below -75", what, worst)
	}
}

// settle is how many seconds the loops get to bend the pitch to the other clock, and judged how long distortion is
// measured after it. That the wave never breaks is asked for from the start.
const settle, judged = 6, 12

func TestMicAcrossDriftingClocks(t *testing.T) {
	for _, ppm := range []float64{200, -200} {
		synctest.Test(t, func(t *testing.T) {
			e, ticket, _ := bare(t, testConfig())
			mic, source := e.Mic(16000), tone{hz: 1000, amplitude: 0.5, rate: 48000}
			data, voice := make([]float32, 960), make([]float32, 320)
			var heard []float32
			var waiting []int
			r := rig{ppm: ppm, random: rand.New(rand.NewPCG(1, 2))}
			r.card = func() {
				source.fill(data, 2)
				e.in.deliver(ticket, data, false)
				e.Studio().Pop()
			}
			r.voice = func() {
				mic.ReadVoice(voice)
				heard = append(heard, voice...)
				waiting = append(waiting, mic.lane.ring.Len())
			}
			r.run(settle + judged)
			judge(t, "mic", heard[:(settle+judged-1)*16000], 16000, 1000)
			judgeLatency(t, mic.lane, waiting[settle*50:])
		})
	}
}

func TestSpeakerAcrossDriftingClocks(t *testing.T) {
	for _, ppm := range []float64{200, -200} {
		synctest.Test(t, func(t *testing.T) {
			e, _, ticket := bare(t, testConfig())
			speaker, source := e.Speaker(16000), tone{hz: 1000, amplitude: 0.5, rate: 16000}
			data, voice := make([]float32, 960), make([]float32, 320)
			var heard []float32
			var waiting []int
			r := rig{ppm: ppm, random: rand.New(rand.NewPCG(3, 4))}
			r.card = func() {
				e.out.render(ticket, data)
				for i := 0; i < len(data); i += 2 {
					heard = append(heard, data[i])
				}
				waiting = append(waiting, speaker.lane.ring.Len())
			}
			r.voice = func() {
				source.fill(voice, 1)
				speaker.WriteVoice(voice)
			}
			r.run(settle + judged)
			judge(t, "speaker", heard[:(settle+judged-1)*48000], 48000, 1000)
			judgeLatency(t, speaker.lane, waiting[settle*100:])
		})
	}
}

// judgeLatency checks that the loop holds the lane where it should be: neither dry nor late.
func judgeLatency(t *testing.T, l *lane, waiting []int) {
	t.Helper()
	sum, least, most := 0, waiting[0], 0
	for _, n := range waiting {
		sum, least, most = sum+n, min(least, n), max(most, n)
	}
	t.Logf("waiting: %d ms on the average, %d to %d", sum/len(waiting)/48, least/48, most/48)
	if mean := sum / len(waiting) / 48; mean < 20 || mean > 60 {
		t.Errorf("%d ms wait on the average", mean)
	}
	if l.prime.Load() != int64(48*55) {
		t.Errorf("the lane ran dry on the way: prime grew to %d ms", l.prime.Load()/48)
	}
}
