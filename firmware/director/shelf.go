package director

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"orionbox/audio/player"
	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
)

// late is how much later than it was played another box's sound may be in this one's voice recording: it has been through
// the conference.
const late = 200 * time.Millisecond

// shelf is all that a chunk is looked for in.
type shelf struct {
	id      string
	tracks  []takes.Track
	chunked []takes.Track // those of the session that is asked for
	markers []takes.Marker
	rate    int    // of the line
	why     string // nothing may be played
}

func (d *Director) shelf(r PlayRequest) shelf {
	s := shelf{id: d.id, tracks: d.tracks(), markers: d.markers.board.Markers(), why: d.mayPlay(r.To)}
	now := d.clock.At(d.now())
	for i, t := range s.tracks {
		if t.Box == d.id || d.peers[t.Box].State == hub.Present {
			s.tracks[i] = t.GrownTo(now) // a chunk that ended just now is whole
		}
	}
	s.chunked = s.tracks
	if r.Session == "" {
		s.chunked = d.recent(slices.Clone(s.tracks))
	}
	if d.voice != nil {
		s.rate = d.voice.Rate()
	}
	return s
}

func (d *Director) mayPlay(to Audience) string {
	if to != ToMe && to != ToAll {
		return fmt.Sprintf("it can be played to %q or to %q, not to %q", ToMe, ToAll, to)
	}
	return d.state.MayPlay(to == ToAll)
}

var errUnheard = errors.New("this box has no voice recording of that time: it was off or not in a session, or its disk was full")

// find is the chunk, and the pieces of this box's voice recordings that it lies in.
func (s shelf) find(r PlayRequest) (takes.Chunk, []takes.Stretch, error) {
	name, err := takes.ParseChunkRef(r.Chunk)
	if err != nil {
		return takes.Chunk{}, nil, err
	}
	chunk, err := takes.FindChunk(takes.Chunks(s.chunked, s.markers), name, r.Session, s.id)
	if err != nil {
		return chunk, nil, err
	}
	to := end(chunk)
	if chunk.Box != s.id {
		to = to.Add(late)
	}
	of := takes.Heard(s.tracks, s.id, chunk.Start, to)
	if len(of) == 0 {
		return chunk, nil, fmt.Errorf("play %s: %w", chunk.Ref(), errUnheard)
	}
	return chunk, of, nil
}

func end(c takes.Chunk) clock.Instant {
	return c.Start.Add(time.Duration(c.Seconds * float64(time.Second)))
}

// files are the pieces where they lie on the disk: names that takes.Heard has checked.
func (d *Director) files(of []takes.Stretch) []player.Stretch {
	var files []player.Stretch
	for _, s := range of {
		files = append(files, player.Stretch{Path: filepath.Join(d.cfg.Folder, s.Session, s.File), From: s.From, To: s.To})
	}
	return files
}
