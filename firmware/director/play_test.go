package director

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"orionbox/audio/player"
	"orionbox/firmware/clock"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
	"orionbox/sip/phone"
)

// disc is recordings being played, by a test that says how far.
type disc struct {
	of     []player.Stretch
	rate   int
	mu     sync.Mutex
	at     time.Duration
	done   chan struct{}
	closed chan struct{}
}

func (d *disc) ReadVoice(dst []float32) { clear(dst) }
func (d *disc) Length() (length time.Duration) {
	for _, s := range d.of {
		length += format.Duration(s.To - s.From)
	}
	return length
}
func (d *disc) Position() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}
func (d *disc) Seek(to time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = to
}
func (d *disc) Done() <-chan struct{} { return d.done }
func (d *disc) Err() error            { return nil }
func (d *disc) Close()                { close(d.closed) }

// shop is where the director gets discs, and the speakers that they are heard in.
type shop struct {
	mu    sync.Mutex
	discs []*disc
	aloud *disc // in the speakers alone
	shut  error
}

func (s *shop) open(of []player.Stretch, rate int) (Playback, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut != nil {
		return nil, s.shut
	}
	for _, part := range of {
		if _, err := os.Stat(part.Path); err != nil {
			return nil, err
		}
	}
	d := &disc{of: of, rate: rate, done: make(chan struct{}), closed: make(chan struct{})}
	s.discs = append(s.discs, d)
	return d, nil
}

func (s *shop) speak(p Playback, _ int) func() {
	s.is(p.(*disc))
	return func() { s.is(nil) }
}

func (s *shop) is(aloud *disc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aloud = aloud
}

func (s *shop) heard() *disc {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.aloud
}

func (s *shop) last() *disc {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.discs[len(s.discs)-1]
}

// inCall is a rig in the conference whose voice recording has some sound.
func inCall(t *testing.T, role session.Role) (*rig, *table) {
	t.Helper()
	r, at := inRoom(t, role)
	at.sync()
	r.synced()
	r.line.is(phone.InConference, "", r.leg())
	r.await("the voice recording", func(s Status) bool { return s.Voice.Seconds > 0.3 })
	return r, at
}

// alices is a take of another box, which began ago and lasts so long.
func (r *rig) alices(ago, lasts time.Duration, name string) takes.Track {
	begin := clock.InstantOf(time.Now().Add(ahead - ago))
	return takes.Track{Box: "alice", Name: "Alice", Session: "SESSION_20261122_201501", File: name, Studio: true, Take: 1, Rate: 48000, Bitrate: 320,
		Samples: int64(lasts.Seconds() * 48000), Clock: "hub-1", Line: takes.Timeline{{Hub: begin, Pos: 0}}}
}

func (r *rig) play(chunk string, to Audience) string {
	r.t.Helper()
	text, err := r.Play(r.t.Context(), PlayRequest{Chunk: chunk, To: to})
	if err != nil {
		r.t.Fatalf("play %s to %s: %v", chunk, to, err)
	}
	return text
}

func TestPlayToAll(t *testing.T) {
	r, at := inCall(t, session.Producer)
	r.know(at, r.alices(200*time.Millisecond, 100*time.Millisecond, "HQ_Alice_1_201501.mp3"))
	if text := r.play("alice/1", ToAll); !strings.HasPrefix(text, "alice/1 plays to all: 0.3 s") {
		t.Errorf("it says %q", text)
	}
	disc := r.shop.last()
	if r.voice.plays() != disc {
		t.Errorf("on the line is %v", r.voice.plays())
	}
	// The piece of the voice recording: 100 ms, and as long as it takes to come here.
	began := r.journal(takes.KindVoiceStart)[0]
	want := format.Samples(time.Since(r.voice.began)) - began.Pos - 200*8
	if s := disc.of[0]; len(disc.of) != 1 || s.From > want+80 || s.From < want-800 || s.To-s.From != 300*8 || disc.rate != 8000 {
		t.Errorf("it plays %+v at %d Hz, want some 300 ms before sample %d", disc.of, disc.rate, want)
	}
	if filepath.Dir(filepath.Dir(disc.of[0].Path)) != r.dir {
		t.Errorf("it plays %s", disc.of[0].Path)
	}
	disc.Seek(200 * time.Millisecond)
	s := r.await("the status", func(s Status) bool { return s.Playing != nil })
	if p := *s.Playing; p.Chunk != 1 || p.Box != "alice" || p.Name != "Alice" || p.To != ToAll || p.Position != 0.2 || p.Length != 0.3 {
		t.Errorf("status %+v", p)
	}
	var text strings.Builder
	if err := s.Print(&text); err != nil || !strings.Contains(text.String(), "alice/1 to all, at 0.2 of 0.3 s") {
		t.Errorf("printed\n%s", text.String())
	}
	close(disc.done)
	r.await("the end", func(s Status) bool { return s.Playing == nil && r.voice.plays() == nil })
	<-disc.closed
	r.eventually("both lines in the journal", func() bool { return len(r.journal(takes.KindPlay)) == 2 })
	e := r.journal(takes.KindPlay)
	if e[0].Text != "alice/1 of SESSION_20261122_201501 begins at 0.0 of 0.3 s" || e[1].Text != "alice/1 of SESSION_20261122_201501 ended at 0.2 of 0.3 s" || e[0].Clock != "hub-1" {
		t.Errorf("journalled as %+v", e)
	}
}

// know has the room tell of a track.
func (r *rig) know(at *table, track takes.Track) {
	r.t.Helper()
	at.tell(track)
	r.eventually("the track", func() bool {
		chunks, err := r.Chunks(r.t.Context(), true)
		for _, c := range chunks {
			if c.Box == track.Box {
				return true
			}
		}
		return err != nil
	})
}

