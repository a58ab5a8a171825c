package conference

import (
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"orionbox/audio/measure"
	"orionbox/sip/media"
	"orionbox/sip/rtp"
)

// speaker is a leg for the mixer alone: it says what it was given and remembers the last it heard.
type speaker struct {
	says  [tickSamples]float32
	heard [tickSamples]float32
	calls atomic.Int64
}

func (s *speaker) Receive(dst []float32) { copy(dst, s.says[:]) }
func (s *speaker) Send(frame []float32)  { copy(s.heard[:], frame); s.calls.Add(1) }

// gathering is a mix with that many speakers, each with a tone of their own.
func gathering(n int, level float64) (*mix, []*speaker) {
	m, speakers := new(mix), make([]*speaker, n)
	seats := make([]*seat, n)
	for i := range speakers {
		speakers[i] = new(speaker)
		copy(speakers[i].says[:], measure.Sine(mixRate, pitch(i), level, tickLength).Samples)
		seats[i] = &seat{voice: speakers[i]}
	}
	m.seats.Store(&seats)
	return m, speakers
}

// pitch gives each speaker whole periods in 20 ms, so that no tone leaks into another's.
func pitch(i int) float64 { return float64(500 + 250*i) }

func TestEachHearsAllOthers(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7} {
		m, speakers := gathering(n, -30)
		mixOnce(m)
		for i, s := range speakers {
			var want [tickSamples]float32
			for j, other := range speakers {
				if j != i {
					for k, v := range other.says {
						want[k] += v
					}
				}
			}
			for k := range want {
				if math.Abs(float64(s.heard[k]-want[k])) > 1e-6 {
					t.Fatalf("%d speakers: number %d hears %g at %d, want %g", n, i, s.heard[k], k, want[k])
				}
			}
		}
	}
}

func TestTooLoudIsBentAndNotWrapped(t *testing.T) {
	m, speakers := gathering(12, -3.01)
	for _, s := range speakers {
		s.says = speakers[0].says
	}
	mixOnce(m)
	rising := speakers[0].heard[:tickSamples/40] // a quarter period of 500 Hz
	for k := 1; k < len(rising); k++ {
		if rising[k] < rising[k-1] || rising[k] > 1 {
			t.Fatalf("sample %d is %g after %g: a rising sum must rise, within full scale", k, rising[k], rising[k-1])
		}
	}
	if peak := rising[len(rising)-1]; peak < 0.9 {
		t.Errorf("eleven full-scale tones peak at %g", peak)
	}
}

func TestTickAllocatesNothing(t *testing.T) {
	m, _ := gathering(20, -20)
	if n := testing.AllocsPerRun(100, func() { mixOnce(m) }); n != 0 {
		t.Errorf("%g allocations in a tick", n)
	}
}

// TestComeAndGo lets legs enter and leave while the room ticks; the race detector judges.
func TestComeAndGo(t *testing.T) {
	r := &rooms{log: slog.New(slog.DiscardHandler)}
	stay := new(speaker)
	seat := r.enter("600", stay)
	var crowd sync.WaitGroup
	for i := range 8 {
		crowd.Go(func() {
			number := fmt.Sprint(600 + i%2)
			for range 50 {
				r.leave(number, r.enter(number, new(speaker)))
			}
		})
	}
	crowd.Wait()
	waitFor(t, "ticks", func() bool { return stay.calls.Load() > 3 })
	if rooms, legs := r.count(); rooms != 1 || legs != 1 {
		t.Errorf("%d rooms with %d legs are left, want 1 with 1", rooms, legs)
	}
	r.leave("600", seat)
	r.leave("600", seat) // again is nothing
	r.wait()
	if rooms, legs := r.count(); rooms != 0 || legs != 0 {
		t.Errorf("%d rooms with %d legs are left, want none", rooms, legs)
	}
}

// BenchmarkMixOnce tells what a tick costs beside copying the same sound once in and once out of each leg, and as a
// share of the 20 ms it has.
func BenchmarkMixOnce(b *testing.B) {
	for _, n := range []int{2, 10, 50, 100} {
		m, speakers := gathering(n, -40)
		b.Run(fmt.Sprintf("legs=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				mixOnce(m)
			}
			perTick := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
			b.ReportMetric(perTick/float64(tickLength.Nanoseconds())*100, "%tick")
		})
		b.Run(fmt.Sprintf("legs=%d/copy", n), func(b *testing.B) {
			var buffer [tickSamples]float32
			for b.Loop() {
				for _, s := range speakers {
					copy(buffer[:], s.says[:])
					copy(s.heard[:], buffer[:])
				}
			}
		})
	}
}

// BenchmarkRealLegs is a tick with ten legs that encode, send, and conceal what nobody sends them; the share is of one
// leg.
func BenchmarkRealLegs(b *testing.B) {
	const legs = 10
	for _, codec := range []string{"opus", "G722", "PCMU"} {
		b.Run(codec, func(b *testing.B) {
			far, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				b.Fatal(err)
			}
			defer far.Close()
			formats, err := media.Formats(codec)
			if err != nil {
				b.Fatal(err)
			}
			var seats []*seat
			for range legs {
				socket, err := rtp.Listen(netip.MustParseAddr("127.0.0.1"))
				if err != nil {
					b.Fatal(err)
				}
				leg, err := media.NewLeg(media.LegConfig{Socket: socket, Format: formats[0], Rate: mixRate,
					Remote: far.LocalAddr().(*net.UDPAddr).AddrPort()})
				if err != nil {
					b.Fatal(err)
				}
				defer leg.Close()
				seats = append(seats, &seat{voice: leg})
			}
			m, _ := gathering(1, -20)
			seats = append(seats, *m.seats.Load()...)
			m.seats.Store(&seats)
			b.ReportAllocs()
			for b.Loop() {
				mixOnce(m)
			}
			perTick := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
			b.ReportMetric(perTick/float64(tickLength.Nanoseconds())*100/legs, "%tick/leg")
		})
	}
}
