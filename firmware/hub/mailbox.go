package hub

import (
	"context"
	"slices"
	"strings"
	"sync"

	"orionbox/firmware/clock"
	"orionbox/firmware/takes"
)

// mailbox holds what a client has to tell until somebody reads it. It never makes the client wait: what is said once is
// kept, of what is merely newer than before only the newest is.
type mailbox struct {
	mu    sync.Mutex
	list  []Event // in order; where something merges, an empty event keeps its place
	peers map[string]Peer
	track map[takes.TrackKey]takes.Track
	time  []clock.Exchange
	state Status

	more chan struct{}
	out  chan Event
}

// trackPlace is where a track's newest state stands in the list.
type trackPlace takes.TrackKey

// maxExchanges is how many wait at most; the clock needs the newest.
const maxExchanges = 32

func newMailbox() *mailbox {
	return &mailbox{peers: map[string]Peer{}, track: map[takes.TrackKey]takes.Track{},
		more: make(chan struct{}, 1), out: make(chan Event)}
}

func (m *mailbox) put(event Event) {
	m.mu.Lock()
	m.merge(event)
	m.mu.Unlock()
	wake(m.more)
}

// wake leaves one token in a channel that holds one.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (m *mailbox) merge(event Event) {
	switch e := event.(type) {
	case PeersChanged:
		if len(m.peers) == 0 {
			m.list = append(m.list, PeersChanged{})
		}
		for _, p := range e.Peers {
			m.peers[p.ID] = p
		}
	case Tracked:
		key := e.Track.Key()
		if _, waits := m.track[key]; !waits {
			m.list = append(m.list, trackPlace(key))
		}
		m.track[key] = e.Track
	case Exchanged:
		m.list = append(m.list, Exchanged{})
		if m.time = append(m.time, e.Exchange); len(m.time) > maxExchanges {
			m.list = slices.Delete(m.list, m.firstExchange(), m.firstExchange()+1)
			m.time = m.time[1:]
		}
	case StateChanged:
		if m.state == (Status{}) {
			m.list = append(m.list, StateChanged{})
		}
		m.state = e.Status
	default:
		m.list = append(m.list, event)
	}
}

func (m *mailbox) firstExchange() int {
	return slices.IndexFunc(m.list, func(e Event) bool { _, is := e.(Exchanged); return is })
}

// take is the next to be told.
func (m *mailbox) take() (Event, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.list) == 0 {
		return nil, false
	}
	event := m.list[0]
	m.list[0] = nil
	if m.list = m.list[1:]; len(m.list) == 0 {
		m.list = nil // lets go of what a long wait had made of it
	}
	return m.whole(event), true
}

// whole puts what had merged in an event's place.
func (m *mailbox) whole(event Event) Event {
	switch e := event.(type) {
	case PeersChanged:
		for _, p := range m.peers {
			e.Peers = append(e.Peers, p)
		}
		slices.SortFunc(e.Peers, func(a, b Peer) int { return strings.Compare(a.ID, b.ID) })
		clear(m.peers)
		return e
	case trackPlace:
		t := m.track[takes.TrackKey(e)]
		delete(m.track, takes.TrackKey(e))
		return Tracked{t}
	case Exchanged:
		e.Exchange, m.time = m.time[0], m.time[1:]
		return e
	case StateChanged:
		e.Status, m.state = m.state, Status{}
		return e
	}
	return event
}

// run tells until ctx ends.
func (m *mailbox) run(ctx context.Context) {
	for {
		event, ok := m.take()
		if !ok {
			select {
			case <-m.more:
				continue
			case <-ctx.Done():
				return
			}
		}
		select {
		case m.out <- event:
		case <-ctx.Done():
			return
		}
	}
}
