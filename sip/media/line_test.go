package media

import (
	"context"
	"math"
	"testing"
	"time"

	"orionbox/audio/pcm"
)

// signal is a microphone that hears a tone.
type signal struct {
	freq, amplitude float64
	rate, pos       int
}

func (s *signal) ReadVoice(dst []float32) {
	for i := range dst {
		dst[i] = float32(s.amplitude * math.Sin(2*math.Pi*s.freq*float64(s.pos)/float64(s.rate)))
		s.pos++
	}
}

// tape keeps what it is given.
type tape struct {
	sound  []float32
	frames []pcm.Frame
}

func (s *tape) WriteVoice(src []float32) { s.sound = append(s.sound, src...) }

func (s *tape) WriteFrame(f pcm.Frame) error {
	s.frames = append(s.frames, f)
	s.sound = append(s.sound, f.Data...)
	return nil
}

func (s *tape) String() string { return "tape" }

func TestLineJoinsBothWays(t *testing.T) {
	b := newBench(t, "opus", 48000)
	speaker, record := &tape{}, &tape{}
	line := NewLine(LineConfig{Rate: 48000, Mic: &signal{440, 0.3, 48000, 0}, Speaker: speaker, Record: record})
	if err := line.Attach(b.b); err != nil {
		t.Fatal(err)
	}
	other := &signal{1000, 0.3, 48000, 0}
	theirs, heard := make([]float32, 960), make([]float32, 960)
	var back []float32
	for i := range 150 {
		if i == 100 {
			line.Detach()
		}
		other.ReadVoice(theirs)
		in, out := b.b.inbox.tail.Load(), b.a.inbox.tail.Load()
		b.a.Send(theirs)
		wait(t, "a packet", func() bool { return b.b.inbox.tail.Load() != in })
		b.now.Add(int64(Frame))
		line.Tick()
		if i < 100 {
			wait(t, "a packet back", func() bool { return b.a.inbox.tail.Load() != out })
		}
		b.a.Receive(heard)
		back = append(back, heard...)
	}
	joined := func(s []float32) []float32 { return s[48000 : 48000*19/10] }
	if got := tone(joined(speaker.sound), 48000, 1000); got < 0.25 {
		t.Errorf("the speaker has the far end at %.3f", got)
	}
	if got := tone(joined(speaker.sound), 48000, 440); got > 0.01 {
		t.Errorf("the speaker has ourselves at %.3f", got)
	}
	if got := tone(joined(back), 48000, 440); got < 0.25 {
		t.Errorf("the far end has us at %.3f", got)
	}
	for _, freq := range []float64{440, 1000} {
		if got := tone(joined(record.sound), 48000, freq); got < 0.25 {
			t.Errorf("the recording has %v Hz at %.3f", freq, got)
		}
	}
	after := record.sound[48000*25/10:]
	if us, them := tone(after, 48000, 440), tone(after, 48000, 1000); us < 0.25 || them > 0.01 {
		t.Errorf("without a call the recording has us at %.3f, them at %.3f", us, them)
	}
	for i, f := range record.frames {
		if f.Pos != int64(i*960) || f.Len() != 960 || f.Rate != 48000 {
			t.Fatalf("frame %d: %d samples at %d", i, f.Len(), f.Pos)
		}
	}
}

func TestLineRefusesAnotherRate(t *testing.T) {
	b := newBench(t, "PCMU", 8000)
	line := NewLine(LineConfig{Rate: 16000})
	if err := line.Attach(b.a); err == nil {
		t.Error("8000 Hz on a line of 16000 Hz")
	}
	line.Tick()
}

type nothing struct{}

func (nothing) WriteVoice([]float32)       {}
func (nothing) ReadVoice([]float32)        {}
func (nothing) WriteFrame(pcm.Frame) error { return nil }
func (nothing) String() string             { return "nothing" }

func TestTickDoesNotAllocate(t *testing.T) {
	b := newBench(t, "opus", 48000)
	line := NewLine(LineConfig{Rate: 48000, Mic: nothing{}, Speaker: nothing{}, Record: nothing{}})
	if err := line.Attach(b.a); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, line.Tick); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestScheduleIsAbsolute drives the schedule without a clock.
func TestScheduleIsAbsolute(t *testing.T) {
	record := &tape{}
	line := NewLine(LineConfig{Rate: 8000, Record: record})
	done := int64(0)
	for _, due := range []int64{1, 2, 2, 5, 6, 106, 107} { // three at once, then a stall of 100
		done = line.advance(due, done)
		if done != due {
			t.Fatalf("done %d of %d", done, due)
		}
	}
	if got := len(record.frames); got != 6+catchUp+1 {
		t.Errorf("%d ticks", got)
	}
	if last := record.frames[len(record.frames)-1]; last.End() != 107*160 {
		t.Errorf("the recording ends at %d, want %d", last.End(), 107*160)
	}
	if s := line.Stats(); s.Skipped != 100-catchUp || s.Late != 2+99 {
		t.Errorf("%+v", s)
	}
}

func TestRunTicks(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ticks := make(chan int64, 1000)
	line := NewLine(LineConfig{Rate: 8000, Record: watch{ticks}})
	ended := make(chan error)
	go func() { ended <- line.Run(ctx) }()
	for range 5 {
		<-ticks
	}
	cancel()
	if err := <-ended; err != context.Canceled {
		t.Error(err)
	}
}

type watch struct{ ticks chan int64 }

func (w watch) WriteFrame(f pcm.Frame) error {
	w.ticks <- f.Pos
	return nil
}

func (w watch) String() string { return "watch" }

// A microphone that is louder than full scale: what is recorded is bent, not torn.
func TestRecordingStaysWithinFullScale(t *testing.T) {
	record := &tape{}
	line := NewLine(LineConfig{Rate: 48000, Mic: &signal{500, 1.8, 48000, 0}, Record: record})
	line.Tick()
	rising := record.sound[:24] // a quarter period
	for i, s := range rising[1:] {
		if s > 1 || s <= rising[i] {
			t.Fatalf("sample %d is %v after %v: a rising tone must rise, within full scale", i+1, s, rising[i])
		}
	}
	if peak := rising[len(rising)-1]; peak < 0.9 {
		t.Errorf("the peak is %v", peak)
	}
}

func TestLineTellsWhenASampleWasRead(t *testing.T) {
	line := NewLine(LineConfig{Rate: 8000})
	if _, ok := line.When(0); ok {
		t.Error("a line that stands still knows a time")
	}
	ctx, stop := context.WithCancel(t.Context())
	before, done := time.Now(), make(chan error, 1)
	go func() { done <- line.Run(ctx) }()
	wait(t, "the first tick", func() bool { _, ok := line.When(0); return ok })
	after := time.Now()
	stop()
	<-done
	start, _ := line.When(0)
	if start.Before(before) || start.After(after) {
		t.Errorf("began at %v, not from %v to %v", start, before, after)
	}
	if later, _ := line.When(3*8000 + 80); later.Sub(start) != 3010*time.Millisecond {
		t.Errorf("sample 24080 comes %v after the first", later.Sub(start))
	}
}
