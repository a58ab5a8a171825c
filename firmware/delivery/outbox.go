package delivery

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
)

// OutboxConfig is what an outbox is made from.
type OutboxConfig struct {
	Root   string // folder of all sessions
	Artist string // whose recordings are sent, as takes.FileName makes it; others may record there too
	Box    string // id at the hub
	Policy Policy
}

// Outbox brings this box's recordings to the hub. None of its methods but Run waits for a network or a disk.
type Outbox struct {
	cfg  OutboxConfig
	way  *Way
	log  *slog.Logger
	now  func() time.Time
	wake chan struct{}

	mu       sync.Mutex
	book     *book
	throttle throttle
	sample   Sample
	look     []string // sessions to be looked through
	speed    speed
	sending  *parcel // nil: none
	unsaved  []*parcel
	enough   int64 // bytes that are to be made free; 0: none
}

// NewOutbox sends nothing until Run.
func NewOutbox(cfg OutboxConfig, way *Way, log *slog.Logger) *Outbox {
	return &Outbox{cfg: cfg, way: way, log: log, now: time.Now, wake: make(chan struct{}, 1), book: newBook(cfg.Policy)}
}

// Follow takes in how far a take has come.
func (o *Outbox) Follow(r Recording) {
	o.change(func() {
		k := keyOf(r.Path)
		o.follows(filepath.Dir(r.Path))
		p := o.book.put(&parcel{path: r.Path, key: k})
		o.book.follow(p, r)
	})
}

// follows takes the journal of a session in.
func (o *Outbox) follows(dir string) *parcel {
	path := filepath.Join(dir, hub.JournalFile)
	return o.book.put(&parcel{path: path, key: keyOf(path), journal: true})
}

func keyOf(path string) takes.TrackKey {
	return takes.TrackKey{Session: filepath.Base(filepath.Dir(path)), File: filepath.Base(path)}
}

// EndSession tells that nothing of the session in a folder grows any more.
func (o *Outbox) EndSession(dir string) {
	o.change(func() { o.book.endSession(filepath.Base(dir)) })
}

// LookThrough has all sessions that have ended looked through for what is not delivered.
func (o *Outbox) LookThrough() {
	o.change(func() { o.look = append(o.look, o.cfg.Root) })
}

// Want puts what a producer asked for at a time before all else.
func (o *Outbox) Want(k takes.TrackKey, at time.Time) {
	o.change(func() {
		if k.Box == o.cfg.Box && !o.book.want(k, at) {
			o.look = append(o.look, filepath.Join(o.cfg.Root, k.Session))
		}
	})
}

// Filed takes in what the hub tells of any file.
func (o *Outbox) Filed(f hub.File) {
	if f.Box != o.cfg.Box {
		return
	}
	o.change(func() {
		if p := o.book.filed(f); p != nil {
			o.unsaved = append(o.unsaved, p)
		}
	})
}

// Heed takes in how the call fares: what is sent gives way to it.
func (o *Outbox) Heed(s Sample) {
	o.mu.Lock()
	defer o.mu.Unlock()
	back := s.Connected && !o.sample.Connected
	o.sample = s
	o.way.pacer.set(o.throttle.next(s, o.now()))
	if back {
		o.book.again()
		wake(o.wake)
	}
}

func (o *Outbox) change(do func()) {
	o.mu.Lock()
	do()
	o.mu.Unlock()
	wake(o.wake)
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is awake
	}
}

// Run sends until ctx ends.
func (o *Outbox) Run(ctx context.Context) error {
	defer o.way.Close()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		o.lookThrough(ctx)
		o.save()
		o.makeRoom()
		p, due := o.take()
		if p != nil {
			o.attempt(ctx, p)
			continue
		}
		if due.IsZero() {
			due = o.now().Add(time.Minute)
		}
		timer.Reset(due.Sub(o.now()))
		select {
		case <-ctx.Done():
		case <-o.wake:
		case <-timer.C:
		}
	}
	o.save()
	return nil
}

// take is what is to be sent now, and the book's word on when else.
func (o *Outbox) take() (*parcel, time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p, due := o.book.next(o.now())
	o.sending = p
	return p, due
}

