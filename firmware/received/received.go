// Package received owns the producer's folder: what arrives from the artists, who writes it there, and the files that its
// chunks are cut into.
//
//	root/
//	  SESSION_20261122_201455/             a session of the producer's
//	    Alice/                             a session of an artist's box, which artist.json names: it is the truth, not the folder
//	      artist.json
//	      journal.jsonl                    as her box wrote it
//	      HQ_Alice_1_201733.mp3            take 1, byte for byte
//	      HQ_Alice_1_201733.mp3.receipt.json
//	      HQ_Alice_1-2_201750.mp3          chunk 2, cut out of take 1
//	      .chunks.json                     what each chunk's file was cut from and to, so that a changed one is known
//	    Alice_2/                           her next session, as after a restart of her box
//
// Takes and receipts are what was delivered: nothing here ever changes or deletes one, whatever its name. Chunks' files are
// views made into files: they follow the markers (Sync), and are left alone once somebody else has changed them.
//
// Each file appears under its name whole and on the disk, or not at all: it is written hidden, synced, renamed, and the
// folder synced. One process writes (Open); any may read.
package received

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"orionbox/audio/disk"
	"orionbox/firmware/takes"
)

const folderMode = 0o750

// ErrInUse tells that another process writes to the folder.
var ErrInUse = errors.New("another box writes to this folder; stop that one, or give this one a folder of its own")

// Store is the producer's folder. Its methods may be called from any goroutine.
type Store struct {
	root string
	held *os.File // the locked folder

	mu     sync.Mutex
	known  map[Owner]*Folder // by box and session
	looked bool              // all that is below root was looked for
}

// Open makes the folder if it is missing, and holds it until Close, or until the process ends.
func Open(root string) (*Store, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("open folder of what is received: %w", err)
	}
	if err := disk.MakeFolder(root, folderMode); err != nil {
		return nil, fmt.Errorf("open folder of what is received: %w; it must be one that can be written", err)
	}
	held, err := disk.LockFolder(root, false)
	if errors.Is(err, disk.ErrLocked) {
		err = ErrInUse
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", root, err)
	}
	return &Store{root: root, held: held, known: map[Owner]*Folder{}}, nil
}

// Root is the folder.
func (s *Store) Root() string { return s.root }

// Close lets go of the folder. What is done to it must have ended.
func (s *Store) Close() error { return s.held.Close() }

// Folder is the folder of a session of an artist's box: the one that there is, wherever below root, else a new one in
// that of the group, a session of the producer's. It and its artist.json are on the disk when this returns.
func (s *Store) Folder(box, name, session, group string) (*Folder, error) {
	o := Owner{Box: box, Name: name, Session: session}
	if err := errors.Join(o.Check(), takes.CheckSession(group)); err != nil {
		return nil, fmt.Errorf("find folder of %q: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(o)
	if err == nil && f == nil {
		f, err = s.add(o, filepath.Join(s.root, group))
	}
	if err != nil {
		return nil, fmt.Errorf("find folder of %q: %w", name, err)
	}
	return f, nil
}

// Folders are all there are, by their places.
func (s *Store) Folders() ([]*Folder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.look(); err != nil {
		return nil, err
	}
	found, err := List(s.root)
	var all []*Folder
	for _, p := range found {
		if f := s.known[p.Owner.key()]; f != nil && f.dir == p.Dir {
			all = append(all, f)
		}
	}
	return all, err
}
