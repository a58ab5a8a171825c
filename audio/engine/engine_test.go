package engine

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"orionbox/audio/device"
	"orionbox/audio/pcm"
)

// The tests that run an engine do so in a bubble of virtual time: a sleep takes no time, and is exact.

// pass lets virtual time pass, not quite a whole number of blocks, and everybody finish what they have to do at its end.
func pass(d time.Duration) {
	time.Sleep(d + 3*time.Millisecond)
	synctest.Wait()
}

// take empties the studio ring and checks that no sample is missing or comes twice.
type take struct {
	pos, filled, sound int64
}

func (k *take) drain(t *testing.T, e *Engine) {
	t.Helper()
	for f, ok := e.Studio().Pop(); ok; f, ok = e.Studio().Pop() {
		if f.Pos != k.pos {
			t.Fatalf("a frame at %d follows the end at %d", f.Pos, k.pos)
		}
		k.pos = f.End()
		if f.Filled {
			k.filled += int64(f.Len())
		} else {
			k.sound += int64(f.Len())
		}
		for _, s := range f.Data {
			if f.Filled && s != 0 {
				t.Fatal("a filled frame holds sound")
			}
		}
	}
}

func about(t *testing.T, what string, got, want, within int64) {
	t.Helper()
	if got < want-within || got > want+within {
		t.Errorf("%s: %d, want %d +-%d", what, got, want, within)
	}
}

func TestUnplugAndReplug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		card := newUSB()
		e, err := newEngine(testConfig(), quiet(), card.opener())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- e.Run(ctx) }()
		voice := e.Speaker(16000)
		go speakFor(ctx, voice)

		var k take
		pass(3 * time.Second)
		k.drain(t, e)
		if s := e.Status(); s.Mic.State != OK || s.Speakers.State != OK || s.Mic.Name != "USB Audio" {
			t.Errorf("after 3 s: %+v", s)
		}
		about(t, "sound of 3 s, less 200 ms to prove steady", k.sound, 3*48000-9600, 2000)
		if k.filled != 0 {
			t.Errorf("the stream begins with %d samples of silence that stand for nothing", k.filled)
		}
		wantToken(t, e)

		card.plugged.Store(false)
		pass(5 * time.Second)
		k.drain(t, e)
		about(t, "3 s of sound and 5 s away", k.pos, 8*48000-9600, 2000)
		about(t, "filled", k.filled, 5*48000, 3000)
		if s := e.Status(); s.Mic.State != Lost || s.Speakers.State != Lost || s.Mic.Detail == "" {
			t.Errorf("unplugged: %+v", s)
		}
		wantToken(t, e)
		if n := voice.lane.ring.Len(); n > 48000/4 {
			t.Errorf("%d samples pile up for speakers that are away", n)
		}

		card.plugged.Store(true)
		pass(6 * time.Second)
		k.drain(t, e)
		about(t, "8 s and 6 s more", k.pos, 14*48000-9600, 2000)
		if s := e.Status(); s.Mic.State != OK || s.Speakers.State != OK {
			t.Errorf("plugged in again: %+v", s)
		}
		wantToken(t, e)

		before := k.sound
		card.mu.Lock()
		for _, callback := range card.stale { // the old devices stir again
			callback()
		}
		card.mu.Unlock()
		k.drain(t, e)
		if k.sound != before {
			t.Error("a device that was given up still delivers")
		}
		if s := e.Status(); s.Dropped != (Dropped{}) {
			t.Errorf("lost on the way: %+v", s.Dropped)
		}
		close(card.release)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func wantToken(t *testing.T, e *Engine) {
	t.Helper()
	select {
	case <-e.Changed():
	default:
		t.Error("no word of the change")
	}
}

// speakFor writes a voice in real time, 20 ms at a time.
func speakFor(ctx context.Context, s *Speaker) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	block := make([]float32, s.rate/50)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.WriteVoice(block)
		}
	}
}

func TestMissingDeviceIsAFaultNotAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		card := newUSB()
		card.plugged.Store(false)
		e, err := newEngine(testConfig(), quiet(), card.opener())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- e.Run(ctx) }()
		var k take
		pass(20 * time.Second)
		s := e.Status()
		if s.Mic.State != Missing || !strings.Contains(s.Mic.Detail, "no such device") {
			t.Errorf("%+v", s.Mic)
		}
		k.drain(t, e) // nobody read: the rest was dropped, and counted
		about(t, "waiting for the recorder, of 15 s", k.filled, 15*48000, 1000)
		about(t, "dropped", e.Status().Dropped.Studio, 20*48000-36000-k.pos, 1000)
		cancel()
		<-ended
		if _, err := json.Marshal(e.Status()); err != nil {
			t.Errorf("status as JSON: %v", err)
		}
	})
}

