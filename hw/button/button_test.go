package button

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

const ms = time.Millisecond

var (
	epoch  = time.Unix(1_700_000_000, 0)
	record = Config{}
	status = Config{Hold: 3 * time.Second, Double: 400 * ms}
)

// edge is a change of the line, told in the time since the start.
type edge struct {
	at   time.Duration
	down bool
}

// clicks are presses: down at, up at, down at, up at...
func clicks(times ...time.Duration) []edge {
	var edges []edge
	for i, at := range times {
		edges = append(edges, edge{at, i%2 == 0})
	}
	return edges
}

// play feeds a button and ticks it whenever something is due, or, lazily, only at the edges and the end. It gives what
// came of it, as "press 100ms".
func play(cfg Config, edges []edge, end time.Duration, lazy bool) []string {
	b := New(cfg)
	var said []string
	hear := func(events []Event) {
		for _, e := range events {
			said = append(said, fmt.Sprint(e.Gesture, " ", e.At.Sub(epoch)))
		}
	}
	pass := func(until time.Time) {
		for due, ok := b.Due(); ok && !due.After(until) && !lazy; due, ok = b.Due() {
			hear(b.Tick(due))
		}
	}
	for _, e := range edges {
		at := epoch.Add(e.at)
		pass(at)
		hear(b.Edge(at, e.down))
	}
	pass(epoch.Add(end))
	hear(b.Tick(epoch.Add(end)))
	return said
}

func TestGestures(t *testing.T) {
	early := Config{Hold: time.Second, Early: true}
	both := Config{Hold: time.Second, Double: 400 * ms, Early: true}
	holds := Config{Hold: time.Second}
	tests := []struct {
		what  string
		cfg   Config
		edges []edge
		want  []string
	}{
		{"a press is told on the way down", record, clicks(100*ms, 300*ms), []string{"press 100ms"}},
		{"a held button without a hold is one press", record, clicks(100*ms, 9*time.Second), []string{"press 100ms"}},
		{"presses in a row", record, clicks(0, 50*ms, 100*ms, 150*ms), []string{"press 0s", "press 100ms"}},
		{"shorter than a bounce", record, clicks(0, 2*ms, 100*ms, 101*ms), []string{"press 0s", "press 100ms"}},
		{"early with hold: both", early, clicks(100*ms, 2*time.Second), []string{"press 100ms", "hold 1.1s"}},
		{"early with hold: short", early, clicks(100*ms, 200*ms), []string{"press 100ms"}},
		{"early with double", both, clicks(0, 100*ms, 300*ms, 400*ms), []string{"press 0s", "double 300ms"}},
		{"hold alone: short on the way up", holds, clicks(100*ms, 200*ms), []string{"press 200ms"}},
		{"hold alone: long", holds, clicks(100*ms, 1200*ms), []string{"hold 1.1s"}},
		{"status, once", status, clicks(0, 100*ms), []string{"press 500ms"}},
		{"status, twice", status, clicks(0, 100*ms, 400*ms, 450*ms), []string{"double 400ms"}},
		{"status, three times", status, clicks(0, 100*ms, 200*ms, 300*ms, 400*ms, 500*ms), []string{"double 200ms", "press 900ms"}},
		{"status, too late for twice", status, clicks(0, 100*ms, 501*ms, 600*ms), []string{"press 500ms", "press 1s"}},
		{"status, held", status, clicks(0, 3100*ms), []string{"hold 3s"}},
		{"status, held after a press", status, clicks(0, 100*ms, 1000*ms, 4500*ms), []string{"press 500ms", "hold 4s"}},
		{"status, twice and held: a double and nothing more", status, clicks(0, 100*ms, 200*ms, 5*time.Second), []string{"double 200ms"}},
		{"stuck is told once", record, clicks(0, 100*time.Second, 101*time.Second, 102*time.Second),
			[]string{"press 0s", "stuck 30s", "freed 1m40s", "press 1m41s"}},
		{"stuck with hold", status, clicks(0, 40*time.Second), []string{"hold 3s", "stuck 30s", "freed 40s"}},
	}
	for _, test := range tests {
		for _, lazy := range []bool{false, true} {
			if got := play(test.cfg, test.edges, 200*time.Second, lazy); !slices.Equal(got, test.want) {
				t.Errorf("%s (seen late: %v): %v, want %v", test.what, lazy, got, test.want)
			}
		}
	}
}

