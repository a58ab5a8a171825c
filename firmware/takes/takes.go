// Package takes owns what a box leaves on disk: a folder for each session, the names of the recordings in it, the journal
// of what happened when, the repair of all that after a power cut, and the guard that ends a take before the disk is full.
//
//	recording_location/
//	  SESSION_20261122_201501/
//	    journal.jsonl                what happened, a line an event
//	    LQ_Ann_201501.wav            the voice of the whole session
//	    HQ_Ann_1_201733.mp3          take 1
//	    HQ_Ann_2_202455.mp3          take 2
//
// The recordings are the truth and the journal is their diary: no fault of the journal ever keeps sound from being written,
// and what it says of the files can be found again from the files.
//
// Whoever writes to a session holds a lock on its folder, which the kernel drops when the process ends, however it ends.
// So a repair knows a session that is being recorded from one that a power cut left.
//
// What was recorded is cut by views of it, which copy nothing and are functions of what was said and written:
//
//	changes --Fold--> markers --.
//	journal --Tracks--> tracks --+--Chunks--> chunks
package takes

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"orionbox/audio/disk"
)

const (
	folderMode = 0o750
	fileMode   = 0o640
)

// Config says where recordings go and whose they are.
type Config struct {
	Root   string // folder of all sessions, made if missing
	Artist string // part of file names, made fit for one
	Now    func() time.Time
}

// Store makes sessions.
type Store struct {
	cfg Config
	log *slog.Logger
}

// New is a store; nothing is touched until Begin.
func New(cfg Config, log *slog.Logger) *Store {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Store{cfg: cfg, log: log}
}

// Begin makes the folder of a session that starts at now, which names it in now's time zone; two in one second differ by a
// suffix. The folder is on the disk when this returns. A journal that cannot be written is logged and no error: recording
// goes first, and Note tries again.
func (s *Store) Begin(now time.Time) (*Session, error) {
	if err := disk.MakeFolder(s.cfg.Root, folderMode); err != nil {
		return nil, fmt.Errorf("begin session: %w; recording_location must be a folder that can be written", err)
	}
	dir, err := newFolder(s.cfg.Root, now)
	if err != nil {
		return nil, fmt.Errorf("begin session: %w", err)
	}
	// It waits for a repair that looks at the folder just now, and finds it empty.
	held, err := lockFolder(dir, true)
	if err != nil {
		return nil, fmt.Errorf("begin session: %w", err)
	}
	if err := disk.SyncFolder(s.cfg.Root); err != nil {
		return nil, fmt.Errorf("begin session: %w", errors.Join(err, held.Close()))
	}
	session := &Session{dir: dir, artist: FileName(s.cfg.Artist), began: now, now: s.cfg.Now, held: held}
	if err := session.Note(Entry{Kind: KindSession, Time: now, Text: Opened}); err != nil {
		s.log.Error("begin journal", "folder", dir, "err", err)
	}
	return session, nil
}

// newFolder makes the first of SESSION_x, SESSION_x_2, ... that is not there yet.
func newFolder(root string, now time.Time) (string, error) {
	dir := filepath.Join(root, sessionName(now))
	for n := 2; ; n++ {
		err := os.Mkdir(dir, folderMode)
		if !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
		dir = filepath.Join(root, fmt.Sprintf("%s_%d", sessionName(now), n))
	}
}

// Free is how many bytes the disk under the recordings has left.
func (s *Store) Free() (int64, error) { return Free(s.cfg.Root) }
