package director

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"orionbox/firmware/health"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// Hub is the room's side of a box: *hub.Client. None of its methods waits.
type Hub interface {
	ID() string
	Show(hub.Presence)
	Post(hub.Post)
	Announce(takes.Track)
	Events() <-chan hub.Event
	Status() hub.Status
}

// maxPosts is how many chat lines and notices are kept at hand; the hub has them all.
const maxPosts = 2000

// room is what a box knows of the others.
type room struct {
	peers map[string]hub.Peer
	posts []hub.Post    // chat and notices, in order
	more  chan struct{} // closed when there are more
	told  map[takes.TrackKey]takes.Track

	untold  []takes.Track // of earlier sessions, for the room
	unheard []takes.Change
}

func newRoom() room {
	return room{peers: map[string]hub.Peer{}, more: make(chan struct{}), told: map[takes.TrackKey]takes.Track{}}
}

func (d *Director) hubEvents() <-chan hub.Event {
	if d.parts.Hub == nil {
		return nil
	}
	return d.parts.Hub.Events()
}

// doHub follows the hub.
func (d *Director) doHub(event hub.Event) {
	switch e := event.(type) {
	case hub.Exchanged:
		d.exchanged(e.Exchange)
	case hub.PeersChanged:
		d.doPeers(e.Peers)
	case hub.Posted:
		d.doPosted(e.Post)
	case hub.Tracked:
		d.told[e.Track.Key()] = e.Track
		d.arriveAll(e.Track)
	case hub.Filed:
		d.doFiled(e.File)
	case hub.Refused:
		d.doRefused(e)
	case hub.StateChanged:
		d.log.Info("hub", "state", string(e.Status.State), "detail", e.Status.Detail)
		d.judge()
	}
}

func (d *Director) doRefused(e hub.Refused) {
	d.log.Error("the hub refused", "kind", string(e.Post.Kind), "why", e.Why)
	d.faults.Is(health.HubWordRefused, true, e.Why, d.now())
	if e.Post.Change != nil {
		d.forget(*e.Post.Change)
	}
}

// doPeers follows the peers. The journal is told who came and went, though not that all are unknown because this box has
// lost the hub.
func (d *Director) doPeers(changed []hub.Peer) {
	var news []string
	for _, p := range changed {
		if was := d.peers[p.ID]; was.State != p.State && p.ID != d.id {
			news = append(news, p.ID+" "+string(p.State))
		}
		d.cuePeer(d.peers[p.ID], p)
		d.peers[p.ID] = p
	}
	if len(news) > 0 && d.parts.Hub.Status().State == hub.StateConnected {
		d.note(d.folder, takes.Entry{Kind: takes.KindPeer, Text: strings.Join(news, ", ")})
	}
}

func (d *Director) doPosted(p hub.Post) {
	if p.By == d.id {
		d.found(health.HubWordRefused, nil)
	}
	if p.Kind == hub.KindMarker {
		if p.Change != nil {
			d.take(*p.Change)
		}
		return
	}
	if p.Kind == hub.KindRequest {
		d.doRequest(p)
		return
	}
	if p.Kind == hub.KindNotice && p.By != d.id {
		d.note(d.folder, takes.Entry{Kind: takes.KindPeer, Text: p.By + " " + p.Text})
	}
	d.posts = append(d.posts, p)
	if over := len(d.posts) - maxPosts; over > 0 {
		d.posts = slices.Delete(d.posts, 0, over)
	}
	close(d.more)
	d.more = make(chan struct{})
}

// show tells the peers what this box does now.
func (d *Director) show() {
	if d.parts.Hub != nil {
		d.parts.Hub.Show(d.presence())
	}
}

func (d *Director) presence() hub.Presence {
	take := d.lookTake()
	p := hub.Presence{
		Call: d.state.InConference, Recording: take.Recording, Take: take.State, Number: take.Number,
		MicMuted: d.state.MicMuted, SpeakersMuted: d.state.SpeakersMuted,
		Clipping:       d.parts.Audio.Status().Level.Clipped,
		Delivering:     d.parts.Outbox != nil && d.parts.Outbox.Delivering(),
		StorageMinutes: int(min(d.disk.minutes, 1e6)),
	}
	for _, f := range d.shown {
		if f.Severity == health.Error {
			p.Fault = f.Text
			break
		}
	}
	return p
}

