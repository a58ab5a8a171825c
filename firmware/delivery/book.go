package delivery

import (
	"cmp"
	"slices"
	"time"

	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
)

// Policy is when recordings are sent: [Delivery] policy.
type Policy string

// Live sends while recording, End when the session has ended, Request what a producer asks for.
const (
	Live    Policy = "live"
	End     Policy = "end"
	Request Policy = "request"
)

// Recording is a take of this box as far as it has come.
type Recording struct {
	Path  string
	Bytes int64 // that are on the disk
	Open  bool  // still grows
}

// state is how far a parcel is.
type state int

const (
	waiting   state = iota // some of it is not at the hub
	whole                  // the hub has it, and found it right
	delivered              // a producer has it
)

// parcel is a file to be delivered: a take, or a session's journal.
type parcel struct {
	path    string
	key     takes.TrackKey // without the box
	bytes   int64          // on the disk
	open    bool
	over    bool // its session has ended
	journal bool
	due     bool // of a journal: it tells more than the hub has
	wanted  int  // by a producer: the lower the sooner; 0 not
	state   state

	sum      string // once it was summed up; of a journal, of the version that is being sent
	offset   int64  // that the hub has; unknown before it was asked
	sized    bool   // the hub knows the upload's length, which is told once
	restarts int    // since it last was found right
	stumbles int    // refused in a row
	cuts     int    // broken off in a row
	stuck    int    // times in a row that the hub said how far it is, and then could not go on
	retry    time.Time
	err      string
	receipt  Receipt
}

const (
	unknown   = -1
	minSlice  = 32 << 10 // bytes of a take that grows are sent at once: 0.8 s of one
	stuckAt   = 6        // times, until an upload is taken for one that comes to no end
	maxStarts = 3        // times that a file is sent from its start, until a person has to look
	maxCuts   = 3        // times that it is broken off, until others go first
	brokenFor = 10 * time.Minute
)

// book is what is to be delivered, in the order in which it became known. It only decides.
type book struct {
	policy  Policy
	parcels []*parcel
	wants   int
	early   map[takes.TrackKey]int      // wanted before it was known
	told    map[takes.TrackKey]hub.File // by the hub, of this box
	found   []*parcel                   // that were told of before they were known; their receipts are to be written
	least   int64                       // bytes that the hub would have at once
	hold
}

func newBook(policy Policy) *book {
	return &book{policy: cmp.Or(policy, Live), early: map[takes.TrackKey]int{}, told: map[takes.TrackKey]hub.File{}}
}

func (b *book) find(k takes.TrackKey) *parcel {
	i := slices.IndexFunc(b.parcels, func(p *parcel) bool { return p.key == k })
	if i < 0 {
		return nil
	}
	return b.parcels[i]
}

// put takes a parcel in, unless it is known.
func (b *book) put(p *parcel) *parcel {
	if known := b.find(p.key); known != nil {
		return known
	}
	p.offset, p.wanted = unknown, b.early[p.key]
	delete(b.early, p.key)
	b.parcels = append(b.parcels, p)
	if f, told := b.told[p.key]; told && b.filed(f) != nil {
		b.found = append(b.found, p)
	}
	return p
}

// forget drops a parcel that is not to be delivered any more, and gives it; nil if there is none.
func (b *book) forget(k takes.TrackKey) *parcel {
	p := b.find(k)
	if p != nil {
		is := func(o *parcel) bool { return o == p }
		b.parcels, b.found = slices.DeleteFunc(b.parcels, is), slices.DeleteFunc(b.found, is)
	}
	return p
}

// follow takes in how far a take has come.
func (b *book) follow(p *parcel, r Recording) {
	p.bytes, p.open = max(p.bytes, r.Bytes), r.Open
}

// endSession notes that nothing of a session grows any more.
func (b *book) endSession(session string) {
	for _, p := range b.parcels {
		if p.key.Session == session {
			p.over, p.open = true, false
			p.due = p.due || p.journal
		}
	}
}

// want puts what a producer asked for at a time before all else, and tells whether it is known. What the hub has let go of since
// every producer had it is sent once more, unless it was asked for before that.
func (b *book) want(k takes.TrackKey, at time.Time) (known bool) {
	b.wants++
	k.Box = ""
	p := b.find(k)
	if p == nil {
		b.early[k] = b.wants
		return false
	}
	switch {
	case p.state == waiting:
		p.wanted = b.wants
	case p.receipt.Gone && at.After(p.receipt.last()):
		p.state, p.offset, p.wanted = waiting, unknown, b.wants
	}
	return true
}

