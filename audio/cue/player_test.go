package cue

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// ear is a Voice that remembers what was written and when.
type ear struct {
	mu      sync.Mutex
	start   time.Time
	samples []float32
	at      []time.Duration // a block
}

func (e *ear) WriteVoice(src []float32) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.samples = append(e.samples, src...)
	e.at = append(e.at, time.Since(e.start))
}

// heard names the cues in the order in which they were heard, each with how many samples of it were.
func (e *ear) heard() (order []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var last string
	count := 0
	flush := func() {
		if count > 0 {
			order = append(order, fmt.Sprintf("%s %d", last, count))
		}
	}
	for _, s := range e.samples {
		name := ""
		if s != 0 {
			name = string('a' + rune(math.Round(float64(s)*100)) - 1)
		}
		if name != last {
			flush()
			last, count = name, 0
		}
		if name != "" {
			count++
		}
	}
	flush()
	return order
}

// letter is a cue that the ear knows: a constant, so that each sample tells whose it is.
func letter(name string, long time.Duration) Sound {
	s := Sound{Name: name, Rate: 8000, Samples: make([]float32, samplesIn(long, 8000))}
	for i := range s.Samples {
		s.Samples[i] = float32(name[0]-'a'+1) / 100
	}
	return s
}

// bubble runs a player in virtual time.
func bubble(t *testing.T, do func(t *testing.T, p *Player, e *ear)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := &ear{start: time.Now()}
		p, err := NewPlayer(Config{Rate: 8000, Voice: e})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		do(t, p, e)
	})
}

func play(t *testing.T, p *Player, s Sound, as Priority) {
	t.Helper()
	if err := p.Play(s, as); err != nil {
		t.Error(err)
	}
}

// pass lets virtual time go by.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func wantHeard(t *testing.T, e *ear, want ...string) {
	t.Helper()
	if got := e.heard(); !slices.Equal(got, want) {
		t.Errorf("heard %q, want %q", got, want)
	}
}

func TestPlaysInRealTimeAndThenSleeps(t *testing.T) {
	bubble(t, func(t *testing.T, p *Player, e *ear) {
		pass(5 * time.Second)
		if len(e.at) != 0 || p.Busy() {
			t.Errorf("%d blocks of nothing, busy %v", len(e.at), p.Busy())
		}
		play(t, p, letter("a", 330*time.Millisecond), Notice)
		if !p.Busy() {
			t.Error("not busy with what was just asked for")
		}
		pass(10 * time.Second)
		for i, at := range e.at {
			if want := 5*time.Second + time.Duration(i)*20*time.Millisecond; at != want {
				t.Fatalf("block %d at %v, want %v", i, at, want)
			}
		}
		if got := time.Duration(len(e.at)) * 20 * time.Millisecond; got < 330*time.Millisecond+tail || got > 360*time.Millisecond+tail {
			t.Errorf("written for %v, and no end after it", got)
		}
		if p.Busy() {
			t.Error("busy with nothing")
		}
		wantHeard(t, e, "a 2640")
		play(t, p, letter("b", 50*time.Millisecond), Notice)
		pass(time.Second)
		wantHeard(t, e, "a 2640", "b 400")
	})
}

func TestOneAfterAnotherTheImportantOnesFirst(t *testing.T) {
	bubble(t, func(t *testing.T, p *Player, e *ear) {
		for i, as := range []Priority{Notice, Notice, Warning, Notice, Warning} {
			play(t, p, letter(string(rune('a'+i)), 100*time.Millisecond), as)
			pass(10 * time.Millisecond) // the first begins, which no warning interrupts
		}
		pass(5 * time.Second)
		wantHeard(t, e, "a 800", "c 800", "e 800", "b 800", "d 800")
		pause := samplesIn(cuePause, 8000)
		if gap := e.samples[800 : 800+pause]; slices.ContainsFunc(gap, func(s float32) bool { return s != 0 }) || e.samples[800+pause] == 0 {
			t.Errorf("no pause of %v between two cues", cuePause)
		}
	})
}

