package export

import (
	"errors"
	"io"
	"strings"

	"orionbox/audio/mp3"
	"orionbox/audio/pcm"
	"orionbox/audio/wav"
)

// sound is a recording that is read from its start: a take, or a voice recording.
type sound interface {
	Format() pcm.Format
	Len() int64
	ReadSamples(dst []float32) (frames int, err error) // io.EOF at the end, with the last sound or behind it
	Close() error
}

func openSound(path string) (sound, error) {
	if strings.HasSuffix(path, ".mp3") {
		return mp3.Open(path)
	}
	return wav.Open(path)
}

// tee writes what is read of a sound to a file as well, so that a take is decoded once.
type tee struct {
	sound
	file *wav.File
	done bool
}

func (t *tee) ReadSamples(dst []float32) (int, error) {
	if t.done {
		return 0, io.EOF
	}
	n, err := t.sound.ReadSamples(dst)
	t.done = errors.Is(err, io.EOF)
	if n > 0 {
		frame := pcm.Frame{Format: t.Format(), Data: dst[:n*t.Format().Channels]}
		if bad := t.file.WriteFrame(frame); bad != nil {
			return n, bad
		}
	}
	return n, err
}

// finish reads the rest, so that the file has all.
func (t *tee) finish() error {
	buf := make([]float32, t.Format().Rate*t.Format().Channels)
	for !t.done {
		if _, err := t.ReadSamples(buf); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	return nil
}

// Close closes both.
func (t *tee) Close() error { return errors.Join(t.sound.Close(), t.file.Close()) }