// notices tells the room what a person at another box wants to know of this one.
func (d *Director) notices(before, after session.State) {
	tell := func(changed, on bool, yes, no string) {
		switch {
		case changed && on:
			d.say(hub.KindNotice, yes)
		case changed:
			d.say(hub.KindNotice, no)
		}
	}
	tell(before.Recording() != after.Recording(), after.Recording(), hub.NoticeRecording, hub.NoticeStopped)
	tell(before.MicMuted != after.MicMuted, after.MicMuted, hub.NoticeMicMuted, hub.NoticeMicLive)
	tell(before.SpeakersMuted != after.SpeakersMuted, after.SpeakersMuted, hub.NoticeSpeakersMuted, hub.NoticeSpeakersLive)
}

// say posts a line to the room.
func (d *Director) say(kind hub.PostKind, text string) {
	d.post(hub.Post{ID: newPostID(), Kind: kind, Text: text})
}

func newPostID() string { return rand.Text() }

// waiting is a post that was made before the hub's clock was known: it goes to the room once its time is.
type waiting struct {
	hub.Post
	at time.Time
}

// post tells the room, if there is one, what was done now.
func (d *Director) post(p hub.Post) {
	now := d.now()
	p.At = d.clock.At(now)
	switch {
	case d.parts.Hub == nil && d.cfg.NoHub == nil: // nor will there be one
	case d.settled:
		d.parts.Hub.Post(p)
	default:
		d.waiting = append(d.waiting, waiting{p, now})
	}
}

// postWaiting posts what had waited, with the time by the hub's clock.
func (d *Director) postWaiting() {
	for _, w := range d.waiting {
		off := d.clock.At(w.at).Sub(w.At)
		w.At = w.At.Add(off)
		if w.Change != nil {
			placed := *w.Change
			placed.Clock = d.clock.current
			if placed.At != 0 {
				placed.At = placed.At.Add(off)
			}
			w.Change = &placed
			d.markers.board.Forget(placed.ID)
			d.take(placed)
		}
		d.parts.Hub.Post(w.Post)
	}
	d.waiting = nil
}

// Meet gives the box a hub, if it had none when it started; out is nil where there is nothing to deliver.
func (d *Director) Meet(h Hub, out Outbox) {
	_ = d.onLoop(context.Background(), func() { // fails only once the box has stopped
		d.parts.Hub, d.id, d.cfg.NoHub = h, h.ID(), nil
		d.parts.Outbox = out
		for _, r := range d.own {
			d.follow(r)
		}
		d.found(health.HubMissing, nil)
		d.show()
	})
}

// NoHub tells why there is none yet, though there should be.
func (d *Director) NoHub(err error) {
	_ = d.onLoop(context.Background(), func() { d.cfg.NoHub = err }) // fails only once the box has stopped
}

// Past tells the box of the recordings and markers of its earlier sessions, as their journals have them. The room is told as
// well: it may not have heard the end of them.
func (d *Director) Past(tracks []takes.Track, changes []takes.Change) {
	_ = d.onLoop(context.Background(), func() { // fails only once the box has stopped
		for _, t := range tracks {
			t.Box = d.id
			if d.folder == nil || t.Session != filepath.Base(d.folder.name) {
				d.told[t.Key()] = t
				d.untold = append(d.untold, t)
			}
		}
		for _, c := range changes {
			d.take(c)
			if c.Seq == 0 {
				d.unheard = append(d.unheard, c)
			}
		}
		if d.settled {
			d.tellPast()
		}
	})
}

// tellPast tells the room of earlier sessions.
func (d *Director) tellPast() {
	for _, t := range d.untold {
		d.parts.Hub.Announce(t)
	}
	for _, c := range d.unheard {
		d.parts.Hub.Post(hub.Post{ID: c.ID, Kind: hub.KindMarker, At: d.clock.At(d.now()), Change: &c})
	}
	d.untold, d.unheard = nil, nil
}

// judgeHub tells when the peers cannot be seen, and whether a person can help.
func (d *Director) judgeHub(now time.Time) {
	if d.parts.Hub == nil {
		d.found(health.HubMissing, d.cfg.NoHub)
		return
	}
	s := d.parts.Hub.Status()
	d.faults.Is(health.HubRefused, s.State == hub.StateRefused, s.Detail, now)
	d.faults.Is(health.HubStuck, s.State == hub.StateConnected && s.Detail != "", s.Detail, now)
	d.faults.Is(health.HubDown, s.State != hub.StateConnected, s.Detail, now)
}
