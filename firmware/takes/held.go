package takes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Held is the folder of a session that is over, kept from everybody else who would write to it, a repair included.
type Held struct {
	dir  string
	lock *os.File
}

// Hold holds the folder of a session; ErrInUse if it is being recorded or repaired.
func Hold(dir string) (*Held, error) {
	lock, err := lockFolder(dir, false)
	if err != nil {
		return nil, fmt.Errorf("hold session: %w", err)
	}
	return &Held{dir: dir, lock: lock}, nil
}

// Note appends lines to the journal and brings them to the disk, all or, as after an error, the first of them. Of each File
// only the name is kept. A journal of which not a line can be read is put aside, and one that is missing made anew.
func (h *Held) Note(entries ...Entry) error {
	for i := range entries {
		if entries[i].File != "" {
			entries[i].File = filepath.Base(entries[i].File)
		}
	}
	j, _, _, err := adopt(h.dir, true)
	if err != nil {
		return fmt.Errorf("note in %s: %w", h.dir, err)
	}
	return errors.Join(j.appendAll(entries), j.close())
}

// Close lets go of the folder.
func (h *Held) Close() error { return h.lock.Close() }
