package clock

import (
	"testing"
	"time"
)

// On one core of the machine of docs/bench.md an exchange costs some 15 µs, of which there is one a second.
func BenchmarkHubObserve(b *testing.B) {
	h := newHost(1, network{tail, tail}, 20*time.Minute)
	var all []Exchange
	h.seen = func(e Exchange) { all = append(all, e) }
	h.until(20 * time.Minute)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		h.hub.Observe(all[n%len(all)])
	}
}

func BenchmarkHubAt(b *testing.B) {
	h := newHost(1, network{tail, tail}, 20*time.Minute)
	h.until(10 * time.Minute)
	now := h.at(10 * time.Minute)
	b.ReportAllocs()
	for b.Loop() {
		h.hub.When(h.hub.At(now))
	}
}

func BenchmarkCardObserve(b *testing.B) {
	s := newStream(1, 50)
	b.ReportAllocs()
	for b.Loop() {
		s.until(s.t + 10*time.Millisecond)
	}
}

// What was passed before is passed again, 50 stamps a time.
func BenchmarkCardObserveAgain(b *testing.B) {
	s := newStream(1, 50)
	s.until(time.Minute)
	b.ReportAllocs()
	for b.Loop() {
		s.card.Observe(s.began, 1000)
	}
}
