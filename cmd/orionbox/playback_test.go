package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orionbox/audio/audiotest"
	"orionbox/audio/measure"
	"orionbox/firmware"
	"orionbox/firmware/takes"
	"orionbox/sip/siptest"
)

// session of three in a real conference: an artist who plays a tone, a producer who is muted, and a telephone that says
// nothing. So when the artist is muted as well there is no sound but what is played back.
type playbackRig struct {
	t            *testing.T
	alice, carol *testBox
	phone        *siptest.Baresip
	speakers     string // a file: carol's
	chunk        string // alice's, from the begin of her take to carol's cut
	played       window // in carol's voice recording: alice, live
}

// window is from when to when something went on, in each of the recordings.
type window struct{ alice, carol, speakers, phone [2]time.Duration }

// begin marks where all recordings are, end where they are then.
func (r *playbackRig) mark(w *window, end int) {
	r.t.Helper()
	voice := func(b *testBox) time.Duration {
		s, err := b.status()
		if err != nil {
			r.t.Fatal(err)
		}
		return time.Duration(s.Voice.Seconds * float64(time.Second))
	}
	w.alice[end], w.carol[end] = voice(r.alice), voice(r.carol)
	info, err := os.Stat(r.speakers)
	if err != nil {
		r.t.Fatal(err)
	}
	w.speakers[end] = time.Duration(info.Size()) * time.Second / (48000 * 2 * 2)
	if r.phone != nil {
		w.phone[end] = r.phone.Recorded()
	}
}

// within is the part of a recording that belongs to a window for certain: a figure is up to half a second older than the
// sound, and sound takes as long to come.
func within(s measure.Sound, w [2]time.Duration) measure.Sound {
	return s.Cut(w[0]+time.Second, w[1]-500*time.Millisecond)
}

func newPlaybackRig(t *testing.T) *playbackRig {
	server, hub := siptest.StartAsterisk(t, siptest.AsteriskOptions{}), newHub(t)
	hub.start()
	r := &playbackRig{t: t, speakers: filepath.Join(t.TempDir(), "heard.wav")}
	box := func(name, role, user string, more settings) *testBox {
		b := newBox(t, server.Addr(), user, boxTone, more)
		if out, err := orionbox(t, "join", hub.inviteAs(name, role, server.Addr(), user), "-c", b.conf, "--yes"); err != nil {
			t.Fatalf("join: %v\n%s", err, out)
		}
		return b.start()
	}
	r.alice = box("alice", "ARTIST", "1001", nil)
	r.carol = box("carol", "PRODUCER", "1002", settings{"AudioSettings.speakers": "file:" + r.speakers})
	for _, b := range []*testBox{r.alice, r.carol} {
		b.await("both in the conference", func(s firmware.Status) bool {
			return s.Clock.Synced && len(present(s)) == 2 && s.Call == "in conference"
		})
	}
	r.carol.press("mic")
	r.alice.talk(time.Second)
	r.alice.record()
	r.mark(&r.played, 0)
	r.alice.talk(6 * time.Second)
	r.mark(&r.played, 1)
	r.carol.press("segment")
	r.alice.press("mic")
	r.chunk = r.cutOff()
	r.phone = siptest.StartBaresip(t, siptest.BaresipOptions{Server: server.Addr(), User: "1003"})
	r.phone.Dial("600")
	r.phone.Talk(time.Second)
	return r
}

// cutOff is alice's chunk that ends with carol's marker: it has the begin of her take.
func (r *playbackRig) cutOff() (ref string) {
	r.t.Helper()
	if !poll(10*time.Second, func() bool {
		for _, c := range ask[[]takes.Chunk](r.carol, "chunks") {
			if c.Box == "alice" && c.Studio != nil && c.Studio.From == 0 && c.Marker == "" {
				ref = c.Ref()
			}
		}
		return ref != ""
	}) {
		r.t.Fatalf("carol sees %s", r.carol.do("chunks"))
	}
	return ref
}

// play plays the chunk for three seconds and more, and stops it.
func (r *playbackRig) play(to string) (w window) {
	r.t.Helper()
	r.mark(&w, 0)
	if text := r.carol.do("play", strings.ToUpper(r.chunk), "--to", to); !strings.HasPrefix(text, r.chunk+" plays to ") {
		r.t.Errorf("play says %s", text)
	}
	s := r.carol.await("three seconds of it", func(s firmware.Status) bool { return s.Playing != nil && s.Playing.Position > 3.5 })
	if p := s.Playing; p.Box != "alice" || string(p.To) != to || p.Length < 6 {
		r.t.Errorf("status %+v", p)
	}
	r.mark(&w, 1)
	if text := r.carol.do("play", "stop"); !strings.Contains(text, r.chunk+" to "+to) {
		r.t.Errorf("stop says %s", text)
	}
	return w
}

