package gpio

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"
)

// The machines that run these tests have neither a GPIO chip nor the kernel's gpio-sim, so the lines here are periph's
// simulated pins. What they do not show: the kernel's own answers (EBUSY for a taken line is made here by hand), pulls,
// and the time that an interrupt takes.

// fakePin is a pin that may refuse, as the kernel does.
type fakePin struct {
	*gpiotest.Pin
	refuse error
	lost   chan struct{}
}

func (p *fakePin) In(pull gpio.Pull, edge gpio.Edge) error {
	if p.refuse != nil {
		return p.refuse
	}
	return p.Pin.In(pull, edge)
}

func (p *fakePin) Out(l gpio.Level) error {
	if p.refuse != nil {
		return p.refuse
	}
	return p.Pin.Out(l)
}

func (p *fakePin) WaitForEdge(timeout time.Duration) bool {
	select {
	case <-p.lost:
		return false
	default:
		return p.Pin.WaitForEdge(timeout)
	}
}

type fakeChip struct {
	*Chip
	pins     []*fakePin
	released []int
}

func newChip(name, label string, lines int) *fakeChip {
	c := &fakeChip{Chip: &Chip{name: name, label: label, path: "/dev/" + name}}
	for n := range lines {
		p := &fakePin{Pin: &gpiotest.Pin{N: fmt.Sprintf("GPIO%d", n), Num: n, EdgesChan: make(chan gpio.Level)}, lost: make(chan struct{})}
		c.pins = append(c.pins, p)
		c.lines = append(c.lines, line{number: n, name: p.N, pin: p, release: func() { c.released = append(c.released, n) }})
	}
	return c
}

func TestAutoIsTheChipOfTheHeader(t *testing.T) {
	chip := func(name, label string) *Chip { return newChip(name, label, 0).Chip }
	pi5 := []*Chip{chip("gpiochip10", "gpio-brcmstb@107d508500"), chip("gpiochip11", "gpio-brcmstb@107d517c00"), chip("gpiochip0", "pinctrl-rp1")}
	pi4 := []*Chip{chip("gpiochip1", "raspberrypi-exp-gpio"), chip("gpiochip0", "pinctrl-bcm2711")}
	pc := []*Chip{chip("gpiochip0", "INT34C5:00"), chip("gpiochip1", "gpio_ich")}
	tests := []struct {
		chips []*Chip
		ask   string
		want  string // "" = refused
	}{
		{pi5, Auto, "pinctrl-rp1"}, {pi4, Auto, "pinctrl-bcm2711"}, {pc, Auto, ""}, {pc[:1], Auto, "INT34C5:00"}, {nil, Auto, ""},
		{pi5, "gpiochip11", "gpio-brcmstb@107d517c00"}, {pi4, "/dev/gpiochip1", "raspberrypi-exp-gpio"},
		{pi4, "pinctrl-bcm2711", "pinctrl-bcm2711"}, {pi4, "gpiochip7", ""},
	}
	for _, test := range tests {
		c, err := choose(test.ask, test.chips)
		switch {
		case test.want == "" && (!errors.Is(err, ErrNoChip) || !strings.Contains(err.Error(), test.ask)):
			t.Errorf("%s of %s: %v, %v, want a refusal that names it", test.ask, names(test.chips), c, err)
		case test.want != "" && (err != nil || c.label != test.want):
			t.Errorf("%s of %s: %v, %v, want %s", test.ask, names(test.chips), c, err, test.want)
		}
	}
}

func TestOpenNeverFailsWithoutAHint(t *testing.T) {
	// With chips or without, a name that nobody has is refused, and what to do is said.
	_, err := Open("nobody's chip")
	if !errors.Is(err, ErrNoChip) || !strings.Contains(err.Error(), "sim") {
		t.Errorf("open of a chip that is not there: %v", err)
	}
}

