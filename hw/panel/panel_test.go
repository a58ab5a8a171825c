package panel

import (
	"errors"
	"fmt"
	"image/color"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"orionbox/hw/button"
	"orionbox/hw/gpio"
	"orionbox/hw/led"
	"orionbox/hw/strip"
)

const ms = time.Millisecond

var quiet = slog.New(slog.DiscardHandler)

// config is a panel as a box has it, on the chip named.
func config(chip string) Config {
	return Config{
		Chip:     chip,
		Buttons:  map[string]string{"record": "!17", "mic": "!27", "status": "!22"},
		LEDs:     map[string]string{"record": "5", "call": "6", "peer1": None},
		Gestures: map[string]button.Config{"status": {Hold: 3 * time.Second, Double: 400 * ms}},
	}
}

// inBubble runs a panel on a clock that only moves when all are asleep. A panel with another chip than Sim gets its lines
// from a simulated one all the same: what differs then is which lines it asks for.
func inBubble(t *testing.T, cfg Config, test func(*testing.T, *Panel, *simulated)) {
	synctest.Test(t, func(t *testing.T) {
		s := newSimulated()
		p, err := start(cfg, s, quiet)
		if err != nil {
			t.Fatal(err)
		}
		test(t, p, s)
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if _, more := <-p.Events(); more {
			for range p.Events() {
			}
		}
		if len(s.told)+len(s.outputs) != 0 {
			t.Errorf("lines not given back: %v, %v", slices.Collect(maps.Keys(s.told)), s.outputs)
		}
	})
}

// said is the events that wait, as "record press 100ms" since the start given.
func said(p *Panel, start time.Time) []string {
	synctest.Wait()
	var all []string
	for {
		select {
		case e := <-p.Events():
			all = append(all, fmt.Sprint(e.Button, " ", e.Gesture, " ", e.At.Sub(start)))
		default:
			return all
		}
	}
}

// lit tells what a simulated output is, under its lock.
func (s *simulated) lit(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outputs[name]
}

// input is the way that a simulated line tells its edges; nil while nobody watches it.
func (s *simulated) input(name string) func(edge) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.told[name]
}

