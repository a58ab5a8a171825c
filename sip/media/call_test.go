package media

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"
)

// pump ticks both legs until stop is closed, as fast as packets arrive.
func (b *bench) pump(stop <-chan struct{}) {
	n := b.a.Rate() / framesPerSecond
	sound, heard := sine(b.a.Rate(), 440, 0.3, n), make([]float32, n)
	for {
		select {
		case <-stop:
			return
		default:
			b.step(sound, heard, false)
		}
	}
}

func read(t *testing.T, digits <-chan rune, n int) string {
	t.Helper()
	var got strings.Builder
	for range n {
		select {
		case d := <-digits:
			got.WriteRune(d)
		case <-time.After(10 * time.Second):
			t.Fatalf("heard only %q", got.String())
		}
	}
	return got.String()
}

func TestDigitsArriveExactly(t *testing.T) {
	for _, name := range []string{"PCMU", "opus"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, name, 48000)
			stop, stopped := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(stopped)
				b.pump(stop)
			}()
			want := "0123456789*#ABCD1,1,,2a"
			if err := b.a.SendDigits(t.Context(), want); err != nil {
				t.Error(err)
			}
			close(stop)
			<-stopped
			want = strings.ToUpper(strings.ReplaceAll(want, ",", ""))
			if got := read(t, b.b.Digits(), len(want)); got != want {
				t.Errorf("heard %q, want %q", got, want)
			}
			if s := b.b.Stats(); s.Lost != 0 {
				t.Errorf("%+v", s)
			}
			select {
			case d := <-b.b.Digits():
				t.Errorf("and %c", d)
			default:
			}
		})
	}
}

// TestDigitsNeedNoTick: the PIN of a conference can be sent before the call is on a line.
func TestDigitsNeedNoTick(t *testing.T) {
	b := newBench(t, "PCMU", 8000)
	if err := b.a.SendDigits(t.Context(), "4#"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, b.b.Digits(), 2); got != "4#" {
		t.Errorf("heard %q", got)
	}
}

func TestDigitsThatCannotBe(t *testing.T) {
	b := newBench(t, "PCMU", 8000)
	if err := b.a.SendDigits(t.Context(), "12x"); err == nil || !strings.Contains(err.Error(), "'x'") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.a.SendDigits(ctx, "123"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := b.b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.b.SendDigits(t.Context(), ",,1"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	b.a.cfg.EventType = 0
	if err := b.a.SendDigits(t.Context(), "1"); !errors.Is(err, ErrNoEvents) {
		t.Error(err)
	}
}

func TestReinvite(t *testing.T) {
	b := newBench(t, "PCMU", 16000)
	if got := tone(b.run(440, 60, nil)[16000/2:], 16000, 440); got < 0.4 {
		t.Fatalf("before: amplitude %.3f", got)
	}
	before := b.b.Stats().Received
	for _, l := range []*Leg{b.a, b.b} { // another codec, with another clock
		to := l.session.Remote()
		if err := l.Update(to, format(t, "opus"), false); err != nil {
			t.Fatal(err)
		}
	}
	if got := tone(b.run(440, 60, nil)[16000/2:], 16000, 440); got < 0.4 {
		t.Errorf("after: amplitude %.3f", got)
	}
	if s := b.b.Stats(); s.Codec != "opus" || s.Received != before+60 || s.JitterMS > 50 {
		t.Errorf("%+v", s)
	}
	if err := b.a.Update(b.a.session.Remote(), format(t, "opus"), true); err != nil {
		t.Fatal(err)
	}
	sent := b.a.Stats().Sent
	heard := b.run(440, 60, nil)
	if b.a.Stats().Sent != sent {
		t.Error("sent on hold")
	}
	if got := rms(heard[16000/2:]); got > 1e-3 {
		t.Errorf("on hold level %.4f is heard", got)
	}
	if err := b.a.Update(b.a.session.Remote(), format(t, "opus"), false); err != nil {
		t.Fatal(err)
	}
	if got := tone(b.run(440, 60, nil)[16000/2:], 16000, 440); got < 0.4 {
		t.Errorf("after hold: amplitude %.3f", got)
	}
	bad := format(t, "opus")
	bad.Name = "GSM"
	if err := b.a.Update(b.a.session.Remote(), bad, false); err == nil {
		t.Error("took a codec that we have not")
	}
}

// TestPayloadTypesMayDiffer: we send under the number of the answer and hear under that of our offer.
func TestPayloadTypesMayDiffer(t *testing.T) {
	b := newBench(t, "opus", 48000)
	theirs := format(t, "opus")
	theirs.PayloadType = 96
	if err := b.b.Update(b.b.session.Remote(), theirs, false); err != nil {
		t.Fatal(err)
	}
	if got := tone(b.run(440, 60, nil)[48000/2:], 48000, 440); got < 0.4 {
		t.Errorf("amplitude %.3f", got)
	}
}

func TestLastPacket(t *testing.T) {
	b := newBench(t, "PCMU", 8000)
	if !b.b.LastPacket().IsZero() {
		t.Error("heard before anything was sent")
	}
	b.run(440, 5, nil)
	if age := b.clock().Sub(b.b.LastPacket()); age != Frame {
		t.Errorf("the last packet came %v ago", age)
	}
}

func TestNoAllocation(t *testing.T) {
	for _, name := range []string{"PCMU", "PCMA", "G722", "opus"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, name, 48000)
			b.run(440, 50, nil)
			n := 48000 / framesPerSecond
			sound, heard := sine(48000, 440, 0.3, n), make([]float32, n)
			if got := testing.AllocsPerRun(100, func() { b.a.Send(sound) }); got != 0 {
				t.Errorf("Send: %v allocations", got)
			}
			if got := testing.AllocsPerRun(200, func() {
				b.now.Add(int64(Frame))
				b.b.Receive(heard) // of what waits, then concealment, then silence
			}); got != 0 {
				t.Errorf("Receive: %v allocations", got)
			}
		})
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 10 {
		l, err := NewLeg(LegConfig{Socket: listen(t), Remote: local(9), Format: format(t, "PCMU"), Rate: 8000})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Error("again:", err)
		}
		l.Send(make([]float32, 160))
		l.Receive(make([]float32, 160))
		if _, open := <-l.Digits(); open {
			t.Error("digits after the end")
		}
	}
	wait(t, "the goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
}

func TestLegsThatCannotBe(t *testing.T) {
	s := listen(t)
	defer s.Close()
	bad := format(t, "PCMU")
	bad.Name = "GSM"
	for _, cfg := range []LegConfig{
		{Remote: local(9), Format: format(t, "PCMU"), Rate: 8000},
		{Socket: s, Remote: local(9), Format: format(t, "PCMU")},
		{Socket: s, Remote: local(9), Format: format(t, "PCMU"), Rate: 8001},
		{Socket: s, Remote: local(9), Format: bad, Rate: 8000},
	} {
		if l, err := NewLeg(cfg); err == nil {
			_ = l.Close()
			t.Errorf("%+v was taken", cfg)
		}
	}
}

func TestFormatsForAnOffer(t *testing.T) {
	for setting, want := range map[string]string{
		"Default": "opus G722 PCMU PCMA telephone-event", "": "opus G722 PCMU PCMA telephone-event", "pcma": "PCMA telephone-event",
	} {
		list, err := Formats(setting)
		if err != nil {
			t.Error(err)
		}
		var names []string
		for _, f := range list {
			names = append(names, f.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q offers %s, want %s", setting, got, want)
		}
	}
	if _, err := Formats("GSM"); err == nil {
		t.Error("GSM can be offered")
	}
}