// save writes the receipts that have changed.
func (o *Outbox) save() {
	o.mu.Lock()
	unsaved := append(o.unsaved, o.book.found...)
	o.unsaved, o.book.found = nil, nil
	o.mu.Unlock()
	for _, p := range unsaved {
		o.mu.Lock()
		r, known := p.receipt, o.book.find(p.key) == p
		o.mu.Unlock()
		if !known { // it was deleted, and its receipt with it
			continue
		}
		if err := r.write(p.path); err != nil { // it is found again from the hub
			o.log.Warn("keep receipt", "file", p.key.File, "err", err)
		}
	}
}

// lookThrough takes in what lies in the folders that are to be looked through.
func (o *Outbox) lookThrough(ctx context.Context) {
	o.mu.Lock()
	look := o.look
	o.look = nil
	o.mu.Unlock()
	for _, dir := range look {
		dirs := []string{dir}
		if dir == o.cfg.Root {
			dirs, _ = filepath.Glob(filepath.Join(dir, "SESSION_*")) // the pattern is ours
		}
		for _, d := range dirs {
			if ctx.Err() == nil {
				o.lookInto(d)
			}
		}
	}
}

// lookInto takes in the takes of a session that has ended. Of one that is being recorded they are followed already.
func (o *Outbox) lookInto(dir string) {
	if takes.CheckSession(filepath.Base(dir)) != nil || takes.InUse(dir) {
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			o.log.Error("look for recordings", "folder", dir, "err", err)
		}
		return
	}
	var found []*parcel
	for _, e := range entries {
		name, ok := takes.ParseName(e.Name())
		if info, err := e.Info(); err == nil && ok && name.Studio && name.Artist == o.cfg.Artist && e.Type().IsRegular() {
			found = append(found, &parcel{path: filepath.Join(dir, e.Name()), bytes: info.Size(), over: true})
		}
	}
	if len(found) > 0 {
		o.found(dir, found)
	}
}

func (o *Outbox) found(dir string, all []*parcel) {
	for _, p := range all {
		p.key = keyOf(p.path)
		p.receipt, p.state = o.remembered(p.path)
	}
	path := filepath.Join(dir, hub.JournalFile)
	receipt, state := o.remembered(path)
	o.change(func() {
		j := o.follows(dir)
		if info, err := os.Stat(path); err == nil && !j.over {
			j.receipt, j.state, j.over = receipt, state, true
			j.due = info.Size() != receipt.Bytes
		}
		for _, p := range all {
			known := o.book.put(p)
			known.over, known.open, known.bytes = true, false, p.bytes
		}
	})
}

// upload is the id of the upload of a file whose SHA-256 is sum.
func (o *Outbox) upload(k takes.TrackKey, sum string) string {
	k.Box = o.cfg.Box
	if k.File != hub.JournalFile {
		sum = ""
	}
	return hub.UploadID(o.way.cfg.Room, k, sum)
}

// remembered is what the receipt of a file tells.
func (o *Outbox) remembered(path string) (Receipt, state) {
	r, err := ReadReceipt(path)
	if err != nil {
		o.log.Warn("the hub is asked again", "err", err)
	}
	switch {
	case len(r.Taken) > 0:
		return r, delivered
	case r.Whole != nil && r.Upload == o.upload(keyOf(path), r.SHA256):
		return r, whole
	case r.Whole != nil: // at another hub, or as another box, which it does not hear of any more
		return Receipt{}, waiting
	}
	return r, waiting
}

// Progress is how many bytes were sent in all, and how many parcels may be sent and are not delivered.
func (o *Outbox) Progress() (moved int64, left int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.book.parcels {
		if p.state == whole || p == o.sending || o.book.eligible(p) {
			left++
		}
	}
	if len(o.look)+len(o.unsaved)+len(o.book.found) > 0 {
		left++
	}
	return o.speed.total.Load(), left
}

// Delivering tells whether there is a take that may be sent now and is not at the hub.
func (o *Outbox) Delivering() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.ContainsFunc(o.book.parcels, func(p *parcel) bool { return !p.journal && p.state == waiting && o.book.mayGo(p) })
}

// Owed is how many takes no producer has yet.
func (o *Outbox) Owed() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	owed := 0
	for _, p := range o.book.parcels {
		if !p.journal && p.state != delivered {
			owed++
		}
	}
	return owed
}

// Trouble is why nothing is sent; empty if all is well.
func (o *Outbox) Trouble() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.book.trouble
}

// String names the outbox.
func (o *Outbox) String() string {
	return strings.TrimSpace("outbox of " + o.cfg.Artist + ", " + string(o.book.policy))
}
