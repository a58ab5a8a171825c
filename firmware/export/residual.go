package export

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"orionbox/audio/measure"
	"orionbox/audio/wav"
)

// Heard is how a studio track and the conference's recording of the same sound lie to each other, by the sound itself. The
// conference is late by the network, the jitter buffer and the codec; what it is late by should be the same all along.
type Heard struct {
	LagMS    float64 `json:"lag_ms"`    // median: the conference is late by this
	SpreadMS float64 `json:"spread_ms"` // of the lags about it: 1.4826 times the median of their distances
	WorstMS  float64 `json:"worst_ms"`  // farthest of those that count
	SlopePPM float64 `json:"slope_ppm"` // by how much the conference's clock is slower, by the median of all slopes (Theil and Sen)
	Likeness float64 `json:"likeness"`  // median: 1 nobody else is heard, 0 nothing in common
	Windows  int     `json:"windows"`   // listened to
	Sure     int     `json:"sure"`      // of them, where the place was beyond doubt
	Apart    int     `json:"apart"`     // of those, so far from the others that they do not count
}

// What is listened to and what counts.
const (
	windowLength = 4.0  // s
	windowEvery  = 5.0  // s, at least
	mostWindows  = 60   // a track
	audible      = 1e-5 // mean square: -50 dBFS
	alikeEnough  = 0.08 // chance gives 0.03
	rivalAtMost  = 0.8  // of the likeness
	apartMS      = 60.0 // from the median: more than a jitter buffer's step
	fewest       = 3    // windows that can tell anything
)

// reach is how far to look for a sound in the conference: from so many seconds early to so many late.
type reach struct{ early, late float64 }

// reaches are tried in turn, until enough windows are sure. Music that repeats itself is heard in many places of a wide one;
// nobody makes music together over half a second. With the window both are under 2^18 samples at 48 kHz.
var reaches = []reach{{0.05, 0.43}, {0.2, 1.2}}

// lag is what one window tells.
type lag struct{ at, ms, likeness float64 } // at in seconds of the grid

// listen compares each studio track with the conference, by the WAVs just written.
func (c Config) listen(ctx context.Context, s *scene, lanes []*lane, f *folder, reports []TrackReport) error {
	n := slices.IndexFunc(lanes, func(l *lane) bool { return !l.studio })
	if n < 0 {
		return nil
	}
	voice, err := wav.Open(filepath.Join(f.part, setFolder, lanes[n].file))
	if err != nil {
		return err
	}
	defer func() { _ = voice.Close() }() // read only
	for _, l := range lanes {
		if !l.studio {
			continue
		}
		fmt.Fprintf(c.Progress, "%s: comparing it with the conference\n", l.file)
		studio, err := wav.Open(filepath.Join(f.part, setFolder, l.file))
		if err != nil {
			return err
		}
		for _, p := range l.pieces {
			heard, err := compare(ctx, s, p, audibleIn(l.levels, lanes[n].levels), studio, voice)
			if err != nil {
				return errors.Join(err, studio.Close())
			}
			reports[slices.IndexFunc(reports, func(r TrackReport) bool { return r.Media == mediaDir+"/"+p.media })].Heard = heard
		}
		if err := studio.Close(); err != nil {
			return err
		}
	}
	return nil
}

// audibleIn is how loud each second of a lane is; 0 where there is no recording of the conference to hear it in.
func audibleIn(own, voice []float64) []float64 {
	levels := slices.Clone(own)
	for i := range levels {
		if voice[i] == 0 {
			levels[i] = 0
		}
	}
	return levels
}

// compare listens along a piece, where it is loud.
func compare(ctx context.Context, s *scene, p *piece, levels []float64, studio, voice *wav.Reader) (heard *Heard, err error) {
	for _, r := range reaches {
		windows := windowsOf(levels, seconds(p.from, s.rate), seconds(p.to, s.rate), r)
		var lags []lag
		for _, at := range windows {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			found, sure, err := hear(studio, voice, at, r)
			if err != nil {
				return nil, err
			}
			if sure {
				lags = append(lags, found)
			}
		}
		if heard = summary(lags, len(windows)); heard.Known() {
			break
		}
	}
	return heard, nil
}

