package jitter

import (
	"container/heap"
	"math/rand/v2"
	"testing"
	"time"
)

func TestCleanNetworkOfAnyPacketLength(t *testing.T) {
	for _, rate := range []int{8000, 48000} {
		for _, ptime := range []time.Duration{10 * ms, 20 * ms, 30 * ms, 40 * ms, 60 * ms} {
			n := base()
			n.rate, n.ptime = rate, ptime
			o := n.run(t, New(Config{ClockRate: rate}))
			inOrder(t, o)
			want := int(n.length / ptime)
			if len(o.order) != want || o.Lost+o.Late+o.Skipped != 0 {
				t.Errorf("%v packets at %d Hz: played %d of %d, stats %+v", ptime, rate, len(o.order), want, o.Stats)
			}
			if o.madeUp() > 1 || o.Shrunk > 2 {
				t.Errorf("%v packets at %d Hz: %d frames made up, %d left out", ptime, rate, o.madeUp(), o.Shrunk)
			}
			if o.Target > 25*ms {
				t.Errorf("%v packets: waits %v on a network without jitter", ptime, o.Target)
			}
		}
	}
}

func TestDriftDoesNotPileUp(t *testing.T) {
	for _, ppm := range []float64{-200, 200} {
		n := base()
		n.length, n.ppm = time.Hour, ppm
		rng := rand.New(rand.NewPCG(1, 2))
		n.path = func(_ int, sent time.Duration) []time.Duration {
			return []time.Duration{sent + 30*ms + time.Duration(rng.ExpFloat64()*float64(2*ms))}
		}
		n.tick = func(int) time.Duration { return time.Duration(rng.ExpFloat64() * float64(ms)) }
		o := n.run(t, New(Config{ClockRate: 8000}))
		inOrder(t, o)
		for i, d := range o.delay {
			if d > 100*ms {
				t.Fatalf("%v ppm: packet %d was played %v after it was sent", ppm, o.order[i], d)
			}
		}
		// 200 ppm of an hour are 720 ms, 36 frames.
		if made, left := o.madeUp(), int(o.Shrunk); made > 120 || left > 120 {
			t.Errorf("%v ppm: %d frames made up and %d left out in an hour, want about 36 of one", ppm, made, left)
		}
		t.Logf("%v ppm: %d made up, %d left out, %v", ppm, o.madeUp(), o.Shrunk, o.verdicts)
	}
}

func TestTargetFollowsJitter(t *testing.T) {
	for _, c := range []struct {
		jitter    time.Duration
		low, high time.Duration
	}{{5 * ms, 20 * ms, 25 * ms}, {60 * ms, 55 * ms, 75 * ms}, {150 * ms, 140 * ms, 165 * ms}, {600 * ms, 200 * ms, 200 * ms}} {
		n := base()
		n.length = 60 * time.Second
		rng := rand.New(rand.NewPCG(3, 4))
		n.path = func(_ int, sent time.Duration) []time.Duration {
			return []time.Duration{sent + 30*ms + time.Duration(rng.Int64N(int64(c.jitter)))}
		}
		o := n.run(t, New(Config{ClockRate: 8000}))
		inOrder(t, o)
		if o.Target < c.low || o.Target > c.high {
			t.Errorf("jitter up to %v: waits %v, want %v to %v", c.jitter, o.Target, c.low, c.high)
		}
		if share := float64(o.Late) / float64(o.Received); share > 0.015 && c.jitter < 200*ms {
			t.Errorf("jitter up to %v: %.1f %% came too late", c.jitter, 100*share)
		}
		t.Logf("jitter %v: target %v late %d made up %d shrunk %d skipped %d %v", c.jitter, o.Target, o.Late, o.madeUp(), o.Shrunk, o.Skipped, o.verdicts)
	}
}

