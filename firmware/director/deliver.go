package director

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"orionbox/firmware/delivery"
	"orionbox/firmware/health"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
	"orionbox/sip/phone"
)

// Delivery: the outbox is told how far each take has come, the inbox what the hub has and what the chunks are. Neither makes the
// loop wait.

// Outbox brings this box's takes to the producers: *delivery.Outbox.
type Outbox interface {
	Follow(delivery.Recording)
	EndSession(dir string)
	Deleted(dir string, files []string)
	Want(k takes.TrackKey, at time.Time)
	Filed(hub.File)
	Heed(delivery.Sample)
	MakeRoom(enough int64)
	Progress() (moved int64, left int)
	Delivering() bool
	Owed() int
	Trouble() string
	Status() delivery.OutboxStatus
}

// Inbox brings the others' takes to this producer's box: *delivery.Inbox.
type Inbox interface {
	Filed(f hub.File, group string)
	Cut([]takes.Chunk)
	Heed(delivery.Sample)
	Progress() (moved int64, left int)
	Owed() int
	Trouble() string
	Status() delivery.InboxStatus
}

// courier is what is known of files on their way.
type courier struct {
	parcels map[takes.TrackKey]hub.File
	groups  map[artistSession]string // that were found
	stale   bool                     // the inbox was not told of the chunks as they are now
	busy    bool                     // it is being told
	sent    int64
	rests   time.Time // since when nothing has moved; zero: the box does not leave
	leaves  time.Time // since when only delivery keeps it
	called  time.Time // when there was a call last
	park    bool      // it shall not wait for that
}

func newCourier() courier {
	return courier{parcels: map[takes.TrackKey]hub.File{}, groups: map[artistSession]string{}}
}

// follow tells the outbox how far a take has come.
func (d *Director) follow(r *recording) {
	if d.parts.Outbox == nil || r.number == 0 || r.path.Load() == nil {
		return
	}
	d.parts.Outbox.Follow(delivery.Recording{Path: *r.path.Load(), Bytes: r.bytes, Open: !r.ended})
}

// doFiled takes in what the hub tells of a file.
func (d *Director) doFiled(f hub.File) {
	before := d.parcels[f.TrackKey]
	d.parcels[f.TrackKey] = f
	if d.parts.Outbox != nil {
		d.parts.Outbox.Filed(f)
	}
	d.arrive(f)
	if f.Box == d.id && len(f.Taken) > len(before.Taken) && d.inSession(f.Session) {
		by := f.Taken[len(f.Taken)-1]
		d.note(d.folder, takes.Entry{Kind: takes.KindDelivery, File: f.File, Bytes: f.Bytes, Text: "delivered to " + by.By + ", sha256 " + f.SHA256})
	}
}

func (d *Director) inSession(name string) bool {
	return d.folder != nil && filepath.Base(d.folder.name) == name
}

// arrive tells the inbox of a file.
func (d *Director) arrive(f hub.File) {
	if d.parts.Inbox != nil {
		d.parts.Inbox.Filed(f, d.groupOf(f))
		d.stale = d.stale || f.Whole()
	}
}

// arriveAll tells it of all files of a box's session whose place may not have been known before. A track that grows cuts nothing.
func (d *Director) arriveAll(t takes.Track) {
	d.stale = d.stale || !t.Open
	for k, f := range d.parcels {
		if k.Box == t.Box && k.Session == t.Session {
			d.arrive(f)
		}
	}
}

// Receive gives a producer's box its inbox.
func (d *Director) Receive(in Inbox) {
	_ = d.onLoop(context.Background(), func() { // fails only once the box has stopped
		d.parts.Inbox, d.stale = in, true
		d.found(health.Unreceived, nil)
		for _, f := range d.parcels {
			d.arrive(f)
		}
	})
}

// NoInbox tells why there is none yet, though there should be.
func (d *Director) NoInbox(err error) {
	_ = d.onLoop(context.Background(), func() { d.found(health.Unreceived, err) }) // fails only once the box has stopped
}

