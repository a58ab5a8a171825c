package engine

import (
	"context"
	"errors"
	"log/slog"
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
	// startTime is what a device gets to call back steadily after it was opened: for steadyFor, never older than steadyAge.
	// Some call at once to fill a buffer, and then for the first time in earnest seconds later.
	startTime, steadyFor, steadyAge = 5 * time.Second, 200 * time.Millisecond, 100 * time.Millisecond
	// closeTime is what a device gets to close when the program ends; one that was unplugged may never.
	closeTime = 2 * time.Second
)

// side keeps one device open: the microphone or the speakers. Its goroutine owns all but the status.
type side struct {
	engine *Engine
	log    *slog.Logger
	format pcm.Format
	block  int
	gate   *gate
	last   *atomic.Int64 // time of the last block that went through the gate, ns
	open   func(ticket uint64) (device.Device, error)
	// identify tells which device would be opened now.
	identify func() string
	standIn  func(ticket uint64, frames int) bool // does what the device would with a block of at most that length
	retry    retry

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
		open := s.acquire(ctx)
		if open == nil {
			return
		}
		lost := s.watch(ctx, open)
		s.gate.admit(s.gate.ticket())
		closed := s.close(open.device)
		if !lost {
			select {
			case <-closed:
			case <-time.After(closeTime):
				s.log.Warn("sound device does not close")
			}
			return
		}
		s.retry.lost(s.engine.now(), open.opened)
	}
}

// attempt is one try to open the device, and its outcome.
type attempt struct {
	device device.Device
	ticket uint64
	id     string // which device it is, as far as that is known
	opened time.Duration
	steady time.Duration // since when it calls back without a pause; zero when it does not
	err    error
}

// acquire stands in for the device until it is open and has called back; nil when ctx ended before. Opening may take its
// time, or never end, so it has a goroutine of its own.
func (s *side) acquire(ctx context.Context) *attempt {
	cover := s.cover()
	tick := time.NewTicker(s.format.Duration(int64(s.block)))
	defer tick.Stop()
	result := make(chan attempt, 1)
	var open attempt
	trying := false
	for {
		if !trying && s.retry.over(s.engine.now()) {
			trying = true
			go s.try(result)
		}
		select {
		case <-ctx.Done():
			s.abandon(open, trying, result)
			return nil
		case open = <-result:
			if open.err != nil {
				trying, open = false, s.failed(open)
			}
		case <-tick.C:
			cover.blocks(s.engine.now())
		}
		switch {
		case open.device == nil:
		case open.settled(s.gate, s.engine.now()):
			cover.rest(s.engine.now())
			s.gate.admit(open.ticket)
			s.report(OK, "", open.device.Name())
			return &open
		case s.engine.now()-open.opened > startTime:
			s.close(open.device)
			open.err = errors.New("it was opened, but nothing came: unplug it and plug it in again")
			trying, open = false, s.failed(open)
		}
	}
}

// try makes one attempt.
func (s *side) try(result chan<- attempt) {
	a := attempt{ticket: s.gate.ticket(), id: s.identify()}
	a.device, a.err = s.open(a.ticket)
	a.opened = s.engine.now()
	result <- a
}

// settled tells whether an open device calls back steadily.
func (a *attempt) settled(g *gate, now time.Duration) bool {
	switch {
	case a.device.Age() > steadyAge:
		a.steady = 0
	case g.waiting(a.ticket) && a.steady == 0:
		a.steady = now
	}
	return a.steady > 0 && now-a.steady >= steadyFor
}

// abandon closes what is open, or will be, when nobody wants it any more.
func (s *side) abandon(open attempt, trying bool, result <-chan attempt) {
	if open.device != nil {
		s.close(open.device)
	} else if trying {
		go closeLate(result)
	}
}

// closeLate closes what was opened after nobody wanted it any more.
func closeLate(result <-chan attempt) {
	if o := <-result; o.err == nil {
		_ = o.device.Close()
	}
}

// failed reports an attempt and forgets it: what was once open is lost, what never was is missing.
func (s *side) failed(a attempt) attempt {
	s.retry.failed(s.engine.now())
	state := Missing
	if s.Status().State == Lost {
		state = Lost
	}
	s.report(state, a.err.Error(), "")
	return attempt{}
}

// watch returns true when the device is lost, or its name stands for another one now; false when ctx ended.
func (s *side) watch(ctx context.Context, open *attempt) (lost bool) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	cards := plugs{seen: stamp()}
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
			if open.device.Age() > lostAfter {
				s.report(Lost, "no sound for "+lostAfter.String()+": unplugged?", "")
				return true
			}
			if cards.changed(s.engine.now()) && s.identify() != open.id {
				s.report(Lost, "another device was plugged in", "")
				return true
			}
		}
	}
}

// close closes a device in a goroutine of its own: a card that is gone may hang in the driver.
func (s *side) close(d device.Device) (closed chan struct{}) {
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