func TestTargetGrowsFastAndShrinksSlowly(t *testing.T) {
	n := base()
	n.length = 40 * time.Second
	rng := rand.New(rand.NewPCG(5, 6))
	bad := func(sent time.Duration) bool { return sent > 5*time.Second && sent < 7*time.Second }
	n.path = func(_ int, sent time.Duration) []time.Duration {
		if bad(sent) {
			return []time.Duration{sent + 30*ms + time.Duration(rng.Int64N(int64(120*ms)))}
		}
		return []time.Duration{sent + 30*ms}
	}
	b := New(Config{ClockRate: 8000})
	q, _ := n.packets()
	var after1s, atEnd, after5s time.Duration
	for now := time.Duration(0); now < n.length; now += 20 * ms {
		for len(q) > 0 && q[0].at <= now {
			a := heap.Pop(&q).(arrival)
			b.Push(a.p, a.at)
		}
		b.Pop(now)
		switch {
		case now <= 6*time.Second:
			after1s = b.Stats().Target
		case now <= 7*time.Second:
			atEnd = b.Stats().Target
		case now <= 12*time.Second:
			after5s = b.Stats().Target
		}
	}
	if after1s < 90*ms {
		t.Errorf("a second into the jitter it waits %v, want nearly 120 ms", after1s)
	}
	if after5s < atEnd-60*ms || after5s < 50*ms {
		t.Errorf("5 s after the jitter it waits %v, down from %v: too fast", after5s, atEnd)
	}
	if got := b.Stats().Target; got > 30*ms {
		t.Errorf("33 s after the jitter it still waits %v", got)
	}
}

func TestReorderedAndDoubled(t *testing.T) {
	n := base()
	n.path = func(i int, sent time.Duration) []time.Duration {
		switch i % 10 {
		case 3: // overtaken by its successor
			return []time.Duration{sent + 30*ms + 25*ms}
		case 7:
			return []time.Duration{sent + 30*ms, sent + 45*ms}
		}
		return []time.Duration{sent + 30*ms}
	}
	o := n.run(t, New(Config{ClockRate: 8000}))
	inOrder(t, o)
	if len(o.order) != 500 || o.Lost+o.Late != 0 || o.Duplicate != 50 {
		t.Errorf("played %d of 500, %+v", len(o.order), o.Stats)
	}
}

func TestLossIsConcealedOnceForOnce(t *testing.T) {
	n := base()
	lost := func(i int) bool { return i > 20 && (i%10 == 0 || i%50 == 41) } // 40 and 41 run together
	count := 0
	n.path = func(i int, sent time.Duration) []time.Duration {
		if lost(i) {
			count++
			return nil
		}
		return []time.Duration{sent + 30*ms}
	}
	o := n.run(t, New(Config{ClockRate: 8000}))
	inOrder(t, o)
	if int(o.Lost) != count {
		t.Errorf("counted %d lost of %d", o.Lost, count)
	}
	if o.madeUp() < count-3 || o.madeUp() > count+3 {
		t.Errorf("made up %d frames for %d lost", o.madeUp(), count)
	}
}

func TestStallLosesNothingUpToTheLongestWait(t *testing.T) {
	n := base()
	n.path = func(_ int, sent time.Duration) []time.Duration {
		if in := sent % (2 * time.Second); in > 1900*ms { // nothing passes for 100 ms, then all at once
			return []time.Duration{sent.Truncate(2*time.Second) + 2*time.Second + 30*ms}
		}
		return []time.Duration{sent + 30*ms}
	}
	o := n.run(t, New(Config{ClockRate: 8000}))
	inOrder(t, o)
	if o.Late > 0 || o.Lost > 0 {
		t.Errorf("%+v", o.Stats)
	}
	t.Logf("%+v %v", o.Stats, o.verdicts)
}

func TestPausesAreSilenceNotLoss(t *testing.T) {
	n := base()
	n.silent = func(i int) bool { return i%100 >= 60 } // 0.8 s of each 2 s
	o := n.run(t, New(Config{ClockRate: 8000}))
	inOrder(t, o)
	if o.Lost != 0 || len(o.order) != 300 {
		t.Errorf("played %d of 300, %+v", len(o.order), o.Stats)
	}
	if o.verdicts[Empty] < 4*30 {
		t.Errorf("verdicts %v", o.verdicts)
	}
}

