package jitter

import (
	"encoding/binary"
	"testing"
	"time"
)

var number [1]byte

// feed pushes packet i of a stream of 20 ms packets at 8000 Hz in its time, changed by edit.
func feed(b *Buffer, i int, edit func(*Packet)) time.Duration {
	now := time.Duration(i)*20*ms + time.Second
	number[0] = byte(i)
	p := Packet{SSRC: 1, Seq: uint16(i), Timestamp: uint32(i * 160), Duration: 160, Payload: number[:]}
	if edit != nil {
		edit(&p)
	}
	b.Push(p, now)
	return now
}

// play feeds packets from to to and pops after each; it returns the first bytes of what was played.
func play(b *Buffer, from, to int, edit func(*Packet)) (heard []byte) {
	for i := from; i < to; i++ {
		p, v := b.Pop(feed(b, i, edit) + ms)
		if v == Play || v == Shrink {
			heard = append(heard, p.Payload[0])
		}
	}
	return heard
}

func TestTimeLines(t *testing.T) {
	at := func(n int, edit func(p *Packet)) func(p *Packet) {
		return func(p *Packet) {
			if int(p.Payload[0]) >= n {
				edit(p)
			}
		}
	}
	for _, c := range []struct {
		name   string
		edit   func(*Packet)
		resets int64
		heard  int // of packets 0 to 99
	}{
		{"as it was", nil, 0, 97},
		{"another source", at(50, func(p *Packet) { p.SSRC = 2 }), 1, 94},
		{"another source, all new", at(50, func(p *Packet) { p.SSRC = 2; p.Seq += 777; p.Timestamp += 1 << 30 }), 1, 94},
		{"another sequence", at(50, func(p *Packet) { p.Seq += 20000 }), 1, 93},
		{"another time", at(50, func(p *Packet) { p.Timestamp += 1 << 28 }), 1, 93},
		{"another time, marked", at(50, func(p *Packet) {
			p.Timestamp += 1 << 28
			p.Marker = p.Payload[0] == 50
		}), 1, 94},
		{"one stray sequence number", func(p *Packet) {
			if p.Payload[0] == 50 {
				p.Seq += 20000
			}
		}, 0, 96},
		{"one stray timestamp", func(p *Packet) {
			if p.Payload[0] == 50 {
				p.Timestamp += 1 << 28
			}
		}, 0, 96},
		{"counts anew from near", at(70, func(p *Packet) { p.Seq -= 60; p.Timestamp -= 60 * 160 }), 1, 70},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := New(Config{ClockRate: 8000})
			heard := play(b, 0, 100, c.edit)
			s := b.Stats()
			if s.Resets != c.resets {
				t.Errorf("%d resets, want %d", s.Resets, c.resets)
			}
			if len(heard) < c.heard-3 || len(heard) > c.heard+3 {
				t.Errorf("heard %d packets, want about %d: %+v", len(heard), c.heard, s)
			}
		})
	}
}

func TestThePacketAfterAGapIsShown(t *testing.T) {
	b := New(Config{ClockRate: 8000})
	play(b, 0, 50, nil)
	feed(b, 51, nil)
	now := feed(b, 52, nil)
	for range 5 {
		p, v := b.Pop(now)
		if v == Lost {
			if len(p.Payload) != 1 || p.Payload[0] != 51 || p.Duration != 160 {
				t.Errorf("in place of packet 50: %+v, want 160 units with packet 51", p)
			}
			if p, v := b.Pop(now); v != Play || p.Payload[0] != 51 {
				t.Errorf("after the gap: %v %v", v, p.Payload)
			}
			return
		}
	}
	t.Error("the gap was not told")
}

// TestEventsTakeNumbersNotTime: 5 packets of a telephone event stand where voice was left out.
func TestEventsTakeNumbersNotTime(t *testing.T) {
	b := New(Config{ClockRate: 8000})
	play(b, 0, 100, func(p *Packet) {
		if i := int(p.Payload[0]); i >= 40 && i < 45 {
			p.Duration, p.Timestamp = 0, 40*160
		}
	})
	if s := b.Stats(); s.Lost != 0 || s.Resets != 0 || s.Played < 90 {
		t.Errorf("%+v", s)
	}
}

func TestQuietPlacesAreUsed(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		b := New(Config{ClockRate: 8000})
		b.Hint(quiet)
		play(b, 0, 50, nil)
		n := 0
		for i := 50; i < 60; i++ { // the tick stands still, then comes back
			feed(b, i, nil)
		}
		for i := 60; i < 160 && b.Stats().Shrunk == 0; i++ {
			b.Pop(feed(b, i, nil) + ms)
			n++
		}
		if quiet && n > 2 || !quiet && n < 2 {
			t.Errorf("quiet %v: first frame left out after %d pops", quiet, n)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	b := New(Config{ClockRate: 8000})
	play(b, 0, 200, nil)
	i := 200
	if n := testing.AllocsPerRun(500, func() {
		if i%10 != 0 {
			feed(b, i, nil)
		}
		b.Pop(time.Duration(i)*20*ms + time.Second)
		i++
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

// FuzzBuffer drives a buffer with any packets at any times: it must not panic or hang, must balance its book and must
// always make sound when asked.
func FuzzBuffer(f *testing.F) {
	f.Add([]byte("0123456789abcdef"), 8000)
	f.Add([]byte{0, 0, 0, 0, 0, 160, 20, 0, 0, 1, 0, 1, 64, 160, 20, 0, 0, 5, 255, 255, 255, 160, 20, 1}, 48000)
	f.Fuzz(func(t *testing.T, data []byte, rate int) {
		b := New(Config{ClockRate: rate})
		var now time.Duration
		for ; len(data) >= 8; data = data[8:] {
			now += time.Duration(data[6]) * ms
			if data[7] == 255 {
				now += time.Hour
			}
			b.Push(Packet{
				SSRC: uint32(data[7] & 1), Seq: binary.BigEndian.Uint16(data),
				Timestamp: uint32(binary.BigEndian.Uint16(data[2:]))<<8 | uint32(data[4]),
				Duration:  uint32(data[5]) * 10, Marker: data[7]&2 != 0, Payload: data[:int(data[7])%9],
			}, now)
			calls := 0
			for sound := uint32(0); sound < 160; calls++ {
				p, v := b.Pop(now)
				switch {
				case v == Empty:
					sound += 160
				case v != Shrink && p.Duration == 0:
					t.Fatalf("%v of no length", v)
				case v != Shrink:
					sound += p.Duration
				}
				if calls > 2*window+160 {
					t.Fatal("pop yields no sound")
				}
			}
		}
		s := b.Stats()
		if waiting := s.Received - s.Played - s.Late - s.Duplicate - s.Skipped; waiting < 0 || waiting > window {
			t.Errorf("the book does not balance: %+v", s)
		}
	})
}

func BenchmarkPushPop(b *testing.B) {
	buf := New(Config{ClockRate: 8000})
	payload := make([]byte, 160)
	b.ReportAllocs()
	for i := range b.N {
		now := time.Duration(i) * 20 * ms
		buf.Push(Packet{SSRC: 1, Seq: uint16(i), Timestamp: uint32(i * 160), Duration: 160, Payload: payload}, now)
		buf.Pop(now)
	}
}
