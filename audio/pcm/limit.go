package pcm

// knee is where SoftLimit begins to bend, -2.5 dB full scale.
const knee = 0.75

// SoftLimit brings a mix back within full scale in place, so that two loud voices sound dense, not torn. Up to the knee k
// nothing changes, to the bit; a magnitude x above it becomes
//
//	1 - (1-k) / (1 + (x-k)/(1-k))
//
// which leaves the knee with slope one, so with no corner, always rises, and nears full scale without passing it: a mix
// at full scale comes out at -1.2 dB. What is not a number becomes silence. It has no memory, so it neither pumps nor
// delays. Real-time.
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

// bend maps knee..infinity to knee..1.
func bend(s float32) float32 {
	over := (s - knee) / (1 - knee)
	return 1 - (1-knee)/(1+over)
}
