package delivery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"orionbox/firmware/hub"
	"orionbox/firmware/received"
	"orionbox/firmware/takes"
)

// InboxConfig is what an inbox is made from.
type InboxConfig struct {
	Box     string // id at the hub
	Reserve int64  // bytes of the disk that stay free
	Local   bool   // the hub is on this machine: fetching takes nothing from the call
}

// Inbox brings what artists have delivered from the hub to this producer's folder, and cuts it into its chunks. None of its
// methods but Run waits for a network or a disk.
type Inbox struct {
	cfg   InboxConfig
	way   *Way
	store *received.Store
	log   *slog.Logger
	now   func() time.Time
	wake  chan struct{}
	limit *rate.Limiter

	mu      sync.Mutex
	shelf   *shelf
	chunks  []takes.Chunk
	cutting bool
	uncut   bool // the chunks' files may differ from what is wanted
	cutErr  string
	recut   time.Time
	came    map[string]int    // takes that have come since the start, by folder; Run's own, as the next
	cutAs   map[string]string // what a folder's chunks were when they were cut last
	sample  Sample
}

// NewInbox fetches nothing until Run.
func NewInbox(cfg InboxConfig, way *Way, store *received.Store, log *slog.Logger) *Inbox {
	return &Inbox{cfg: cfg, way: way, store: store, log: log, now: time.Now, wake: make(chan struct{}, 1),
		limit: rate.NewLimiter(rate.Inf, fetchPiece), shelf: newShelf(cfg.Box),
		came: map[string]int{}, cutAs: map[string]string{}}
}

// Filed takes in what the hub tells of a file, and in which session of the producer's it belongs; empty if that is not known yet.
func (i *Inbox) Filed(f hub.File, group string) {
	if f.Box != i.cfg.Box {
		i.change(func() { i.shelf.filed(f, group) })
	}
}

// Cut takes in what the chunks of all boxes are now.
func (i *Inbox) Cut(chunks []takes.Chunk) {
	i.change(func() { i.chunks, i.uncut = chunks, true })
}

// Heed takes in how the call fares: what is fetched gives way to it.
func (i *Inbox) Heed(s Sample) {
	i.mu.Lock()
	back := s.Connected && !i.sample.Connected
	i.sample = s
	if back {
		i.shelf.retry()
		wake(i.wake)
	}
	i.mu.Unlock()
	if i.cfg.Local || !s.InCall {
		i.limit.SetLimit(rate.Inf)
		return
	}
	i.mu.Lock()
	growing := 1
	for _, a := range i.shelf.arrivals {
		if a.wanted() && !a.file.Whole() {
			growing++
		}
	}
	i.mu.Unlock()
	i.limit.SetLimit(rate.Limit(growing * callRate)) // twice as fast as they grow
}

func (i *Inbox) change(do func()) {
	i.mu.Lock()
	do()
	i.mu.Unlock()
	wake(i.wake)
}

// Run fetches until ctx ends.
func (i *Inbox) Run(ctx context.Context) error {
	defer i.way.Close()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		a, due := i.next()
		if a != nil {
			i.attempt(ctx, a)
			continue
		}
		if again := i.cut(ctx); !again.IsZero() && (due.IsZero() || again.Before(due)) {
			due = again
		}
		if due.IsZero() {
			due = i.now().Add(time.Minute)
		}
		timer.Reset(due.Sub(i.now()))
		select {
		case <-ctx.Done():
		case <-i.wake:
		case <-timer.C:
		}
	}
	return nil
}

func (i *Inbox) next() (*arrival, time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.shelf.next(i.now())
}