// A microphone that takes long to open: silence stands for it once it is late, and the call has its pace from the start.
func TestSlowDeviceIsStoodInForWhenLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		card := newUSB()
		open := card.opener()
		at := open.capture
		open.capture = func(cfg device.Config, f func([]float32)) (device.Device, error) {
			time.Sleep(2 * time.Second)
			return at(cfg, f)
		}
		e, err := newEngine(testConfig(), quiet(), open)
		if err != nil {
			t.Fatal(err)
		}
		mic := e.Mic(48000)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- e.Run(ctx) }()
		var k take
		pass(700 * time.Millisecond)
		k.drain(t, e)
		if n := mic.lane.ring.Len(); k.pos != 0 || n < 4800 {
			t.Errorf("before it is late the studio has %d samples and the call %d", k.pos, n)
		}
		pass(time.Second)
		k.drain(t, e)
		about(t, "silence after 1.7 s", k.filled, 48000*95/100, 1000)
		pass(time.Second)
		k.drain(t, e)
		about(t, "silence until it was open and steady", k.filled, 48000*145/100, 2000)
		about(t, "2.7 s in all", k.pos, 48000*195/100, 1000)
		cancel()
		<-ended
	})
}

func TestRealDevicesInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, err := New(Config{Mic: device.Null, Speakers: device.Null, Format: stereo, Width: 3}, quiet())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- e.Run(ctx) }()
		pass(10 * time.Second)
		var k take
		k.drain(t, e)
		about(t, "10 s", k.pos, 480000-9600, 2000)
		if k.filled != 0 {
			t.Errorf("%d samples of silence of nobody's", k.filled)
		}
		cancel()
		<-ended
	})
}

func TestNewRefusesWhatNoDeviceHas(t *testing.T) {
	cfg := testConfig()
	cfg.Format.Rate = 8000
	if _, err := New(cfg, quiet()); err == nil || !strings.Contains(err.Error(), "44100") {
		t.Errorf("New = %v, want the allowed rates", err)
	}
}

// level is the RMS of x.
func level(x []float32) float64 {
	sum := 0.0
	for _, s := range x {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum / float64(len(x)))
}

func TestMuteSilencesTheCallNotTheStudio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, ticket, _ := bare(t, testConfig())
		mic, source := e.Mic(16000), tone{hz: 500, amplitude: 0.5, rate: 48000}
		data, heard := make([]float32, 960), make([]float32, 320)
		step := func() (studio float64) {
			for range 2 {
				time.Sleep(10 * time.Millisecond)
				source.fill(data, 2)
				e.in.deliver(ticket, data, false)
			}
			mic.ReadVoice(heard)
			for f, ok := e.Studio().Pop(); ok; f, ok = e.Studio().Pop() {
				studio = level(f.Data)
			}
			return studio
		}
		check := func(what string, want float64) {
			t.Helper()
			studio := 0.0
			for range 20 {
				studio = step()
			}
			if got := level(heard); math.Abs(got-want) > 0.01 {
				t.Errorf("%s: the call hears %.3f, want %.3f", what, got, want)
			}
			if math.Abs(studio-0.3536) > 0.01 {
				t.Errorf("%s: the studio hears %.3f", what, studio)
			}
		}
		check("open", 0.3536)
		e.MuteMic(true)
		check("muted", 0)
		e.MuteMic(false)
		e.SetMicGain(-6.0206)
		check("6 dB down", 0.1768)
		e.SetMicGain(40)
		step()
		for range 20 {
			step()
		}
		for _, s := range heard {
			if s > 1 || s < -1 {
				t.Fatalf("40 dB up: a sample of %v", s)
			}
		}
		mic.Close()
		step()
		if n := mic.lane.ring.Len(); n > 48000/10 {
			t.Errorf("a closed tap still fills: %d", n)
		}
	})
}

func TestSpeakersAreMixedAndLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _, ticket := bare(t, testConfig())
		voices := []*Speaker{e.Speaker(48000), e.Speaker(8000)}
		sources := []*tone{{hz: 400, amplitude: 0.3, rate: 48000}, {hz: 700, amplitude: 0.4, rate: 8000}}
		dst := make([]float32, 960)
		while := func() (out []float32) {
			for range 12 {
				for i, v := range voices {
					block := make([]float32, v.rate/50)
					sources[i].fill(block, 1)
					v.WriteVoice(block)
				}
				for range 2 {
					time.Sleep(10 * time.Millisecond)
					e.out.render(ticket, dst)
					out = append(out, dst...)
				}
			}
			return out
		}
		while()
		want := math.Sqrt(0.3*0.3/2 + 0.4*0.4/2)
		if got := level(while()); math.Abs(got-want) > 0.01 {
			t.Errorf("mix of both: %.3f, want %.3f", got, want)
		}
		e.SetSpeakerGain(20)
		while()
		for _, s := range while() {
			if s > 1 || s < -1 {
				t.Fatalf("20 dB up: a sample of %v", s)
			}
		}
		e.SetSpeakerGain(0)
		e.MuteSpeakers(true)
		while()
		if got := level(while()); got != 0 {
			t.Errorf("muted: %v", got)
		}
		e.MuteSpeakers(false)
		voices[0].Close()
		voices = voices[1:]
		sources = sources[1:]
		while()
		if got := level(while()); math.Abs(got-0.4/math.Sqrt2) > 0.01 {
			t.Errorf("one closed: %.3f, want %.3f", got, 0.4/math.Sqrt2)
		}
		voices[0].Close()
		voices, sources = nil, nil
		while()
		e.Speaker(8000)
		if n := len(*e.out.speakers.Load()); n != 1 {
			t.Errorf("%d voices in the mix, want the new one only", n)
		}
	})
}