// TestPlayback plays an artist's chunk to the producer alone, and then to everybody, in a real conference.
func TestPlayback(t *testing.T) {
	r := newPlaybackRig(t)
	wantExit(t, exitRefused, "PRODUCER", "play", r.chunk, "--to", "all", "--socket", r.alice.socket)
	wantExit(t, exitRefused, "nothing plays", "play", "stop", "--socket", r.carol.socket)
	toMe := r.play("me")
	r.phone.Talk(r.phone.Recorded() + 2*time.Second)
	toAll := r.play("all")
	stopped := r.phone.Recorded()
	r.phone.Talk(stopped + 3*time.Second)
	last := r.playTheEnd()
	r.phone.Hangup()
	r.alice.stop()
	r.carol.stop()
	heard, out := r.phone.Heard(), audiotest.Read(t, r.speakers)[0]
	alice, carol := audiotest.Read(t, r.alice.only("LQ_*.wav"))[0], audiotest.Read(t, r.carol.only("LQ_*.wav"))[0]

	level := usual(within(carol, r.played.carol), boxTone)
	t.Logf("carol's voice recording has alice at %.2f dBFS", level)
	for _, c := range []struct {
		what   string
		sound  measure.Sound
		window [2]time.Duration
		silent bool
	}{
		{"to carol alone: the telephone", heard, toMe.phone, true},
		{"to carol alone: carol's voice recording", carol, toMe.carol, true},
		{"to carol alone: alice's voice recording", alice, toMe.alice, true},
		{"to carol alone: carol's speakers", out, toMe.speakers, false},
		{"to all: the telephone", heard, toAll.phone, false},
		{"to all: carol's voice recording", carol, toAll.carol, false},
		{"to all: alice's voice recording", alice, toAll.alice, false},
		{"to all: carol's speakers", out, toAll.speakers, false},
	} {
		part := within(c.sound, c.window)
		got := usual(part, boxTone)
		t.Logf("%s: %.2f dBFS in %v", c.what, got, part.Duration())
		switch {
		case part.Duration() < time.Second:
			t.Errorf("%s: only %v to judge", c.what, part.Duration())
		case c.silent && part.Level() > -70:
			t.Errorf("%s: %.1f dBFS, want silence", c.what, part.Level())
		case !c.silent && math.Abs(got-level) > 1.5:
			t.Errorf("%s: %.2f dBFS, want %.2f", c.what, got, level)
		}
	}
	if after := heard.Cut(stopped+time.Second, stopped+3*time.Second); after.Level() > -70 || after.Duration() < time.Second {
		t.Errorf("a second after the stop the telephone hears %.1f dBFS, for %v", after.Level(), after.Duration())
	}
	if got := loud(heard.Cut(last, heard.Duration()), level-3); got < 1500*time.Millisecond || got > 3*time.Second {
		t.Errorf("of the last two seconds of the chunk, and what it was when it was told to go there, the telephone hears %v", got)
	}
	r.wantJournalOfPlay()
}

// playTheEnd plays the last two seconds of the chunk, to its end, and tells where that begins in what the phone hears.
func (r *playbackRig) playTheEnd() (from time.Duration) {
	r.t.Helper()
	from = r.phone.Recorded()
	r.carol.do("play", r.chunk, "--to", "all")
	length := r.carol.await("it to play", func(s firmware.Status) bool { return s.Playing != nil }).Playing.Length
	r.carol.do("play", "seek", fmt.Sprintf("%.3fs", length-2))
	sought := time.Now()
	r.carol.await("the end", func(s firmware.Status) bool { return s.Playing == nil })
	if took := time.Since(sought); took < 1500*time.Millisecond || took > 4*time.Second {
		r.t.Errorf("two seconds from its end it ended after %v", took)
	}
	r.phone.Talk(r.phone.Recorded() + time.Second)
	return from
}

// loud is for how long in all a sound is above a level.
func loud(s measure.Sound, level float64) time.Duration {
	const piece = 20 * time.Millisecond
	var all time.Duration
	for at := time.Duration(0); at < s.Duration(); at += piece {
		if s.Cut(at, at+piece).Level() > level {
			all += piece
		}
	}
	return all
}

// wantJournalOfPlay wants what was played to all in carol's journal, and nothing else.
func (r *playbackRig) wantJournalOfPlay() {
	r.t.Helper()
	var told []string
	for _, e := range r.carol.journal() {
		if e.Kind == takes.KindPlay {
			told = append(told, e.Text)
		}
	}
	if len(told) != 4 || !strings.HasPrefix(told[0], r.chunk+" of SESSION_") || !strings.Contains(told[1], "was stopped") || !strings.Contains(told[3], "ended") {
		r.t.Errorf("carol's journal tells of %q", told)
	}
}
