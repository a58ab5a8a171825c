package pcm

// knee is where SoftLimit begins to bend, about -2.5 dB full scale.
const knee = 0.75

// SoftLimit brings a mix back within full scale in place. Below the knee nothing changes; above it the curve bends with
// no corner and approaches full scale without reaching it, so that two loud voices sound dense, not torn.
func SoftLimit(data []float32) {
	for i, s := range data {
		switch {
		case s > knee:
			data[i] = bend(s)
		case s < -knee:
			data[i] = -bend(-s)
		case s != s:
			data[i] = 0
		}
	}
}

// bend maps knee..infinity to knee..1 with slope one at the knee.
func bend(s float32) float32 {
	over := (s - knee) / (1 - knee)
	return 1 - (1-knee)/(1+over)
}
