package export

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"orionbox/audio/pcm"
	"orionbox/audio/wav"
	"orionbox/firmware/clock"
)

const (
	setWidth   = 3 // bytes a sample of the WAV set
	mediaWidth = 2 // and of the sound as it was recorded: as the decoder gives it
	setFolder  = "wav"
	mediaDir   = "media"
)

// clockStep is how long a frame lasts.
func clockStep(rate int) clock.Instant { return clock.Instant(time.Second) / clock.Instant(rate) }

// write makes a lane's WAV, a second at a time, and on the way the sounds as they were recorded.
func (c Config) write(ctx context.Context, s *scene, l *lane, f *folder) (err error) {
	path := filepath.Join(f.part, setFolder, l.file)
	out, err := wav.CreateBroadcast(path, pcm.Format{Rate: s.rate, Channels: l.channels}, setWidth, c.broadcast(s, l.name, s.begin, s.rate))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	var open []*player
	defer func() {
		for _, p := range open {
			err = errors.Join(err, p.Close())
		}
	}()
	left := l.pieces
	buf := make([]float32, s.rate*l.channels)
	for at := int64(0); at < s.frames; at += int64(s.rate) {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(int64(s.rate), s.frames-at)
		for ; len(left) > 0 && left[0].from < at+n; left = left[1:] {
			p, err := c.play(s, left[0], f)
			if err != nil {
				return err
			}
			open = append(open, p)
		}
		block := buf[:n*int64(l.channels)]
		clear(block)
		if open, err = mix(ctx, open, block, at, n, l.channels); err != nil {
			return err
		}
		l.levels = append(l.levels, square(block))
		if err := out.WriteFrame(pcm.Frame{Format: pcm.Format{Rate: s.rate, Channels: l.channels}, Data: block}); err != nil {
			return err
		}
	}
	return nil
}

// broadcast says when a sound begins.
func (c Config) broadcast(s *scene, what string, begins clock.Instant, rate int) wav.Broadcast {
	at := begins.Time().In(c.Zone)
	return wav.Broadcast{Description: what + ", " + s.folders.Session, Originator: "Orion box", Reference: s.folders.Session,
		Begins: at, Samples: wav.Since(at, rate)}
}

// player gives out a piece on the grid.
type player struct {
	piece   *piece
	tee     *tee
	stretch *stretch
}

func (c Config) play(s *scene, p *piece, f *folder) (*player, error) {
	in, err := openSound(p.path)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("%s, as recorded", p.laneName())
	file, err := wav.CreateBroadcast(filepath.Join(f.part, mediaDir, p.media), in.Format(), mediaWidth, c.broadcast(s, what, p.start, in.Format().Rate))
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	t := &tee{sound: in, file: file}
	return &player{piece: p, tee: t, stretch: newStretch(t, s.rate, p.from, func(frame int64) float64 { return p.place(s.instant(frame)) })}, nil
}

// mix adds the pieces that sound in n frames from at on, and closes those that are over.
func mix(ctx context.Context, open []*player, block []float32, at, n int64, channels int) ([]*player, error) {
	for _, p := range open {
		if err := p.add(block, at, n, channels); err != nil {
			return open, err
		}
	}
	for len(open) > 0 && open[0].piece.to <= at+n {
		if err := ctx.Err(); err != nil {
			return open, err
		}
		if err := errors.Join(open[0].tee.finish(), open[0].Close()); err != nil {
			return open[1:], err
		}
		open = open[1:]
	}
	return open, nil
}

// add adds what the piece has of n frames from at on.
func (p *player) add(block []float32, at, n int64, channels int) error {
	from, to := max(at, p.piece.from), min(at+n, p.piece.to)
	if from >= to {
		return nil
	}
	own := p.piece.format.Channels
	sound := make([]float32, (to-from)*int64(own))
	if err := p.stretch.read(sound); err != nil {
		return fmt.Errorf("%s: %w", p.piece.File, err)
	}
	for k := range to - from {
		g := p.piece.gain(from + k)
		for c := range channels {
			block[(from-at+k)*int64(channels)+int64(c)] += g * sound[k*int64(own)+int64(c%own)]
		}
	}
	return nil
}

// Close closes the piece's files.
func (p *player) Close() error { return p.tee.Close() }

// square is the mean square.
func square(samples []float32) float64 {
	sum := 0.0
	for _, v := range samples {
		sum += float64(v) * float64(v)
	}
	return sum / float64(max(1, len(samples)))
}
