package media

// splice leaves n samples out of sound where it is heard least: the beginning is faded over into what comes about n
// samples later, at the place nearby where the wave is most alike (the idea of WSOLA: Verhelst and Roelands, 1993). It works in
// place and returns the shortened sound; at most half of n, or 10 ms, less than n are left out. n must be less than
// len(sound).
func splice(sound []float32, n, rate int) []float32 {
	overlap := min(rate/100, n/2, len(sound)-n)
	from := alike(sound, n-min(rate/100, n/2), n, overlap)
	for i := range overlap {
		w := (float32(i) + 0.5) / float32(overlap)
		sound[from+i] = sound[i]*(1-w) + sound[from+i]*w
	}
	return sound[from:]
}

// alike finds the place in low to high whose next samples are most like the first ones. To keep the tick cheap every
// other place and sample is looked at where the rate is high.
func alike(sound []float32, low, high, overlap int) int {
	stride := max(overlap/160, 1)
	best, found := high, float32(0)
	for at := high; at >= low; at -= stride {
		var product, energy float32
		for i := 0; i < overlap; i += stride {
			product += sound[i] * sound[at+i]
			energy += sound[at+i] * sound[at+i]
		}
		if energy == 0 || product <= 0 {
			continue
		}
		if like := product * product / energy; like > found*1.001 {
			best, found = at, like
		}
	}
	return best
}
