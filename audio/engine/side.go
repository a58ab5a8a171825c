package engine

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"orionbox/audio/device"
	"orionbox/audio/pcm"
)

const (
	// lostAfter is the age of the last callback at which a device is given up. ALSA does not tell of an unplugged card.
	lostAfter = 500 * time.Millisecond
	// watchEvery is how often the age is looked at.
	watchEvery = 100 * time.Millisecond
	// retryFirst and retryMost bound the wait between two tries to open.
	retryFirst, retryMost = 500 * time.Millisecond, 5 * time.Second
	// settleTime is what udev gets to finish a device that has just appeared.
	settleTime = 200 * time.Millisecond
	// closeTime is what a device gets to close when the program ends; one that was unplugged may never.
	closeTime = 2 * time.Second
)

// soundFolder is where the kernel shows sound cards come and go.
const soundFolder = "/dev/snd"

// side keeps one device open: the microphone or the speakers. Its goroutine owns all but the status.
type side struct {
	engine  *Engine
	log     *slog.Logger
	format  pcm.Format
	block   int
	gate    *gate
	last    *atomic.Int64 // time of the last block that went through the gate, ns
	open    func(ticket uint64) (device.Device, error)
	standIn func(ticket uint64, frames int) bool // does what the device would with a block of at most that length

	mu     sync.Mutex
	status DeviceStatus
}

func newSide(e *Engine, what, name string, g *gate, last *atomic.Int64) *side {
	s := &side{engine: e, log: e.log.With("device", what), format: e.cfg.Format, block: e.cfg.blockLen(), gate: g, last: last}
	s.status = DeviceStatus{Name: name, State: Missing, Detail: "not opened yet", Since: time.Now()}
	return s
}

// run has the device open or is standing in for it, until ctx ends.
func (s *side) run(ctx context.Context) {
	for {
		d := s.acquire(ctx)
		if d == nil {
			return
		}
		lost := s.watch(ctx, d)
		closed := s.dismiss(d)
		if !lost {
			select {
			case <-closed:
			case <-time.After(closeTime):
				s.log.Warn("sound device does not close")
			}
			return
		}
	}
}

// opened is the outcome of one try.
type opened struct {
	device device.Device
	ticket uint64
	err    error
}

// acquire stands in for the device until it can be opened; nil when ctx ended before. Opening may take its time, or
// never end, so it has a goroutine of its own.
func (s *side) acquire(ctx context.Context) device.Device {
	cover := s.cover()
	tick := time.NewTicker(s.format.Duration(int64(s.block)))
	defer tick.Stop()
	wait := retry{soundFolder: stamp()}
	result := make(chan opened, 1)
	trying := false
	for {
		if !trying && wait.over(s.engine.now()) {
			trying = true
			go s.try(result)
		}
		select {
		case <-ctx.Done():
			if trying {
				go closeLate(result)
			}
			return nil
		case o := <-result:
			trying = false
			if o.err == nil {
				cover.rest(s.engine.now())
				s.gate.admit(o.ticket)
				s.report(OK, "", o.device.Name())
				return o.device
			}
			wait.failed(s.engine.now())
			s.failed(o.err)
		case <-tick.C:
			cover.blocks(s.engine.now())
		}
	}
}

// try makes one attempt.
func (s *side) try(result chan<- opened) {
	ticket := s.gate.ticket()
	d, err := s.open(ticket)
	result <- opened{d, ticket, err}
}

// closeLate closes what was opened after nobody wanted it any more.
func closeLate(result <-chan opened) {
	if o := <-result; o.err == nil {
		_ = o.device.Close()
	}
}

// failed reports an attempt: what was once open is lost, what never was is missing.
func (s *side) failed(err error) {
	state := Missing
	if s.Status().State == Lost {
		state = Lost
	}
	s.report(state, err.Error(), "")
}

// watch returns true when the device is lost, false when ctx ended.
func (s *side) watch(ctx context.Context, d device.Device) (lost bool) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
			if d.Age() > lostAfter {
				s.report(Lost, "no sound for "+lostAfter.String()+": unplugged?", "")
				return true
			}
		}
	}
}

// dismiss voids the device's ticket and closes it, in a goroutine of its own: a card that is gone may hang in the driver.
func (s *side) dismiss(d device.Device) (closed chan struct{}) {
	s.gate.admit(s.gate.ticket())
	closed = make(chan struct{})
	go func() {
		defer close(closed)
		if err := d.Close(); err != nil {
			s.log.Warn("sound device closed with an error", "err", err)
		}
	}()
	return closed
}

// report changes the status, says so to whoever listens, and logs what is new. An empty name keeps the one before.
func (s *side) report(state State, detail, name string) {
	s.mu.Lock()
	was := s.status
	if state != was.State {
		s.status.Since = time.Now()
	}
	s.status.State, s.status.Detail = state, detail
	if name != "" {
		s.status.Name = name
	}
	is := s.status
	s.mu.Unlock()
	if is == was {
		return
	}
	if state == OK {
		s.log.Info("sound device open", "name", is.Name)
	} else {
		s.log.Warn("sound device away", "state", state, "name", is.Name, "detail", detail)
	}
	s.engine.notify()
}

// Status is the side's state.
func (s *side) Status() DeviceStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// cover is the stand-in at work: it owes as many samples as time has passed since the device's last.
type cover struct {
	side   *side
	ticket uint64
	start  time.Duration
	done   int64
}

func (s *side) cover() *cover {
	c := &cover{side: s, ticket: s.gate.ticket(), start: time.Duration(s.last.Load())}
	if c.start == 0 {
		c.start = s.engine.now()
	}
	s.gate.admit(c.ticket)
	return c
}

func (c *cover) owed(now time.Duration) int64 { return c.side.format.Samples(now-c.start) - c.done }

// blocks does all whole blocks that are owed.
func (c *cover) blocks(now time.Duration) {
	for c.owed(now) >= int64(c.side.block) && c.do(c.side.block) {
	}
}

// rest does all that is owed, before a device takes over.
func (c *cover) rest(now time.Duration) {
	c.blocks(now)
	if n := c.owed(now); n > 0 && n < int64(c.side.block) {
		c.do(int(n))
	}
}

// do fails while a void device is still inside the gate: the next tick makes up for it.
func (c *cover) do(frames int) bool {
	if !c.side.standIn(c.ticket, frames) {
		return false
	}
	c.done += int64(frames)
	return true
}

// retry says when to try again: after a growing wait, or soon after a sound card came or went.
type retry struct {
	soundFolder time.Time
	next        time.Duration
	wait        time.Duration
	looked      time.Duration
}

func (r *retry) failed(now time.Duration) {
	r.wait = min(max(r.wait*2, retryFirst), retryMost)
	r.next = now + r.wait
}

func (r *retry) over(now time.Duration) bool {
	if now-r.looked >= watchEvery {
		r.looked = now
		if changed := stamp(); !changed.Equal(r.soundFolder) {
			r.soundFolder, r.wait, r.next = changed, 0, now+settleTime
		}
	}
	return now >= r.next
}

// stamp is when a sound card last came or went; zero where there is no sound at all.
func stamp() time.Time {
	info, err := os.Stat(soundFolder)
	if errors.Is(err, os.ErrNotExist) || err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
