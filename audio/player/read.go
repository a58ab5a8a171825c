package player

import (
	"errors"
	"fmt"
	"io"
	"time"

	"orionbox/audio/resample"
	"orionbox/audio/wav"
)

// part is a stretch and where it lies in the whole.
type part struct {
	Stretch
	rate       int   // of the file, Hz
	start, end int64 // samples at the player's rate
}

// newPart looks at the file of a stretch that is played from start on, at rate Hz.
func newPart(s Stretch, start int64, rate int) (part, error) {
	file, err := wav.Open(s.Path)
	if err != nil {
		return part{}, err
	}
	format := file.Format()
	if err := file.Close(); err != nil {
		return part{}, fmt.Errorf("close %s: %w", s.Path, err)
	}
	p := part{Stretch: s, rate: format.Rate, start: start, end: start + scale(s.To-s.From, format.Rate, rate)}
	switch {
	case format.Channels != 1:
		return part{}, fmt.Errorf("play %s: it has %d channels, a voice recording has one", s.Path, format.Channels)
	case s.From < 0 || p.end <= start:
		return part{}, fmt.Errorf("play %s: nothing lies between the sample frames %d and %d", s.Path, s.From, s.To)
	}
	return p, nil
}

// scale is what n samples at one rate are at another, rounded down.
func scale(n int64, from, to int) int64 {
	whole, rest := n/int64(from), n%int64(from) // n*to may leave an int64
	return whole*int64(to) + rest*int64(to)/int64(from)
}

// readLen is how many sample frames are read at once.
const readLen = 1024

// lookEvery is how often a file is asked whether it has grown.
const lookEvery = 100 * time.Millisecond

// feed reads a part from some place on and converts it. It belongs to the player's goroutine.
type feed struct {
	part
	number    int                 // of the part
	out       int                 // wanted rate, Hz
	begin, at int64               // sample frames of the file: the first, and the one that comes next
	made      int64               // samples given out
	file      *wav.Reader         // nil if it could not be opened
	resampler *resample.Resampler // nil when the file has the wanted rate
	raw, fit  []float32
	ended     bool      // nothing more is to be read
	grown     time.Time // when there was something to read last
	looked    time.Time // when the file was opened last
}

// open opens the part of that number, from a sample of the whole on.
func (p *Player) open(number int, from int64) *feed {
	now, part := p.cfg.Now(), p.parts[number]
	f := &feed{part: part, number: number, out: p.cfg.Rate, raw: make([]float32, readLen), grown: now}
	f.begin = part.From + scale(from-part.start, f.out, part.rate)
	f.at = f.begin
	if part.rate != f.out {
		f.resampler = resample.New(part.rate, f.out, 1)
		f.fit = make([]float32, scale(readLen, part.rate, f.out)+8)
	}
	if err := f.look(now); err != nil {
		p.failed(err)
		f.ended = true
	}
	return f
}

// look opens the file, anew if it was open: how long it is shows when it is opened.
func (f *feed) look(now time.Time) error {
	file, err := wav.Open(f.Path)
	if err != nil {
		return err
	}
	err = f.close()
	f.file, f.looked = file, now
	f.file.SeekTo(f.at)
	return err
}

func (f *feed) close() error {
	if f == nil || f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	if err != nil {
		return fmt.Errorf("close %s: %w", f.Path, err)
	}
	return nil
}

// next is what comes next, which the call after it overwrites. There is none if the file has to grow first, and io.EOF at
// the end.
func (f *feed) next(now time.Time) ([]float32, error) {
	for !f.ended {
		n, err := f.read(now)
		switch {
		case errors.Is(err, io.EOF):
			f.ended = true
		case err != nil:
			f.ended = true
			return nil, err
		case n == 0:
			return nil, nil
		}
		if data := f.convert(f.raw[:n]); len(data) > 0 { // a resampler takes some in before it gives any out
			return data, nil
		}
	}
	return f.rest()
}

// read reads on in the file; none for now is 0 without an error.
func (f *feed) read(now time.Time) (n int, err error) {
	left := min(readLen, f.To-f.at)
	if left <= 0 {
		return 0, io.EOF
	}
	n, err = f.file.ReadSamples(f.raw[:left])
	switch {
	case errors.Is(err, io.EOF):
		return 0, f.wait(now)
	case err != nil:
		return 0, fmt.Errorf("read %s: %w", f.Path, err)
	}
	f.at += int64(n)
	f.grown = now
	return n, nil
}

// wait looks now and then whether the file has grown; io.EOF if it does not any more.
func (f *feed) wait(now time.Time) error {
	switch {
	case now.Sub(f.grown) >= patience:
		return io.EOF
	case now.Sub(f.looked) >= lookEvery:
		return f.look(now)
	}
	return nil
}

func (f *feed) convert(data []float32) []float32 {
	if f.resampler != nil {
		n, _ := f.resampler.Process(f.fit, data)
		data = f.fit[:n]
	}
	f.made += int64(len(data))
	return data
}

// rest is what the resampler still owes for what was read.
func (f *feed) rest() ([]float32, error) {
	left := min(scale(f.at-f.begin, f.rate, f.out)-f.made, int64(len(f.fit)))
	if left <= 0 {
		return nil, io.EOF
	}
	n, _ := f.resampler.Process(f.fit[:left], make([]float32, f.resampler.Needed(int(left))))
	f.made += int64(n)
	return f.fit[:n], nil
}
