package media

import (
	"math"
	"testing"
)

// constant is a source of one value.
type constant float32

func (c constant) ReadVoice(dst []float32) {
	for i := range dst {
		dst[i] = float32(c)
	}
}

func TestWhatIsPlayedGoesEverywhereOnce(t *testing.T) {
	b := newBench(t, "opus", 48000)
	speaker, record := &tape{}, &tape{}
	line := NewLine(LineConfig{Rate: 48000, Mic: &signal{440, 0.2, 48000, 0}, Speaker: speaker, Record: record})
	if err := line.Attach(b.b); err != nil {
		t.Fatal(err)
	}
	line.Play(&signal{880, 0.25, 48000, 0})
	heard := make([]float32, 960)
	var back []float32
	for i := range 200 {
		if i == 100 {
			line.Play(nil)
		}
		out := b.a.inbox.tail.Load()
		b.now.Add(int64(Frame))
		line.Tick()
		wait(t, "a packet", func() bool { return b.a.inbox.tail.Load() != out })
		b.a.Receive(heard)
		back = append(back, heard...)
	}
	for _, c := range []struct {
		what        string
		sound       []float32
		mic, played float64 // while it plays
		micAfter    float64
	}{
		{"the far end", back, 0.2, 0.25, 0.2}, {"the speaker", speaker.sound, 0, 0.25, 0}, {"the recording", record.sound, 0.2, 0.25, 0.2},
	} {
		during, after := c.sound[48000:48000*19/10], c.sound[48000*3:48000*39/10]
		for _, tone := range []struct {
			what      string
			got, want float64
		}{
			{"the microphone", tone(during, 48000, 440), c.mic}, {"what is played", tone(during, 48000, 880), c.played},
			{"the microphone afterwards", tone(after, 48000, 440), c.micAfter}, {"what is played no more", tone(after, 48000, 880), 0},
		} {
			if math.Abs(tone.got-tone.want) > 0.03 {
				t.Errorf("%s has %s at %.3f, want %.3f", c.what, tone.what, tone.got, tone.want)
			}
		}
	}
}

// What is played is unchanged, to the sample, where there is nothing to limit, and within full scale where there is.
func TestPlayedAtUnityGain(t *testing.T) {
	record, speaker := &tape{}, &tape{}
	line := NewLine(LineConfig{Rate: 8000, Record: record, Speaker: speaker})
	line.Play(constant(0.7))
	line.Tick()
	if record.sound[100] != 0.7 || speaker.sound[100] != 0.7 {
		t.Errorf("0.7 is recorded as %v, heard as %v", record.sound[100], speaker.sound[100])
	}
	line.cfg.Mic = constant(0.7)
	line.Tick()
	if got := record.sound[200]; got <= 0.75 || got >= 1 {
		t.Errorf("twice 0.7 is recorded as %v", got)
	}
}

// A source that is taken away or replaced leaves no jump behind.
func TestWhatIsTakenAwayFadesOut(t *testing.T) {
	record := &tape{}
	line := NewLine(LineConfig{Rate: 8000, Record: record})
	for _, source := range []Mic{constant(0.5), constant(0.5), nil, nil} {
		line.Play(source)
		line.Tick()
	}
	falling := record.sound[320:480]
	last := float32(0.5)
	for i, s := range falling {
		if s > last || last-s > 0.5/160*1.01 {
			t.Fatalf("sample %d is %v after %v", i, s, last)
		}
		last = s
	}
	if last > 0.5/160 || record.sound[480] != 0 {
		t.Errorf("it ends at %v, then %v", last, record.sound[480])
	}
	if over := record.sound[160]; over > 1 || over < 0.75 { // the new one at once, over the old one's end
		t.Errorf("one over the other begins at %v", over)
	}
}

func TestTickThatPlaysDoesNotAllocate(t *testing.T) {
	line := NewLine(LineConfig{Rate: 48000, Mic: nothing{}, Speaker: nothing{}, Record: nothing{}})
	sources := []Mic{nothing{}, constant(0.1)}
	line.Play(sources[0])
	line.Tick()
	if n := testing.AllocsPerRun(100, line.Tick); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
