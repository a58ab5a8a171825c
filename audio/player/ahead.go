package player

import (
	"errors"
	"io"
	"time"
)

// run reads ahead until all was played.
func (p *Player) run() {
	defer close(p.done)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for !p.step() {
		select {
		case <-ticker.C:
		case <-p.closed:
			p.failed(p.feed.close())
			return
		}
	}
}

// step goes where it was told to, reads ahead, and tells whether all was played.
func (p *Player) step() (over bool) {
	p.obey()
	p.fill()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.over.Load() && p.jump.Load() == nil && p.wish < 0
}

func (p *Player) obey() {
	p.mu.Lock()
	wish := p.wish
	p.mu.Unlock()
	if wish < 0 {
		return
	}
	p.failed(p.feed.close())
	p.writing, p.feed = p.begin(wish)
	p.jump.Store(p.writing)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wish == wish { // else the next step goes where it was told to meanwhile
		p.wish = -1
	}
}

// begin is a reel from a sample of the whole on, and what it is fed from; at the end that is nothing.
func (p *Player) begin(from int64) (*reel, *feed) {
	for i, part := range p.parts {
		if from < part.end {
			return newReel(from, part.end-from, p.cfg.Rate), p.open(i, from)
		}
	}
	end := newReel(from, 0, p.cfg.Rate)
	end.whole.Store(true)
	return end, nil
}

// fill reads until enough is ahead of what is heard, or there is no more for now.
func (p *Player) fill() {
	enough := int64(ahead.Seconds() * float64(p.cfg.Rate))
	for p.feed != nil && p.writing.end-p.heard() < enough {
		data, err := p.feed.next(p.cfg.Now())
		switch {
		case err != nil:
			p.turn(err)
		case len(data) == 0:
			return
		default:
			p.writing.write(data)
		}
	}
}

// turn goes on to the next part.
func (p *Player) turn(why error) {
	if !errors.Is(why, io.EOF) {
		p.failed(why)
	}
	p.failed(p.feed.close())
	done, from := p.writing, p.parts[p.feed.number].end
	p.writing, p.feed = p.begin(from)
	done.next.Store(p.writing)
	done.whole.Store(true) // last: who sees it sees what follows
}
