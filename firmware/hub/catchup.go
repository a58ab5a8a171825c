package hub

import (
	"errors"
	"slices"
	"time"

	"orionbox/firmware/takes"
)

// catchUp is the questions for history after a connect: page after page, until there is no more.
type catchUp struct {
	on     bool
	page   int
	after  int64
	number uint64    // of the first question for the page, 0 if it was not asked for; a late answer is as good
	tries  int       // to get the page
	ask    time.Time // when to ask, or to ask again

	peers  []Peer                  // that the hub knows of
	told   map[string]bool         // peers that were told of since: what the history says of them is older
	tracks map[takes.TrackKey]bool // and tracks
	files  map[takes.TrackKey]bool // and files
}

// historyLimit is how long a page is waited for, the first time: each time longer, up to historyLongest, since a hub that
// is slow to answer a thousand boxes would be slower still with all of their questions twice. historyAgain is how long
// after a hub that has none to give.
const (
	historyLimit   = 5 * time.Second
	historyLongest = 8 * historyLimit
	historyAgain   = time.Second
)

// due is when the history is to be asked for.
func (c *catchUp) due() time.Time {
	if !c.on {
		return never
	}
	return c.ask
}

// livePeers notes who was told of meanwhile.
func (c *catchUp) livePeers(peers []Peer) {
	if c.on {
		c.peers = append(c.peers, peers...)
		for _, p := range peers {
			c.told[p.ID] = true
		}
	}
}

// liveTrack notes which track was told of meanwhile.
func (c *catchUp) liveTrack(t takes.Track) {
	if c.on {
		c.tracks[t.Key()] = true
	}
}

// liveFile notes which file was told of meanwhile.
func (c *catchUp) liveFile(f File) {
	if c.on {
		c.files[f.TrackKey] = true
	}
}

// catchUp begins to ask for what was missed.
func (l *loop) catchUp() {
	l.catch = catchUp{on: true, after: l.order.begin(), ask: time.Now(), told: map[string]bool{}, tracks: map[takes.TrackKey]bool{}, files: map[takes.TrackKey]bool{}}
}

func (l *loop) askHistory(now time.Time) {
	number := l.number()
	if l.put(AskHistory, number, HistoryRequest{After: l.catch.after, Page: l.catch.page}) {
		l.catch.ask = now.Add(min(historyLimit<<l.catch.tries, historyLongest))
		l.catch.tries = min(l.catch.tries+1, 8)
		if l.catch.number == 0 {
			l.catch.number = number
		}
	} else {
		l.catch.ask = now.Add(historyAgain)
	}
}

func (l *loop) doHistory(w word) error {
	if !l.catch.on || l.catch.number == 0 || w.number < l.catch.number {
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
	l.doHead(r, &err)
	l.tellPosts(l.order.page(told(r.Posts, &err)))
	if r.More && len(r.Posts)+len(r.Peers)+len(r.Tracks)+len(r.Files) > 0 {
		l.catch.page, l.catch.after, l.catch.ask = l.catch.page+1, max(l.catch.after, lastOf(r.Posts)), time.Now()
		l.catch.number, l.catch.tries = 0, 0
		return err
	}
	l.caughtUp()
	return err
}

// caughtUp goes over to what is told from now on.
func (l *loop) caughtUp() {
	l.tellPeers(l.peers.lost(l.hubTime(time.Now()), l.catch.peers...))
	l.catch = catchUp{}
	posts, ok := l.order.end()
	l.tellPosts(posts)
	if !ok {
		l.recount()
		return
	}
	l.mail.put(CaughtUp{})
}

// doHead takes the peers, tracks and files of a page.
func (l *loop) doHead(r HistoryReply, err *error) {
	peers := slices.DeleteFunc(good(err, r.Peers), func(p Peer) bool { return l.catch.told[p.ID] })
	l.catch.peers = append(l.catch.peers, peers...)
	l.tellPeers(l.peers.update(peers))
	for _, t := range r.Tracks {
		switch bad := CheckTrack(t); {
		case bad != nil:
			*err = errors.Join(*err, bad)
		case !l.catch.tracks[t.Key()]:
			l.mail.put(Tracked{t})
		}
	}
	for _, f := range good(err, r.Files) {
		if !l.catch.files[f.TrackKey] {
			l.mail.put(Filed{f})
		}
	}
}

// told leaves out posts that are malformed; their numbers count all the same.
func told(posts []Post, err *error) []Post {
	var kept []Post
	for _, p := range posts {
		if bad := p.CheckTold(); bad != nil {
			*err = errors.Join(*err, bad)
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
