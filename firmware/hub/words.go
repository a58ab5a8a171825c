package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"orionbox/firmware/clock"
)

// Words that go over a link and that come back.

func (l *loop) number() uint64 {
	l.numbers++
	return l.numbers
}

// put asks the hub. It is false if the link takes no more now, or if it is not to be said at all.
func (l *loop) put(what string, number uint64, v any) bool {
	data, err := json.Marshal(v)
	if err == nil && len(data) > MaxMessage {
		err = fmt.Errorf("it has %d bytes, at most %d are allowed", len(data), MaxMessage)
	}
	if err != nil {
		l.log.Error("ask the hub", "what", what, "err", err)
		return false
	}
	return l.link.put(question{what, number, data})
}

func (l *loop) beat(now time.Time) {
	number := l.number()
	if l.put(AskBeat, number, Beat{Presence: l.presence}) {
		l.pace.beat(number, now)
	} else {
		l.pace.last = now // the next in its turn
	}
}

func (l *loop) doWord(w word) {
	switch {
	case w.link != l.link: // of a link that is gone
	case w.end:
		l.drop(lostBecause(w.err))
	case w.unheard:
		l.doUnheard(w)
	default:
		l.doSaid(w)
	}
}

// doUnheard asks again a little later: the hub's NATS server is there, the hub not yet.
func (l *loop) doUnheard(w word) {
	l.hold = time.Now().Add(notReady)
	switch w.what {
	case AskBeat:
		delete(l.pace.under, w.number)
	case AskPost:
		l.outbox.again()
	case AskTrack:
		l.ledger.again()
	case AskHistory:
		l.catch.ask = l.hold
	}
}

// lostBecause is the end of a link in words.
func lostBecause(err error) error {
	if err == nil || errors.Is(err, nats.ErrConnectionClosed) {
		return errors.New("it closed the connection")
	}
	return err
}

// doSaid takes a word of the hub.
func (l *loop) doSaid(w word) {
	l.heard = w.at
	if l.silent && !l.catch.on { // what the peers did meanwhile is not told again
		l.catchUp()
	}
	l.silent = false
	var err error
	switch {
	case w.tell:
		err = l.doTold(w)
	case w.what == AskBeat:
		err = l.doBeat(w)
	case w.what == AskPost:
		err = l.doPost(w)
	case w.what == AskTrack:
		err = l.doTrack(w)
	case w.what == AskHistory:
		err = l.doHistory(w)
	}
	if err != nil {
		l.grumble(err)
	}
}

// grumble logs what is wrong with a word, the same thing once.
func (l *loop) grumble(err error) {
	if text := err.Error(); text != l.grumbled {
		l.grumbled = text
		l.log.Error("the hub says what cannot be understood; it is left out", "err", err)
	}
}

func (l *loop) doTold(w word) error {
	switch w.what {
	case TellPeers:
		m, err := ParsePeersMessage(w.data)
		peers := good(&err, m.Peers)
		l.catch.livePeers(peers)
		l.tellPeers(l.peers.update(peers))
		return err
	case TellPost:
		p, err := ParseTold(w.data)
		if err != nil {
			return err
		}
		posts, ok := l.order.live(p)
		l.tellPosts(posts)
		if !ok {
			l.recount()
		}
	case TellTrack:
		t, err := ParseTrack(w.data)
		if err != nil {
			return err
		}
		l.catch.liveTrack(t)
		l.mail.put(Tracked{t})
	case TellFile:
		f, err := ParseFile(w.data)
		if err != nil {
			return err
		}
		l.catch.liveFile(f)
		l.mail.put(Filed{f})
	}
	return nil
}

// recount begins at the beginning: the hub counts anew.
func (l *loop) recount() {
	l.log.Warn("the hub counts anew: all of its posts are asked for")
	l.order.restart()
	l.catchUp()
}

// good leaves out what is malformed, and adds that to err.
func good[T checker](err *error, list []T) []T {
	var kept []T
	for _, v := range list {
		if bad := v.Check(); bad != nil {
			*err = errors.Join(*err, bad)
		} else {
			kept = append(kept, v)
		}
	}
	return kept
}

func (l *loop) doBeat(w word) error {
	delete(l.pace.under, w.number)
	r, err := ParseBeatReply(w.data)
	if err != nil {
		return err
	}
	l.answered, l.trip = w.at, w.at.Sub(w.sent)
	if r.Error != "" {
		l.setState(StateConnected, "the hub does not take what this box shows of itself: "+r.Error)
		return nil
	}
	l.shown = clock.Exchange{Sent: w.sent, Received: w.at, HubReceived: r.Received, HubSent: r.Sent, Clock: r.Clock}
	l.mail.put(Exchanged{l.shown})
	l.setState(StateConnected, l.unstored(w.at))
	return nil
}

// unstored says in words that the hub is there and stores nothing; empty if it does.
func (l *loop) unstored(now time.Time) string {
	if !l.outbox.unstored(l.stored, now) {
		return ""
	}
	return fmt.Sprintf("the hub does not store what this box says: %s; look at the hub's status", posts(len(l.outbox.list)))
}

func posts(n int) string {
	if n == 1 {
		return "1 post waits"
	}
	return fmt.Sprintf("%d posts wait", n)
}

// hubTime is about what the hub's clock shows, 0 before it told.
func (l *loop) hubTime(now time.Time) clock.Instant {
	if l.shown.Received.IsZero() {
		return 0
	}
	return l.shown.HubSent.Add(now.Sub(l.shown.Received))
}

func (l *loop) doPost(w word) error {
	r, err := ParsePostReply(w.data)
	if err != nil || r.Seq == 0 && r.Error == "" {
		return err // no answer; it is asked again in time
	}
	post := l.outbox.answered(w.number)
	if post == nil {
		return nil
	}
	l.keep.done(post.ID)
	l.stored = w.at
	if r.Error != "" {
		l.log.Warn("the hub refused a post", "kind", string(post.Kind), "why", r.Error)
		l.mail.put(Refused{post.Post, r.Error})
	}
	return nil
}

func (l *loop) doTrack(w word) error {
	r, err := ParsePostReply(w.data)
	if err != nil {
		return err
	}
	if a := l.ledger.answered(w.number); a != nil && r.Error != "" {
		l.log.Error("the hub refused a track", "file", a.File, "why", r.Error)
	}
	return nil
}
