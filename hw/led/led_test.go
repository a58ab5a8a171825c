package led

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// period is the time after which everything begins again.
const period = 4 * time.Second

func TestEachPatternIsAsItsNameSays(t *testing.T) {
	// how often it goes on in four seconds, and for how long it is on in them
	want := map[Pattern]struct {
		times int
		lit   time.Duration
	}{
		Off: {0, 0}, On: {0, period}, Slow: {4, 2 * time.Second}, Fast: {16, 2 * time.Second},
		Double: {4, 600 * ms}, Wink: {2, 3700 * ms}, Halted: {1, 100 * ms},
	}
	for _, p := range Patterns() {
		var times int
		var lit time.Duration
		for at := time.Duration(0); at < period; at += ms {
			on, _ := At(p, at)
			before, _ := At(p, at-ms)
			if on {
				lit += ms
			}
			if on && !before {
				times++
			}
		}
		if times != want[p].times || lit != want[p].lit {
			t.Errorf("%s: on %d times for %v of %v, want %+v", p, times, lit, period, want[p])
		}
	}
}

func TestPatternsBeginTogetherAndTellTheirNextChange(t *testing.T) {
	for _, p := range Patterns() {
		if on, _ := At(p, 5*period); on != (p != Off) {
			t.Errorf("%s does not begin lit at %v", p, 5*period)
		}
		for at := time.Duration(0); at < period; at += 7 * ms {
			on, next := At(p, at)
			if next == 0 {
				if p != Off && p != On {
					t.Fatalf("%s never changes after %v", p, at)
				}
				continue
			}
			just, _ := At(p, at+next-1)
			then, _ := At(p, at+next)
			if just != on || then == on {
				t.Fatalf("%s at %v: %v, then %v before and %v after %v", p, at, on, just, then, next)
			}
		}
	}
	if on, next := At("no such pattern", ms); on || next != 0 {
		t.Errorf("a pattern that is none is lit: %v, changes in %v", on, next)
	}
}

func FuzzAt(f *testing.F) {
	f.Add("slow", int64(-1))
	f.Fuzz(func(t *testing.T, name string, since int64) {
		if _, next := At(Pattern(name), time.Duration(since)); next < 0 || next > period {
			t.Errorf("%q at %d changes in %v", name, since, next)
		}
	})
}

// board writes down what it is told.
type board struct {
	mu      sync.Mutex
	start   time.Time
	said    []string
	flushes []time.Duration
}

func (b *board) Set(led string, on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.said = append(b.said, fmt.Sprintf("%s %v %v", led, on, time.Since(b.start)))
}

func (b *board) Flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flushes = append(b.flushes, time.Since(b.start))
}

// take is what was said since the last take, in the order of the words.
func (b *board) take() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	said := b.said
	b.said, b.flushes = nil, nil
	slices.Sort(said)
	return said
}

