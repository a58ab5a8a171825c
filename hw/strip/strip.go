// Package strip owns a strip of APA102 lights on an SPI bus, which shows in colour what a panel shows with LEDs, and as
// many of them as one likes. It knows colours and places, not what they mean.
package strip

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"io/fs"

	"periph.io/x/conn/v3/spi"
	"periph.io/x/devices/v3/apa102"
)

// Config says where the strip is.
type Config struct {
	Device    string // as /dev/spidev0.0; empty = no strip
	Length    int    // lights
	Intensity uint8  // 255 blinds and takes 60 mA a light; zero means 64
}

const (
	gentle  = 64   // bright enough for a dim stage, and 8 lights stay below what a Pi's 5 V pin gives
	longest = 1000 // lights; a write of more is over the 4096 bytes that spidev takes
)

// ErrNone is the error when there is no such device: a box without a strip, not a broken one.
var ErrNone = errors.New("no such strip")

// Strip is an open strip. It belongs to one goroutine.
type Strip struct {
	port  io.Closer
	dev   *apa102.Dev
	name  string
	bytes []byte // red, green, blue of each light
}

// Open takes the SPI device and makes the strip dark.
func Open(cfg Config) (*Strip, error) {
	if cfg.Device == "" {
		return nil, fmt.Errorf("open strip: %w", ErrNone)
	}
	p, err := openPort(cfg.Device)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open strip %s: %w: switch SPI on (dtparam=spi=on)", cfg.Device, ErrNone)
	}
	if err != nil {
		return nil, fmt.Errorf("open strip: %w", err)
	}
	s, err := start(cfg, p, p)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open strip %s: %w", cfg.Device, err), p.Close())
	}
	return s, nil
}

func start(cfg Config, p spi.Port, closer io.Closer) (*Strip, error) {
	if cfg.Length < 1 || cfg.Length > longest {
		return nil, fmt.Errorf("%d lights: use 1 to %d", cfg.Length, longest)
	}
	if cfg.Intensity == 0 {
		cfg.Intensity = gentle
	}
	dev, err := apa102.New(p, &apa102.Opts{NumPixels: cfg.Length, Intensity: cfg.Intensity, Temperature: apa102.NeutralTemp})
	if err != nil {
		return nil, err
	}
	s := &Strip{port: closer, dev: dev, name: cfg.Device, bytes: make([]byte, 3*cfg.Length)}
	return s, s.Show()
}

// Set gives a light its colour, without alpha, at the next Show. Places that the strip does not have are ignored.
func (s *Strip) Set(place int, c color.RGBA) {
	if place < 0 || 3*place >= len(s.bytes) {
		return
	}
	copy(s.bytes[3*place:], []byte{c.R, c.G, c.B})
}

// Show sends the colours out.
func (s *Strip) Show() error {
	if _, err := s.dev.Write(s.bytes); err != nil {
		return fmt.Errorf("write strip %s: %w", s.name, err)
	}
	return nil
}

// Close makes the strip dark and lets go of it.
func (s *Strip) Close() error {
	clear(s.bytes)
	return errors.Join(s.Show(), s.port.Close())
}
