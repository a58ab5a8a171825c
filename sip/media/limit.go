package media

import "orionbox/audio/pcm"

// SoftLimit is pcm.SoftLimit, for sip/conference, which mixes as a Line does but knows no package of audio.
func SoftLimit(mix []float32) { pcm.SoftLimit(mix) }