func TestPlayToMe(t *testing.T) {
	r, at := inCall(t, session.Listener)
	r.know(at, r.alices(200*time.Millisecond, 100*time.Millisecond, "HQ_Alice_1_201501.mp3"))
	r.press(session.Speakers)
	if text := r.play("1", ToMe); !strings.Contains(text, "ann/1 plays to you") || !strings.HasSuffix(text, "the speakers are muted") {
		t.Errorf("it says %q", text) // this box's own chunk goes before another's
	}
	first := r.shop.last()
	if r.shop.heard() != first || r.voice.plays() != nil {
		t.Errorf("in the speakers %v, on the line %v", r.shop.heard(), r.voice.plays())
	}
	r.play("alice/1", ToMe)
	<-first.closed // one thing at a time
	second := r.shop.last()
	for _, c := range []struct {
		seek SeekRequest
		want time.Duration
	}{
		{SeekRequest{At: time.Second}, time.Second}, {SeekRequest{At: -300 * time.Millisecond, Relative: true}, 700 * time.Millisecond},
		{SeekRequest{At: time.Second, Relative: true}, 1700 * time.Millisecond},
	} {
		if text, err := r.Seek(t.Context(), c.seek); err != nil || second.Position() != c.want || !strings.Contains(text, "alice/1 to me") {
			t.Errorf("%+v goes to %v, %q, %v", c.seek, second.Position(), text, err)
		}
	}
	if text, err := r.StopPlaying(t.Context()); err != nil || !strings.Contains(text, "alice/1 to me, at 1.7 of 0.3 s") {
		t.Errorf("stop says %q, %v", text, err)
	}
	<-second.closed
	if r.shop.heard() != nil {
		t.Error("it is still to be heard")
	}
	if _, err := r.StopPlaying(t.Context()); !errors.Is(err, ErrRefused) {
		t.Errorf("stop of nothing: %v", err)
	}
	if _, err := r.Seek(t.Context(), SeekRequest{}); !errors.Is(err, ErrRefused) {
		t.Errorf("seek in nothing: %v", err)
	}
	if e := r.journal(takes.KindPlay); len(e) != 0 {
		t.Errorf("what nobody else heard stands in the journal: %+v", e)
	}
}

func TestWhatIsNotPlayed(t *testing.T) {
	r, at := inCall(t, session.Producer)
	r.know(at, r.alices(time.Hour, time.Second, "HQ_Alice_1_191501.mp3")) // before this box was on
	for _, c := range []struct {
		request PlayRequest
		want    string
	}{
		{PlayRequest{Chunk: "alice/7", To: ToMe}, "alice"},
		{PlayRequest{Chunk: "", To: ToMe}, "which chunk"},
		{PlayRequest{Chunk: "mgone", To: ToMe}, "mgone"},
		{PlayRequest{Chunk: "1", To: "bob"}, `"bob"`},
		{PlayRequest{Chunk: "alice/1", To: ToMe}, "alice"}, // not of this session
		{PlayRequest{Chunk: "alice/1", Session: "SESSION_20261122_201501", To: ToMe}, "no voice recording"},
		{PlayRequest{Chunk: "alice/1", Session: "SESSION_20250101_000000", To: ToMe}, "SESSION_20250101_000000"},
	} {
		if _, err := r.Play(t.Context(), c.request); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.request, err, c.want)
		}
	}
	r.shop.shut = errors.New("input/output error")
	if _, err := r.Play(t.Context(), PlayRequest{Chunk: "1", To: ToMe}); err == nil || errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "input/output") {
		t.Errorf("a disk that does not read: %v", err)
	}
	if s, err := r.Status(t.Context()); err != nil || s.Playing != nil {
		t.Errorf("plays %+v, %v", s.Playing, err)
	}
}

func TestOnlyAProducerInACallPlaysToAll(t *testing.T) {
	r, _ := inCall(t, session.Artist)
	if _, err := r.Play(t.Context(), PlayRequest{Chunk: "1", To: ToAll}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "PRODUCER") {
		t.Errorf("an artist: %v", err)
	}
	r, _ = inCall(t, session.Producer)
	r.play("1", ToAll)
	disc := r.shop.last()
	r.line.is(phone.Retrying, "hung up", nil)
	r.await("the end of it", func(s Status) bool { return s.Playing == nil })
	<-disc.closed
	if _, err := r.Play(t.Context(), PlayRequest{Chunk: "1", To: ToAll}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "conference") {
		t.Errorf("without a call: %v", err)
	}
	r.play("1", ToMe)
	disc = r.shop.last()
	r.leave()
	r.finish()
	<-disc.closed
}

// A chunk that ended with the press of this moment plays to its end, though the room told of the take some seconds ago and
// the disk has half a second less.
func TestAChunkThatEndedJustNowIsWhole(t *testing.T) {
	r, at := inCall(t, session.Producer)
	r.await("a second of voice", func(s Status) bool { return s.Voice.Seconds > 1 })
	track := r.alices(800*time.Millisecond, 100*time.Millisecond, "HQ_Alice_1_201501.mp3")
	track.Open = true
	r.know(at, track)
	at.present("alice")
	r.await("alice", func(s Status) bool { return len(s.Peers) == 1 })
	r.press(session.Segment)
	r.play("alice/1", ToAll)
	if got := r.shop.last().Length(); got < 950*time.Millisecond || got > 1500*time.Millisecond {
		t.Errorf("it plays %v, want the 800 ms to the press and what comes late", got)
	}
}