// deliver tells outbox and inbox how the call fares, and the inbox what the chunks are, if that is news.
func (d *Director) deliver() {
	s := d.sample()
	if d.parts.Outbox != nil {
		d.parts.Outbox.Heed(s)
	}
	if d.parts.Inbox == nil {
		return
	}
	d.parts.Inbox.Heed(s)
	if !d.stale || d.busy {
		return
	}
	d.stale, d.busy = false, true
	tracks, markers, inbox := d.tracks(), d.markers.board.Markers(), d.parts.Inbox
	go func() { // which takes its time
		inbox.Cut(takes.Chunks(tracks, markers))
		d.clerk.reports <- func() { d.busy = false }
	}()
}

// callSoon is how long after a call, or after its start, a box counts on another one: that is not to begin on a line that is full.
const callSoon = time.Minute

func (d *Director) sample() delivery.Sample {
	now := d.now()
	if d.call.State == phone.InConference {
		d.called = now
	}
	s := delivery.Sample{InCall: d.parts.Phone != nil && !d.state.Leaving && now.Sub(latest(d.called, d.born)) < callSoon}
	if d.parts.Phone != nil {
		if m := d.parts.Phone.Status().Media; m != nil {
			s.Loss, s.CallTrip = m.FarLossPercent, fromMilliseconds(m.RoundTripMS)
		}
	}
	if d.parts.Hub != nil {
		h := d.parts.Hub.Status()
		s.Connected, s.HubTrip = h.State == hub.StateConnected, fromMilliseconds(h.RoundTripMS)
	}
	return s
}

func fromMilliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// makeRoom has delivered takes deleted when space is short, if the settings allow it: until a take has more than takes.LowTime.
func (d *Director) makeRoom() {
	if d.cfg.Keep || d.parts.Outbox == nil || d.state.Storage == session.StorageOK {
		return
	}
	d.parts.Outbox.MakeRoom(d.cfg.Reserve + d.bytesPerSecond()*int64((takes.LowTime+5*time.Minute)/time.Second))
}

// judgeDelivery tells when recordings do not get on, though the hub is there.
func (d *Director) judgeDelivery(now time.Time) {
	there := d.parts.Hub != nil && d.parts.Hub.Status().State == hub.StateConnected
	if d.parts.Outbox != nil {
		trouble := d.parts.Outbox.Trouble()
		d.faults.Is(health.Undelivered, there && trouble != "", trouble, now)
	}
	if d.parts.Inbox != nil {
		trouble := d.parts.Inbox.Trouble()
		d.faults.Is(health.Unreceived, there && trouble != "", trouble, now)
	}
}

// A box that leaves waits for what it has to deliver: restPatience for what does not move, and restLimit in all, unless its policy
// is to deliver at the end. The rest is parked until the next start.
const (
	restPatience = 4 * time.Second
	restLimit    = 10 * time.Second
)

// rested tells whether a box that leaves has nothing to deliver any more, or is not to wait for it.
func (d *Director) rested() bool {
	if d.park || d.parts.Hub == nil || d.parts.Hub.Status().State != hub.StateConnected {
		return true
	}
	moved, left := int64(0), 0
	if d.parts.Outbox != nil {
		moved, left = d.parts.Outbox.Progress()
	}
	if d.parts.Inbox != nil {
		m, l := d.parts.Inbox.Progress()
		moved, left = moved+m, left+l
		if d.stale || d.busy {
			left++
		}
	}
	now := d.now()
	if d.leaves.IsZero() {
		d.leaves = now
	}
	if d.rests.IsZero() || moved != d.sent {
		d.sent, d.rests = moved, now
	}
	atEnd := d.parts.Outbox != nil && d.parts.Outbox.Status().Policy == delivery.End
	if left > 0 && (now.Sub(d.rests) >= restPatience || !atEnd && now.Sub(d.leaves) >= restLimit) {
		d.log.Warn("delivery is parked: it goes on at the next start", "left", left)
		return true
	}
	return left == 0
}

