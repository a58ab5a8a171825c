package recorder

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"orionbox/audio/mp3"
	"orionbox/audio/pcm"
	"orionbox/audio/wav"
)

// childFolder names the variable that makes this binary the program that is to be killed.
const childFolder = "ORIONBOX_TEST_RECORD_IN"

// childLimit names the variable with the number of bytes after which a file of the child is too large for the disk.
const childLimit = "ORIONBOX_TEST_DISK"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childFolder); dir != "" {
		if err := child(dir, os.Getenv(childLimit)); err != nil {
			fmt.Println("failed:", err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// player is a card that plays a tone, on a clock of its own: as fast as the recorders can write it.
type player struct {
	now   time.Time
	pos   int64
	ready map[pcm.Format]*pcm.Frame
}

// tap is one recorder's end of the card.
type tap struct {
	*player
	format pcm.Format
}

func (t tap) Pop() (pcm.Frame, bool) {
	f := t.ready[t.format]
	if f == nil {
		return pcm.Frame{}, false
	}
	t.ready[t.format] = nil
	return *f, true
}

// capture is 10 ms of the tone, for each format the same.
func (p *player) capture() {
	p.now = p.now.Add(10 * time.Millisecond)
	for _, format := range []pcm.Format{takeFormat, voiceFormat} {
		f := &pcm.Frame{Format: format, Pos: p.pos, Data: make([]float32, block*format.Channels)}
		for i := range f.Data {
			at := float64(p.pos+int64(i/format.Channels)) / 48000
			f.Data[i] = float32(0.25 * math.Sin(2*math.Pi*997*at))
		}
		p.ready[format] = f
	}
	p.pos += block
}

var (
	takeFormat  = pcm.Format{Rate: 48000, Channels: 2}
	voiceFormat = pcm.Format{Rate: 48000, Channels: 1}
)

const (
	takeName  = "take.mp3"
	voiceName = "voice.wav"
)

// duo is a box in little: a take and a voice recording of the same card.
type duo struct {
	player
	take, voice *Recorder
}

func newDuo(dir string) *duo {
	d := &duo{player: player{now: time.Unix(1e9, 0), ready: map[pcm.Format]*pcm.Frame{}}}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	now := func() time.Time { return d.now }
	d.take = New(Config{Name: "take", Source: tap{&d.player, takeFormat}, PreRoll: time.Second, Now: now}, log)
	d.voice = New(Config{Name: "voice", Source: tap{&d.player, voiceFormat}, Now: now}, log)
	for range 100 {
		d.live()
	}
	d.take.Start(func() (File, error) {
		return mp3.Create(filepath.Join(dir, takeName), mp3.Config{Format: takeFormat})
	})
	d.voice.Start(func() (File, error) { return wav.Create(filepath.Join(dir, voiceName), voiceFormat) })
	return d
}

func (d *duo) live() {
	d.capture()
	d.take.step()
	d.voice.step()
}

// child records for ever and tells on its standard output what was captured: that is what may be missing.
func child(dir, limit string) error {
	if limit != "" {
		signal.Ignore(syscall.SIGXFSZ)
		var bytes uint64
		if _, err := fmt.Sscan(limit, &bytes); err != nil {
			return err
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: bytes}); err != nil {
			return err
		}
	}
	for d := newDuo(dir); ; d.live() {
		if _, err := fmt.Println(d.pos); err != nil {
			return err
		}
		for range len(d.take.Events()) {
			if e := <-d.take.Events(); e.Kind == Failed {
				return e.Err
			}
		}
	}
}

// startChild runs the child and gives out what it says, line by line.
func startChild(t *testing.T, dir string, env ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(append(os.Environ(), childFolder+"="+dir), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// decodes asks ffmpeg how many sample frames a file has and whether it has anything to complain of.
func decodes(t *testing.T, path string, channels int) int64 {
	t.Helper()
	var out, complaint strings.Builder
	cmd := exec.Command("ffmpeg", "-nostdin", "-v", "warning", "-err_detect", "crccheck+bitstream+buffer",
		"-i", path, "-f", "s16le", "-")
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	// What it says of each WAV file with a plain header.
	said := strings.ReplaceAll(complaint.String(), "Guessed Channel Layout for Input Stream #0.0 : mono\n", "")
	if err != nil || said != "" {
		t.Fatalf("ffmpeg %s: %v: %s", path, err, said)
	}
	return int64(out.Len() / 2 / channels)
}
