package export

import (
	"fmt"
	"strings"
	"time"
)

// projectName is the Reaper project's file.
func projectName(session string) string { return session + ".rpp" }

// rpp writes a project file of Reaper: lines of words, and blocks of them in angle brackets. A word with spaces stands in
// quotes.
type rpp struct {
	strings.Builder
	depth int
}

func (p *rpp) line(form string, args ...any) {
	fmt.Fprintf(p, "%s%s\n", strings.Repeat("  ", p.depth), fmt.Sprintf(form, args...))
}

func (p *rpp) open(form string, args ...any) {
	p.line("<"+form, args...)
	p.depth++
}

func (p *rpp) close() {
	p.depth--
	p.line(">")
}

// quote makes one word of any text: in that kind of quotes which is not in it. Reaper knows three and no escapes.
func quote(text string) string {
	text = plain(text)
	for _, q := range []string{`"`, `'`, "`"} {
		if !strings.Contains(text, q) {
			return q + text + q
		}
	}
	return "`" + strings.ReplaceAll(text, "`", "'") + "`"
}

// project is a Reaper project of the sound as it was recorded: each recording an item at its place, played at the rate of its
// drift. The files are WAVs made of the takes: whether a program skips the 1105 samples that LAME and a decoder put before an
// MP3's first is not for a place in time to hang on.
func project(s *scene, lanes []*lane, m marks, now time.Time) string {
	p := &rpp{}
	p.open(`REAPER_PROJECT 0.1 "7.0" %d`, now.Unix())
	p.line("RIPPLE 0")
	p.line("SAMPLERATE %d 1 0", s.rate)
	p.line("TEMPO 120 4 4")
	for i, r := range m.regions {
		p.line("MARKER %d %.9f %s 1", i+1, r.from, quote(r.name))
		p.line(`MARKER %d %.9f "" 1`, i+1, r.to)
	}
	for i, r := range m.points {
		p.line("MARKER %d %.9f %s 0", i+1, r.from, quote(r.name))
	}
	for _, l := range lanes {
		p.lane(s, l)
	}
	p.close()
	return p.String()
}

// lane is a track: the conference's is muted, since it has everybody once more.
func (p *rpp) lane(s *scene, l *lane) {
	p.open("TRACK")
	p.line("NAME %s", quote(l.name))
	muted := 1
	if l.studio {
		muted = 0
	}
	p.line("MUTESOLO %d 0 0", muted)
	p.line("NCHAN 2")
	for i, piece := range l.pieces {
		p.item(s, piece, i)
	}
	p.close()
}

// item is a recording. Where the next one begins before its end it stops, faded, as in the WAV set; its file has the rest.
func (p *rpp) item(s *scene, piece *piece, i int) {
	at := s.since(piece.start)
	length := piece.end.Sub(piece.start).Seconds()
	if piece.out > 0 {
		length = seconds(piece.to, s.rate) - at
	}
	p.open("ITEM")
	p.line("POSITION %.9f", at)
	p.line("SNAPOFFS 0")
	p.line("LENGTH %.9f", length)
	p.line("LOOP 0")
	p.line("ALLTAKES 0")
	p.line("FADEIN 0 %.6f 0 0 0 0 0", seconds(piece.in, s.rate))
	p.line("FADEOUT 0 %.6f 0 0 0 0 0", seconds(piece.out, s.rate))
	p.line("MUTE 0 0")
	p.line("IID %d", i+1)
	p.line("NAME %s", quote(piece.title()))
	p.line("VOLPAN 1 0 1 -1")
	p.line("SOFFS 0")
	p.line("PLAYRATE %.12f 0 0 -1 0 0.0025", piece.playRate()) // the pitch goes along: the card's was off by as much
	p.line("CHANMODE 0")
	p.open("SOURCE WAVE")
	p.line("FILE %s", quote(mediaDir+"/"+piece.media))
	p.close()
	p.close()
}

// title is what a track is called within its lane.
func (t *track) title() string {
	if t.Studio {
		return fmt.Sprintf("%s take %d", t.Name, t.Take)
	}
	return stem(t.File)
}