func TestWhatInterruptsWhat(t *testing.T) {
	for _, c := range []struct {
		plays, comes Priority
		cut          bool
	}{
		{Chatter, Chatter, false}, {Chatter, Notice, true}, {Chatter, Warning, true}, {Chatter, Urgent, true},
		{Notice, Chatter, false}, {Notice, Notice, false}, {Notice, Warning, false}, {Notice, Urgent, true},
		{Warning, Urgent, true}, {Urgent, Urgent, false}, {Urgent, Warning, false},
	} {
		bubble(t, func(t *testing.T, p *Player, e *ear) {
			long := letter("a", 3*time.Second)
			play(t, p, long, c.plays)
			pass(time.Second)
			before := time.Since(e.start)
			play(t, p, letter("b", 100*time.Millisecond), c.comes)
			pass(10 * time.Second)
			whole := e.heard()[0] == "a 24000"
			if whole == c.cut {
				t.Errorf("%d plays, %d comes: heard %q", c.plays, c.comes, e.heard())
			}
			began := slices.Index(e.samples, letter("b", block).Samples[0])
			if c.cut && e.at[began/160]-before > 40*time.Millisecond {
				t.Errorf("%d plays, %d comes: heard %v later", c.plays, c.comes, e.at[began/160]-before)
			}
			if got := steepest(e.samples[1 : began-1]); c.cut && got > 0.001 {
				t.Errorf("%d plays, %d comes: a step of %.3f", c.plays, c.comes, got)
			}
		})
	}
}

func TestTheSameCueIsSaidOnce(t *testing.T) {
	bubble(t, func(t *testing.T, p *Player, e *ear) {
		play(t, p, letter("a", 100*time.Millisecond), Notice)
		play(t, p, letter("a", 100*time.Millisecond), Urgent)
		pass(900 * time.Millisecond)
		play(t, p, letter("a", 100*time.Millisecond), Notice)
		pass(time.Second)
		wantHeard(t, e, "a 800")
		play(t, p, letter("a", 100*time.Millisecond), Notice)
		pass(time.Second)
		wantHeard(t, e, "a 800", "a 800")
		play(t, p, letter("b", 3*time.Second), Notice)
		play(t, p, letter("a", 100*time.Millisecond), Notice)
		pass(2 * time.Second)
		play(t, p, letter("a", 100*time.Millisecond), Notice) // the one before still waits
		pass(5 * time.Second)
		wantHeard(t, e, "a 800", "a 800", "b 24000", "a 800")
		if p.Lost() != 0 {
			t.Errorf("%d lost", p.Lost())
		}
	})
}

func TestStop(t *testing.T) {
	bubble(t, func(t *testing.T, p *Player, e *ear) {
		play(t, p, letter("a", 3*time.Second), Chatter)
		play(t, p, letter("b", time.Second), Chatter)
		pass(500 * time.Millisecond)
		play(t, p, letter("c", time.Second), Chatter)
		p.Stop()
		play(t, p, letter("d", 100*time.Millisecond), Chatter)
		pass(10 * time.Second)
		got := e.heard()
		if last := got[len(got)-1]; last != "d 800" || strings.Contains(strings.Join(got, " "), "c ") || p.Busy() {
			t.Errorf("heard %q, busy %v", got, p.Busy())
		}
		if n := slices.Index(e.samples, letter("d", block).Samples[0]); n > 8000*6/10 {
			t.Errorf("heard %d samples before what came after the stop", n)
		}
		p.Stop() // of nothing
		play(t, p, letter("d", 100*time.Millisecond), Chatter)
		pass(time.Second)
		if again := e.heard(); len(again) != len(got)+1 {
			t.Errorf("after a stop of nothing heard %q", again)
		}
	})
}

func TestCloseFadesOutAndLeavesTheVoiceAlone(t *testing.T) {
	bubble(t, func(t *testing.T, p *Player, e *ear) {
		play(t, p, letter("a", 3*time.Second), Notice)
		pass(500 * time.Millisecond)
		p.Close()
		blocks := len(e.at)
		if last := e.samples[len(e.samples)-1]; last != 0 || steepest(e.samples) > 0.01 {
			t.Errorf("ends with %v, steps by %v", last, steepest(e.samples))
		}
		if err := p.Play(letter("b", time.Second), Urgent); err == nil || p.Busy() {
			t.Errorf("a closed player takes a cue: %v, busy %v", err, p.Busy())
		}
		pass(5 * time.Second)
		if len(e.at) != blocks {
			t.Error("written to after Close")
		}
		p.Close()
	})
}

