package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

// health is how the store takes what is put into it. A stream that could not be written once, as on a full disk, answers
// no put ever after: when manyMissed were not answered the store is sick, until it is mended.
type health struct {
	mu     sync.Mutex
	missed map[string]int // puts in a row without an answer, by stream
	cause  error          // nil: it is well
	since  time.Time      // of cause; or since it was mended
	sick   chan struct{}  // wakes mend
}

// manyMissed is more than one, which may have met a disk that is only slow.
const manyMissed = 2

// errSick tells that nothing is put into the store for now: who waited for it would wait in vain.
var errSick = errors.New("the hub's store cannot be written now; is its disk full?")

func newHealth() *health { return &health{missed: map[string]int{}, sick: make(chan struct{}, 1)} }

// note takes in what became of a put.
func (h *health) note(subject string, began time.Time, err error) {
	stream := strings.Join(strings.SplitN(subject, ".", 3)[:2], ".")
	h.mu.Lock()
	defer h.mu.Unlock()
	if answered(err) {
		h.missed[stream] = 0
		return
	}
	if began.Before(h.since) {
		return // it tells of what is mended
	}
	if h.missed[stream]++; h.missed[stream] >= manyMissed && h.cause == nil {
		h.cause, h.since = err, time.Now()
		h.sick <- struct{}{} // has room: it is taken before the store is well again
	}
}

// answered tells that a stream took a put, or would not have it.
func answered(err error) bool {
	var refused *jetstream.APIError
	return err == nil || errors.As(err, &refused) && refused.Code < 500
}

// trouble is since when the store is sick, and why; nil if it is well.
func (h *health) trouble() (since time.Time, cause error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.since, h.cause
}

func (h *health) mended() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.missed)
	h.cause, h.since = nil, time.Now()
}

// mendEvery is how often a sick store is looked at.
const mendEvery = time.Second

// mend makes a sick store well, as soon as that can be: boxes keep what was not stored, and say it again.
func (s *Server) mend(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.store.health.sick:
		}
		_, cause := s.store.health.trouble()
		s.log.Error("the hub stores nothing: what boxes say waits on them; "+s.remedy(), "error", cause)
		for s.cure(ctx) != nil && ctx.Err() == nil {
			pause(ctx, mendEvery)
		}
		if ctx.Err() != nil {
			return
		}
		s.store.health.mended()
		s.log.Info("the hub stores again what boxes say")
	}
}

// remedy is what a person can do for a sick store.
func (s *Server) remedy() string {
	if s.store.shared() {
		return "see to the NATS cluster at " + s.store.place
	}
	return "free the disk of " + s.cfg.Dir
}

// cure makes JetStream open its files anew once the disk takes some bytes; a cluster is mended by its own people.
func (s *Server) cure(ctx context.Context) error {
	if !s.store.shared() {
		if err := tryDisk(s.cfg.Dir); err != nil {
			return err
		}
		if err := s.restartJetStream(); err != nil {
			s.log.Warn("open the store anew", "error", err)
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := s.store.bytes(ctx)
	return err
}

// restartJetStream reads from the disk what is stored. Connections stay, and feeds go on where they were.
func (s *Server) restartJetStream() error {
	if err := s.nats.ShutdownJetStream(); err != nil {
		return fmt.Errorf("stop JetStream: %w", err)
	}
	if err := s.nats.EnableJetStream(&natsserver.JetStreamConfig{StoreDir: s.cfg.Dir, SyncAlways: true, Strict: true, CompressOK: true,
		MaxMemory: maxMemory, MaxStore: s.cfg.MaxBytes}); err != nil {
		return fmt.Errorf("start JetStream: %w", err)
	}
	return nil
}

// tryBytes are about what a few posts and the files of their stream take.
const tryBytes = 256 << 10

// tryDisk tells whether a disk takes some bytes.
func tryDisk(dir string) error {
	f, err := os.CreateTemp(dir, ".try.*")
	if err != nil {
		return fmt.Errorf("try the disk: %w", err)
	}
	_, err = f.Write(make([]byte, tryBytes))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(filepath.Join(dir, filepath.Base(f.Name()))))
}
