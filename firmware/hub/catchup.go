package hub

import (
	"time"
)

// catchUp is the questions for history after a connect: page after page, until there is no more.
type catchUp struct {
	on     bool
	first  bool // page: it has all peers and tracks
	after  int64
	number uint64    // of the question under way, 0 if none is
	ask    time.Time // when to ask, or to ask again
}

// historyLimit is how long a page is waited for, and historyAgain how long after a hub that has none to give.
const (
	historyLimit = 10 * time.Second
	historyAgain = time.Second
)

// due is when the history is to be asked for.
func (c *catchUp) due() time.Time {
	if !c.on {
		return never
	}
	return c.ask
}

// catchUp begins to ask for what was missed.
func (l *loop) catchUp() {
	l.catch = catchUp{on: true, first: true, after: l.order.begin(), ask: time.Now()}
}

func (l *loop) askHistory(now time.Time) {
	number := l.number()
	if l.put(AskHistory, number, HistoryRequest{After: l.catch.after}) {
		l.catch.number, l.catch.ask = number, now.Add(historyLimit)
	} else {
		l.catch.ask = now.Add(historyAgain)
	}
}

func (l *loop) doHistory(w word) error {
	if !l.catch.on || w.number != l.catch.number {
		return nil
	}
	r, err := ParseHistoryReply(w.data)
	if err != nil || r.Error != "" {
		l.catch.ask = time.Now().Add(historyAgain)
		if err == nil {
			l.log.Warn("the hub has no history to give", "why", r.Error)
		}
		return err
	}
	if l.catch.first {
		l.doWhole(r, &err)
	}
	l.tellPosts(l.order.page(told(r.Posts, &err)))
	if last := lastOf(r.Posts); r.More && last > l.catch.after {
		l.catch.first, l.catch.after, l.catch.ask = false, last, time.Now()
		return err
	}
	l.catch = catchUp{}
	posts, ok := l.order.end()
	l.tellPosts(posts)
	l.mail.put(CaughtUp{})
	l.recount(ok)
	return err
}

// doWhole takes all peers and tracks that there are.
func (l *loop) doWhole(r HistoryReply, err *error) {
	peers := good(err, r.Peers)
	changed := append(l.peers.update(peers), l.peers.lost(l.hubTime(time.Now()), peers...)...)
	l.tellPeers(changed)
	for _, t := range r.Tracks {
		if bad := CheckTrack(t); bad != nil {
			*err = bad
		} else {
			l.mail.put(Tracked{t})
		}
	}
}

// told leaves out posts that are malformed; their numbers count all the same.
func told(posts []Post, err *error) []Post {
	var kept []Post
	for _, p := range posts {
		if bad := p.CheckTold(); bad != nil {
			*err = bad
		} else {
			kept = append(kept, p.settled())
		}
	}
	return kept
}

func lastOf(posts []Post) (last int64) {
	for _, p := range posts {
		last = max(last, p.Seq)
	}
	return last
}

func (l *loop) tellPosts(posts []Post) {
	for _, p := range posts {
		l.mail.put(Posted{p})
	}
}

func (l *loop) tellPeers(changed []Peer) {
	if len(changed) > 0 {
		l.mail.put(PeersChanged{changed})
	}
}
