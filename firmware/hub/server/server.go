// Package server owns the hub: what the boxes of a studio meet at. One HTTPS port carries everything; behind it stands
// an embedded NATS server with JetStream, and between the two a service that checks every word by the credential it came
// with.
//
//	box --TLS, WebSocket--> web --> nats-server --ask.ROOM.ID.*--> service --checked--> store (JetStream)
//	                                     ^                                                  |
//	                                     +------------ tell.ROOM.* <-- feeds <--------------+
//
// Boxes never reach the store. What is in it comes back to every hub that shares it, and each tells its own boxes: so a
// bigger studio runs several hubs on one NATS cluster, and boxes notice nothing. Several hubs on one cluster need
// machines that keep time by NTP: each gives its own boxes the time.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Config says where a hub listens and what it may keep. Its zero values mean the defaults.
type Config struct {
	Listen   string        // host:port of the HTTPS port; [Hub] listen
	Dir      string        // the hub's own folder, of one hub at a time
	NATSURL  string        // of a NATS cluster with JetStream, which then keeps everything; may hold a password
	Version  string        // of the program, shown in Status
	Keep     time.Duration // how long posts and tracks stay; 30 days
	MaxBytes int64         // of all that is stored; 1 GiB
}

// Server is a hub.
type Server struct {
	cfg   Config
	log   *slog.Logger
	began time.Time

	lock     *os.File // the folder, held against a second hub
	web      *web
	nats     *natsserver.Server
	boxes    *nats.Conn // in process: asks come in by it, answers leave
	room     *nats.Conn // in process: the rooms are told by it, so that no answer waits for a room of 1000
	store    *store
	registry *registry
	roster   roster
	posts    *posts
	tracks   *shelf
	files    *shelf
	presence *presence
	tellers  *tellers
	clock    *hubClock
	refusals *refusals
	lanes    *lanes

	work      context.Context // ends with the Server; its goroutines are counted in done
	stop      context.CancelFunc
	done      sync.WaitGroup
	closeOnce sync.Once
	closeErr  error
	telling   sync.Mutex    // held from looking at what is so until it is on its way by room
	up        atomic.Bool   // all that was stored has been read: from now on rooms are told
	unsaved   chan struct{} // wakes save
	dropped   atomic.Int64  // asks that nobody had time for; their boxes ask again
}

// New acquires all a hub needs: its folder, certificate, port, NATS server and store. Invite works from here on, and a
// box in the same process may connect; the others wait for Run. The Server must be closed, by Run or by Close.
func New(cfg Config, log *slog.Logger) (*Server, error) {
	if cfg.Keep <= 0 {
		cfg.Keep = 30 * 24 * time.Hour
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 1 << 30
	}
	s := &Server{cfg: cfg, log: log, began: time.Now(), refusals: newRefusals(log), registry: newRegistry(),
		posts: newPosts(), tracks: newShelf(), files: newShelf(), presence: newPresence(newName()), unsaved: make(chan struct{}, 1)}
	s.work, s.stop = context.WithCancel(context.Background())
	if err := s.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("start hub: %w", err), s.Close())
	}
	return s, nil
}

// open takes hold of one thing after the other; Close lets go of what it got.
func (s *Server) open() (err error) {
	if s.lock, err = lockDir(s.cfg.Dir); err != nil {
		return err
	}
	certificate, err := loadCertificate(s.cfg.Dir)
	if err != nil {
		return err
	}
	if s.web, err = newWeb(s.cfg.Listen, certificate, s.refusals, s.log); err != nil {
		return err
	}
	if err := s.openNATS(); err != nil {
		return err
	}
	if err := s.openStore(); err != nil {
		return err
	}
	if s.clock, err = openClock(s.work, s.cfg.Dir, s.store, s.log); err != nil {
		return err
	}
	s.tellers = newTellers(s.tellPeers)
	if err := s.follow(); err != nil {
		return err
	}
	s.openRoster()
	return s.serve()
}

// Run serves until ctx ends, and then closes the hub.
func (s *Server) Run(ctx context.Context) error {
	s.log.Info("hub is up", "address", s.Addr(), "store", s.store.place)
	err := s.web.serve(ctx)
	return errors.Join(err, s.Close())
}

// Close ends the hub and waits until all is released; what was acknowledged is on the disk.
func (s *Server) Close() error {
	s.closeOnce.Do(func() { s.closeErr = s.close() })
	return s.closeErr
}

func (s *Server) close() error {
	var errs []error
	if s.web != nil {
		errs = append(errs, s.web.close())
	}
	s.stop()
	if s.tellers != nil {
		s.tellers.close()
	}
	for _, conn := range []*nats.Conn{s.boxes, s.room} {
		if conn != nil {
			conn.Close()
		}
	}
	s.done.Wait()
	if s.store != nil {
		s.store.close()
	}
	if s.nats != nil {
		s.nats.Shutdown()
		s.nats.WaitForShutdown()
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// start runs part of the hub until it ends.
func (s *Server) start(part func(ctx context.Context)) {
	s.done.Go(func() { part(s.work) })
}

// Addr is the host:port the hub listens on.
func (s *Server) Addr() string { return s.web.listener.Addr().String() }

// Fingerprint is the SHA-256 of the hub's certificate, in lower-case hex, as the invites carry it.
func (s *Server) Fingerprint() string { return s.web.fingerprint }

// InProcess is how the hub's own box connects, with no network between.
func (s *Server) InProcess() nats.InProcessConnProvider { return s.nats }

// Handle adds a handler to the HTTPS port. It is called before Run.
func (s *Server) Handle(pattern string, h http.Handler) { s.web.mux.Handle(pattern, h) }