// Request asks another box to deliver before all else, and tells in words what.
func (d *Director) Request(ctx context.Context, what, session string) (text string, err error) {
	var tracks, recent []takes.Track
	var markers []takes.Marker
	var why string
	if err := d.onLoop(ctx, func() {
		tracks, markers, why = d.tracks(), d.markers.board.Markers(), d.mayRequest()
		recent = d.recent(slices.Clone(tracks))
	}); err != nil {
		return "", err
	}
	if why != "" {
		return "", fmt.Errorf("%w: %s", ErrRefused, why)
	}
	if session == "" {
		tracks = recent
	}
	track, err := takes.FindTake(tracks, markers, what, session, d.id)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrRefused, err)
	}
	failed := d.onLoop(ctx, func() { text, err = d.request(track) })
	if failed != nil {
		err = failed
	}
	return text, err
}

func (d *Director) mayRequest() string {
	switch {
	case d.cfg.Role != session.Producer:
		return "only a PRODUCER's box asks for recordings, and the role of this one is " + string(d.cfg.Role)
	case d.parts.Hub == nil:
		return errNoHub.Error()
	}
	return ""
}

func (d *Director) request(t takes.Track) (string, error) {
	k := t.Key()
	name := fmt.Sprintf("take %d of %s (%s)", t.Take, t.Name, t.File)
	switch f := d.parcels[k]; {
	case t.Box == d.id:
		return "", fmt.Errorf("%w: %s is this box's own", ErrRefused, name)
	case f.TakenBy(d.id) && !t.Open:
		return "", fmt.Errorf("%w: %s is here already", ErrRefused, name)
	}
	d.post(hub.Post{ID: newPostID(), Kind: hub.KindRequest, Want: &hub.Want{TrackKey: k}})
	if d.peers[t.Box].State != hub.Present {
		return name + " is asked for; that box is not there now, and sends it when it is back", nil
	}
	return name + " is asked for", nil
}

// doRequest follows what a producer asks of this box.
func (d *Director) doRequest(p hub.Post) {
	if d.parts.Outbox != nil && p.Want != nil && p.Want.Box == d.id {
		d.parts.Outbox.Want(p.Want.TrackKey, p.At.Time())
	}
}

// markDelivered tells of each chunk whether a producer has the take that it is of.
func markDelivered(chunks []takes.Chunk, files map[takes.TrackKey]bool) {
	for i, c := range chunks {
		if c.Studio != nil {
			chunks[i].Delivered = files[takes.TrackKey{Box: c.Box, Session: c.Session, File: c.Studio.File}]
		}
	}
}

// delivered are the takes that a producer has.
func (d *Director) delivered() map[takes.TrackKey]bool {
	all := map[takes.TrackKey]bool{}
	for k, f := range d.parcels {
		all[k] = len(f.Taken) > 0
	}
	return all
}

// DeliveryStatus tells how far deliveries have come, and whether the box can be switched off without anybody waiting for it.
type DeliveryStatus struct {
	Outbox *delivery.OutboxStatus `json:"outbox,omitempty"` // missing on a box that delivers nothing
	Inbox  *delivery.InboxStatus  `json:"inbox,omitempty"`  // missing on a box that receives nothing
}

// SafeStatus tells whether the box may be unplugged: every take is closed, on the disk, delivered and confirmed.
type SafeStatus struct {
	Safe    bool     `json:"safe"`
	Missing []string `json:"missing"` // what has to be done until then
}

func (d *Director) lookDelivery() (s DeliveryStatus) {
	if d.parts.Outbox != nil {
		out := d.parts.Outbox.Status()
		s.Outbox = &out
	}
	if d.parts.Inbox != nil {
		in := d.parts.Inbox.Status()
		in.Cutting = in.Cutting || d.stale || d.busy
		s.Inbox = &in
	}
	return s
}

// lookSafe is what is missing until the box may be unplugged.
func (d *Director) lookSafe(s DeliveryStatus) SafeStatus {
	missing := []string{}
	if open := d.closed(); open != "" {
		missing = append(missing, open)
	}
	if s.Outbox != nil {
		missing = append(missing, s.Outbox.Missing()...)
	}
	if s.Inbox != nil {
		missing = append(missing, s.Inbox.Missing()...)
	}
	return SafeStatus{Safe: len(missing) == 0, Missing: missing}
}

func (s SafeStatus) line() string {
	if s.Safe {
		return "yes"
	}
	return "NOT YET: " + strings.Join(s.Missing, "; ")
}
