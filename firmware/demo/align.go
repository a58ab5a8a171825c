package demo

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"orionbox/firmware/clock"
	"orionbox/firmware/export"
	"orionbox/firmware/takes"
)

// Alignment is how an artist's track lies in the export of the session, found by sound: all microphones are in one room, so what
// each of them heard at a cut is known, and it is looked for in the exported WAV.
type Alignment struct {
	Box        string        `json:"box"`
	Path       string        `json:"path"`        // of the WAV, from the demo's folder
	OffMS      *float64      `json:"off_ms"`      // at most, from where the producer's press was; as uncertain as half the press
	ResidualMS *float64      `json:"residual_ms"` // at most, from where all tracks are on the average
	Heard      *export.Heard `json:"heard"`       // against the conference's recording, as the export reports it
	Faults     []string      `json:"faults"`
}

const (
	exportFolder = "export"
	alignGoal    = 1.0 // ms
)

// makeExport exports the producer's session, as `orionbox export` does.
func makeExport(ctx context.Context, cfg Config) (export.Report, error) {
	home := filepath.Join(cfg.Out, players[0].name)
	folders, err := export.Find(home, filepath.Join(home, "received"), export.Last)
	if err != nil {
		return export.Report{}, err
	}
	return export.Run(ctx, export.Config{Folders: folders, Dir: filepath.Join(cfg.Out, exportFolder), Version: cfg.Version})
}

// align judges where the artists' tracks lie in an export.
func (r *Receipt) align(cfg Config, made []cut, chunks []takes.Chunk, exported export.Report) {
	off := make([][]float64, len(made)) // of each cut, in ms
	for _, p := range players {
		if p.role != artist {
			continue
		}
		a := Alignment{Box: p.name, Faults: []string{}}
		t, found := trackOf(exported, p)
		if !found {
			a.Faults = append(a.Faults, "its take is not in the export")
		} else {
			a.Path, a.Heard = filepath.Join(exportFolder, t.WAV), t.Heard
			for n, m := range made {
				a.look(cfg, p, m, chunks, exported, &off[n])
			}
		}
		r.Alignments = append(r.Alignments, a)
	}
	for i := range r.Alignments {
		a := &r.Alignments[i]
		a.judge(off, i)
		r.complain(a.Box+"'s track in the export", a.Faults)
	}
}

func trackOf(exported export.Report, p player) (export.TrackReport, bool) {
	i := slices.IndexFunc(exported.Tracks, func(t export.TrackReport) bool { return t.Studio && t.Name == p.name && t.Absent == "" })
	if i < 0 {
		return export.TrackReport{}, false
	}
	return exported.Tracks[i], true
}

// look finds the sound of one cut in the track's WAV.
func (a *Alignment) look(cfg Config, p player, m cut, chunks []takes.Chunk, exported export.Report, off *[]float64) {
	if cfg.Mic != "" || m.took > pressLimit {
		return // a file's sound may be alike everywhere, and a long press does not tell when it was
	}
	at, known := startOf(chunks, p, m)
	if !known {
		a.Faults = append(a.Faults, "no chunk begins at the cut "+m.marker)
		return
	}
	from := int64(at.Sub(clock.InstantOf(exported.Begins)).Seconds()*float64(exported.Rate) + 0.5)
	ms, err := soundOff(filepath.Join(cfg.Out, a.Path), p, m, from)
	if err != nil {
		a.Faults = append(a.Faults, fmt.Sprintf("at %.3f s: %v", float64(from)/float64(exported.Rate), err))
		return
	}
	*off = append(*off, ms)
}

func startOf(chunks []takes.Chunk, p player, m cut) (clock.Instant, bool) {
	i := slices.IndexFunc(chunks, func(c takes.Chunk) bool { return c.Name == p.name && c.Marker == m.marker })
	if i < 0 {
		return 0, false
	}
	return chunks[i].Start, true
}

// judge takes the track's part of what was found: the n-th of each cut.
func (a *Alignment) judge(off [][]float64, n int) {
	for _, of := range off {
		if n >= len(of) {
			continue
		}
		mean := 0.0
		for _, ms := range of {
			mean += ms / float64(len(of))
		}
		worst(&a.OffMS, of[n])
		worst(&a.ResidualMS, of[n]-mean)
	}
	if a.ResidualMS != nil && *a.ResidualMS > alignGoal {
		a.Faults = append(a.Faults, fmt.Sprintf("it is %.2f ms beside the other tracks, more than %.0f ms", *a.ResidualMS, alignGoal))
	}
}

func worst(of **float64, ms float64) {
	if ms = math.Abs(ms); *of == nil || ms > **of {
		*of = &ms
	}
}

// printAlignments writes how the tracks lie as a table for a person.
func (r Receipt) printAlignments(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nBOX\tALIGNMENT RESIDUAL\tOFF THE PRESS BY\tCONFERENCE LATE BY\tSPREAD\tWAV OF THE EXPORT\t")
	for _, a := range r.Alignments {
		late, spread := "-", "-"
		if a.Heard.Known() {
			late, spread = fmt.Sprintf("%.1f ms", a.Heard.LagMS), fmt.Sprintf("%.2f ms", a.Heard.SpreadMS)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.Box, off(a.ResidualMS), off(a.OffMS), late, spread, a.Path, verdict(a.Faults))
	}
	return table.Flush()
}
