// Package device owns the ends of the sound path: a sound card, a WAV file that stands for one, or nothing at all. Each
// is a Device that calls a function for every block of samples, on a thread of its own, in real time.
//
// A sound card is opened by miniaudio (package malgo), always one way: one Device captures, another plays. A duplex
// device, and an unplugged one that is not stopped before it is freed, are known to bring the program down. ALSA never
// tells that a device is gone: its callbacks end, and that is what Age is for. Whoever opens a Device must watch it.
//
// The function that a Device calls is on the real-time path: it must not lock, log, allocate, wait or touch a channel,
// and the samples lent to it are valid only until it returns. A sound card keeps neither its promise of when it calls
// nor of how often; only the number of samples in a call is kept.
package device

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"orionbox/audio/pcm"
)

// Names with a meaning of their own; anything else is the name or the stable id of a sound card, as List gives them.
const (
	Default    = "Default" // the system's sound card, a USB one first
	Null       = "null"    // silence in real time, and a place to throw sound away
	FilePrefix = "file:"   // a WAV file: a microphone that loops it, or speakers that write it
	RoomPrefix = "room:"   // a WAV file that all such microphones of this machine hear in step (RoomTime)
)

// What goes wrong with opening, told apart: the first is mended by plugging something in or by another name.
var (
	ErrNotFound = errors.New("no such device")
	ErrOpen     = errors.New("cannot open device")
	ErrConfig   = errors.New("not possible")
)

// Config says what to open and how. The samples are converted where the device cannot do the format by itself.
type Config struct {
	Name   string        // Default, Null, file:PATH, room:PATH, a device's name or its stable id
	Format pcm.Format    // Rate one of Rates, one or two Channels
	Width  pcm.Width     // bytes of a sample as the device is opened: 2, 3 or 4
	Period time.Duration // length of a block; zero means 10 ms
}

// Rates are the rates, in Hz, that a studio recording may have.
var Rates = []int{44100, 48000, 88200, 96000}

const (
	defaultPeriod          = 10 * time.Millisecond
	minPeriod, maxPeriod   = 2 * time.Millisecond, 100 * time.Millisecond
	minChannels, maxTracks = 1, 2
)

// Device is an open sound card, or what stands for one.
type Device interface {
	// Name is what was opened, as a person knows it.
	Name() string
	Format() pcm.Format
	// Age is the time since the last callback, or since opening if there was none.
	Age() time.Duration
	// Close ends the callbacks: none runs after it returns. For a card that was unplugged it may hang for ever in the
	// driver: call it where that does no harm.
	Close() error
	String() string
}

// OpenCapture opens a microphone. Its interleaved samples go to onFrames, block by block, until Close.
func OpenCapture(cfg Config, onFrames func(data []float32)) (Device, error) {
	return open(cfg, capture, onFrames)
}

// OpenPlayback opens speakers. They are fed by render, which fills dst with interleaved samples, until Close.
func OpenPlayback(cfg Config, render func(dst []float32)) (Device, error) {
	return open(cfg, playback, render)
}

// kind is the direction of a device, and its name in messages.
type kind string

const (
	capture  kind = "microphone"
	playback kind = "speakers"
)

func open(cfg Config, k kind, block func([]float32)) (Device, error) {
	cfg, err := cfg.validate()
	if err != nil {
		return nil, fmt.Errorf("open %s %q: %w", k, cfg.Name, err)
	}
	var d Device
	path, isFile := strings.CutPrefix(cfg.Name, FilePrefix)
	shared, isRoom := strings.CutPrefix(cfg.Name, RoomPrefix)
	switch {
	case isRoom && k == capture:
		d, err = openFileMic(shared, cfg, true, block)
	case isRoom:
		err = fmt.Errorf("%w: only a microphone can hear a room", ErrConfig)
	case isFile && k == capture:
		d, err = openFileMic(path, cfg, false, block)
	case isFile:
		d, err = openFileSpeakers(path, cfg, block)
	case strings.EqualFold(cfg.Name, Null):
		d = openNull(cfg, k, block)
	default:
		d, err = openCard(cfg, k, block)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s %q: %w", k, cfg.Name, err)
	}
	return d, nil
}

// Validate tells what is wrong with the settings, and what is allowed.
func (cfg Config) Validate() error {
	_, err := cfg.validate()
	return err
}

func (cfg Config) validate() (Config, error) {
	if cfg.Name == "" {
		cfg.Name = Default
	}
	if cfg.Period == 0 {
		cfg.Period = defaultPeriod
	}
	switch {
	case !slices.Contains(Rates, cfg.Format.Rate):
		return cfg, fmt.Errorf("rate %d: %w, use one of %s", cfg.Format.Rate, ErrConfig, join(Rates))
	case cfg.Format.Channels < minChannels:
		return cfg, fmt.Errorf("%d channels: %w, use 1 or 2", cfg.Format.Channels, ErrConfig)
	case cfg.Format.Channels > maxTracks:
		return cfg, fmt.Errorf("%d channels: %w, use 1 or 2: of an interface with more inputs the first two are recorded",
			cfg.Format.Channels, ErrConfig)
	case !cfg.Width.Valid():
		return cfg, fmt.Errorf("width %d: %w, use 2, 3 or 4 bytes a sample", cfg.Width, ErrConfig)
	case cfg.Period < minPeriod || cfg.Period > maxPeriod:
		return cfg, fmt.Errorf("period %v: %w, use %v to %v", cfg.Period, ErrConfig, minPeriod, maxPeriod)
	}
	return cfg, nil
}

func join(numbers []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(numbers), "[]"), " ", ", ")
}

// blockLen is the length of a block in sample frames.
func (cfg Config) blockLen() int { return max(int(cfg.Format.Samples(cfg.Period)), 1) }
