package demo

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"text/tabwriter"
	"time"

	"orionbox/audio/measure"
	"orionbox/audio/mp3"
	"orionbox/audio/pcm"
	"orionbox/audio/wav"
	"orionbox/firmware/takes"
)

// Cuts are the chunks of one box, and how far their boundaries are from the presses that set them.
type Cuts struct {
	Box    string        `json:"box"`
	Role   string        `json:"role"`
	Chunks []takes.Chunk `json:"chunks"`
	// BoundaryErrorMS is the largest distance of a boundary in the studio recording from the middle of the producer's press, as
	// heard: the sound at the boundary is looked for in the microphone's signal. Missing where there is none to look at.
	BoundaryErrorMS *float64 `json:"boundary_error_ms,omitempty"`
	VoiceErrorMS    *float64 `json:"voice_boundary_error_ms,omitempty"` // the same of the voice recording
	PressMS         float64  `json:"press_ms"`                          // the longest press: by half of it the errors are uncertain
}

// boundaryGoal is what a boundary may be off.
const boundaryGoal = 5.0 // ms

// judgeCuts finds a box's chunks among all, and wants every cut of the producer's in them, at its place.
func (r *Receipt) judgeCuts(cfg Config, p player, made []cut, all []takes.Chunk) Cuts {
	c := Cuts{Box: p.name, Role: p.role, Chunks: []takes.Chunk{}}
	for _, chunk := range all {
		if chunk.Name == p.name {
			c.Chunks = append(c.Chunks, chunk)
		}
	}
	for n, m := range made {
		c.PressMS = max(c.PressMS, milliseconds(m.took))
		found := false
		for _, chunk := range c.Chunks {
			if chunk.Marker != m.marker {
				continue
			}
			found = true
			if cfg.Mic != "" {
				break // whose sound may be alike everywhere
			}
			r.listenAt(cfg, p, m, chunk.Studio, &c.BoundaryErrorMS)
			r.listenAt(cfg, p, m, chunk.Voice, &c.VoiceErrorMS)
		}
		if !found {
			r.Faults = append(r.Faults, fmt.Sprintf("%s's box has no chunk that begins at cut %d", p.name, n+1))
		}
	}
	if c.BoundaryErrorMS != nil && *c.BoundaryErrorMS-c.PressMS/2 > boundaryGoal {
		r.Faults = append(r.Faults, fmt.Sprintf("%s's takes are cut %.1f ms off, more than %.0f ms", p.name, *c.BoundaryErrorMS, boundaryGoal))
	}
	return c
}

// listenAt measures one boundary in one recording, and keeps the worst.
func (r *Receipt) listenAt(cfg Config, p player, m cut, at *takes.Place, worst **float64) {
	if at == nil {
		return
	}
	off, err := boundaryError(cfg.Out, p, m, *at)
	if err != nil {
		r.Faults = append(r.Faults, fmt.Sprintf("%s: boundary at %.3f s: %v", at.File, float64(at.From)/float64(at.Rate), err))
		return
	}
	if *worst == nil || math.Abs(off) > **worst {
		off = math.Abs(off)
		*worst = &off
	}
}

const (
	heardFor  = 600 * time.Millisecond // of the sound after a boundary: longer than a beat, so that there is an onset in it
	heardOff  = 100 * time.Millisecond // at most, to be found
	leastLike = 0.4                    // for it to be the same sound; others are heard in a voice recording too
)

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// boundaryError is how much later than the press the sound at a boundary was played, in ms.
func boundaryError(dir string, p player, m cut, at takes.Place) (float64, error) {
	paths, err := filepath.Glob(filepath.Join(dir, p.name, "SESSION_*", at.File))
	if err != nil || len(paths) != 1 {
		return 0, errors.Join(fmt.Errorf("its file is not there"), err)
	}
	heard, err := after(paths[0], at.From)
	if err != nil {
		return 0, err
	}
	around := p.signal(heard.Rate, m.heard, heardOff, heardFor)
	near := heard.index(heardOff)
	index, alike := around.Find(heard.Sound, near, near)
	if alike < leastLike {
		return 0, fmt.Errorf("the sound there is not what was played (alike %.2f)", alike)
	}
	return float64(index-near) / float64(heard.Rate) * 1000, nil
}

// signal is what the player's microphone hears around a sample of its signal, mono at a rate.
func (p player) signal(rate int, sample int64, before, length time.Duration) measure.Sound {
	s := measure.Sound{Rate: rate}
	loop := studio.Samples(signalTime)
	step := float64(studio.Rate) / float64(rate)
	start := float64(sample - studio.Samples(before))
	for i := range int((2*before + length).Seconds() * float64(rate)) {
		n := int64(math.Round(start+float64(i)*step)) % loop
		left, right := p.at((n + loop) % loop)
		s.Samples = append(s.Samples, (left+right)/2)
	}
	return s
}

// piece is sound of a recording.
type piece struct{ measure.Sound }

func (s piece) index(d time.Duration) int { return int(d.Seconds() * float64(s.Rate)) }

// after reads a piece of a recording from a sample on, mixed to one channel.
func after(path string, from int64) (piece, error) {
	file, err := openSound(path)
	if err != nil {
		return piece{}, err
	}
	defer file.Close()
	format := file.Format()
	s := piece{measure.Sound{Rate: format.Rate}}
	want, pos := int(format.Samples(heardFor)), int64(0)
	block, mono := make([]float32, 4096*format.Channels), make([]float32, 4096)
	for err == nil && len(s.Samples) < want {
		var n int
		n, err = file.ReadSamples(block)
		pcm.Mono(mono, block[:n*format.Channels], format.Channels)
		if skip := min(max(from-pos, 0), int64(n)); skip < int64(n) {
			s.Samples = append(s.Samples, mono[skip:n]...)
		}
		pos += int64(n)
	}
	if len(s.Samples) < want/2 {
		return piece{}, errors.New("there is no sound after it")
	}
	s.Samples = s.Samples[:min(want, len(s.Samples))]
	return s, nil
}

// soundFile is a recording of either kind.
type soundFile interface {
	reader
	io.Closer
}

func openSound(path string) (soundFile, error) {
	if filepath.Ext(path) == ".mp3" {
		return mp3.Open(path)
	}
	return wav.Open(path)
}

// printCuts writes the chunks as a table for a person.
func (r Receipt) printCuts(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nBOX\tCHUNK\tLENGTH\tTAKE FROM\tTO\tVOICE FROM\tTO\tBOUNDARY ERROR\t")
	for _, b := range r.Boxes {
		for _, c := range b.Chunks {
			fmt.Fprintf(table, "%s\t%d\t%.3f s\t%s\t%s\t%s\t\n", b.Box, c.Number, c.Seconds, span(c.Studio), span(c.Voice), "")
		}
		fmt.Fprintf(table, "%s\t\t\t\t\t\t\t%s\t\n", b.Box, b.errors())
	}
	return table.Flush()
}

func span(p *takes.Place) string {
	if p == nil {
		return "-\t-"
	}
	return fmt.Sprintf("%.3f s\t%.3f s", float64(p.From)/float64(p.Rate), float64(p.To)/float64(p.Rate))
}

func (c Cuts) errors() string {
	text := "-"
	if c.BoundaryErrorMS != nil {
		text = fmt.Sprintf("take %.2f ms", *c.BoundaryErrorMS)
	}
	if c.VoiceErrorMS != nil {
		text += fmt.Sprintf(", voice %.2f ms", *c.VoiceErrorMS)
	}
	return text
}
