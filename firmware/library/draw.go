package library

import (
	"context"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"orionbox/audio/mp3"
	"orionbox/audio/pcm"
	"orionbox/audio/wav"
)

// sound is a recording that is read from some place on.
type sound interface {
	Format() pcm.Format
	ReadSamples(dst []float32) (frames int, err error) // io.EOF at the end, with the last sound or behind it
	SeekTo(pos int64) error
	Close() error
}

func openSound(path string) (sound, error) {
	if strings.HasSuffix(path, ".mp3") {
		return mp3.Open(path)
	}
	r, err := wav.Open(path)
	return voice{r}, err
}

// voice is a WAV file.
type voice struct{ *wav.Reader }

func (v voice) SeekTo(pos int64) error {
	v.Reader.SeekTo(pos)
	return nil
}

// draw makes the peaks of a recording that begins with those that are given. When ctx ends the error is its, and the peaks are those
// that can be gone on from.
func draw(ctx context.Context, path string, from []Peak) (peaks []Peak, err error) {
	in, err := openSound(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	p := newPen(in.Format(), from)
	if len(from) > 0 {
		if err := in.SeekTo(p.pos); err != nil {
			return nil, err
		}
	}
	block := make([]float32, in.Format().Rate/10*in.Format().Channels)
	for err = ctx.Err(); err == nil; err = ctx.Err() {
		n, err := in.ReadSamples(block)
		p.draw(block[:n*in.Format().Channels])
		if errors.Is(err, io.EOF) {
			return p.end(), nil
		}
		if err != nil {
			return nil, err
		}
	}
	return p.peaks, err
}

// pen turns sound into peaks. The n-th of them holds the sample frames from n/100 s on.
type pen struct {
	pcm.Format
	peaks      []Peak
	pos, until int64   // sample frames: of the next, and where this peak ends
	low, top   float32 // of this peak
}

// newPen goes on behind peaks that were drawn.
func newPen(f pcm.Format, from []Peak) *pen {
	p := &pen{Format: f, peaks: append([]Peak{}, from...)}
	p.pos = p.start(len(from))
	p.next()
	return p
}

// start is the first sample frame of the n-th peak.
func (p *pen) start(n int) int64 { return (int64(n)*int64(p.Rate) + perSecond - 1) / perSecond }

func (p *pen) next() {
	p.until = p.start(len(p.peaks) + 1)
	p.low, p.top = float32(math.Inf(1)), float32(math.Inf(-1))
}

// draw takes in interleaved samples.
func (p *pen) draw(samples []float32) {
	for len(samples) > 0 {
		n := min(int(p.until-p.pos)*p.Channels, len(samples))
		for _, v := range samples[:n] {
			p.low, p.top = min(p.low, v), max(p.top, v)
		}
		samples = samples[n:]
		p.pos += int64(n / p.Channels)
		if p.pos == p.until {
			p.lift()
		}
	}
}

func (p *pen) lift() {
	p.peaks = append(p.peaks, Peak{level(p.low), level(p.top)})
	p.next()
}

// end are all peaks, the last of which may be of less sound.
func (p *pen) end() []Peak {
	if p.pos > p.start(len(p.peaks)) {
		p.lift()
	}
	return p.peaks
}

// level is a sample in 127ths of full scale.
func level(v float32) int8 {
	return int8(math.Round(math.Max(-127, math.Min(127, float64(v)*127))))
}

// quietly runs what may wait for everything else on a thread of its own, of the least precedence, which ends with it.
func quietly(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()                                     // for good: a precedence that was given up is not had back
		_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 19) // without it goes as well
		do()
	}()
	<-done
}
