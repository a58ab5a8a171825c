package rtp

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestSourceCountsAcrossTheWrap(t *testing.T) {
	s := source{clockRate: 8000}
	for i := range 1000 {
		if i%10 == 5 {
			continue // lost
		}
		s.update(7, uint16(65000+i), uint32(i*160), time.Duration(i)*20*time.Millisecond)
	}
	if s.lost() != 100 || s.received != 900 || s.highest() != 65000+999 {
		t.Errorf("lost %d, received %d, highest %d", s.lost(), s.received, s.highest())
	}
	if f := s.fraction(); f != 25 { // 100/1000 * 256
		t.Errorf("fraction %d/256, want 25", f)
	}
	if f := s.fraction(); f != 0 {
		t.Errorf("fraction of nothing %d", f)
	}
}

func TestDuplicatesAreNoNegativeLoss(t *testing.T) {
	s := source{clockRate: 8000}
	for range 3 {
		s.update(7, 1, 0, 0)
	}
	if s.fraction() != 0 || s.totals().lost != 0 {
		t.Errorf("fraction %d, lost %d", s.fraction(), s.totals().lost)
	}
}

func TestJitterIsThatOfTheAppendix(t *testing.T) {
	s := source{clockRate: 8000}
	s.update(7, 0, 0, 0)
	for i := 1; i < 400; i++ { // every packet 5 ms early or late by turns: |D| is 10 ms always
		late := time.Duration(i%2*2-1) * 5 * time.Millisecond
		s.update(7, uint16(i), uint32(i*160), time.Duration(i)*20*time.Millisecond+late)
	}
	if got := s.jitter / 8; math.Abs(got-10) > 0.3 {
		t.Errorf("jitter %.2f ms, want 10", got)
	}
}

func TestTransitMayWrap(t *testing.T) {
	s := source{clockRate: 48000}
	for i := range 200 {
		s.update(7, uint16(i), uint32(1<<32-96000)+uint32(i*960), 27*time.Hour+time.Duration(i)*20*time.Millisecond)
	}
	if s.jitter > 1 {
		t.Errorf("jitter %v of a steady stream", s.jitter)
	}
}

func TestStreamsFollowEachOther(t *testing.T) {
	type packet struct {
		ssrc uint32
		seq  uint16
		want verdict
	}
	for _, c := range []struct {
		name    string
		packets []packet
	}{
		{"a new SSRC takes over with its second packet", []packet{{1, 1, restarted}, {1, 2, continued}, {2, 500, ignored}, {2, 501, restarted}, {2, 502, continued}}},
		{"a stray SSRC does not", []packet{{1, 1, restarted}, {2, 500, ignored}, {1, 2, continued}, {2, 501, ignored}, {1, 3, continued}}},
		{"a jump counts when it goes on", []packet{{1, 1, restarted}, {1, 20000, ignored}, {1, 20001, restarted}, {1, 20002, continued}}},
		{"a stray number does not", []packet{{1, 1, restarted}, {1, 20000, ignored}, {1, 2, continued}}},
		{"late ones belong", []packet{{1, 50, restarted}, {1, 49, continued}, {1, 51, continued}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := source{clockRate: 8000}
			for i, p := range c.packets {
				if got := s.update(p.ssrc, p.seq, 0, 0); got != p.want {
					t.Errorf("packet %d: %v, want %v", i, got, p.want)
				}
			}
		})
	}
}

func TestTotalsOutliveAStream(t *testing.T) {
	s := source{clockRate: 8000}
	for _, seq := range []uint16{1, 2, 4} {
		s.update(1, seq, 0, 0)
	}
	s.update(2, 1, 0, 0)
	s.update(2, 2, 0, 0)
	if got := s.totals(); got != (totals{received: 4, lost: 1}) {
		t.Errorf("%+v", got)
	}
}

func FuzzSource(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8})
	f.Fuzz(func(t *testing.T, data []byte) {
		s := source{clockRate: 8000}
		for i := 0; i+4 <= len(data); i += 4 {
			s.update(uint32(data[i]&1), uint16(data[i+1])<<8|uint16(data[i+2]), uint32(data[i+3])<<24, time.Duration(i)*time.Millisecond)
			if s.jitter < 0 || math.IsNaN(s.jitter) {
				t.Fatal(s.jitter)
			}
		}
	})
}

func TestIntervalIsThatOfTheRFC(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var sum time.Duration
	for range 10000 {
		d := interval(false, rng.Float64())
		if d < 2*time.Second || d > 6200*time.Millisecond { // 0.5 to 1.5 of 5 s, over e - 1.5
			t.Fatalf("interval %v", d)
		}
		sum += d
	}
	if mean := sum / 10000; mean < 4*time.Second || mean > 4300*time.Millisecond {
		t.Errorf("mean %v, want 5 s / 1.218", mean)
	}
	if d := interval(true, 0.5); d < 2*time.Second || d > 2100*time.Millisecond {
		t.Errorf("first interval %v", d)
	}
}

func TestRoundTrip(t *testing.T) {
	for _, c := range []struct {
		now, last, delay uint32
		want             time.Duration
		ok               bool
	}{
		{0xb710_8000, 0xb705_2000, 0x0005_4000, 6125 * time.Millisecond, true}, // the example of RFC 3550 s. 6.4.1
		{100, 0, 0, 0, false},
		{100, 101, 0, 0, true},      // rounding
		{100, 1 << 20, 0, 0, false}, // the clock was set back
		{0x10000, 0xffff0000, 0x8000, 1500 * time.Millisecond, true}, // over the wrap
	} {
		if got, ok := roundTrip(c.now, c.last, c.delay); got != c.want || ok != c.ok {
			t.Errorf("%x - %x - %x = %v %v, want %v %v", c.now, c.last, c.delay, got, ok, c.want, c.ok)
		}
	}
}

func TestNTP(t *testing.T) {
	if got := ntp(time.Unix(0, 500_000_000)); got != 2208988800<<32|1<<31 {
		t.Errorf("%x", got)
	}
	if got := units65536(1500 * time.Millisecond); got != 0x18000 {
		t.Errorf("%x", got)
	}
}