// attempt makes one attempt to fetch some of an arrival.
func (i *Inbox) attempt(ctx context.Context, a *arrival) {
	i.mu.Lock()
	job := *a
	i.mu.Unlock()
	got, err := i.fetch(ctx, &job)
	if ctx.Err() != nil {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if a.file.Upload != job.file.Upload { // it was told of another meanwhile
		return
	}
	stuck := !got && err == nil && a.have == job.have
	a.have, a.more = job.have, job.more
	if got {
		a.mine, i.uncut = job.file.SHA256, true
	}
	i.judge(a, err, stuck)
}

// judge notes what came of an attempt. One that is stuck has brought nothing.
func (i *Inbox) judge(a *arrival, err error, stuck bool) {
	now := i.now()
	if stuck || !a.file.Whole() && !a.more {
		a.looks = now.Add(growEvery)
	}
	if a.fails++; err == nil {
		a.fails = 0
	}
	switch {
	case err == nil:
		i.shelf.went()
		a.err, a.drained = "", a.file.Ended && !a.more
	case errors.Is(err, errAnew):
		i.log.Error("recording is fetched anew", "file", a.file.File, "of", a.file.Box, "why", err)
		a.have, a.err = 0, err.Error()
		if a.anews++; a.anews%maxStarts == 0 {
			a.looks = now.Add(brokenFor)
		}
	case errors.Is(err, errLocal):
		if a.err != err.Error() {
			i.log.Error("keep what arrives", "file", a.file.File, "of", a.file.Box, "err", err)
		}
		a.err = err.Error()
		i.shelf.pause(now, arrivalsIn, err.Error())
	case refused(err, http.StatusUnauthorized):
		i.shelf.pause(now, refusedIn, err.Error())
	case refused(err): // the hub is there, but has not what is wanted, or cannot give it
		a.err, a.looks = err.Error(), now.Add(growEvery<<min(a.fails-1, 3))
	default:
		i.shelf.pause(now, 0, err.Error())
	}
}

const recutIn = 10 * time.Second // after a cut that failed

// cut brings the chunks' files in step with what the chunks are, and tells when to try again if it could not.
func (i *Inbox) cut(ctx context.Context) (again time.Time) {
	i.mu.Lock()
	due, chunks := i.uncut && !i.now().Before(i.recut), i.chunks
	if i.uncut && !due {
		again = i.recut
	}
	i.uncut, i.cutting = i.uncut && !due, due
	i.mu.Unlock()
	if !due {
		return again
	}
	err := i.sync(ctx, chunks)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.cutting = false
	if err == nil {
		i.cutErr = ""
		return time.Time{}
	}
	if i.cutErr != err.Error() {
		i.log.Error("cut what has arrived", "err", err)
	}
	i.cutErr, i.uncut, i.recut = err.Error(), true, i.now().Add(recutIn)
	return i.recut
}

// sync does it for each folder whose chunks are others than the last time, or that a take has come to since.
func (i *Inbox) sync(ctx context.Context, chunks []takes.Chunk) error {
	folders, err := i.store.Folders()
	errs := []error{err}
	all := map[[2]string][]takes.Chunk{} // of takes, by box and session
	for _, c := range chunks {
		if of := [2]string{c.Box, c.Session}; c.Studio != nil {
			all[of] = append(all[of], c)
		}
	}
	for _, f := range folders {
		own := all[[2]string{f.Owner().Box, f.Owner().Session}]
		state := fmt.Sprintf("%d %+v", i.came[f.Dir()], places(own))
		if len(own) == 0 || i.cutAs[f.Dir()] == state {
			continue
		}
		_, err := f.Sync(ctx, own)
		if errs = append(errs, err); err == nil {
			i.cutAs[f.Dir()] = state
		}
	}
	return errors.Join(errs...)
}

// places are what chunks' files are made of.
func places(chunks []takes.Chunk) []any {
	var all []any
	for _, c := range chunks {
		all = append(all, c.Number, c.Name, c.Title, *c.Studio, c.Start.Time().Unix())
	}
	return all
}

// Status is how far all is.
func (i *Inbox) Status() InboxStatus {
	i.mu.Lock()
	defer i.mu.Unlock()
	s := i.shelf.status()
	s.Folder, s.Cutting, s.Trouble = i.store.Root(), i.uncut || i.cutting, i.troubleLocked()
	return s
}

// Owed is how many takes are not here whole; one more if what is here cannot be cut.
func (i *Inbox) Owed() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	owed := 0
	for k, a := range i.shelf.arrivals {
		if k.File != hub.JournalFile && !a.taken() && !a.over() {
			owed++
		}
	}
	if owed == 0 && i.troubleLocked() != "" {
		owed++
	}
	return owed
}

// Trouble is why nothing arrives, or what has is not cut; empty if all is well.
func (i *Inbox) Trouble() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.troubleLocked()
}

func (i *Inbox) troubleLocked() string { return cmp.Or(i.shelf.trouble, i.cutErr) }

// Progress is how many bytes have come in all, and how many files are whole at the hub and not here, or wait to be cut.
func (i *Inbox) Progress() (moved int64, left int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, a := range i.shelf.arrivals {
		moved += max(0, a.have)
		if a.wanted() && a.file.Whole() {
			left++
		}
	}
	if i.uncut || i.cutting {
		left++
	}
	return moved, left
}