func push(t *testing.T, p *Panel, name string, levels ...bool) {
	t.Helper()
	for _, down := range levels {
		if err := p.Push(name, down); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGesturesComeOutWhateverTheContactDoes(t *testing.T) {
	inBubble(t, config(Sim), func(t *testing.T, p *Panel, _ *simulated) {
		start := time.Now()
		push(t, p, "record", true, false, true, false, true)
		if got := said(p, start); !slices.Equal(got, []string{"record press 0s"}) {
			t.Errorf("a bouncing press: %v, want one, at once", got)
		}
		time.Sleep(100 * ms)
		push(t, p, "record", false, true, false)
		if err := p.Press("status", 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if err := p.Press("status", 3500*ms); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if got := said(p, start); !slices.Equal(got, []string{"status press 550ms", "status hold 4.1s"}) {
			t.Errorf("status, short and held: %v", got)
		}
	})
}

func TestABounceThatIsLateIsStillABounce(t *testing.T) {
	p := &Panel{cfg: config(Sim), log: quiet, events: make(chan Event, waiting), edges: make(chan edge, waiting), faults: newFaults(quiet)}
	k, start := newKeys(p), time.Now()
	at := func(d time.Duration, down bool) edge {
		return edge{button: "record", pushed: true, at: start.Add(d), down: down}
	}
	k.edge(at(0, true))
	p.edges <- at(4900*time.Microsecond, false) // they wait while the panel is busy, beyond the time that they belong to
	p.edges <- at(4950*time.Microsecond, true)
	k.tick(start.Add(30 * ms))
	k.tick(start.Add(60 * ms))
	k.edge(at(100*ms, false))
	k.tick(start.Add(time.Second))
	if n := len(p.events); n != 1 {
		t.Errorf("%d events of one press", n)
	}
}

func TestLineAndPushAreOneButton(t *testing.T) {
	inBubble(t, config("gpiochip0"), func(t *testing.T, p *Panel, s *simulated) {
		start := time.Now()
		line := s.input("button_record")
		line(edge{at: time.Now(), down: true})
		time.Sleep(100 * ms)
		push(t, p, "record", true)
		time.Sleep(100 * ms)
		line(edge{at: time.Now(), down: false})
		time.Sleep(100 * ms)
		push(t, p, "record", false)
		time.Sleep(100 * ms)
		line(edge{at: time.Now(), down: true})
		if got := said(p, start); !slices.Equal(got, []string{"record press 0s", "record press 400ms"}) {
			t.Errorf("%v", got)
		}
	})
}

func TestOneBadLineKeepsNoOtherFromWorking(t *testing.T) {
	for _, cfg := range []Config{config(Sim), config("gpiochip0")} {
		inBubble(t, cfg, func(t *testing.T, p *Panel, s *simulated) {
			start := time.Now()
			if got := p.Faults(); len(got) != 0 {
				t.Fatalf("faults of a whole panel: %v", got)
			}
			p.ShowAll(map[string]led.Pattern{"record": led.On, "call": led.On})
			synctest.Wait()
			s.breakLine("button_record", fmt.Errorf("line 17 of gpiochip0: %w", gpio.ErrLost))
			s.breakLine("led_record", fmt.Errorf("line 5 of gpiochip0: %w", gpio.ErrLost))
			p.Show("record", led.Off)
			p.Show("call", led.Off)
			push(t, p, "mic", true, false)
			if got := said(p, start); !slices.Equal(got, []string{"mic press 0s"}) {
				t.Errorf("beside a broken line: %v", got)
			}
			faults := p.Faults()
			if len(faults) != 2 || faults[0].Name != "button_record" || faults[1].Name != "led_record" || s.lit("led_call") {
				t.Fatalf("faults %+v, call lit %v", faults, s.lit("led_call"))
			}
			for _, f := range faults {
				if !strings.Contains(f.Text, "of gpiochip0") || !strings.Contains(f.Hint, f.Name) {
					t.Errorf("%+v: want line, chip and the key to correct", f)
				}
			}
			p.Show("record", led.On)
			time.Sleep(time.Hour)
			s.breakLine("button_record", nil)
			s.breakLine("led_record", nil)
			time.Sleep(retryEvery + ms)
			if got := p.Faults(); len(got) != 0 || !s.lit("led_record") || s.input("button_record") == nil {
				t.Errorf("after mending: faults %v, record lit %v", got, s.lit("led_record"))
			}
			mended := time.Now()
			push(t, p, "record", true)
			if got := said(p, mended); !slices.Equal(got, []string{"record press 0s"}) {
				t.Errorf("after mending, a press: %v", got)
			}
		})
	}
}

func TestAButtonThatIsStuckIsAFaultUntilItIsFree(t *testing.T) {
	inBubble(t, config("gpiochip0"), func(t *testing.T, p *Panel, s *simulated) {
		s.input("button_mic")(edge{at: time.Now(), down: true})
		time.Sleep(29 * time.Second)
		if got := p.Faults(); len(got) != 0 {
			t.Errorf("held for 29 s: %v", got)
		}
		time.Sleep(2 * time.Second)
		if got := p.Faults(); len(got) != 1 || got[0].Name != "button_mic_stuck" {
			t.Errorf("held for 31 s: %v", got)
		}
		before := p.Wakeups()
		time.Sleep(time.Hour)
		if got := p.Wakeups(); got != before {
			t.Errorf("woke %d times for a stuck button", got-before)
		}
		s.input("button_mic")(edge{at: time.Now(), down: false})
		synctest.Wait()
		if got := p.Faults(); len(got) != 0 {
			t.Errorf("freed: %v", got)
		}
	})
}

func TestNothingWakesAPanelAtRest(t *testing.T) {
	inBubble(t, config(Sim), func(t *testing.T, p *Panel, _ *simulated) {
		p.Show("record", led.On)
		for _, b := range []string{"record", "status"} {
			if err := p.Press(b, 0); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		before := p.Wakeups()
		time.Sleep(24 * time.Hour)
		if got := p.Wakeups() - before; got != 0 {
			t.Errorf("%d wake-ups in a day of nothing", got)
		}
	})
}

func TestLightsCanBeReadAndWatched(t *testing.T) {
	inBubble(t, config(Sim), func(t *testing.T, p *Panel, s *simulated) {
		changed, forget := p.Watch()
		never, forgetToo := p.Watch()
		forgetToo()
		if _, open := <-never; open {
			t.Error("a forgotten watch still tells")
		}
		p.ShowAll(map[string]led.Pattern{"record": led.Slow, "peer1": led.On})
		<-changed
		want := map[string]Light{"record": {led.Slow, true}, "peer1": {led.On, true}, "call": {led.Off, false}}
		if got := p.Lights(); !maps.Equal(got, want) {
			t.Errorf("lights %v, want %v", got, want)
		}
		<-changed
		want["record"] = Light{led.Slow, false}
		if got := p.Lights(); !maps.Equal(got, want) || s.lit("led_record") {
			t.Errorf("half a second later %v, want %v", got, want)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		for range changed { // told of the dark, then closed
		}
		forget()
		if err := p.Push("record", true); err == nil {
			t.Error("a closed panel takes presses")
		}
	})
}

func TestWhoTakesNoEventsLosesOnlyThem(t *testing.T) {
	inBubble(t, config(Sim), func(t *testing.T, p *Panel, _ *simulated) {
		for range 2 * waiting {
			push(t, p, "record", true)
			time.Sleep(20 * ms)
			push(t, p, "record", false)
			time.Sleep(20 * ms)
		}
		if got := said(p, time.Now()); len(got) != waiting {
			t.Errorf("%d events wait, want %d", len(got), waiting)
		}
		push(t, p, "record", true)
		if got := said(p, time.Now()); len(got) != 1 {
			t.Errorf("after that: %v, want the new one", got)
		}
	})
}

func TestWhatCannotBeHadIsSaidAndTheRestWorks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "spidev0.0")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := config("nobody's chip")
	cfg.Strip = strip.Config{Device: file}
	cfg.Pixels = []Pixel{{"peer1", color.RGBA{G: 255}}}
	p, err := New(cfg, quiet)
	if err != nil {
		t.Fatal(err)
	}
	faults := p.Faults()
	if len(faults) != 2 || faults[0].Name != "chip" || !strings.Contains(faults[0].Text, cfg.Chip) || faults[1].Name != "strip" ||
		!strings.Contains(faults[1].Text, file) {
		t.Errorf("faults %+v, want one of the chip and one of the strip", faults)
	}
	if got := p.Where()["button_record"]; !strings.Contains(got, "17") || !strings.Contains(got, cfg.Chip) {
		t.Errorf("record is at %q, want line and chip", got)
	}
	push(t, p, "record", true)
	if e := <-p.Events(); e.Button != "record" || e.Gesture != button.Press {
		t.Errorf("pushed without a line: %+v", e)
	}
	if err := p.Push("no such button", true); !errors.Is(err, ErrNoButton) {
		t.Errorf("push of a button that is not there: %v", err)
	}
	if err := p.Break("led_record", errors.New("cut")); err == nil {
		t.Error("a panel with hardware lets itself be broken")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestNothingWiredIsNoFault(t *testing.T) {
	cfg := Config{Chip: gpio.Auto, Buttons: map[string]string{"record": None}, LEDs: map[string]string{"record": "", "call": "None"}}
	p, err := New(cfg, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got := p.Faults(); len(got) != 0 || len(p.Where()) != 0 {
		t.Errorf("faults %v, places %v", got, p.Where())
	}
	cfg.Gestures = map[string]button.Config{"stauts": {}}
	if _, err := New(cfg, quiet); !errors.Is(err, ErrNoButton) {
		t.Errorf("gestures of a button that is not there: %v", err)
	}
}

func TestAStripThatIsNotThereIsAFault(t *testing.T) {
	device := filepath.Join(t.TempDir(), "spidev9.9")
	p, err := New(Config{Chip: Sim, Strip: strip.Config{Device: device, Length: 8}}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got := p.Faults(); len(got) != 1 || got[0].Name != "strip" || !strings.Contains(got[0].Text, device) {
		t.Errorf("faults %v", got)
	}
}

// beads is a strip that remembers what it shows.
type beads struct {
	mu         sync.Mutex
	set, shown map[int]color.RGBA
	refuse     error
	closed     bool
}

func (b *beads) Set(place int, c color.RGBA) { b.set[place] = c }

func (b *beads) Show() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shown = maps.Clone(b.set)
	return b.refuse
}

func (b *beads) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}

func (b *beads) check(t *testing.T, want map[int]color.RGBA) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !maps.Equal(b.shown, want) {
		t.Errorf("shown %v, want %v", b.shown, want)
	}
}

func TestAStripShowsWhatLEDsDoInColour(t *testing.T) {
	cfg := config(Sim)
	green, red := color.RGBA{G: 255}, color.RGBA{R: 255}
	cfg.Pixels = []Pixel{{"peer1", green}, {"record", red}, {"peer9", green}, {"record", green}}
	inBubble(t, cfg, func(t *testing.T, p *Panel, _ *simulated) {
		s := &beads{set: map[int]color.RGBA{}}
		p.bank.strip = s
		p.ShowAll(map[string]led.Pattern{"record": led.On, "peer9": led.Slow})
		synctest.Wait()
		s.check(t, map[int]color.RGBA{0: {}, 1: red, 2: green, 3: green})
		time.Sleep(501 * ms)
		s.check(t, map[int]color.RGBA{0: {}, 1: red, 2: {}, 3: green})
		s.mu.Lock()
		s.refuse = errors.New("write strip: bus error")
		s.mu.Unlock()
		time.Sleep(time.Second)
		s.mu.Lock()
		closed := s.closed
		s.mu.Unlock()
		if got := p.Faults(); len(got) != 1 || got[0].Name != "strip" || !closed {
			t.Errorf("with a strip that fails: %v, closed %v", got, closed)
		}
		p.Show("record", led.Off)
		time.Sleep(retryEvery)
		if got := p.Faults(); len(got) != 0 || p.Lights()["record"].On {
			t.Errorf("with a strip that is gone: %v, record lit %v", got, p.Lights()["record"].On)
		}
	})
}

// Random presses of several fingers at once, with bounces and with lines that come off and are mended: what comes out is
// what was meant, button by button.
func TestRandomPresses(t *testing.T) {
	for seed := range uint64(200) {
		inBubble(t, config(Sim), func(t *testing.T, p *Panel, s *simulated) {
			random := rand.New(rand.NewPCG(seed, 2))
			names := slices.Sorted(maps.Keys(p.cfg.Buttons))
			var want []string
			start := time.Now()
			for range 40 {
				name := names[random.IntN(len(names))]
				at := time.Since(start)
				hold := time.Duration(20+random.IntN(150)) * ms
				bounce(t, p, name, true, random)
				time.Sleep(time.Until(start.Add(at + hold)))
				bounce(t, p, name, false, random)
				if name != "status" {
					want = append(want, fmt.Sprint(name, " press ", at))
				} else {
					want = append(want, fmt.Sprint(name, " press ", at+hold+400*ms))
				}
				if random.IntN(4) == 0 { // an LED's wire, which no button minds
					s.breakLine("led_call", errors.New("off"))
				}
				p.Show("call", led.Patterns()[random.IntN(len(led.Patterns()))])
				time.Sleep(500*ms + time.Duration(random.IntN(500))*ms)
				s.breakLine("led_call", nil)
			}
			if got := said(p, start); !slices.Equal(got, want) {
				t.Fatalf("seed %d: got %v, want %v", seed, got, want)
			}
		})
	}
}

// bounce moves a button to a level by way of up to eight others, within 5 ms.
func bounce(t *testing.T, p *Panel, name string, down bool, random *rand.Rand) {
	t.Helper()
	push(t, p, name, down)
	for range random.IntN(5) {
		time.Sleep(time.Duration(random.Int64N(int64(ms))))
		push(t, p, name, !down)
		push(t, p, name, down)
	}
}

// From a push to the LED that answers it, over all the panel's goroutines and the one that decides.
func BenchmarkPressToLED(b *testing.B) {
	p, err := New(config(Sim), quiet)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	go func() {
		lit := false
		for range p.Events() {
			lit = !lit
			p.Show("record", map[bool]led.Pattern{true: led.On, false: led.Off}[lit])
		}
	}()
	changed, forget := p.Watch()
	defer forget()
	var took []time.Duration
	for range b.N {
		at := time.Now()
		if err := p.Push("record", true); err != nil {
			b.Fatal(err)
		}
		<-changed
		took = append(took, time.Since(at))
		b.StopTimer()
		rest := time.NewTimer(6 * ms) // the contact's quiet, so that release and next press count at once
		<-rest.C
		if err := p.Push("record", false); err != nil {
			b.Fatal(err)
		}
		rest.Reset(6 * ms)
		<-rest.C
		b.StartTimer()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-us")
	b.ReportMetric(float64(took[len(took)-1].Microseconds()), "max-us")
}