// inBubble runs a driver on a clock that only moves when all are asleep.
func inBubble(t *testing.T, test func(*testing.T, *Driver, *board)) {
	synctest.Test(t, func(t *testing.T) {
		b := &board{start: time.Now()}
		d := New(b)
		test(t, d, b)
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestALineIsSetOnlyWhenItChanges(t *testing.T) {
	inBubble(t, func(t *testing.T, d *Driver, b *board) {
		d.ShowAll(map[string]Pattern{"mic": On, "call": Off, "record": Slow})
		synctest.Wait()
		if got := b.take(); !slices.Equal(got, []string{"mic true 0s", "record true 0s"}) {
			t.Errorf("at first: %v", got)
		}
		time.Sleep(1100 * ms)
		if got := b.take(); !slices.Equal(got, []string{"record false 500ms", "record true 1s"}) {
			t.Errorf("in 1.1 s: %v", got)
		}
		d.Show("record", On) // it is lit already
		time.Sleep(time.Minute)
		if got := b.take(); got != nil {
			t.Errorf("from lit to on: %v", got)
		}
		d.Close()
		if got := b.take(); !slices.Equal(got, []string{"mic false 1m1.1s", "record false 1m1.1s"}) {
			t.Errorf("at the end: %v", got)
		}
	})
}

func TestLEDsBlinkInPhase(t *testing.T) {
	inBubble(t, func(t *testing.T, d *Driver, b *board) {
		d.Show("one", Slow)
		time.Sleep(1234 * ms)
		d.Show("two", Slow) // begins in the middle of the other's blink
		synctest.Wait()
		b.take()
		time.Sleep(1500 * ms)
		b.mu.Lock()
		flushes := slices.Clone(b.flushes)
		b.mu.Unlock()
		want := []string{"one false 1.5s", "one false 2.5s", "one true 2s", "two false 1.5s", "two false 2.5s", "two true 2s"}
		if got := b.take(); !slices.Equal(got, want) {
			t.Errorf("two LEDs: %v, want %v", got, want)
		}
		if !slices.Equal(flushes, []time.Duration{1500 * ms, 2000 * ms, 2500 * ms}) {
			t.Errorf("flushed at %v, want once a step", flushes)
		}
	})
}

func TestNothingWakesWhenNothingBlinks(t *testing.T) {
	inBubble(t, func(t *testing.T, d *Driver, b *board) {
		steady := map[string]Pattern{"record": On, "mic": Off, "status": On}
		d.ShowAll(steady)
		time.Sleep(time.Hour)
		if n := d.Wakeups(); n != 1 {
			t.Errorf("%d wake-ups to light two LEDs, want 1", n)
		}
		for range 1000 {
			d.ShowAll(steady)
			time.Sleep(time.Second)
		}
		if n := d.Wakeups(); n != 1 {
			t.Errorf("%d wake-ups after asking 1000 times for what is shown, want 1", n)
		}
		d.Show("status", Fast)
		time.Sleep(10*time.Second + ms)
		d.Show("status", Off)
		synctest.Wait()
		if n := d.Wakeups(); n < 81 || n > 83 {
			t.Errorf("%d wake-ups after 10 s of 8 changes a second, want 81 to 83", n)
		}
		before := d.Wakeups()
		time.Sleep(24 * time.Hour)
		if n := d.Wakeups() - before; n != 0 {
			t.Errorf("%d wake-ups in a day of nothing", n)
		}
	})
}

func TestShowNeverWaitsForALine(t *testing.T) {
	stuck := &stuckBoard{make(chan struct{}), make(chan struct{})}
	d := New(stuck)
	d.Show("record", On)
	<-stuck.reached
	for i := range 100 {
		d.Show("mic", Patterns()[i%len(Patterns())])
	}
	if got, want := d.Patterns(), map[string]Pattern{"record": On, "mic": Patterns()[99%len(Patterns())]}; !maps.Equal(got, want) {
		t.Errorf("asked for %v, want %v", got, want)
	}
	close(stuck.free)
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

type stuckBoard struct{ reached, free chan struct{} }

func (b *stuckBoard) Set(led string, on bool) {
	if led == "record" && on {
		close(b.reached)
		<-b.free
	}
}
func (b *stuckBoard) Flush() {}

type discard struct{ done chan struct{} }

func (discard) Set(string, bool) {}
func (o discard) Flush()         { o.done <- struct{}{} }

// From asking to the line, over the driver's goroutine.
func BenchmarkShow(b *testing.B) {
	out := discard{make(chan struct{}, 1)}
	d := New(out)
	defer d.Close()
	for i := range b.N {
		d.Show("record", []Pattern{On, Off}[i%2])
		<-out.done
	}
}

// TestWhatBeginsToBlinkFastIsLitAtOnce, as a button's LED must be, and is in phase with the others from the next change on.
func TestWhatBeginsToBlinkFastIsLitAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, d *Driver, b *board) {
		d.Show("mic", Fast)
		time.Sleep(160 * ms)
		b.take()
		d.ShowAll(map[string]Pattern{"record": Fast, "call": Slow})
		time.Sleep(300 * ms)
		want := []string{"call true 160ms", "mic false 375ms", "mic true 250ms", "record false 375ms", "record true 160ms"}
		if got := b.take(); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
