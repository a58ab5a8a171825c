package export

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"orionbox/firmware/takes"
)

// lane is one track of a mixing desk: all takes of a person, or the conference, one behind the other. Takes that overlap by
// more than a pre-roll are two lanes: a box had a wrong clock, and nothing of either may be lost.
type lane struct {
	name     string // as people say it
	file     string // of the WAV set, without folder
	box      string
	studio   bool
	channels int
	pieces   []*piece
	levels   []float64 // of its WAV, mean square a second
}

// piece is a track in its lane, on [from, to) of the grid.
type piece struct {
	*track
	media    string // file of the sound as it was recorded, without folder
	from, to int64
	in, out  int64 // frames of fade at its ends, where it meets another
}

const (
	mostPreRoll = 15 * time.Second // conf has 10 s at most
	crossfade   = 10 * time.Millisecond
	conference  = "conference"
)

// lanes are those of a scene: people by the start of their first take, then the conference.
func (s *scene) lanes() []*lane {
	var all []*lane
	media := names{}
	for _, t := range s.tracks {
		l := laneFor(all, t)
		if l == nil {
			l = &lane{name: t.laneName(), box: t.Box, studio: t.Studio}
			all = append(all, l)
		}
		l.channels = max(l.channels, t.format.Channels)
		l.pieces = append(l.pieces, &piece{
			track: t, media: media.free(stem(t.File), ".wav"),
			from: s.frameAt(t.start + clockStep(s.rate)/2), to: min(s.frames, s.frameAt(t.end)+1),
		})
	}
	slices.SortStableFunc(all, func(a, b *lane) int { return cmp.Compare(rank(a), rank(b)) })
	files := names{}
	for _, l := range all {
		l.file = files.free(takes.FileName(l.name), ".wav")
		l.meet(s.frameAt(s.begin.Add(crossfade)))
	}
	return all
}

func rank(l *lane) int {
	if l.studio {
		return 0
	}
	return 1
}

// laneName is the person's, or the conference's: the own voice recording holds everybody.
func (t *track) laneName() string {
	if t.Studio {
		return t.Name
	}
	return conference
}

// laneFor is the lane that a track goes on with; nil for none. Tracks come by their start.
func laneFor(all []*lane, t *track) *lane {
	for _, l := range all {
		if l.studio != t.Studio || l.box != t.Box || l.name != t.laneName() {
			continue
		}
		last := l.pieces[len(l.pieces)-1]
		if t.start.Add(mostPreRoll) >= last.end && t.end >= last.end {
			return l
		}
	}
	return nil
}

// meet has each piece end where the next one begins, faded over so many frames: both are the same sound there.
func (l *lane) meet(fade int64) {
	for i := 1; i < len(l.pieces); i++ {
		before, p := l.pieces[i-1], l.pieces[i]
		if p.from >= before.to {
			continue
		}
		over := min(fade, before.to-p.from)
		before.to, before.out, p.in = p.from+over, over, over
	}
}

// gain is that of a piece at a frame of the grid. The two of a crossfade add up to one.
func (p *piece) gain(frame int64) float32 {
	g := float32(1)
	if d := frame - p.from; d < p.in {
		g = (float32(d) + 0.5) / float32(p.in)
	}
	if d := p.to - 1 - frame; d < p.out {
		g *= (float32(d) + 0.5) / float32(p.out)
	}
	return g
}

// names gives out file names of which no two are the same, in whatever case.
type names map[string]bool

func (n names) free(stem, ext string) string {
	name := stem + ext
	for i := 2; n[strings.ToLower(name)]; i++ {
		name = fmt.Sprintf("%s_%d%s", stem, i, ext)
	}
	n[strings.ToLower(name)] = true
	return name
}

func stem(file string) string { return file[:max(0, strings.LastIndexByte(file, '.'))] }