func TestDownAtTheStartIsNoPress(t *testing.T) {
	b := New(record)
	b.Start(epoch, true)
	if !b.Down() {
		t.Error("a button that is down at the start is not")
	}
	if got := b.Edge(epoch.Add(time.Second), false); got != nil {
		t.Errorf("its release was %v", got)
	}
	if got := b.Edge(epoch.Add(2*time.Second), true); !reflect.DeepEqual(got, []Event{{Press, epoch.Add(2 * time.Second)}}) {
		t.Errorf("the next press was %v", got)
	}
	b.Start(epoch, true)
	if got := b.Tick(epoch.Add(time.Minute)); !reflect.DeepEqual(got, []Event{{Stuck, epoch.Add(30 * time.Second)}}) {
		t.Errorf("after a minute it was %v, want stuck", got)
	}
}

func TestNothingIsDueAtRest(t *testing.T) {
	for _, cfg := range []Config{record, status} {
		b := New(cfg)
		b.Edge(epoch, true)
		b.Edge(epoch.Add(100*ms), false)
		b.Tick(epoch.Add(time.Minute))
		if due, ok := b.Due(); ok {
			t.Errorf("%+v: at rest, and yet due at %v", cfg, due)
		}
	}
}

// noise puts bounces after each change of a clean signal: any number of edges, less than the debounce time apart, over
// most of the quiet before the next change, with the right level at the end.
func noise(clean []edge, random *rand.Rand) []edge {
	var dirty []edge
	for i, e := range clean {
		dirty = append(dirty, e)
		at, level := e.at, e.down
		most := 20 * ms
		if i+1 < len(clean) {
			most = min(most, clean[i+1].at-e.at-usualDebounce-ms)
		}
		for n := 2 * random.IntN(20); n > 0; n-- {
			next := at + time.Duration(random.Int64N(int64(usualDebounce)))
			if next-e.at > most {
				break
			}
			at, level = next, !level
			dirty = append(dirty, edge{at, level})
		}
		if level != e.down {
			dirty = append(dirty, edge{at, e.down})
		}
	}
	return dirty
}

// signal is a clean one: changes at least long enough apart that the contact rests between them.
func signal(random *rand.Rand) []edge {
	at := time.Duration(0)
	var times []time.Duration
	for range 2 * (1 + random.IntN(12)) {
		at += usualDebounce + 2*ms + time.Duration(random.ExpFloat64()*float64(400*ms))
		if random.IntN(10) == 0 {
			at += time.Duration(random.Int64N(int64(40 * time.Second)))
		}
		times = append(times, at)
	}
	return clicks(times...)
}

// Whatever the contact does, what comes out is that of the clean signal, to the nanosecond.
func checkBounces(t *testing.T, seed uint64) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	clean := signal(random)
	dirty := noise(clean, random)
	end := clean[len(clean)-1].at + time.Minute
	for _, cfg := range []Config{record, status, {Hold: time.Second}, {Hold: time.Second, Double: 300 * ms, Early: true}} {
		want := play(cfg, clean, end, false)
		for _, lazy := range []bool{false, true} {
			if got := play(cfg, dirty, end, lazy); !slices.Equal(got, want) {
				t.Fatalf("seed %d, %+v, seen late: %v:\nclean %v\ndirty %v\ngave %v\nwant %v", seed, cfg, lazy, clean, dirty, got, want)
			}
		}
	}
}

func TestBouncesChangeNothing(t *testing.T) {
	for seed := range uint64(300) {
		checkBounces(t, seed)
	}
}

func FuzzBouncesChangeNothing(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(checkBounces)
}

// Any edges at all: presses are never more than the ways down, stuck and freed take turns, and time never runs back.
func FuzzAnyEdges(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 0, 0, 7})
	f.Fuzz(func(t *testing.T, gaps []byte) {
		b := New(status)
		at, last, down, downs, told, stuck := epoch, epoch, false, 0, 0, false
		for _, gap := range gaps {
			at = at.Add(time.Duration(gap) * time.Duration(gap) * ms)
			if down = !down; down {
				downs++
			}
			for _, e := range append(b.Edge(at, down), b.Tick(at)...) {
				if e.At.Before(last) || e.At.After(at) {
					t.Fatalf("%v between %v and %v", e, last, at)
				}
				last = e.At
				switch e.Gesture {
				case Stuck, Freed:
					if stuck == (e.Gesture == Stuck) {
						t.Fatalf("%v twice", e)
					}
					stuck = !stuck
				default:
					told++
				}
			}
		}
		if told > downs {
			t.Fatalf("%d gestures of %d ways down", told, downs)
		}
	})
}

func BenchmarkEdge(b *testing.B) {
	button, at := New(status), epoch
	for i := range b.N {
		at = at.Add(50 * ms)
		button.Edge(at, i%2 == 0)
	}
}