// However much is asked for, little waits, and the important is not what gives way.
func TestTheQueueIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T, p *Player, e *ear) {
		play(t, p, letter("z", 100*time.Millisecond), Notice)
		pass(10 * time.Millisecond)
		for i := range 12 {
			play(t, p, letter(string(rune('a'+i)), 100*time.Millisecond), Notice)
		}
		pass(10 * time.Millisecond)
		play(t, p, letter("w", 100*time.Millisecond), Warning)
		pass(20 * time.Second)
		wantHeard(t, e, "z 800", "w 800", "a 800", "b 800", "c 800", "d 800", "e 800", "f 800", "g 800")
		if p.Lost() != 5 {
			t.Errorf("%d lost, want 5", p.Lost())
		}
	})
}

func TestPlayNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(stuckVoice)
		p, err := NewPlayer(Config{Rate: 8000, Voice: stuck})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Play(letter("z", time.Second), Notice); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // until it is stuck in the voice
		refused := 0
		for i := range 10 * mostAsks {
			if p.Play(letter("a", time.Duration(i+1)*time.Millisecond), Notice) != nil {
				refused++
			}
			p.Stop()
		}
		if time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) != 0 || refused == 0 || p.Lost() < int64(refused) {
			t.Errorf("%d refused, %d lost", refused, p.Lost())
		}
		close(stuck)
		p.Close()
	})
}

// stuckVoice blocks until it is closed, as no Voice should.
type stuckVoice chan struct{}

func (s stuckVoice) WriteVoice([]float32) { <-s }

// A busy machine wakes the player late: what is due is made up for, so that the cue goes on in time; but not after a stall
// that was heard anyway.
func TestLateBlocksAreMadeUpFor(t *testing.T) {
	e, start := &ear{}, time.Now()
	p := &Player{cfg: Config{Rate: 8000, Voice: e}, deck: newDeck(8000)}
	p.deck.add(start, cue{letter("a", time.Minute), Notice})
	next := start
	for _, c := range []struct {
		at     time.Duration // ms
		blocks int
	}{{0, 1}, {19, 1}, {20, 2}, {75, 4}, {80, 5}, {190, 10}, {10000, 11}, {10019, 11}, {10041, 13}} {
		next = p.advance(next, start.Add(c.at*time.Millisecond))
		if len(e.at) != c.blocks {
			t.Errorf("at %d ms %d blocks were written, want %d", c.at, len(e.at), c.blocks)
		}
	}
}

func TestPlayerRefusals(t *testing.T) {
	for _, cfg := range []Config{{Rate: 16000}, {Rate: 0, Voice: &ear{}}, {Rate: 11025, Voice: &ear{}}, {Rate: -50, Voice: &ear{}}} {
		if p, err := NewPlayer(cfg); err == nil {
			t.Errorf("%+v makes %v", cfg, p)
		}
	}
	bubble(t, func(t *testing.T, p *Player, e *ear) {
		for _, s := range []Sound{{}, {Name: "a", Rate: 8000}, {Name: "a", Rate: 16000, Samples: make([]float32, 10)}} {
			if err := p.Play(s, Urgent); err == nil {
				t.Errorf("%+v was taken", s)
			}
		}
		if p.Busy() {
			t.Error("busy with what was refused")
		}
	})
}

func TestTickDoesNotAllocate(t *testing.T) {
	p := &Player{cfg: Config{Rate: 8000, Voice: deaf{}}, deck: newDeck(8000)}
	now := time.Now()
	for i := range 8 {
		p.deck.add(now, cue{letter(string(rune('a'+i)), 500*time.Millisecond), Notice})
	}
	if n := testing.AllocsPerRun(250, p.tick); n != 0 { // over all of them, the pauses and the end
		t.Errorf("%v allocations a block", n)
	}
	p.deck.add(now.Add(time.Minute), cue{letter("a", time.Second), Chatter})
	p.tick()
	p.Stop()
	if n := testing.AllocsPerRun(1, p.tick); n != 0 {
		t.Errorf("%v allocations in a stop", n)
	}
}

type deaf struct{}

func (deaf) WriteVoice([]float32) {}
