package engine

import (
	"os"
	"time"
)

const (
	// steadyAfter is how long a device must have worked for the next try to come at once.
	steadyAfter = 10 * time.Second
	// retryFirst and retryMost bound the wait between two tries to open.
	retryFirst, retryMost = 500 * time.Millisecond, 5 * time.Second
	// settleTime is what udev gets to finish a device that has just appeared.
	settleTime = 200 * time.Millisecond
	// soundFolder is where the kernel shows sound cards come and go.
	soundFolder = "/dev/snd"
)

// retry says when to try again: after a growing wait, or soon after a sound card came or went.
type retry struct {
	cards plugs
	next  time.Duration
	wait  time.Duration
}

// lost begins anew for a device that had worked, and goes on with the wait for one that comes and goes.
func (r *retry) lost(now, opened time.Duration) {
	if now-opened >= steadyAfter {
		r.wait, r.next = 0, now
		return
	}
	r.failed(now)
}

func (r *retry) failed(now time.Duration) {
	r.wait = min(max(r.wait*2, retryFirst), retryMost)
	r.next = now + r.wait
}

func (r *retry) over(now time.Duration) bool {
	if r.cards.changed(now) {
		r.wait, r.next = 0, now
	}
	return now >= r.next
}

// plugs notices that sound cards came or went.
type plugs struct {
	seen   time.Time
	looked time.Duration
	settle time.Duration // when a change will have settled; zero without one
}

// changed is true once after each change, when it has settled.
func (p *plugs) changed(now time.Duration) bool {
	if now-p.looked >= watchEvery {
		p.looked = now
		if is := stamp(); !is.Equal(p.seen) {
			p.seen, p.settle = is, now+settleTime
		}
	}
	if p.settle == 0 || now < p.settle {
		return false
	}
	p.settle = 0
	return true
}

// stamp is when a sound card last came or went; zero where there is none at all.
func stamp() time.Time {
	info, err := os.Stat(soundFolder)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