// A cue shorter than the latency is heard to its end once it is closed.
func TestShortCueIsPlayedOut(t *testing.T) {
	e, _, ticket := bare(t, testConfig())
	cue := e.Speaker(48000)
	block := make([]float32, 960)
	(&tone{hz: 1000, amplitude: 0.5, rate: 48000}).fill(block, 1)
	cue.WriteVoice(block)
	cue.Close()
	dst, out := make([]float32, 960), []float32{}
	for range 4 {
		e.out.render(ticket, dst)
		out = append(out, dst...)
	}
	if got := level(out[:1440]); got < 0.2 {
		t.Errorf("the cue came out at %.3f", got)
	}
	if got := level(out[2*960:]); got != 0 {
		t.Errorf("after the cue: %.3f", got)
	}
}

func TestVoidTicketIsRefused(t *testing.T) {
	e, in, out := bare(t, testConfig())
	e.in.gate.admit(e.in.gate.ticket())
	e.out.gate.admit(e.out.gate.ticket())
	dst := []float32{1, 1}
	if e.in.deliver(in, dst, false) || e.out.render(out, dst) || dst[0] != 0 {
		t.Error("a void ticket was let in")
	}
	if _, ok := e.Studio().Pop(); ok {
		t.Error("the studio hears what was refused")
	}
}

func TestClockFollowsTheCallbacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, ticket, _ := bare(t, testConfig())
		data := make([]float32, 960)
		start := time.Now()
		for i := range 1000 {
			time.Sleep(10 * time.Millisecond)
			e.in.deliver(ticket, data, i%2 == 1)
		}
		stamps := e.Clock()
		if len(stamps) != 256 {
			t.Fatalf("%d stamps, want 256", len(stamps))
		}
		for i, s := range stamps {
			n := 1000 - 256 + 1 + i
			if s.Pos != int64(480*n) || s.At.Sub(start) != time.Duration(n)*10*time.Millisecond || s.Filled != (n%2 == 0) {
				t.Fatalf("stamp %d: %+v", i, s)
			}
		}
	})
}

func TestRealTimePathsDoNotAllocate(t *testing.T) {
	e, in, out := bare(t, testConfig())
	mic, speaker := e.Mic(16000), e.Speaker(16000)
	data, voice := make([]float32, 960), make([]float32, 320)
	e.SetMicGain(3)
	step := func() {
		e.in.deliver(in, data, false)
		e.in.deliver(in, data, false)
		mic.ReadVoice(voice)
		speaker.WriteVoice(voice)
		e.out.render(out, data)
		e.out.render(out, data)
	}
	if n := testing.AllocsPerRun(200, step); n != 0 {
		t.Errorf("%v allocations in 20 ms, want none", n)
	}
}

func TestLevelIsMeasuredBeforeTheMute(t *testing.T) {
	e, ticket, _ := bare(t, testConfig())
	e.MuteMic(true)
	source, data := tone{hz: 1000, amplitude: 0.1, rate: 48000}, make([]float32, 960)
	for range 100 {
		source.fill(data, 2)
		e.in.deliver(ticket, data, false)
	}
	s := e.Status()
	if math.Abs(s.Level.PeakDB+20) > 0.1 || !s.MicMuted || s.OutputLevel.PeakDB != pcm.Floor {
		t.Errorf("%+v", s)
	}
}

func TestStringsShowTheWiring(t *testing.T) {
	e, _, _ := bare(t, testConfig())
	for got, want := range map[string]string{
		e.String():                "engine(card -> ring(48000 Hz stereo, 15.01s), voice; voice -> card)",
		e.Mic(16000).String():     "mic(card at 16000 Hz)",
		e.Speaker(16000).String(): "speaker(16000 Hz to card)",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func BenchmarkMixBlock(b *testing.B) {
	for _, voices := range []int{1, 4} {
		b.Run(map[int]string{1: "one voice", 4: "four voices"}[voices], func(b *testing.B) {
			e, _, ticket := bare(b, testConfig())
			dst, block := make([]float32, 960), make([]float32, 480)
			var speakers []*Speaker
			for range voices {
				speakers = append(speakers, e.Speaker(48000))
			}
			for b.Loop() {
				for _, s := range speakers {
					s.lane.ring.Write(block)
				}
				e.out.render(ticket, dst)
			}
			b.ReportMetric(0.01/(b.Elapsed().Seconds()/float64(b.N)), "x-real-time")
		})
	}
}

func BenchmarkDeliver(b *testing.B) {
	e, ticket, _ := bare(b, testConfig())
	e.Mic(16000)
	data := make([]float32, 960)
	for b.Loop() {
		e.in.deliver(ticket, data, false)
		e.Studio().Pop()
	}
	b.ReportMetric(0.01/(b.Elapsed().Seconds()/float64(b.N)), "x-real-time")
}
