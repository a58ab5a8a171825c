package export

import (
	"fmt"
	"strings"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// mark is a stretch of the session that has a name, or a point in it. Times are seconds of the grid.
type mark struct {
	from, to float64
	name     string
}

// marks are what a producer wants to find again: what lies between the producer's cuts, and the points that others set.
type marks struct {
	regions []mark
	points  []mark
}

// marks are those within the recordings. In a session without a producer's markers the artist's cut.
func (s *scene) marks(zone *time.Location) marks {
	end := s.instant(s.frames)
	var cuts, points []takes.Marker
	for _, m := range s.markers {
		switch {
		case m.At <= s.begin || m.At >= end:
		case m.Role == session.Producer:
			cuts = append(cuts, m)
		default:
			points = append(points, m)
		}
	}
	if len(cuts) == 0 {
		cuts, points = points, nil
	}
	m := marks{}
	begins, name := s.tracks[0].start, "start"
	for _, c := range append(cuts, takes.Marker{At: end}) {
		if c.At > begins {
			m.regions = append(m.regions, mark{s.since(begins), s.since(c.At), name})
		}
		begins, name = c.At, title(c, zone)
	}
	for _, p := range points {
		m.points = append(m.points, mark{s.since(p.At), s.since(p.At), p.By + " " + title(p, zone)})
	}
	return m
}

// title is a marker's name, else the time of day, as in the name of a chunk's file; and what was said of it.
func title(m takes.Marker, zone *time.Location) string {
	name := m.Name
	if name == "" {
		name = clock.Instant(m.At).Time().In(zone).Format(time.TimeOnly)
	}
	if m.Verdict != "" {
		name += " (" + string(m.Verdict) + ")"
	}
	return name
}

// labels is a file of labels as Audacity reads them: start, end and name, tabs between.
func labels(m marks) string {
	var b strings.Builder
	for _, l := range append(m.regions[:len(m.regions):len(m.regions)], m.points...) {
		fmt.Fprintf(&b, "%.6f\t%.6f\t%s\n", l.from, l.to, plain(l.name))
	}
	return b.String()
}

// plain is text without what would end a line or a field.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
}
