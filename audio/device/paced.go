package device

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"orionbox/audio/pcm"
)

// epoch is what monotonic times are counted from.
var epoch = time.Now()

// monotonic is the time since the program started; no setting of the wall clock moves it.
func monotonic() time.Duration { return time.Since(epoch) }

// pulse remembers when the last callback was.
type pulse struct{ last atomic.Int64 }

func (p *pulse) beat()              { p.last.Store(int64(monotonic())) }
func (p *pulse) Age() time.Duration { return monotonic() - time.Duration(p.last.Load()) }

// maxCatchUp is how far a paced device may fall behind and still make up for it; a program that was stopped for longer
// has lost the time, as with a sound card.
const maxCatchUp = 500 * time.Millisecond

// schedule says when blocks of a stream are due, counted from one start, so that errors do not add up. It is pure.
type schedule struct {
	format pcm.Format
	block  int           // sample frames
	start  time.Duration // when block 0 began
	done   int64         // blocks handed out
}

// wait is how long after now the next block is due, zero or less when it is due already. A block is due at its end, as
// a card's is. It begins anew when now is too late to catch up, with a block that is due now.
func (s *schedule) wait(now time.Duration) time.Duration {
	due := s.start + s.format.Duration((s.done+1)*int64(s.block))
	if now-due > maxCatchUp {
		s.start, s.done = now-s.format.Duration(int64(s.block)), 0
		return 0
	}
	return due - now
}

// began is when the block began that is due now.
func (s *schedule) began() time.Duration {
	return s.start + s.format.Duration(s.done*int64(s.block))
}

// paced is a device with no hardware: a goroutine that calls step for each block, in real time.
type paced struct {
	pulse
	name   string
	format pcm.Format
	quit   chan struct{}
	ended  sync.WaitGroup
	once   sync.Once
	finish func() error
	err    error // why step ended, then of finish; read after ended
}

// startPaced runs step every block from a monotonic time on, with the time at which the block began, until Close or until
// step fails: then the device falls silent as an unplugged one does. finish releases what step used.
func startPaced(cfg Config, start time.Duration, step func(began time.Duration) error, finish func() error) *paced {
	p := &paced{name: cfg.Name, format: cfg.Format, quit: make(chan struct{}), finish: finish}
	p.beat()
	p.ended.Go(func() { p.err = p.run(schedule{format: cfg.Format, block: cfg.blockLen(), start: start}, step) })
	return p
}

func (p *paced) run(s schedule, step func(began time.Duration) error) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if wait := s.wait(monotonic()); wait > 0 {
			timer.Reset(wait)
			select {
			case <-p.quit:
				return nil
			case <-timer.C:
			}
			continue
		}
		select {
		case <-p.quit:
			return nil
		default:
		}
		if err := step(s.began()); err != nil {
			return err
		}
		p.beat()
		s.done++
	}
}

func (p *paced) Name() string       { return p.name }
func (p *paced) Format() pcm.Format { return p.format }
func (p *paced) String() string     { return fmt.Sprintf("%s(%v)", p.name, p.format) }

func (p *paced) Close() error {
	p.once.Do(func() {
		close(p.quit)
		p.ended.Wait()
		if err := p.finish(); p.err == nil {
			p.err = err
		}
	})
	if p.err != nil {
		return fmt.Errorf("close %s: %w", p.name, p.err)
	}
	return nil
}

// openNull is silence in real time: a microphone that hears nothing, or speakers that nobody hears.
func openNull(cfg Config, k kind, block func([]float32)) Device {
	data := make([]float32, cfg.blockLen()*cfg.Format.Channels)
	step := func(time.Duration) error {
		if k == capture {
			clear(data)
		}
		block(data)
		return nil
	}
	cfg.Name = Null
	return startPaced(cfg, monotonic(), step, func() error { return nil })
}
