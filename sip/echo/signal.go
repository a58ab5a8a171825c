package echo

import "math"

// burst is a tone of the signal.
type burst struct {
	at   int     // ms from the beginning
	freq float64 // Hz
}

// bursts are three, so that one may be lost and the two others still tell themselves from a voice. Their frequencies are
// within reach of every codec, no harmonics of each other, and none that telephones use.
var bursts = [...]burst{{0, 570}, {400, 1170}, {800, 1990}}

const (
	burstLength  = 200                        // ms
	fadeLength   = 5                          // ms, at each end of a burst: nothing clicks
	amplitude    = 0.1                        // -20 dBFS
	latest       = 1000                       // ms that an echo may take
	signalLength = 800 + burstLength + latest // ms
)

// signal is what is said: the bursts, then silence to listen for the last of them. The rate, in Hz, is a multiple of 1000.
func signal(rate int) []float32 {
	perMS := rate / 1000
	out := make([]float32, signalLength*perMS)
	n, fade := burstLength*perMS, float64(fadeLength*perMS)
	for _, b := range bursts {
		for i := range n {
			edge := min(1, float64(min(i, n-1-i))/fade)
			phase := 2 * math.Pi * b.freq * float64(i) / float64(rate)
			out[b.at*perMS+i] = float32(amplitude * edge * math.Sin(phase))
		}
	}
	return out
}
