package received

import (
	"bytes"
	"fmt"
	"os"

	"orionbox/firmware/takes"
)

const journalFile = "journal.jsonl"

// PutJournal replaces the copy of the artist's journal, and tells whether it did: one that is shorter than the copy is older,
// since a journal only grows, and changes nothing.
func (f *Folder) PutJournal(data []byte) (news bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	old, err := os.ReadFile(f.path(journalFile))
	if err != nil && !missing(err) {
		return false, fmt.Errorf("put journal: %w", err)
	}
	if err == nil && (len(data) < len(old) || bytes.Equal(data, old)) {
		return false, nil
	}
	return true, f.replace(journalFile, data)
}

// Journal is what the copy says; fs.ErrNotExist if there is none yet.
func (f *Folder) Journal() (takes.Log, error) { return takes.Read(f.dir) }