// hear looks for one window of a track in the conference.
func hear(studio, voice *wav.Reader, at float64, r reach) (found lag, sure bool, err error) {
	piece, err := mono(studio, at, windowLength)
	if err != nil {
		return lag{}, false, err
	}
	whole, err := mono(voice, at-r.early, r.early+windowLength+r.late)
	if err != nil {
		return lag{}, false, err
	}
	m := whole.Locate(piece)
	ms := (m.At/float64(whole.Rate) - r.early) * 1000
	return lag{at, ms, m.Likeness}, m.Likeness >= alikeEnough && m.Rival <= rivalAtMost*m.Likeness, nil
}

// windowsOf are where to listen between two times: the loudest place of each of up to so many equal parts. levels are those
// of whole seconds.
func windowsOf(levels []float64, from, to float64, r reach) []float64 {
	first, last := int(math.Ceil(from)), int(math.Floor(to-windowLength-r.late))
	if last < first {
		return nil
	}
	parts := min(mostWindows, 1+int(float64(last-first)/windowEvery))
	var all []float64
	for k := range parts {
		best, loudest := -1, audible
		for at := first + (last-first+1)*k/parts; at < first+(last-first+1)*(k+1)/parts; at++ {
			level := 0.0
			for _, v := range levels[at:min(len(levels), at+int(windowLength))] {
				level += v / windowLength
			}
			if level > loudest && at >= 1 { // there is a bit of the conference before it
				best, loudest = at, level
			}
		}
		if best >= 0 {
			all = append(all, float64(best))
		}
	}
	return all
}

// mono is so many seconds of a file from a time on, its channels added up.
func mono(r *wav.Reader, at, length float64) (measure.Sound, error) {
	format := r.Format()
	frames := int(math.Round(length * float64(format.Rate)))
	data := make([]float32, frames*format.Channels)
	r.SeekTo(int64(math.Round(at * float64(format.Rate))))
	for done := 0; done < frames; {
		n, err := r.ReadSamples(data[done*format.Channels:])
		if err != nil {
			return measure.Sound{}, err
		}
		done += n
	}
	sound := measure.Channel(data, format.Channels, 0, format.Rate)
	for c := 1; c < format.Channels; c++ {
		for i, v := range measure.Channel(data, format.Channels, c, format.Rate).Samples {
			sound.Samples[i] += v
		}
	}
	return sound, nil
}

// summary is what the lags tell together. Nothing in it can be moved far by a few wrong ones.
func summary(lags []lag, windows int) *Heard {
	h := &Heard{Windows: windows, Sure: len(lags)}
	middle := median(each(lags, func(l lag) float64 { return l.ms }))
	counted := slices.DeleteFunc(slices.Clone(lags), func(l lag) bool { return math.Abs(l.ms-middle) > apartMS })
	h.Apart = len(lags) - len(counted)
	if len(counted) < fewest {
		return h
	}
	h.LagMS = median(each(counted, func(l lag) float64 { return l.ms }))
	h.Likeness = median(each(counted, func(l lag) float64 { return l.likeness }))
	off := each(counted, func(l lag) float64 { return math.Abs(l.ms - h.LagMS) })
	h.SpreadMS, h.WorstMS = 1.4826*median(off), slices.Max(off)
	h.SlopePPM = slope(counted)
	return h
}

// Known tells whether enough was heard to say anything.
func (h *Heard) Known() bool { return h != nil && h.Sure-h.Apart >= fewest }

// slope is the median of the slopes between all pairs, in parts per million.
func slope(lags []lag) float64 {
	var all []float64
	for i, a := range lags {
		for _, b := range lags[i+1:] {
			all = append(all, (b.ms-a.ms)/(b.at-a.at)*1000)
		}
	}
	return median(all)
}

func each(lags []lag, f func(lag) float64) []float64 {
	all := make([]float64, len(lags))
	for i, l := range lags {
		all[i] = f(l)
	}
	return all
}

func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
