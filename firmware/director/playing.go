package director

import (
	"fmt"

	"orionbox/firmware/takes"
)

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
