package library

import "slices"

// Peak is the least and the most that the sound reaches in a while, in any channel, in 127ths of full scale.
type Peak struct{ Min, Max int8 }

// Reduce draws peaks in so many points, each of which reaches as far as those that it stands for.
func Reduce(peaks []Peak, points int) []Peak {
	if points <= 0 || points >= len(peaks) {
		return slices.Clone(peaks)
	}
	few := make([]Peak, points)
	for i := range few {
		part := peaks[i*len(peaks)/points : (i+1)*len(peaks)/points]
		few[i] = part[0]
		for _, p := range part[1:] {
			few[i] = Peak{min(few[i].Min, p.Min), max(few[i].Max, p.Max)}
		}
	}
	return few
}
