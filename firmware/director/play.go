package director

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"orionbox/audio/player"
	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
	"orionbox/sip/media"
)

// Playback: a chunk, whoever's it is, is played from what this box heard meanwhile, its own voice recording. So it plays at
// once, and no file has to come from anywhere. What is played to all goes into the line, and with it into every box's voice
// recording; what is played to oneself into the speakers alone.

// Playback is recordings that are being played: *player.Player.
type Playback interface {
	media.Mic
	Position() time.Duration
	Length() time.Duration
	Seek(to time.Duration)
	Done() <-chan struct{}
	Err() error
	Close() // may wait for the disk
}

// Audience is who hears what is played.
type Audience string

// The audiences: the box's own speakers, or the conference.
const (
	ToMe  Audience = "me"
	ToAll Audience = "all"
)

// PlayRequest is what a person wants played.
type PlayRequest struct {
	Chunk   string // as takes.ParseChunkRef reads it
	Session string // of the chunk's box; empty for this session
	To      Audience
}

// SeekRequest is where it is to go on.
type SeekRequest struct {
	At       time.Duration
	Relative bool // to where it is; else from the start of the chunk
}

// PlayingStatus tells what plays.
type PlayingStatus struct {
	Chunk    int      `json:"chunk"`
	Box      string   `json:"box"` // whose chunk
	Name     string   `json:"name"`
	Session  string   `json:"session"`
	Title    string   `json:"title,omitempty"`
	To       Audience `json:"to"`
	Position float64  `json:"position_seconds"`
	Length   float64  `json:"length_seconds"`
}

// playing is the one thing that plays.
type playing struct {
	Playback
	chunk takes.Chunk
	to    Audience
	hush  func() // takes it away from those who hear it
}

// late is how much later than it was played another box's sound may be in this one's voice recording: it has been through
// the conference.
const late = 200 * time.Millisecond

// Play plays a chunk, in place of what plays, and tells in words what it does. What cannot be played wraps ErrRefused.
func (d *Director) Play(ctx context.Context, r PlayRequest) (text string, err error) {
	var at shelf
	if err := d.onLoop(ctx, func() { at = d.shelf(r) }); err != nil {
		return "", err
	}
	if at.why != "" {
		return "", fmt.Errorf("%w: %s", ErrRefused, at.why)
	}
	chunk, of, err := at.find(r) // which takes its time, and opening waits for the disk: the loop has other things to do
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if r.To != ToAll {
		at.rate = of[0].Rate
	}
	playback, err := d.cfg.OpenPlayback(d.files(of), at.rate)
	if err != nil {
		return "", fmt.Errorf("play %s: %w", chunk.Ref(), err)
	}
	p := &playing{Playback: playback, chunk: chunk, to: r.To}
	failed := d.onLoop(ctx, func() { text, err = d.play(p, at.rate) })
	if err = errors.Join(failed, err); err != nil {
		go playback.Close()
	}
	return text, err
}

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

// play begins to play what was opened for a rate.
func (d *Director) play(p *playing, rate int) (string, error) {
	if why := d.mayPlay(p.to); why != "" {
		return "", fmt.Errorf("%w: %s", ErrRefused, why)
	}
	d.endPlaying("replaced")
	d.playing = p
	if p.to == ToAll {
		line := d.voice
		line.Play(p.Playback)
		p.hush = func() { line.Play(nil) }
	} else {
		p.hush = d.cfg.Speak(p.Playback, rate)
	}
	d.notePlay("begins")
	return d.playWords(), nil
}

func (d *Director) playWords() string {
	p := d.playing
	text := fmt.Sprintf("%s plays to %s: %.1f s", p.chunk.Ref(), map[Audience]string{ToMe: "you", ToAll: "all"}[p.to], p.Length().Seconds())
	if p.Length().Seconds() < p.chunk.Seconds-1 {
		text += fmt.Sprintf(" of %.1f s, which is all that this box has of it", p.chunk.Seconds)
	}
	if d.state.SpeakersMuted {
		text += "; the speakers are muted"
	}
	return text
}

// endPlaying ends what plays, if anything does.
func (d *Director) endPlaying(why string) {
	p := d.playing
	if p == nil {
		return
	}
	d.notePlay(why)
	d.playing = nil
	p.hush()
	go p.Close() // which may wait for the disk
}

// notePlay writes down what was played to all: it is in everybody's voice recording.
func (d *Director) notePlay(what string) {
	p := d.playing
	at, length := p.Position().Seconds(), p.Length().Seconds()
	d.log.Info("play", "chunk", p.chunk.Ref(), "session", p.chunk.Session, "to", string(p.to), "what", what, "at", at, "of", length, "err", p.Err())
	if p.to != ToAll {
		return
	}
	now := d.now()
	e := takes.Entry{Kind: takes.KindPlay, Time: now, Text: fmt.Sprintf("%s of %s %s at %.1f of %.1f s", p.chunk.Ref(), p.chunk.Session, what, at, length)}
	name, written := d.clock.written(d.settled)
	e.Hub, e.Clock = written.At(now), name
	d.note(d.folder, e)
}

// playedOut tells when what plays is over.
func (d *Director) playedOut() <-chan struct{} {
	if d.playing == nil {
		return nil
	}
	return d.playing.Done()
}

var errNothingPlays = fmt.Errorf("%w: nothing plays; `orionbox play CHUNK` begins", ErrRefused)

// StopPlaying ends what plays and tells in words what that was.
func (d *Director) StopPlaying(ctx context.Context) (text string, err error) {
	failed := d.onLoop(ctx, func() {
		if d.playing == nil {
			err = errNothingPlays
			return
		}
		text = "stopped: " + d.lookPlaying().line()
		d.endPlaying("was stopped")
	})
	return text, errors.Join(failed, err)
}

// Seek has what plays go on elsewhere.
func (d *Director) Seek(ctx context.Context, s SeekRequest) (text string, err error) {
	failed := d.onLoop(ctx, func() {
		if d.playing == nil {
			err = errNothingPlays
			return
		}
		if s.Relative {
			s.At += d.playing.Position()
		}
		d.playing.Seek(s.At)
		text = d.lookPlaying().line()
	})
	return text, errors.Join(failed, err)
}

// lookPlaying is nil if nothing plays.
func (d *Director) lookPlaying() *PlayingStatus {
	p := d.playing
	if p == nil {
		return nil
	}
	return &PlayingStatus{Chunk: p.chunk.Number, Box: p.chunk.Box, Name: p.chunk.Name, Session: p.chunk.Session, Title: p.chunk.Title,
		To: p.to, Position: p.Position().Seconds(), Length: p.Length().Seconds()}
}

func (s *PlayingStatus) line() string {
	title := ""
	if s.Title != "" {
		title = fmt.Sprintf(" (%s)", s.Title)
	}
	return fmt.Sprintf("%s/%d%s to %s, at %.1f of %.1f s", s.Box, s.Chunk, title, s.To, s.Position, s.Length)
}
