package demo

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"

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
	Faults          []string `json:"faults"`
}

// What a boundary may be off, besides half the press. The voice has been through the conference.
const (
	takeGoal   = 5.0                   // ms
	voiceGoal  = 30.0                  // ms
	pressLimit = 50 * time.Millisecond // a longer press does not tell when it was
)

// judgeCuts finds a box's chunks among all, and wants every cut of the producer's in them, at its place.
func judgeCuts(cfg Config, p player, made []cut, all []takes.Chunk) Cuts {
	c := Cuts{Box: p.name, Role: p.role, Chunks: []takes.Chunk{}, Faults: []string{}}
	for _, chunk := range all {
		if chunk.Name == p.name {
			c.Chunks = append(c.Chunks, chunk)
		}
	}
	for n, m := range made {
		c.PressMS = max(c.PressMS, milliseconds(m.took))
		chunk, found := c.beginsAt(m.marker)
		c.expect(found, "no chunk begins at cut %d", n+1)
		if !found {
			continue
		}
		c.expect(chunk.Voice != nil, "cut %d is not in the voice recording", n+1)
		c.expect(chunk.Studio != nil || p.role != artist, "cut %d is not in the take", n+1)
		if cfg.Mic != "" || m.took > pressLimit {
			continue // a file's sound may be alike everywhere
		}
		c.listenAt(cfg, p, m, chunk.Studio, &c.BoundaryErrorMS)
		c.listenAt(cfg, p, m, chunk.Voice, &c.VoiceErrorMS)
	}
	c.expectNear("take", c.BoundaryErrorMS, takeGoal)
	c.expectNear("voice", c.VoiceErrorMS, voiceGoal)
	return c
}

// judgePresses wants presses that are short enough for the cuts to be judged by them.
func judgePresses(cfg Config, made []cut) (faults []string) {
	for n, m := range made {
		if m.took > pressLimit && cfg.Mic == "" {
			faults = append(faults, fmt.Sprintf("cut %d cannot be measured: its press took %.0f ms, more than %d ms; this machine is busy, run the demo again",
				n+1, milliseconds(m.took), pressLimit.Milliseconds()))
		}
	}
	return faults
}

func (c *Cuts) beginsAt(marker string) (takes.Chunk, bool) {
	for _, chunk := range c.Chunks {
		if chunk.Marker == marker {
			return chunk, true
		}
	}
	return takes.Chunk{}, false
}

// listenAt measures one boundary in one recording, and keeps the worst.
func (c *Cuts) listenAt(cfg Config, p player, m cut, at *takes.Place, worst **float64) {
	if at == nil {
		return
	}
	off, err := boundaryError(cfg.Out, p, m, *at)
	c.expect(err == nil, "%s: boundary at %.3f s: %v", at.File, float64(at.From)/float64(at.Rate), err)
	if off = math.Abs(off); err == nil && (*worst == nil || off > **worst) {
		*worst = &off
	}
}

func (c *Cuts) expectNear(what string, off *float64, goal float64) {
	if off != nil {
		unsure := min(c.PressMS, milliseconds(pressLimit)) / 2
		c.expect(*off-unsure <= goal, "the %s is cut %.1f ms off, more than %.0f ms", what, *off, goal)
	}
}

func (c *Cuts) expect(ok bool, format string, args ...any) {
	if !ok {
		c.Faults = append(c.Faults, fmt.Sprintf(format, args...))
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// printCuts writes the chunks, and how far their boundaries are off, as tables for a person.
func (r Receipt) printCuts(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nBOX\tCHUNK\tLENGTH\tTAKE FROM\tTO\tVOICE FROM\tTO")
	for _, b := range r.Boxes {
		for _, c := range b.Chunks {
			fmt.Fprintf(table, "%s\t%d\t%.3f s\t%s\t%s\n", b.Box, c.Number, c.Seconds, span(c.Studio), span(c.Voice))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(table, "\nBOX\tTAKE CUT OFF BY\tVOICE CUT OFF BY\tPRESS TOOK\t")
	for _, b := range r.Boxes {
		fmt.Fprintf(table, "%s\t%s\t%s\t%.2f ms\t%s\n", b.Box, off(b.BoundaryErrorMS), off(b.VoiceErrorMS), b.PressMS, verdict(b.Faults))
	}
	return table.Flush()
}

func span(p *takes.Place) string {
	if p == nil {
		return "-\t-"
	}
	return fmt.Sprintf("%.3f s\t%.3f s", float64(p.From)/float64(p.Rate), float64(p.To)/float64(p.Rate))
}

func off(ms *float64) string {
	if ms == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f ms", *ms)
}
