// Package player owns the playing of recordings in real time: stretches of WAV files, one after the other, at the rate of
// whoever plays them. A goroutine of its own reads ahead, so that a slow disk is not heard:
//
//	file -> resampler -> reel (a ring, two seconds ahead) -> ReadVoice
//	'---------- the player's goroutine ----------'   '- whoever plays it, in real time -'
//
// A recording may still be growing: at the end of what is on the disk the player waits for more, as long as more comes.
package player

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	ahead = 2 * time.Second // of what is being played, that is read
	every = 20 * time.Millisecond
	// patience is how long a file that is shorter than its stretch may go without growing: a recording is written to the disk
	// every half second, on a slow disk up to every second.
	patience = 2 * time.Second
)

// Stretch is sample frames From up to To, not included, of a mono WAV file.
type Stretch struct {
	Path     string
	From, To int64
}

// Config is what is played.
type Config struct {
	Stretches []Stretch
	Rate      int // of ReadVoice, Hz
	Now       func() time.Time
}

// Player plays once. One goroutine calls ReadVoice; the rest is for any.
type Player struct {
	cfg    Config
	log    *slog.Logger
	parts  []part
	length int64 // samples at Rate, as all others here

	reel atomic.Pointer[reel] // that is being played; changed by ReadVoice
	jump atomic.Pointer[reel] // to be played in its place, at once
	over atomic.Bool          // all was played

	mu   sync.Mutex
	wish int64 // where to play from, -1 for no wish; guarded by mu
	err  error // the first of the files'; guarded by mu

	writing *reel // that the goroutine fills, from feed
	feed    *feed

	close  sync.Once
	closed chan struct{}
	done   chan struct{}
}

// Open begins to read. A stretch whose file cannot be read is left out; it is an error if none can.
func Open(cfg Config, log *slog.Logger) (*Player, error) {
	p, err := newPlayer(cfg, log)
	if err == nil {
		go p.run()
	}
	return p, err
}

func newPlayer(cfg Config, log *slog.Logger) (*Player, error) {
	if cfg.Rate < 1 {
		return nil, fmt.Errorf("open player: a rate of %d Hz is none", cfg.Rate)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	p := &Player{cfg: cfg, log: log, wish: -1, closed: make(chan struct{}), done: make(chan struct{})}
	var errs []error
	for _, s := range cfg.Stretches {
		part, err := newPart(s, p.length, cfg.Rate)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p.parts = append(p.parts, part)
		p.length = part.end
	}
	if len(p.parts) == 0 {
		return nil, fmt.Errorf("open player: %w", errors.Join(append(errs, errors.New("there is nothing to play"))...))
	}
	for _, err := range errs {
		p.failed(err)
	}
	p.writing, p.feed = p.begin(0)
	p.reel.Store(p.writing)
	return p, nil
}

// ReadVoice fills dst with what comes next, and with silence after the end. Real-time.
func (p *Player) ReadVoice(dst []float32) {
	if to := p.jump.Load(); to != nil {
		dst = dst[p.reel.Load().leave(dst):]
		p.reel.Store(to)
		p.over.Store(false)
		p.jump.CompareAndSwap(to, nil)
	}
	for len(dst) > 0 {
		r := p.reel.Load()
		n, end := r.read(dst)
		dst = dst[n:]
		next := r.next.Load()
		switch {
		case end && next != nil:
			p.reel.Store(next)
			continue
		case end:
			p.over.Store(true)
		}
		clear(dst)
		return
	}
}

// Position is how far it has played, from the start of the first stretch. What was missing of a stretch counts as played.
func (p *Player) Position() time.Duration { return p.time(p.position()) }

func (p *Player) position() int64 {
	p.mu.Lock()
	wish := p.wish
	p.mu.Unlock()
	if wish >= 0 {
		return wish
	}
	return p.heard()
}

// heard is position, but for a wish.
func (p *Player) heard() int64 {
	if to := p.jump.Load(); to != nil {
		return to.start
	}
	r := p.reel.Load()
	return r.start + r.played.Load()
}

// Length is how long all stretches are together.
func (p *Player) Length() time.Duration { return p.time(p.length) }

func (p *Player) time(n int64) time.Duration {
	return time.Duration(float64(n) / float64(p.cfg.Rate) * float64(time.Second))
}

// Seek goes on from there: at the start if it is before that, and at the end, which ends it, if it is beyond.
func (p *Player) Seek(to time.Duration) {
	n := int64(to.Seconds() * float64(p.cfg.Rate))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wish = min(max(n, 0), p.length)
}

// Done is closed when all was played, or Close was called.
func (p *Player) Done() <-chan struct{} { return p.done }

// Err is what could not be read, nil if nothing.
func (p *Player) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// failed takes note of an error, if it is one.
func (p *Player) failed(err error) {
	if err == nil {
		return
	}
	p.log.Error("play recording", "err", err)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
	}
}

// Close ends it and waits until the files are closed. ReadVoice may still be called: it gives what was read already.
func (p *Player) Close() {
	p.close.Do(func() { close(p.closed) })
	<-p.done
}

// String names what is played.
func (p *Player) String() string {
	return fmt.Sprintf("player(%v of %d recordings, %d Hz)", p.Length(), len(p.parts), p.cfg.Rate)
}