// filed takes in what the hub tells of a file of this box, and gives the parcel if that is news of it.
func (b *book) filed(f hub.File) *parcel {
	k := f.TrackKey
	k.Box = ""
	b.told[k] = f
	p := b.find(k)
	switch {
	case p == nil || p.open:
		return nil
	case !f.Whole():
		b.unsettled(p)
		return nil
	case !p.is(f) || p.state != waiting && f.SHA256 == p.receipt.SHA256 && len(f.Taken) < len(p.receipt.Taken): // an older word
		return nil
	}
	now := p.receipt.with(f)
	if p.state != waiting && len(now.Taken) == len(p.receipt.Taken) && now.Gone == p.receipt.Gone {
		return nil
	}
	p.receipt = now
	if p.state == waiting {
		b.settled(p)
	}
	if p.state = whole; len(f.Taken) > 0 {
		p.state = delivered
	}
	return p
}

// unsettled notes that the hub has lost what it had of a parcel: it is sent once more.
func (b *book) unsettled(p *parcel) {
	if p.state != waiting {
		p.state, p.offset, p.due = waiting, unknown, p.journal
	}
}

// is tells whether what the hub has is what lies here.
func (p *parcel) is(f hub.File) bool {
	switch {
	case p.journal:
		return f.SHA256 == p.receipt.SHA256
	case p.sum != "":
		return f.SHA256 == p.sum
	}
	return f.Bytes == p.bytes
}

// settled notes that a parcel is at the hub; a take makes the journal tell more.
func (b *book) settled(p *parcel) {
	p.err, p.restarts = "", 0
	if p.journal {
		return
	}
	if j := b.find(takes.TrackKey{Session: p.key.Session, File: hub.JournalFile}); j != nil {
		j.due = true
	}
}

// next is what is to be sent now; else, when that may change by itself.
func (b *book) next(now time.Time) (*parcel, time.Time) {
	if now.Before(b.until) {
		return nil, b.until
	}
	var best *parcel
	var wake time.Time
	for _, p := range b.parcels {
		switch {
		case !b.eligible(p):
		case now.Before(p.retry):
			if wake.IsZero() || p.retry.Before(wake) {
				wake = p.retry
			}
		case best == nil || p.before(best):
			best = p
		}
	}
	return best, wake
}

// eligible tells whether there is something of a parcel to be sent, as the policy has it.
func (b *book) eligible(p *parcel) bool {
	switch {
	case p.state == whole || p.state == delivered:
		return p.journal && p.due && b.mayGo(p)
	case !b.mayGo(p):
		return false
	case p.journal:
		return p.due
	case p.open:
		return p.offset == unknown || p.bytes-p.offset >= max(minSlice, b.least)
	}
	return true
}

// mayGo is the policy's word. With request a journal goes along with takes that were asked for.
func (b *book) mayGo(p *parcel) bool {
	switch b.policy {
	case Live:
		return true
	case End:
		return p.over || p.wanted > 0
	}
	if !p.journal {
		return p.wanted > 0
	}
	return slices.ContainsFunc(b.parcels, func(o *parcel) bool {
		return o.key.Session == p.key.Session && !o.journal && (o.wanted > 0 || o.state != waiting)
	})
}

// before tells which of two goes first: what was asked for, journals, which are short, what grows, what is oldest.
func (p *parcel) before(q *parcel) bool {
	rank := func(p *parcel) int {
		switch {
		case p.wanted > 0:
			return 0
		case p.journal:
			return 1
		case p.open:
			return 2
		}
		return 3
	}
	if p, q := p.cuts/maxCuts, q.cuts/maxCuts; p != q { // lest one of which the connection always breaks holds up all
		return p < q
	}
	if rank(p) != rank(q) {
		return rank(p) < rank(q)
	}
	return p.wanted > 0 && p.wanted < q.wanted // else, in the order of their beginning
}

// went notes that the hub was reached and took something.
func (b *book) went() {
	if b.holds > 0 {
		for _, p := range b.parcels {
			p.cuts = 0
		}
	}
	b.hold.went()
}

// again has what is held back tried at once: the hub has come back.
func (b *book) again() {
	b.retry()
	for _, p := range b.parcels {
		if p.cuts = 0; p.stumbles > 0 {
			p.stumbles, p.retry = 0, time.Time{}
		}
	}
}

// stumble has a parcel wait, for a while that grows with each in a row, and lets others go: what is wrong is wrong with this one.
func (p *parcel) stumble(now time.Time, why error) {
	p.offset, p.stumbles = unknown, min(p.stumbles+1, 7)
	p.retry = now.Add(retryIn << (p.stumbles - 1))
	if p.stumbles >= maxStarts { // once or twice is no more than finding out
		p.err = why.Error()
	}
}

// restart has a parcel sent from its start, unless it was too often. It may have changed here meanwhile.
func (p *parcel) restart(now time.Time, why string) {
	p.offset, p.sum, p.err, p.stuck = unknown, "", why, 0
	if p.restarts++; p.restarts >= maxStarts {
		p.restarts, p.retry = 0, now.Add(brokenFor)
	}
}