func TestSlowerNetworkAtOnce(t *testing.T) {
	for _, more := range []time.Duration{100 * ms, 300 * ms, 900 * ms, 5 * time.Second} {
		n := base()
		n.length, n.extra = 30*time.Second, more
		n.path = func(_ int, sent time.Duration) []time.Duration {
			if sent > 10*time.Second {
				return []time.Duration{sent + 30*ms + more}
			}
			return []time.Duration{sent + 30*ms}
		}
		o := n.run(t, New(Config{ClockRate: 8000}))
		inOrder(t, o)
		if len(o.order) < 1450 {
			t.Errorf("slower by %v: played %d of 1500, %+v", more, len(o.order), o.Stats)
		}
		if last := o.delay[len(o.delay)-1]; last > 30*ms+more+80*ms {
			t.Errorf("slower by %v: the last packet was played %v after it was sent", more, last)
		}
		t.Logf("%v: %d %+v %v", more, len(o.order), o.Stats, o.verdicts)
	}
}

func TestFasterNetworkAtOnce(t *testing.T) {
	n := base()
	n.length = 60 * time.Second
	n.path = func(_ int, sent time.Duration) []time.Duration {
		if sent > 5*time.Second {
			return []time.Duration{sent + 30*ms}
		}
		return []time.Duration{sent + 330*ms}
	}
	o := n.run(t, New(Config{ClockRate: 8000}))
	inOrder(t, o)
	if last := o.delay[len(o.delay)-1]; last > 100*ms {
		t.Errorf("the last packet was played %v after it was sent: %+v", last, o.Stats)
	}
	t.Logf("%d %+v %v", len(o.order), o.Stats, o.verdicts)
}

func TestLongHourOfTimestamps(t *testing.T) {
	n := base()
	n.rate, n.length = 48000, 2*time.Minute
	n.stamp = 1<<32 - 48000*60
	o := n.run(t, New(Config{ClockRate: 48000}))
	inOrder(t, o)
	if len(o.order) != 6000 || o.Resets != 0 {
		t.Errorf("played %d, %+v", len(o.order), o.Stats)
	}
}

// TestAnyNetwork holds what must be true on every network.
func TestAnyNetwork(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 9))
		n := base()
		n.seq, n.stamp = uint16(rng.Uint32()), rng.Uint32()
		n.ptime = []time.Duration{10 * ms, 20 * ms, 30 * ms, 60 * ms}[rng.IntN(4)]
		loss, double, spread := rng.Float64()*0.3, rng.Float64()*0.1, 1+rng.Int64N(int64(400*ms))
		n.ppm = rng.Float64()*400 - 200
		n.path = func(_ int, sent time.Duration) []time.Duration {
			var at []time.Duration
			for p := 1 - loss; rng.Float64() < p && len(at) < 3; p = double {
				at = append(at, sent+30*ms+time.Duration(rng.Int64N(spread)))
			}
			return at
		}
		n.silent = func(i int) bool { return i/40%3 == 2 }
		n.tick = func(int) time.Duration { return time.Duration(rng.Int64N(int64(8 * ms))) }
		o := n.run(t, New(Config{ClockRate: 8000}))
		inOrder(t, o)
		for i, d := range o.delay {
			if d > 30*ms+time.Duration(spread)+300*ms {
				t.Fatalf("seed %d: packet %d was played %v after it was sent", seed, o.order[i], d)
			}
		}
		if o.Played > o.Received || o.Received != o.Played+o.Late+o.Duplicate+o.Skipped {
			t.Errorf("seed %d: the book does not balance: %+v", seed, o.Stats)
		}
	}
}

func TestGapsAreBridgedByTheNextPacket(t *testing.T) {
	for _, repeats := range []bool{false, true} {
		n := base()
		n.rate, n.length = 48000, 60*time.Second
		rng := rand.New(rand.NewPCG(7, 8))
		n.path = func(i int, sent time.Duration) []time.Duration {
			if rng.IntN(10) == 0 && sent < 20*time.Second {
				return nil
			}
			return []time.Duration{sent + 30*ms + time.Duration(rng.Int64N(int64(5*ms)))}
		}
		o := n.run(t, New(Config{ClockRate: 48000, Repeats: repeats}))
		inOrder(t, o)
		if repeats && o.bridged < 70 || !repeats && o.bridged > 25 {
			t.Errorf("repeats %v: %d of %d lost packets could be had from the next", repeats, o.bridged, o.Lost)
		}
		if o.Target > 25*ms {
			t.Errorf("repeats %v: 40 s after the last loss it waits %v", repeats, o.Target)
		}
	}
}
