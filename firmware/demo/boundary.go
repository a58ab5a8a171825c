package demo

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"time"

	"orionbox/audio/measure"
	"orionbox/audio/mp3"
	"orionbox/audio/pcm"
	"orionbox/audio/wav"
	"orionbox/firmware/takes"
)

const (
	heardFor  = 600 * time.Millisecond // of the sound after a boundary: longer than a beat, so that there is a pluck in it
	heardOff  = 100 * time.Millisecond // at most, to be found
	leastLike = 0.15                   // for its plucks to be the same: a conference's coder leaves a quarter of them, other moments have a tenth
)

// boundaryError is how much later than the press the sound at a boundary was played, in ms.
func boundaryError(dir string, p player, m cut, at takes.Place) (float64, error) {
	paths, err := filepath.Glob(filepath.Join(dir, p.name, "SESSION_*", at.File))
	if err != nil || len(paths) != 1 {
		return 0, errors.Join(fmt.Errorf("its file is not there"), err)
	}
	return soundOff(paths[0], p, m, at.From)
}

// soundOff is how much later than the press that was played, in ms, which stands at a sample of a recording.
func soundOff(path string, p player, m cut, from int64) (float64, error) {
	heard, err := after(path, from)
	if err != nil {
		return 0, err
	}
	around := p.signal(heard.Rate, m.heard, heardOff, heardFor)
	near := heard.index(heardOff)
	index, alike := plucks(around).Find(plucks(heard.Sound), near, near)
	if alike < leastLike {
		return 0, fmt.Errorf("the sound there is not what was played (alike %.2f)", alike)
	}
	return float64(index-near) / float64(heard.Rate) * 1000, nil
}

// plucks is the second difference of a sound: the notes, which are alike at every moment, are gone from it, and the noise of the
// plucks, of which no two are alike, is left.
func plucks(s measure.Sound) measure.Sound {
	sharp := make([]float32, max(0, len(s.Samples)-2))
	for i := range sharp {
		sharp[i] = s.Samples[i] - 2*s.Samples[i+1] + s.Samples[i+2]
	}
	return measure.Sound{Rate: s.Rate, Samples: sharp}
}

// signal is what the player's microphone hears around a sample of its signal, mono at a rate.
func (p player) signal(rate int, sample int64, before, length time.Duration) measure.Sound {
	s := measure.Sound{Rate: rate}
	loop := studio.Samples(signalTime)
	step := float64(studio.Rate) / float64(rate)
	start := float64(sample - studio.Samples(before))
	for i := range int((2*before + length).Seconds() * float64(rate)) {
		n := int64(math.Round(start+float64(i)*step)) % loop
		left, right := p.at((n + loop) % loop)
		s.Samples = append(s.Samples, (left+right)/2)
	}
	return s
}

// piece is sound of a recording.
type piece struct{ measure.Sound }

func (s piece) index(d time.Duration) int { return int(d.Seconds() * float64(s.Rate)) }

// after reads a piece of a recording from a sample on, mixed to one channel.
func after(path string, from int64) (piece, error) {
	file, err := openSound(path)
	if err != nil {
		return piece{}, err
	}
	defer file.Close()
	format := file.Format()
	s := piece{measure.Sound{Rate: format.Rate}}
	want, pos := int(format.Samples(heardFor)), int64(0)
	block, mono := make([]float32, 4096*format.Channels), make([]float32, 4096)
	for err == nil && len(s.Samples) < want {
		var n int
		n, err = file.ReadSamples(block)
		pcm.Mono(mono, block[:n*format.Channels], format.Channels)
		if skip := min(max(from-pos, 0), int64(n)); skip < int64(n) {
			s.Samples = append(s.Samples, mono[skip:n]...)
		}
		pos += int64(n)
	}
	if len(s.Samples) < want/2 {
		return piece{}, errors.New("there is no sound after it")
	}
	s.Samples = s.Samples[:min(want, len(s.Samples))]
	return s, nil
}

// soundFile is a recording of either kind.
type soundFile interface {
	reader
	io.Closer
}

func openSound(path string) (soundFile, error) {
	if filepath.Ext(path) == ".mp3" {
		return mp3.Open(path)
	}
	return wav.Open(path)
}
