package clock

import (
	"encoding/binary"
	"math"
	"testing"
	"time"
)

// ints are what a fuzzer says, as numbers of any size.
func ints(data []byte) []int64 {
	var all []int64
	for ; len(data) >= 8; data = data[8:] {
		n := int64(binary.LittleEndian.Uint64(data))
		all = append(all, n>>(uint(data[0])%60))
	}
	return all
}

func finite(values ...float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// Whatever hubs answer and clocks show, the estimate is a number, and little is kept.
func FuzzHubObserve(f *testing.F) {
	seed := func(values ...int64) {
		var data []byte
		for _, v := range values {
			data = binary.LittleEndian.AppendUint64(data, uint64(v))
		}
		f.Add(data)
	}
	seed(0, 1e8<<8, 1e15<<8, 1e3<<8, 1e9<<8, 1e8<<8, 1e15<<8, 1e3<<8)
	seed(0, 0, 1<<61, 0, 0, 0, 1<<61, 0, 1<<59, 0, 1<<61, 0)
	seed(math.MaxInt64, 0, 1, 0, math.MinInt64, 0, 1, 0)
	f.Fuzz(func(t *testing.T, data []byte) {
		born := time.Unix(1_790_000_000, 0)
		h, at := NewHub(born), born
		for v := ints(data); len(v) >= 4; v = v[4:] {
			at = at.Add(time.Duration(v[0]))
			e := Exchange{Sent: at, Received: at.Add(time.Duration(v[1])), HubReceived: Instant(v[2]), HubSent: Instant(v[2] + v[3]), Clock: "a"}
			if v[1]%16 == 15 {
				e.Clock = "b"
			}
			for range 1 + v[1]%3 { // some twice
				h.Observe(e)
			}
			if x := at.Sub(born); h.synced && !finite(h.fit.y, h.fit.slope, h.fit.off, h.fit.swing, h.fit.bound, h.fit.over(x)) || math.Abs(h.fit.slope) > maxSlope/perSecond {
				t.Fatalf("the line is %+v after %+v", h.fit, e)
			}
			if r := h.Reading(at); r.Uncertainty < 0 || r.Bound < 0 || r.Age < 0 {
				t.Fatalf("the reading is %+v", r)
			}
			if len(h.known.above) > maxKept || len(h.known.above) != len(h.known.below) || cap(h.known.above) > 4*maxKept || cap(h.known.below) > 4*maxKept {
				t.Fatalf("%d and %d are kept", len(h.known.above), len(h.known.below))
			}
			if now := h.epoch.Add(h.last); h.synced && h.When(h.At(now)).Sub(now).Abs() > time.Microsecond {
				t.Fatalf("%v becomes %v", now, h.When(h.At(now)))
			}
			h.When(Instant(v[0]))
			h.When(Instant(v[3]))
		}
	})
}

func FuzzCardObserve(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef"), 48000)
	f.Add(make([]byte, 800), 1)
	f.Fuzz(func(t *testing.T, data []byte, rate int) {
		at := time.Unix(1_790_000_000, 0)
		c := NewCard(rate)
		for v := ints(data); len(v) >= 2; v = v[2:] {
			at = at.Add(time.Duration(v[0]))
			c.Observe(at, v[1])
			if !finite(c.now.line.y, c.now.line.slope) || math.Abs(c.now.line.slope) > maxSlope/perSecond || len(c.now.points) > slots || len(c.late.points) > slots {
				t.Fatalf("the line is %+v, of %d", c.now.line, len(c.now.points))
			}
			c.Pos(at)
			c.Pos(time.Unix(v[1]>>20, v[0]))
			c.When(v[0])
			if r := c.Reading(at); r.Residual < 0 || !finite(r.DriftPPM) {
				t.Fatalf("the reading is %+v", r)
			}
		}
	})
}
