package strip

import (
	"errors"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"periph.io/x/conn/v3/spi/spitest"
)

// There is no SPI bus here: what goes to the wire is caught by periph's recorder, the bus itself is not driven.
func TestColoursGoOutAsAPA102Frames(t *testing.T) {
	rec := &spitest.Record{}
	s, err := start(Config{Device: "test", Length: 2, Intensity: 255}, rec, rec)
	if err != nil {
		t.Fatal(err)
	}
	s.Set(1, color.RGBA{R: 255})
	s.Set(2, color.RGBA{G: 255}) // not there
	if err := s.Show(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if len(rec.Ops) != 3 {
		t.Fatalf("%d writes, want dark, coloured, dark", len(rec.Ops))
	}
	for i, lit := range []bool{false, true, false} {
		frame := rec.Ops[i].W
		if len(frame) < 12 || frame[0]|frame[1]|frame[2]|frame[3] != 0 {
			t.Fatalf("write %d is %x: want four zero bytes, then four a light", i, frame)
		}
		first, second := frame[4:8], frame[8:12] // brightness, blue, green, red
		if first[1]|first[2]|first[3] != 0 || second[1]|second[2] != 0 || (second[3] != 0) != lit {
			t.Errorf("write %d: lights are %x and %x, want the second red: %v", i, first, second, lit)
		}
	}
}

func TestNoStripIsToldApartFromABrokenOne(t *testing.T) {
	for _, device := range []string{"", filepath.Join(t.TempDir(), "spidev0.0")} {
		if _, err := Open(Config{Device: device, Length: 4}); !errors.Is(err, ErrNone) {
			t.Errorf("open %q: %v, want %v", device, err, ErrNone)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(Config{Device: file, Length: 4})
	if err == nil || errors.Is(err, ErrNone) || !strings.Contains(err.Error(), file) {
		t.Errorf("open of a plain file: %v, want an error that names it", err)
	}
	for _, length := range []int{0, longest + 1} {
		rec := &spitest.Record{}
		if _, err := start(Config{Length: length}, rec, rec); err == nil {
			t.Errorf("a strip of %d lights was taken", length)
		}
	}
}
