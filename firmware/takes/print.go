package takes

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"text/tabwriter"
	"time"

	"orionbox/firmware/clock"
)

// PrintChunks writes a table for a person; times are local, places in seconds from the start of the file.
func PrintChunks(w io.Writer, chunks []Chunk) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CHUNK\tWHO\tSTART\tLENGTH\tTITLE\tSTUDIO\tVOICE\tSIZE\tDELIVERED")
	at := clockFace(func(yield func(clock.Instant) bool) {
		for i := 0; i < len(chunks) && yield(chunks[i].Start); i++ {
		}
	})
	who := whose(chunks)
	for _, c := range chunks {
		fmt.Fprintf(table, "%d\t%s\t%s\t%.3f s\t%s\t%s\t%s\t%.2f MB\t%s\n", c.Number, who(c), at(c.Start), c.Seconds,
			dash(titled(c.Title, c.Verdict)), c.Studio, c.Voice, float64(c.Studio.bytes()+c.Voice.bytes())/1e6, c.delivered())
	}
	return table.Flush()
}

// whose gives how chunks are told apart: by the person, and by the box too where a person has several, as after a second invite.
func whose(chunks []Chunk) func(Chunk) string {
	boxes := map[string]string{}
	several := map[string]bool{}
	for _, c := range chunks {
		box, known := boxes[c.Name]
		boxes[c.Name] = c.Box
		several[c.Name] = several[c.Name] || known && box != c.Box
	}
	return func(c Chunk) string {
		if c.Name == "" || several[c.Name] {
			return c.Box
		}
		return c.Name
	}
}

// PrintMarkers writes a table for a person; times are local.
func PrintMarkers(w io.Writer, markers []Marker) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "MARKER\tTIME\tWHO\tROLE\tNAME\tVERDICT")
	at := clockFace(func(yield func(clock.Instant) bool) {
		for i := 0; i < len(markers) && yield(markers[i].At); i++ {
		}
	})
	for _, m := range markers {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", m.ID, at(m.At), m.By, m.Role, dash(m.Name), dash(string(m.Verdict)))
	}
	return table.Flush()
}

// String is the place in words: the take, if it is one, and seconds from the start of its file.
func (p *Place) String() string {
	if p == nil {
		return "-"
	}
	from, to := float64(p.From)/float64(p.Rate), float64(p.To)/float64(p.Rate)
	if name, ok := ParseName(p.File); ok && name.Studio {
		return fmt.Sprintf("take %d, %.3f-%.3f s", name.Take, from, to)
	}
	return fmt.Sprintf("%.3f-%.3f s", from, to)
}

func (p *Place) bytes() int64 {
	if p == nil {
		return 0
	}
	return p.Bytes
}

// clockFace gives how moments are shown: local, with their dates only if they are not all of one day.
func clockFace(all iter.Seq[clock.Instant]) func(clock.Instant) string {
	form, day := "15:04:05.000", ""
	for i := range all {
		d := i.Time().Local().Format(time.DateOnly)
		if day != "" && d != day {
			form = "2006-01-02 15:04:05.000"
		}
		day = d
	}
	return func(i clock.Instant) string { return i.Time().Local().Format(form) }
}

func titled(title string, verdict Op) string {
	if title != "" && verdict != "" {
		return title + " (" + string(verdict) + ")"
	}
	return cmp.Or(title, string(verdict))
}

func dash(s string) string { return cmp.Or(s, "-") }

// delivered tells whether a producer has the take; a voice recording stays on its box.
func (c Chunk) delivered() string {
	switch {
	case c.Studio == nil:
		return "-"
	case c.Delivered:
		return "yes"
	}
	return "no"
}
