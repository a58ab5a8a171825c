package director

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"orionbox/firmware/takes"
)

// clerk does all that touches the disk for the loop, one job after the other, so that a stalled disk makes the loop
// wait for nothing. What a job has to tell comes back as a report, which the loop runs.
type clerk struct {
	jobs    chan func()
	reports chan func()
	done    chan struct{}
}

// clerkQueue is how many jobs may wait: at one journal line a second, an hour of a disk that does not answer.
const clerkQueue = 4096

func newClerk() *clerk {
	return &clerk{jobs: make(chan func(), clerkQueue), reports: make(chan func(), clerkQueue), done: make(chan struct{})}
}

func (c *clerk) start() {
	go func() {
		defer close(c.done)
		for job := range c.jobs {
			job()
		}
	}()
}

// do queues a job; false means that the disk has not answered for so long that the queue is full.
func (c *clerk) do(job func()) bool {
	select {
	case c.jobs <- job:
		return true
	default:
		return false
	}
}

// stop waits for the jobs that are queued; their reports are no longer wanted.
func (c *clerk) stop() {
	close(c.jobs)
	for {
		select {
		case <-c.reports:
		case <-c.done:
			return
		}
	}
}

// folder is a session's folder that is being made: who needs it waits on ready.
type folder struct {
	ready   chan struct{}
	session *takes.Session
	err     error
	began   time.Time
	name    string // the loop's own, set once known
}

func (f *folder) wait() (*takes.Session, error) {
	<-f.ready
	return f.session, f.err
}

// gone tells whether a folder that was made is no longer there. It asks the disk.
func (f *folder) gone() bool {
	if f == nil {
		return false
	}
	select {
	case <-f.ready:
	default:
		return false
	}
	if f.err != nil {
		return false
	}
	_, err := os.Stat(f.session.Dir())
	return errors.Is(err, fs.ErrNotExist)
}
