package takes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Read is what the journal of the session in a folder says.
func Read(dir string) (Log, error) {
	f, err := os.Open(filepath.Join(dir, journalName))
	if err != nil {
		return Log{}, fmt.Errorf("read journal: %w", err)
	}
	log, err := ReadJournal(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return log, fmt.Errorf("read journal of %s: %w", dir, err)
	}
	return log, nil
}

// Repaired are the folders of the sessions in which there was something to repair.
func (r Report) Repaired() []string {
	var dirs []string
	for _, s := range r.Sessions {
		for _, f := range s.Files {
			if f.State == StateRepaired {
				dirs = append(dirs, filepath.Join(r.Root, filepath.Base(s.Folder)))
				break
			}
		}
	}
	return dirs
}
