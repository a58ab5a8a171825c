// Package library owns the recordings on a box's disk as a person sees them: which sessions there are and what is in them, a
// recording to be played or carried away, its picture, and its end. It serves nobody by itself; whoever has a page puts it there.
//
//	folder, journal, receipts --look--> folder --tell--> Session
//	recording --decoder--> 100 pairs a second --.HQ_x.mp3.peaks--> Reduce --> Peaks
//
// The files are the truth here too: a recording is shown because it is there, and the journal and the receipts tell what they can
// of it. It reads beside whoever records and holds nothing up; only Delete takes hold of a session's folder, as a repair does.
package library

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"orionbox/firmware/takes"
)

var (
	// ErrBadName tells of what cannot be the name of a session or of a recording.
	ErrBadName = errors.New("this is not the name of a recording")
	// ErrNotFound tells that there is no such session or recording.
	ErrNotFound = errors.New("there is no such recording; it may have been deleted")
	// ErrInUse tells that a session is being recorded or repaired: nothing of it is deleted.
	ErrInUse = takes.ErrInUse
)

// Config says where the recordings are and whose.
type Config struct {
	Root    string                           // recording_location: the folder of all sessions
	Box     func() string                    // id at the hub, by which markers are told apart; nil or empty if it has none
	Name    string                           // of the person
	Deleted func(dir string, names []string) // told what Delete took from a session's folder; nobody if nil
	Now     func() time.Time
}

// Library is all of a box's recordings. Its methods may be called from any goroutine.
type Library struct {
	cfg Config
	log *slog.Logger

	looking gate // for known
	known   map[string]known

	drawing gate       // one picture at a time
	hands   sync.Mutex // what is put beside a recording, and the end of both
}

// New reads nothing until it is asked.
func New(cfg Config, log *slog.Logger) *Library {
	if cfg.Box == nil {
		cfg.Box = func() string { return "" }
	}
	if cfg.Deleted == nil {
		cfg.Deleted = func(string, []string) {}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Library{cfg: cfg, log: log, looking: newGate(), known: map[string]known{}, drawing: newGate()}
}

// String names the library.
func (l *Library) String() string { return "library of " + l.cfg.Root }

// gate lets one in at a time; who waits may give up.
type gate chan struct{}

func newGate() gate { return make(gate, 1) }

func (g gate) enter(ctx context.Context) error {
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g gate) leave() { <-g }
