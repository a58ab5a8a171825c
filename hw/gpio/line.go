package gpio

import (
	"fmt"
	"sync/atomic"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// look is how long to wait for an edge before the level is read all the same: that mends a lost edge, and a line that
// fails is noticed. (For ever would be 0 to periph; -1, which its documentation names, returns at once.)
const look = time.Second

// Edge is what a line became. Levels may repeat, and a bounce that is over when it is looked at is not told.
type Edge struct {
	At     time.Time // with the monotonic clock's reading, taken when the program woke
	Active bool
	Err    error // the line is lost; nothing follows
}

// Input is a line that is watched.
type Input struct {
	line   line
	spec   Spec
	chip   *Chip
	closed atomic.Bool
	done   chan struct{}
	first  bool
}

// Watch takes a line as an input, pulled to its inactive level, so that a button between the line and its active level
// is all the wiring needed. Each edge goes to told, on a goroutine of the line's, until Close.
func (c *Chip) Watch(spec Spec, told func(Edge)) (*Input, error) {
	l, err := c.find(spec)
	if err != nil {
		return nil, fmt.Errorf("watch %w", err)
	}
	pull := gpio.PullDown
	if spec.ActiveLow {
		pull = gpio.PullUp
	}
	if err := l.pin.In(pull, gpio.BothEdges); err != nil {
		l.release()
		return nil, fmt.Errorf("watch %w", c.failed(spec, explain(err, l)))
	}
	in := &Input{line: l, spec: spec, chip: c, done: make(chan struct{})}
	// The first wait opens what Halt needs; here, so that no two goroutines meet in it. A pin of a test counts an edge
	// that is taken here, but the level is read after it.
	l.pin.WaitForEdge(time.Nanosecond)
	in.first = in.read()
	go in.run(told)
	return in, nil
}

// Active is the level that the line had when Watch took it.
func (in *Input) Active() bool { return in.first }

func (in *Input) read() bool { return in.line.pin.Read() == in.spec.level(true) }

func (in *Input) run(told func(Edge)) {
	defer close(in.done)
	last := in.first
	for !in.closed.Load() {
		begun := time.Now()
		edge := in.line.pin.WaitForEdge(look)
		at := time.Now()
		switch active := in.read(); {
		case in.closed.Load():
		case edge || active != last:
			last = active
			told(Edge{At: at, Active: active})
		case at.Sub(begun) < look/2: // neither an edge nor the end of the wait
			told(Edge{At: at, Err: in.chip.failed(in.spec, ErrLost)})
			return
		}
	}
}

// Close ends the watch and gives the line back; told is not called after it. It takes up to a second. It must not be
// called from told.
func (in *Input) Close() error {
	in.closed.Store(true)
	err := in.line.pin.Halt() // lost if the goroutine is just about to wait: then it wakes by itself
	<-in.done
	in.line.release()
	return err
}

// Output is a line that is driven.
type Output struct {
	line line
	spec Spec
	chip *Chip
}

// Drive takes a line as an output and makes it inactive. Active low, it is active for some microseconds before that.
func (c *Chip) Drive(spec Spec) (*Output, error) {
	l, err := c.find(spec)
	if err != nil {
		return nil, fmt.Errorf("drive %w", err)
	}
	out := &Output{l, spec, c}
	if err := l.pin.Out(spec.level(false)); err != nil {
		l.release()
		return nil, fmt.Errorf("drive %w", c.failed(spec, explain(err, l)))
	}
	return out, nil
}

// Set makes the line active or inactive.
func (o *Output) Set(active bool) error {
	if err := o.line.pin.Out(o.spec.level(active)); err != nil {
		return fmt.Errorf("set %w", o.chip.failed(o.spec, fmt.Errorf("%w: %w", ErrLost, err)))
	}
	return nil
}

// Close makes the line inactive and gives it back. What it shows from then on is the chip's affair: most keep the level.
func (o *Output) Close() error {
	err := o.Set(false)
	o.line.release()
	return err
}
