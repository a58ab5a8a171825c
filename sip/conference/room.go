package conference

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// room is one conference number: its mix, and the goroutine that ticks it while anybody is there.
type room struct {
	number string
	mix    mix
	late   atomic.Int64
	stop   context.CancelFunc
}

// rooms are those that somebody is in. The lock is taken when legs come and go, never by a tick.
type rooms struct {
	log *slog.Logger

	mu    sync.Mutex
	open  map[string]*room
	ticks sync.WaitGroup
	legs  int
}

// enter gives the voice a seat in the room of that number and opens the room for the first one.
func (r *rooms) enter(number string, v voice) *seat {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &seat{voice: v}
	rm := r.open[number]
	if rm == nil {
		rm = r.start(number)
	}
	var seats []*seat
	if old := rm.mix.seats.Load(); old != nil {
		seats = append(seats, *old...)
	}
	seats = append(seats, s)
	rm.mix.seats.Store(&seats)
	r.legs++
	return s
}

// start opens a room; r.mu is held.
func (r *rooms) start(number string) *room {
	ctx, stop := context.WithCancel(context.Background())
	rm := &room{number: number, stop: stop}
	if r.open == nil {
		r.open = make(map[string]*room)
	}
	r.open[number] = rm
	r.ticks.Go(func() { rm.run(ctx) })
	r.log.Info("room opened", "room", number)
	return rm
}

// leave takes the seat out of the room and closes the room behind the last one. A tick under way may still call the
// voice once, so the voice must take calls after its end.
func (r *rooms) leave(number string, s *seat) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rm := r.open[number]
	if rm == nil {
		return
	}
	old := *rm.mix.seats.Load()
	at := slices.Index(old, s)
	if at < 0 {
		return
	}
	seats := slices.Concat(old[:at], old[at+1:])
	rm.mix.seats.Store(&seats)
	r.legs--
	if len(seats) == 0 {
		delete(r.open, number)
		rm.stop()
		r.log.Info("room closed", "room", number, "late_ticks", rm.late.Load())
	}
}

// count is how many rooms are open and how many legs sit in them.
func (r *rooms) count() (open, legs int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.open), r.legs
}

// wait returns once no room ticks any more; every leg has left before.
func (r *rooms) wait() { r.ticks.Wait() }

// mostBehind is how many ticks a room that was held up makes good at once; what is older is given up, since the far
// ends have long concealed it.
const mostBehind = 5

// run ticks as long as anybody is there.
func (rm *room) run(ctx context.Context) {
	keepTime(ctx, func() { mixOnce(&rm.mix) }, func(missed int64) { rm.late.Add(missed) })
}

// keepTime calls tick every tickLength on an absolute schedule, so that no error adds up against the clocks of the far
// ends. It reports ticks that it gave up.
func keepTime(ctx context.Context, tick func(), missed func(ticks int64)) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for next := time.Now(); ; next = next.Add(tickLength) {
		if behind := time.Since(next); behind > mostBehind*tickLength {
			missed(int64(behind / tickLength))
			next = next.Add(behind.Truncate(tickLength))
		}
		timer.Reset(time.Until(next))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			tick()
		}
	}
}
