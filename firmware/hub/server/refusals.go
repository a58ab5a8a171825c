package server

import (
	"log/slog"
	"sync"
	"time"
)

// refusals counts what was refused and tells of it, at most once a second for each culprit.
type refusals struct {
	log *slog.Logger

	mu    sync.Mutex
	count int64
	told  map[string]time.Time
	kept  map[string]int // refused since it was told
}

// maxCulprits bounds what is remembered of culprits: one may call itself by many names.
const maxCulprits = 1000

func newRefusals(log *slog.Logger) *refusals {
	return &refusals{log: log, told: map[string]time.Time{}, kept: map[string]int{}}
}

// add counts one more. Who is what a culprit is told apart by; args are of slog.
func (r *refusals) add(who, why string, args ...any) {
	unsaid, tell := r.note(who, time.Now())
	if tell {
		r.tell(who, why, unsaid, args...)
	}
}

func (r *refusals) tell(who, why string, unsaid int, args ...any) {
	r.log.Warn("refused", append([]any{"who", who, "why", why, "untold", unsaid}, args...)...)
}

// note counts one more, and gives how many of the culprit were not told of, and whether to tell now.
func (r *refusals) note(who string, now time.Time) (unsaid int, tell bool) {
	r.mu.Lock()
	r.count++
	r.mu.Unlock()
	return r.seldom(who, now)
}

// seldom is note for what is no refusal, and only to be told of as seldom.
func (r *refusals) seldom(who string, now time.Time) (unsaid int, tell bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last, known := r.told[who]; known && now.Sub(last) < time.Second {
		r.kept[who]++
		return 0, false
	}
	if len(r.told) >= maxCulprits {
		clear(r.told)
		clear(r.kept)
	}
	unsaid = r.kept[who]
	r.told[who] = now
	delete(r.kept, who)
	return unsaid, true
}

func (r *refusals) total() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}
