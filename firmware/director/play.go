package director

import (
	"context"
	"errors"
	"fmt"
	"time"

	"orionbox/sip/media"
)

// Playback: a chunk, whoever's it is, is played from what this box heard meanwhile, its own voice recording. So it plays at
// once, and no file has to come from anywhere. What is played to all goes into the line, and with it into every box's voice
// recording; what is played to oneself into the speakers alone.

// Playback is recordings that are being played: *player.Player.
type Playback interface {
	media.Mic
	Position() time.Duration
	Length() time.Duration
	Seek(to time.Duration)
	Done() <-chan struct{}
	Err() error
	Close() // may wait for the disk
}

// Audience is who hears what is played.
type Audience string

// The audiences: the box's own speakers, or the conference.
const (
	ToMe  Audience = "me"
	ToAll Audience = "all"
)

// PlayRequest is what a person wants played.
type PlayRequest struct {
	Chunk   string // as takes.ParseChunkRef reads it
	Session string // of the chunk's box; empty for this session
	To      Audience
}

// SeekRequest is where it is to go on.
type SeekRequest struct {
	At       time.Duration
	Relative bool // to where it is; else from the start of the chunk
}

// Play plays a chunk, in place of what plays, and tells in words what it does. What cannot be played wraps ErrRefused.
func (d *Director) Play(ctx context.Context, r PlayRequest) (text string, err error) {
	var at shelf
	if err := d.onLoop(ctx, func() { at = d.shelf(r) }); err != nil {
		return "", err
	}
	if at.why != "" {
		return "", fmt.Errorf("%w: %s", ErrRefused, at.why)
	}
	chunk, of, err := at.find(r) // which takes its time, and opening waits for the disk: the loop has other things to do
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if r.To != ToAll {
		at.rate = of[0].Rate
	}
	playback, err := d.cfg.OpenPlayback(d.files(of), at.rate)
	if err != nil {
		return "", fmt.Errorf("play %s: %w", chunk.Ref(), err)
	}
	p := &playing{Playback: playback, chunk: chunk, to: r.To}
	failed := d.onLoop(ctx, func() { text, err = d.play(p, at.rate) })
	if err = errors.Join(failed, err); err != nil {
		go playback.Close()
	}
	return text, err
}

var errNothingPlays = fmt.Errorf("%w: nothing plays; `orionbox play CHUNK` begins", ErrRefused)

// StopPlaying ends what plays and tells in words what that was.
func (d *Director) StopPlaying(ctx context.Context) (text string, err error) {
	failed := d.onLoop(ctx, func() {
		if d.playing == nil {
			err = errNothingPlays
			return
		}
		text = "stopped: " + d.lookPlaying().line()
		d.endPlaying("was stopped")
	})
	return text, errors.Join(failed, err)
}

// Seek has what plays go on elsewhere.
func (d *Director) Seek(ctx context.Context, s SeekRequest) (text string, err error) {
	failed := d.onLoop(ctx, func() {
		if d.playing == nil {
			err = errNothingPlays
			return
		}
		if s.Relative {
			s.At += d.playing.Position()
		}
		d.playing.Seek(s.At)
		text = d.lookPlaying().line()
	})
	return text, errors.Join(failed, err)
}