func TestErrorsNameLineAndChip(t *testing.T) {
	c := newChip("gpiochip0", "pinctrl-rp1", 4)
	c.pins[2].refuse = fmt.Errorf("line_request ioctl: %w", syscall.EBUSY)
	c.lines[3].consumer = "spi0 CS0"
	c.pins[3].refuse = syscall.EBUSY
	c.pins[1].refuse = syscall.EPERM
	for spec, want := range map[string]struct {
		is   error
		says string
	}{
		"9": {ErrNoLine, "line 9"}, "GPIO9": {ErrNoLine, "line GPIO9"}, "!2": {ErrTaken, "line 2"},
		"GPIO3": {ErrTaken, "by spi0 CS0"}, "1": {fs.ErrPermission, "group gpio"},
	} {
		s, err := ParseSpec(spec)
		if err != nil {
			t.Fatal(err)
		}
		_, watched := c.Watch(s, func(Edge) {})
		_, driven := c.Drive(s)
		for _, err := range []error{watched, driven} {
			if !errors.Is(err, want.is) || !strings.Contains(err.Error(), want.says) || !strings.Contains(err.Error(), "gpiochip0 (pinctrl-rp1)") {
				t.Errorf("line %s: %v, want %v that says %q and the chip", spec, err, want.is, want.says)
			}
		}
	}
	if _, err := c.Drive(Spec{Line: "0"}); err != nil {
		t.Errorf("the line beside the bad ones: %v", err)
	}
}

func TestActiveLowIsHandledHere(t *testing.T) {
	for _, low := range []bool{false, true} {
		c := newChip("gpiochip0", "", 2)
		out, err := c.Drive(Spec{"0", low})
		if err != nil {
			t.Fatal(err)
		}
		for _, active := range []bool{true, false, true} {
			if err := out.Set(active); err != nil || bool(c.pins[0].Read()) != (active != low) {
				t.Errorf("active low %v: set %v made the line %v, %v", low, active, c.pins[0].Read(), err)
			}
		}
		if err := out.Close(); err != nil || bool(c.pins[0].Read()) != low {
			t.Errorf("active low %v: after Close the line is %v, %v", low, c.pins[0].Read(), err)
		}

		edges := make(chan Edge, 8)
		in, err := c.Watch(Spec{"GPIO1", low}, func(e Edge) { edges <- e })
		if err != nil {
			t.Fatal(err)
		}
		if in.Active() || c.pins[1].Pull() != map[bool]gpio.Pull{false: gpio.PullDown, true: gpio.PullUp}[low] {
			t.Errorf("active low %v: at rest active %v, pull %v", low, in.Active(), c.pins[1].Pull())
		}
		before := time.Now()
		for _, active := range []bool{true, false} {
			c.pins[1].EdgesChan <- gpio.Level(active != low)
			if e := <-edges; e.Active != active || e.Err != nil || e.At.Before(before) {
				t.Errorf("active low %v: told %+v, want active %v", low, e, active)
			}
		}
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		if len(c.released) != 2 {
			t.Errorf("lines given back: %v, want both", c.released)
		}
	}
}

func TestALineThatFailsIsTold(t *testing.T) {
	c := newChip("gpiochip0", "", 1)
	var mu sync.Mutex
	var last Edge
	told := make(chan struct{})
	in, err := c.Watch(Spec{Line: "0"}, func(e Edge) {
		mu.Lock()
		defer mu.Unlock()
		last = e
		close(told) // a second call would panic
	})
	if err != nil {
		t.Fatal(err)
	}
	close(c.pins[0].lost)
	<-told
	mu.Lock()
	defer mu.Unlock()
	if !errors.Is(last.Err, ErrLost) || !strings.Contains(last.Err.Error(), "line 0 of gpiochip0") {
		t.Errorf("told %+v, want that the line is lost", last)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
}

func TestStdinOutlivesTheSearch(t *testing.T) {
	before, err := filepath.EvalSymlinks("/proc/self/fd/0")
	mend := keepStdin()
	if err := syscall.Close(0); err != nil {
		t.Fatalf("the test has no file 0: %v", err)
	}
	mend()
	after, err2 := filepath.EvalSymlinks("/proc/self/fd/0")
	if err != nil || err2 != nil || before != after {
		t.Errorf("file 0 was %s (%v) and is %s (%v)", before, err, after, err2)
	}
}

func FuzzParseSpec(f *testing.F) {
	for _, s := range []string{"17", "!17", "! GPIO17", "", "!!3", "none", "GPIO_17\x00", "ID_SDA", "PWM0/GPIO12", strings.Repeat("9", 50)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		spec, err := ParseSpec(s)
		if err != nil {
			return
		}
		if again, err := ParseSpec(spec.String()); err != nil || again != spec {
			t.Errorf("%q is %+v, and read again %+v, %v", s, spec, again, err)
		}
	})
}
