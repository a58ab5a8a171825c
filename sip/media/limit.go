package media

import "math"

// knee is where SoftLimit begins to bend, -3 dBFS.
const knee = 0.7

// SoftLimit keeps a mix within full scale: what is below the knee stays as it is to the bit, the rest is bent so that it
// nears full scale and never reaches past it. It has no memory, so that it neither pumps nor delays.
func SoftLimit(mix []float32) {
	for i, s := range mix {
		if s > knee || s < -knee {
			mix[i] = bend(s)
		}
	}
}

func bend(s float32) float32 {
	over := (math.Abs(float64(s)) - knee) / (1 - knee)
	return float32(math.Copysign(knee+(1-knee)*math.Tanh(over), float64(s)))
}
