package takes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// ErrClosed tells that a session was closed before.
var ErrClosed = errors.New("session is closed")

// Session is the folder of one session. Its methods may be called from any goroutine.
type Session struct {
	dir    string
	artist string
	began  time.Time
	now    func() time.Time

	mu      sync.Mutex
	held    *os.File // the locked folder
	journal *journal // nil until it is opened, and after an error
	closed  bool
}

// Dir is the folder.
func (s *Session) Dir() string { return s.dir }

// String names the session.
func (s *Session) String() string { return filepath.Base(s.dir) }

// VoicePath is where a voice recording that starts at now shall be written; no file is there. The error is one that Gone
// knows if the folder's disk was taken away.
func (s *Session) VoicePath(now time.Time) (string, error) {
	if _, err := os.Stat(s.dir); err != nil {
		return "", fmt.Errorf("name voice recording: %w", err)
	}
	for n := 1; ; n++ {
		path := filepath.Join(s.dir, voiceFile(s.artist, n, now))
		_, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return path, nil
		case err != nil:
			return "", fmt.Errorf("name voice recording: %w", err)
		}
	}
}

// TakePath is where take n, pressed at now, shall be written. If the folder has a take n already, as after a take that
// failed, the next free number is taken: ParseName tells which. The error is one that Gone knows if the folder's disk was taken
// away.
func (s *Session) TakePath(n int, now time.Time) (string, error) {
	taken, err := s.numbers()
	if err != nil {
		return "", fmt.Errorf("name take: %w", err)
	}
	for n = max(n, 1); taken[n]; n++ {
	}
	return filepath.Join(s.dir, takeFile(s.artist, n, now)), nil
}

// numbers is the set of take numbers on disk.
func (s *Session) numbers() (map[int]bool, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	taken := map[int]bool{}
	for _, e := range entries {
		if r, ok := ParseName(e.Name()); ok && r.Studio {
			taken[r.Take] = true
		}
	}
	return taken, nil
}

// Close closes the journal and lets go of the folder. The session's recordings must have been closed.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var err error
	if s.journal != nil {
		err = s.journal.close()
	}
	if err = errors.Join(err, s.held.Close()); err != nil {
		return fmt.Errorf("close session: %w", err)
	}
	return nil
}
