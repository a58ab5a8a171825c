package cue

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Voice takes sound in real time, one block after another, and never blocks.
type Voice interface{ WriteVoice(src []float32) }

// Config is how a Player plays.
type Config struct {
	Rate  int   // of the Voice and of every Sound, Hz; a multiple of 50
	Voice Voice // which nobody else writes to
}

const (
	block    = 20 * time.Millisecond
	catchUp  = 5 // blocks that are made up for at once; after a longer stall the rest is heard later instead
	mostAsks = 32
)

// Player plays cues into a Voice, one after another, the important ones first. While there is nothing to play it writes
// nothing and sleeps. Any goroutine may call it, and none ever waits, but for Close.
type Player struct {
	cfg    Config
	deck   *deck // of the player's goroutine alone
	asked  chan ask
	stops  atomic.Int64 // calls of Stop
	busy   atomic.Int64 // asks that were not looked at yet, and one for the deck if it plays
	lost   atomic.Int64
	close  sync.Once
	closed chan struct{}
	done   chan struct{}
}

// ask is a cue on its way to the deck.
type ask struct {
	cue
	stops int64 // at the time: a Stop after it also silences what it asks for
}

// NewPlayer makes a player that runs until Close.
func NewPlayer(cfg Config) (*Player, error) {
	if cfg.Rate < 50 || cfg.Rate%50 != 0 {
		return nil, fmt.Errorf("make cue player: a rate of %d Hz has no blocks of 20 ms, use a multiple of 50", cfg.Rate)
	}
	if cfg.Voice == nil {
		return nil, errors.New("make cue player: there is no voice to play into")
	}
	p := &Player{cfg: cfg, deck: newDeck(cfg.Rate), asked: make(chan ask, mostAsks), closed: make(chan struct{}), done: make(chan struct{})}
	go p.run()
	return p, nil
}

// Play has a sound played after what is at least as important. A cue of the same name as one that was accepted within the
// last second, or still waits, is not played again. It is an error if the sound is none for this player, if too many wait,
// or after Close.
func (p *Player) Play(s Sound, as Priority) error {
	switch {
	case s.Rate != p.cfg.Rate:
		return fmt.Errorf("play cue %q: it has %d Hz, the player %d Hz", s.Name, s.Rate, p.cfg.Rate)
	case len(s.Samples) == 0:
		return fmt.Errorf("play cue %q: it has no sound", s.Name)
	}
	select {
	case <-p.closed:
		return fmt.Errorf("play cue %q: the player is closed", s.Name)
	default:
	}
	p.busy.Add(1)
	select {
	case p.asked <- ask{cue{s, as}, p.stops.Load()}:
		return nil
	default:
		p.busy.Add(-1)
		p.lost.Add(1)
		return fmt.Errorf("play cue %q: too many are waiting", s.Name)
	}
}

// Stop silences what plays and forgets what waits.
func (p *Player) Stop() { p.stops.Add(1) }

// Busy tells whether something plays or waits; what was asked for before counts at once.
func (p *Player) Busy() bool {
	select {
	case <-p.done:
		return false
	default:
		return p.busy.Load() > 0
	}
}

// Lost is how many cues were not played because more important ones, or too many, were waiting.
func (p *Player) Lost() int64 { return p.lost.Load() }

// Close silences what plays and waits until the Voice is left alone.
func (p *Player) Close() {
	p.close.Do(func() { close(p.closed) })
	<-p.done
}

// String names the player.
func (p *Player) String() string { return fmt.Sprintf("cues(%d Hz)", p.cfg.Rate) }

// run plays until Close. Its timer runs only while something plays; the schedule is absolute, so that late blocks do not
// add up.
func (p *Player) run() {
	defer close(p.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	var next time.Time // when the next block is due
	for {
		select {
		case <-p.closed:
			p.hush()
			return
		case a := <-p.asked:
			idle := !p.deck.plays()
			p.accept(a)
			if idle && p.deck.plays() {
				next = time.Now()
				timer.Reset(0)
			}
		case <-timer.C:
			if next = p.advance(next, time.Now()); p.deck.plays() {
				timer.Reset(time.Until(next))
			}
		}
	}
}

// accept hands a cue to the deck. The deck counts as busy before the ask no more does.
func (p *Player) accept(a ask) {
	was := p.deck.plays()
	if p.deck.obey(p.stops.Load()); a.stops == p.deck.stops {
		p.lost.Add(p.deck.add(time.Now(), a.cue))
	}
	p.settle(was)
	p.busy.Add(-1)
}

// settle counts the deck as busy, or no more.
func (p *Player) settle(was bool) {
	switch is := p.deck.plays(); {
	case is && !was:
		p.busy.Add(1)
	case was && !is:
		p.busy.Add(-1)
	}
}

// advance writes the blocks that are due and returns when the next one is.
func (p *Player) advance(next, now time.Time) time.Time {
	if now.Sub(next) > catchUp*block {
		next = now
	}
	for p.deck.plays() && !next.After(now) {
		p.tick()
		next = next.Add(block)
	}
	return next
}

// tick writes one block. Real-time: it never waits and allocates nothing, as far as the Voice does not.
func (p *Player) tick() {
	p.deck.obey(p.stops.Load())
	p.cfg.Voice.WriteVoice(p.deck.next())
	p.settle(true)
}

// hush ends what plays within a block.
func (p *Player) hush() {
	if p.deck.plays() {
		p.Stop()
		p.tick()
	}
}
