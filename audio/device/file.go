package device

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"orionbox/audio/pcm"
	"orionbox/audio/resample"
	"orionbox/audio/wav"
)

// loop reads a WAV file round and round as one stream in the asked format.
type loop struct {
	path      string
	file      *wav.Reader
	format    pcm.Format          // asked
	resampler *resample.Resampler // nil when the file has the asked rate
	raw       []float32           // as read, in the file's channels
	fitted    []float32           // in the asked channels, at the file's rate
	rest      []float32           // of fitted, not yet given out
}

// readLen is how many sample frames are read at once.
const readLen = 1024

func openLoop(path string, format pcm.Format) (*loop, error) {
	file, err := wav.Open(path)
	if err != nil {
		return nil, err
	}
	from := file.Format()
	l := &loop{path: path, file: file, format: format}
	l.raw = make([]float32, readLen*from.Channels)
	l.fitted = make([]float32, readLen*format.Channels)
	if from.Rate != format.Rate {
		l.resampler = resample.New(from.Rate, format.Rate, format.Channels)
	}
	return l, nil
}

// Close closes the file.
func (l *loop) Close() error { return l.file.Close() }

// seek goes to the place of the file that the room hears at a time.
func (l *loop) seek(at time.Duration) {
	l.rest = nil
	if n := l.file.Len(); n > 0 {
		l.file.SeekTo(l.file.Format().Samples(at) % n)
	}
}

// fill fills dst with what comes next.
func (l *loop) fill(dst []float32) error {
	for len(dst) > 0 {
		if len(l.rest) == 0 {
			if err := l.refill(); err != nil {
				return err
			}
		}
		if l.resampler == nil {
			n := copy(dst, l.rest)
			dst, l.rest = dst[n:], l.rest[n:]
			continue
		}
		made, used := l.resampler.Process(dst, l.rest)
		dst, l.rest = dst[made*l.format.Channels:], l.rest[used*l.format.Channels:]
	}
	return nil
}

// refill reads on, from the start again at the end.
func (l *loop) refill() error {
	n, err := l.file.ReadSamples(l.raw)
	if errors.Is(err, io.EOF) {
		l.file.SeekTo(0)
		n, err = l.file.ReadSamples(l.raw)
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("read %s: it holds no sound", l.path)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", l.path, err)
	}
	l.rest = l.fitted[:n*l.format.Channels]
	fitChannels(l.rest, l.raw, l.format.Channels, l.file.Format().Channels)
	return nil
}

// fitChannels maps src onto dst: mono goes to every channel, many channels are mixed to mono, otherwise the first ones
// are taken.
func fitChannels(dst, src []float32, to, from int) {
	if to == 1 {
		pcm.Mono(dst, src, from)
		return
	}
	for i := range len(dst) / to {
		for c := range to {
			dst[i*to+c] = src[i*from+min(c, from-1)]
		}
	}
}

// RoomTime is the clock of the room that RoomPrefix microphones are in: CLOCK_MONOTONIC, the same for all programs of a
// machine. What such a microphone hears at t is the file's sample at t, counted round and round from 0.
func RoomTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err) // every Linux has it
	}
	return time.Duration(t.Nano())
}

// openFileMic is a microphone that hears the WAV file at path, for ever, in real time: from its start, or in step with
// all others on this machine.
func openFileMic(path string, cfg Config, inStep bool, onFrames func([]float32)) (Device, error) {
	l, err := openLoop(path, cfg.Format)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", openError(err), err)
	}
	start := monotonic()
	early := RoomTime() - start
	if inStep {
		l.seek(start + early)
	}
	data := make([]float32, cfg.blockLen()*cfg.Format.Channels)
	if err := l.fill(data); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrOpen, err), l.Close())
	}
	end := start // of the block before
	step := func(began time.Duration) error {
		stood := (began - end).Abs() > time.Millisecond
		if stood && inStep {
			l.seek(began + early) // the program stood still, and the room went on
		}
		if stood || end != start {
			if err := l.fill(data); err != nil {
				return err
			}
		}
		end = began + cfg.Format.Duration(int64(cfg.blockLen()))
		onFrames(data)
		return nil
	}
	return startPaced(cfg, start, step, l.Close), nil
}

// openFileSpeakers are speakers that write what they would play to a WAV file, and on to the disk every second. A file
// that is there already is kept under the same name with a number behind it: the speakers are opened again each time
// that writing failed, so what was there before must outlast any number of times.
func openFileSpeakers(path string, cfg Config, render func([]float32)) (Device, error) {
	if err := keep(path); err != nil {
		return nil, fmt.Errorf("%w: keep the old file: %w", ErrOpen, err)
	}
	file, err := wav.Create(path, cfg.Format)
	if err != nil {
		if !errors.Is(err, os.ErrExist) {
			_ = os.Remove(path) // what a full disk has left of the new file, if anything
		}
		return nil, fmt.Errorf("%w: %w", openError(err), err)
	}
	frame := pcm.Frame{Format: cfg.Format, Data: make([]float32, cfg.blockLen()*cfg.Format.Channels)}
	synced := int64(0)
	step := func(time.Duration) error {
		render(frame.Data)
		if err := file.WriteFrame(frame); err != nil {
			return err
		}
		frame.Pos = frame.End()
		if frame.Pos-synced < int64(cfg.Format.Rate) {
			return nil
		}
		synced = frame.Pos
		return file.Sync()
	}
	return startPaced(cfg, monotonic(), step, file.Close), nil
}

// keep gives the file at path, if there is one, the first name of path.1, path.2 and so on that is free.
func keep(path string) error {
	switch info, err := os.Stat(path); {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file", path)
	}
	for n := 1; ; n++ {
		kept := fmt.Sprintf("%s.%d", path, n)
		if _, err := os.Lstat(kept); errors.Is(err, os.ErrNotExist) {
			return os.Rename(path, kept)
		} else if err != nil {
			return err
		}
	}
}

// openError is ErrNotFound for a file or folder that is not there.
func openError(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return ErrNotFound
	}
	return ErrOpen
}
