// Package recorder owns the way from a ring of captured sound to a file: it keeps the pre-roll, writes and syncs while
// a take is open, and says what is on the disk.
//
//	capture -> ring -> | recorder: time line -> history (pre-roll)    |
//	                   |                    `-> take -> File -> disk  |
//	Start, Stop -> queue, obeyed at their place in the sound           -> Events, Status
//
// One goroutine does all of it. A disk that stalls stops that goroutine and nothing else: the sound waits in the ring,
// and so do Start and Stop, which are obeyed where in the sound they were pressed and not where the recorder was when
// it read them. What the ring could not hold becomes silence of the same length, and a Gap event.
package recorder

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"orionbox/audio/pcm"
)

// Source is where the sound comes from: a *ring.Ring. The frame is the source's until the next Pop.
type Source interface {
	Pop() (pcm.Frame, bool)
}

// File is what a take is written to: a *mp3.File or a *wav.File.
type File interface {
	WriteFrame(pcm.Frame) error
	Sync() error
	Close() error
	Size() int64
}

// Config is what a recorder needs. Name tells recorders apart in the log.
type Config struct {
	Name   string
	Source Source
	// PreRoll is how much of what was heard before Start is put into the take.
	PreRoll time.Duration
	// Flush is how often the file is brought to the disk: at most, and by default, a second and half a second.
	Flush time.Duration
	// Poll is how often the source is emptied, 20 ms by default.
	Poll time.Duration
	// Now is the clock, time.Now by default. It must not jump: time.Now does not, when times are compared.
	Now func() time.Time
}

const (
	maxFlush     = time.Second
	defaultFlush = 500 * time.Millisecond
	defaultPoll  = 20 * time.Millisecond
)

func (c Config) withDefaults() Config {
	if c.Flush <= 0 {
		c.Flush = defaultFlush
	}
	c.Flush = min(c.Flush, maxFlush)
	if c.Poll <= 0 {
		c.Poll = defaultPoll
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Recorder records takes from one source, one at a time.
type Recorder struct {
	cfg Config
	log *slog.Logger

	mu    sync.Mutex
	queue []command // guarded by mu
	last  int64     // id of the last Start; guarded by mu

	status atomic.Pointer[Status]
	events *mailbox

	// The rest belongs to the goroutine of Run.
	line    timeline
	history history
	next    int64 // index of the sample frame that should come next
	heard   bool  // next is known
	format  pcm.Format
	silence []float32
	take    *take
}

// command is a press of Start, or of Stop when it opens nothing.
type command struct {
	id   int64 // of a Start
	open func() (File, error)
	at   time.Time
}

// New makes a recorder. Nothing happens before Run.
func New(cfg Config, log *slog.Logger) *Recorder {
	r := &Recorder{cfg: cfg.withDefaults(), log: log.With("recorder", cfg.Name), events: newMailbox()}
	r.status.Store(&Status{})
	return r
}

// Run records until ctx ends; then an open take is closed with all that was captured so far.
func (r *Recorder) Run(ctx context.Context) error {
	ticker := time.NewTicker(r.cfg.Poll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			r.finish()
			return nil
		case <-ticker.C:
			r.step()
		}
	}
}

// Start begins a take in the file that open returns, with the pre-roll before this moment. It does not wait: Started
// or Failed tells, with the ID that is returned, as does all that happens to this take later. While a take is open it
// does nothing to it, and the answer is Failed with ErrOpen.
func (r *Recorder) Start(open func() (File, error)) (id int64) {
	return r.press(command{open: open, at: r.cfg.Now()})
}

// Stop ends the take when all that was captured before this moment is on the disk. It does not wait: Stopped or Failed
// tells. Without a take it does nothing.
func (r *Recorder) Stop() { r.press(command{at: r.cfg.Now()}) }

// press puts c into the queue, a Start under the next number.
func (r *Recorder) press(c command) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.open != nil {
		r.last++
		c.id = r.last
	}
	r.queue = append(r.queue, c)
	return c.id
}

// Events tells what happened, in order. A reader that does not keep up gets fewer Progress events and no fewer others.
func (r *Recorder) Events() <-chan Event { return r.events.out }

// Status is what was last known to be on the disk.
func (r *Recorder) Status() Status { return *r.status.Load() }

// String names the recorder.
func (r *Recorder) String() string { return "recorder(" + r.cfg.Name + ")" }
