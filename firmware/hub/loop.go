package hub

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"orionbox/firmware/clock"
)

// loop is what Run runs: one goroutine that owns all of the client's state but what is on the desk, in the mailbox and on
// the disk.
type loop struct {
	*Client
	words   chan word
	dialled chan attempt
	timer   *time.Timer

	link    *link     // nil: there is none
	hold    time.Time // nothing but beats before: the hub was not ready
	dialing bool      // an attempt is under way
	retry   time.Time // when the next is due
	refused int       // attempts in a row
	numbers uint64    // of questions; those of posts are the keeper's

	presence Presence
	pace     pace
	outbox   outbox
	ledger   ledger
	order    order
	catch    catchUp
	peers    table
	shown    clock.Exchange // the last
	trip     time.Duration  // of it
	heard    time.Time      // any word from the hub
	answered time.Time      // a beat was, or the link was made
	stored   time.Time      // a post was answered
	parted   time.Time      // the link was lost
	silent   bool           // that was said to whom it concerns
	grumbled string         // the last complaint about a word, said once
}

// attempt is what became of one.
type attempt struct {
	link *link
	err  error
}

func newLoop(c *Client) *loop {
	return &loop{Client: c, words: make(chan word, 64), dialled: make(chan attempt, 1), timer: time.NewTimer(0),
		presence: Presence{}.tidy(), order: newOrder(), peers: table{}, heard: time.Now()}
}

const (
	retryEvery   = 300 * time.Millisecond // back within a second of the hub's return
	refusedEvery = 10 * time.Second       // a person must act first
	notReady     = 200 * time.Millisecond // until a hub that was not is asked again
	quickRefusal = 3                      // attempts: a hub that has just started may not know its boxes yet
	deadAfter    = Missed * BeatEvery
	partedAfter  = time.Second // without a link, which is known sooner than that nobody answers
)

func (l *loop) run(ctx context.Context) {
	dialling, stop := context.WithCancel(context.WithoutCancel(ctx))
	for _, p := range l.keep.left {
		l.outbox.add(p, l.keep.number(), time.Time{})
	}
	for ctx.Err() == nil {
		l.step(dialling, ctx.Done())
	}
	stop()
	if l.dialing {
		l.doDialled(<-l.dialled)
	}
	l.goodbye()
	l.timer.Stop()
}

// step waits for one thing to happen and does what follows from it.
func (l *loop) step(dialling context.Context, done <-chan struct{}) {
	l.timer.Reset(time.Until(l.due()))
	select {
	case w := <-l.words:
		l.doWord(w)
	case <-l.desk.wake:
		l.doDesk()
	case <-l.keep.told:
	case a := <-l.dialled:
		l.doDialled(a)
	case <-l.timer.C:
	case <-done:
		return
	}
	l.tick(dialling, time.Now())
}

// due is when the next thing is to be done that nobody asks for.
func (l *loop) due() time.Time {
	due := never
	if !l.silent {
		due = l.unheard()
	}
	switch {
	case l.link != nil && time.Now().Before(l.hold):
		due = earliest(due, l.deadline(), l.pace.due(), l.hold)
	case l.link != nil:
		due = earliest(due, l.deadline(), l.pace.due(), l.outbox.due(l.keep.upTo.Load(), time.Now()), l.ledger.due(), l.catch.due())
	case !l.dialing:
		due = earliest(due, l.retry)
	}
	return due
}

// unheard is from when on nothing is known of the peers.
func (l *loop) unheard() time.Time {
	if l.link == nil && !l.parted.IsZero() {
		return earliest(l.heard.Add(deadAfter), l.parted.Add(partedAfter))
	}
	return l.heard.Add(deadAfter)
}

// deadline is when a link whose beats are not answered is given up. What a slow network takes to answer is granted.
func (l *loop) deadline() time.Time { return l.answered.Add(deadAfter + 2*l.trip) }

// tick does what is due.
func (l *loop) tick(dialling context.Context, now time.Time) {
	if !l.silent && !now.Before(l.unheard()) {
		l.silent = true
		l.tellPeers(l.peers.lost(l.hubTime(now)))
		if l.catch.on { // what it has told of so far is unknown again
			l.catchUp()
		}
	}
	if l.link != nil && !now.Before(l.deadline()) {
		l.drop(errors.New("it does not answer"))
	}
	if l.link == nil && !l.dialing && !now.Before(l.retry) {
		l.dialing = true
		go func() {
			link, err := l.dial(dialling, l.words)
			l.dialled <- attempt{link, err}
		}()
	}
	if l.link != nil {
		l.send(now)
	}
	l.setWaiting()
}

func (l *loop) doDialled(a attempt) {
	l.dialing = false
	now := time.Now()
	if a.err != nil {
		l.failed(a.err, now)
		return
	}
	l.link, l.answered, l.refused = a.link, now, 0
	l.pace = newPace(now)
	l.outbox.anew()
	l.ledger.again()
	l.catchUp()
}

// failed tells why there is no link, and says when to try again.
func (l *loop) failed(err error, now time.Time) {
	state, detail := l.diagnose(err)
	l.setState(state, detail)
	if state != StateRefused {
		l.refused = 0
		l.retry = now.Add(retryEvery + rand.N(retryEvery/2))
		return
	}
	if l.refused++; l.refused <= quickRefusal {
		l.retry = now.Add(time.Second)
	} else {
		l.retry = now.Add(refusedEvery)
	}
}

// drop ends the link; the next attempt is made soon, not by all boxes at once.
func (l *loop) drop(cause error) {
	l.link.close()
	l.link = nil
	l.catch = catchUp{}
	l.parted = time.Now()
	l.retry = l.parted.Add(rand.N(retryEvery))
	l.log.Warn("the hub is lost", "err", cause)
	l.setState(StateUnreachable, fmt.Sprintf("the hub at %s is lost: %v; what is said meanwhile is kept", l.cfg.Address, cause))
}

// doDesk takes what callers have left.
func (l *loop) doDesk() {
	presence, posts, tracks := l.desk.clear()
	if presence != l.presence {
		l.presence, l.pace.dirty = presence, true
	}
	now := time.Now()
	for _, p := range posts {
		l.enqueue(p, now)
	}
	for _, t := range tracks {
		l.ledger.put(t)
	}
}

func (l *loop) enqueue(p Post, now time.Time) {
	for _, w := range l.outbox.list {
		if w.ID == p.ID {
			return
		}
	}
	gone, _ := l.outbox.add(p, l.keep.keep(p), now)
	if gone != nil {
		l.keep.done(gone.ID)
		l.mail.put(Refused{gone.Post, "too much was said while the hub was away"})
	}
}

// send sends all that may be sent now.
func (l *loop) send(now time.Time) {
	l.pace.forget(now)
	l.outbox.late(now)
	l.ledger.late(now)
	if !now.Before(l.pace.due()) {
		l.beat(now)
	}
	if now.Before(l.hold) {
		return
	}
	for w := l.outbox.next(l.keep.upTo.Load(), now); w != nil && l.put(AskPost, w.number, w.Post); {
		if w.sent = now; w.asked.IsZero() {
			w.asked = now
		}
		w = l.outbox.next(l.keep.upTo.Load(), now)
	}
	for a := l.ledger.next(); a != nil; a = l.ledger.next() {
		number := l.number()
		if !l.put(AskTrack, number, a.Track) {
			break
		}
		a.number, a.sent = number, now
	}
	if !now.Before(l.catch.due()) {
		l.askHistory(now)
	}
}
