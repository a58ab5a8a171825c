package media

import (
	"math"
	"net/netip"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"orionbox/audio/codec"
	"orionbox/sip/rtp"
	"orionbox/sip/sdp"
)

// bench is two legs over loopback in virtual time: step sends 20 ms each way, waits until the packets have arrived, and
// lets the clock go on.
type bench struct {
	t    testing.TB
	a, b *Leg
	now  atomic.Int64
	base time.Time
}

func (b *bench) clock() time.Time { return b.base.Add(time.Duration(b.now.Load())) }

func format(t testing.TB, name string) sdp.Format {
	c, ok := codec.Named(name)
	if !ok {
		t.Fatalf("no codec %q", name)
	}
	return sdp.Format{PayloadType: c.PayloadType, Name: c.Name, ClockRate: c.ClockRate, Channels: c.Channels, Fmtp: c.Fmtp}
}

func listen(t testing.TB) *rtp.Socket {
	s, err := rtp.Listen(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func local(port int) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port))
}

func newBench(t testing.TB, codecName string, rate int) *bench {
	b := &bench{t: t, base: time.Now()}
	sa, sb := listen(t), listen(t)
	pa, pb := sa.Port(), sb.Port()
	f := format(t, codecName)
	leg := func(s *rtp.Socket, to int) *Leg {
		l, err := NewLeg(LegConfig{Socket: s, Remote: local(to), Format: f, EventType: 101, Rate: rate, now: b.clock})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
		return l
	}
	b.a, b.b = leg(sa, pb), leg(sb, pa)
	return b
}

// wait polls for a condition that another goroutine brings about.
func wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		<-time.After(20 * time.Microsecond)
	}
}

// step sends from a to b; heard gets what b hears. Packets that drop says so of are thrown away on arrival.
func (b *bench) step(sound, heard []float32, drop bool) {
	before := b.b.inbox.tail.Load() + uint32(b.b.inbox.dropped.Load())
	sent := b.a.session.Stats().Sent
	b.a.Send(sound)
	if b.a.session.Stats().Sent > sent {
		wait(b.t, "a packet", func() bool { return b.b.inbox.tail.Load() != before })
	}
	if drop {
		b.b.inbox.discard()
	}
	b.now.Add(int64(Frame))
	b.b.Receive(heard)
}

func sine(rate int, freq, amplitude float64, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(amplitude * math.Sin(2*math.Pi*freq*float64(i)/float64(rate)))
	}
	return out
}

// tone is the amplitude of one frequency (Goertzel).
func tone(sound []float32, rate int, freq float64) float64 {
	w := 2 * math.Pi * freq / float64(rate)
	coeff := 2 * math.Cos(w)
	var s1, s2 float64
	for _, x := range sound {
		s1, s2 = float64(x)+coeff*s1-s2, s1
	}
	return 2 * math.Sqrt(math.Max(0, s1*s1+s2*s2-coeff*s1*s2)) / float64(len(sound))
}

func rms(sound []float32) float64 {
	var sum float64
	for _, x := range sound {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum / float64(max(len(sound), 1)))
}

// run sends a tone for that many frames and returns what was heard.
func (b *bench) run(freq float64, frames int, drop func(i int) bool) []float32 {
	rate := b.a.Rate()
	n := rate / framesPerSecond
	sound := sine(rate, freq, 0.5, n*frames)
	heard := make([]float32, n*frames)
	for i := range frames {
		b.step(sound[i*n:(i+1)*n], heard[i*n:(i+1)*n], drop != nil && drop(i))
	}
	return heard
}

func TestAToneArrives(t *testing.T) {
	for _, name := range []string{"PCMU", "PCMA", "G722", "opus"} {
		for _, rate := range []int{8000, 16000, 48000} {
			t.Run(name+" "+strconv.Itoa(rate), func(t *testing.T) {
				b := newBench(t, name, rate)
				heard := b.run(440, 150, nil)
				steady := heard[len(heard)/3:]
				if got := tone(steady, rate, 440); got < 0.42 || got > 0.58 {
					t.Errorf("440 Hz has amplitude %.3f, want 0.5", got)
				}
				window := rate / 100
				for i := 0; i+window <= len(steady); i += window {
					if level := rms(steady[i : i+window]); level < 0.25 || level > 0.45 {
						t.Fatalf("at %d ms of the steady sound: level %.3f, want 0.35", i*1000/rate, level)
					}
				}
				if s := b.b.Stats(); s.Lost != 0 || s.Concealed != 0 || s.Received != 150 {
					t.Errorf("stats %+v", s)
				}
			})
		}
	}
}

// TestSetRate moves both ends of a call to the rate of a line before it begins.
func TestSetRate(t *testing.T) {
	b := newBench(t, "PCMU", 8000)
	for _, l := range []*Leg{b.a, b.b} {
		if err := l.SetRate(48010); err == nil {
			t.Error("a rate with no whole 20 ms is taken")
		}
		if err := l.SetRate(48000); err != nil || l.Rate() != 48000 || l.Codec().Name != "PCMU" {
			t.Fatalf("rate %d, codec %v, %v", l.Rate(), l.Codec(), err)
		}
	}
	heard := b.run(500, 50, nil)
	if got := tone(heard[20*960:], 48000, 500); math.Abs(got-0.5) > 0.05 {
		t.Errorf("a tone of amplitude 0.5 arrives with %.2f", got)
	}
}

// TestSetRateWhileDigitsAreSent: a call sends its digits as soon as it is up, and is moved to the line's rate meanwhile.
// The race detector judges, and every digit must arrive.
func TestSetRateWhileDigitsAreSent(t *testing.T) {
	b := newBench(t, "PCMU", 8000)
	sent := make(chan error, 1)
	go func() { sent <- b.a.SendDigits(t.Context(), "1#") }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for rate, under := 48000, true; under; rate = 56000 - rate {
		select {
		case err := <-sent:
			if under = false; err != nil {
				t.Error(err)
			}
		case <-tick.C:
			if err := b.a.SetRate(rate); err != nil || b.a.Rate() != rate {
				t.Fatalf("rate %d, want %d: %v", b.a.Rate(), rate, err)
			}
		}
	}
	for _, want := range "1#" {
		if got := <-b.b.Digits(); got != want {
			t.Errorf("%c arrives, want %c", got, want)
		}
	}
}

// TestNewEncoderLearnsOfTheLoss: what the far end misses is told to the encoder in use, not only to the first.
func TestNewEncoderLearnsOfTheLoss(t *testing.T) {
	b := newBench(t, "opus", 48000)
	b.a.heed(rtp.Report{Lost: 0.1})
	for _, rate := range []int{48000, 16000} {
		if err := b.a.SetRate(rate); err != nil {
			t.Fatal(err)
		}
		b.a.Send(nil)
		if told := b.a.sender.Load().told; told != 10 {
			t.Errorf("at %d Hz the encoder knows of %d %% loss, want 10", rate, told)
		}
	}
}
