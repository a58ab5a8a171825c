package export

import (
	"errors"
	"io"

	"orionbox/audio/resample"
)

// stretch brings a recording onto the grid. Each read is aimed: the ratio is set so that its end falls on the frame of the
// file that the track's line tells for that moment, from where the last one really ended. So nothing adds up over hours,
// whatever the card did.
type stretch struct {
	in        sound
	channels  int
	place     func(frame int64) float64 // frame of the file, with a fraction, for one of the grid
	resampler *resample.Resampler
	nominal   float64 // frames of the file for one of the grid
	next      int64   // frame of the grid that read gives next
	at        float64 // frame of the file that it is taken at
	buf       []float32
	rest      []float32 // of buf: read and not used yet
	ended     bool
}

// newStretch begins at a frame of the grid, with the first of the file: less than one of either too early or late, which the
// first read makes good.
func newStretch(in sound, rate int, from int64, place func(int64) float64) *stretch {
	format := in.Format()
	return &stretch{
		in: in, channels: format.Channels, place: place, next: from,
		resampler: resample.New(format.Rate, rate, format.Channels),
		nominal:   float64(format.Rate) / float64(rate),
		buf:       make([]float32, 4096*format.Channels),
	}
}

// read fills dst with whole frames, with silence beyond the end of the file.
func (s *stretch) read(dst []float32) error {
	n := len(dst) / s.channels
	if n == 0 {
		return nil
	}
	s.resampler.Adjust((s.place(s.next+int64(n)) - s.at) / (float64(n) * s.nominal))
	s.at += float64(n) * s.nominal * s.resampler.Ratio()
	s.next += int64(n)
	for len(dst) > 0 {
		if len(s.rest) == 0 {
			if err := s.fill(); err != nil {
				return err
			}
		}
		produced, consumed := s.resampler.Process(dst, s.rest)
		dst, s.rest = dst[produced*s.channels:], s.rest[consumed*s.channels:]
	}
	return nil
}

func (s *stretch) fill() error {
	if s.ended {
		clear(s.buf)
		s.rest = s.buf
		return nil
	}
	n, err := s.in.ReadSamples(s.buf)
	if s.ended = errors.Is(err, io.EOF); err != nil && !s.ended {
		return err
	}
	s.rest = s.buf[:n*s.channels]
	return nil
}
