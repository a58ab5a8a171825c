package export

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"orionbox/audio/wav"
)

// programName tells a report.json of ours from anybody else's.
const programName = "orionbox export"

// Report tells what was exported, where it lies on the session clock, and how sure that is. It is report.json.
type Report struct {
	Program       string        `json:"program"`
	Version       string        `json:"version"`
	Session       string        `json:"session"`
	Made          time.Time     `json:"made"`
	Clock         string        `json:"clock"`          // whose: a hub's name, or local
	Begins        time.Time     `json:"begins"`         // of everything; times below are seconds since
	Seconds       float64       `json:"seconds"`        // of each WAV
	Frames        int64         `json:"frames"`         // the same in sample frames
	Rate          int           `json:"rate"`           // of the WAV set
	TimeReference int64         `json:"time_reference"` // of each WAV, in sample frames since midnight
	Regions       int           `json:"regions"`
	Points        int           `json:"points"`
	Tracks        []TrackReport `json:"tracks"`
	Notes         []string      `json:"notes"` // what a person should know
	Files         []File        `json:"files"`
}

// TrackReport is one recording.
type TrackReport struct {
	Name         string  `json:"name"` // of the person
	Box          string  `json:"box"`
	Session      string  `json:"session"` // as that box calls it
	Studio       bool    `json:"studio"`
	Take         int     `json:"take,omitempty"`
	Source       string  `json:"source"`           // file name of the recording
	Absent       string  `json:"absent,omitempty"` // why it is not exported
	WAV          string  `json:"wav,omitempty"`    // on the session clock
	Media        string  `json:"media,omitempty"`  // as recorded
	Start        float64 `json:"start"`            // s
	Length       float64 `json:"length"`           // s
	DriftPPM     float64 `json:"drift_ppm"`        // by how much its card was faster than the session clock, on the whole
	BendMS       float64 `json:"bend_ms"`          // how far it leaves a straight line: what a play rate leaves uncorrected
	SureOfClock  bool    `json:"sure_of_clock"`    // else it is placed by the time of day that its box had
	ClockErrorMS float64 `json:"clock_error_ms"`   // how far the box knew its clock may be off; 0 unknown
	Heard        *Heard  `json:"heard,omitempty"`  // against the conference
}

func (s *scene) report(c Config, lanes []*lane) Report {
	begins := s.begin.Time().In(c.Zone)
	r := Report{
		Program: programName, Version: c.Version, Session: s.folders.Session, Made: c.Now().UTC(), Clock: s.clock,
		Begins: begins, Seconds: seconds(s.frames, s.rate), Frames: s.frames, Rate: s.rate, TimeReference: wav.Since(begins, s.rate),
		Notes: append([]string{}, s.notes...),
	}
	voices := 0
	for _, l := range lanes {
		for _, p := range l.pieces {
			r.Tracks = append(r.Tracks, s.trackReport(l, p))
		}
		if !l.studio {
			voices++
		}
	}
	for _, t := range s.absent {
		a := t.reported()
		a.Absent = t.why
		r.Tracks = append(r.Tracks, a)
	}
	if voices == 0 {
		r.Notes = append(r.Notes, "there is no voice recording of the conference to compare the takes with")
	}
	return r
}

func (t *track) reported() TrackReport {
	return TrackReport{Name: t.Name, Box: t.Box, Session: t.Session, Studio: t.Studio, Take: t.Take, Source: t.File}
}

func (s *scene) trackReport(l *lane, p *piece) TrackReport {
	r := p.reported()
	r.WAV, r.Media = setFolder+"/"+l.file, mediaDir+"/"+p.media
	r.Start, r.Length = s.since(p.start), p.end.Sub(p.start).Seconds()
	r.DriftPPM, r.BendMS = (p.playRate()-1)*1e6, p.bend()
	r.SureOfClock, r.ClockErrorMS = p.sure, p.errorMS
	return r
}

// Print shows the report to a person.
func (r Report) Print(w io.Writer) error {
	fmt.Fprintf(w, "%s begins %s, %.3f s: WAVs of %d Hz, time reference %d\n\n", plain(r.Session), r.Begins.Format(time.DateTime), r.Seconds, r.Rate, r.TimeReference)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TRACK\tSTART\tLENGTH\tDRIFT\tCLOCK\tCONFERENCE LATE BY\tSPREAD\tWORST\tSLOPE\tALIKE\tHEARD IN")
	for _, t := range r.Tracks {
		fmt.Fprintln(table, strings.Join(t.cells(), "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s, %s\n", counted(r.Regions, "region"), counted(r.Points, "other marker"))
	for _, note := range r.Notes {
		fmt.Fprintln(w, "note:", plain(note))
	}
	return nil
}

func (t TrackReport) cells() []string {
	name := plain(t.Name)
	if t.Studio {
		name = fmt.Sprintf("%s, take %d", name, t.Take)
	} else {
		name = conference + ", at " + name
	}
	if t.Absent != "" {
		return []string{name, plain(t.Absent)}
	}
	clock := "unknown"
	switch {
	case !t.SureOfClock:
		clock = "time of day"
	case t.ClockErrorMS > 0:
		clock = fmt.Sprintf("%.2f ms", t.ClockErrorMS)
	}
	cells := []string{name, fmt.Sprintf("%.3f s", t.Start), fmt.Sprintf("%.3f s", t.Length), fmt.Sprintf("%+.1f ppm", t.DriftPPM), clock}
	switch h := t.Heard; {
	case h.Known():
		return append(cells, fmt.Sprintf("%.1f ms", h.LagMS), fmt.Sprintf("%.2f ms", h.SpreadMS), fmt.Sprintf("%.2f ms", h.WorstMS),
			fmt.Sprintf("%+.1f ppm", h.SlopePPM), fmt.Sprintf("%.2f", h.Likeness), fmt.Sprintf("%d of %d", h.Sure-h.Apart, h.Windows))
	case h != nil:
		return append(cells, "-", "-", "-", "-", "-", fmt.Sprintf("%d of %d", h.Sure-h.Apart, h.Windows))
	}
	return cells
}
