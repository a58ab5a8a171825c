package library

import (
	"os"
	"path/filepath"
	"strings"

	"orionbox/audio/disk"
	"orionbox/firmware/delivery"
	"orionbox/firmware/takes"
)

// clearFolder takes away a folder in which no recording is left, the journal last, and tells whether it did. One that holds
// anything that no box wrote stays as it is.
func clearFolder(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !beside(e.Name()) {
			return false, nil
		}
	}
	for _, e := range entries {
		if e.Name() == takes.JournalName {
			continue
		}
		if err := remove(filepath.Join(dir, e.Name())); err != nil {
			return false, err
		}
	}
	if err := disk.SyncFolder(dir); err != nil {
		return false, err
	}
	if err := remove(filepath.Join(dir, takes.JournalName)); err != nil {
		return false, err
	}
	if err := os.Remove(dir); err != nil {
		return false, err
	}
	return true, disk.SyncFolder(filepath.Dir(dir))
}

// beside tells of a file that a box puts beside recordings: journals, receipts, pictures, and what a power cut left of
// one that was being written, which has the name of the file with a dot in front and more behind.
func beside(name string) bool {
	if hidden, ok := strings.CutPrefix(name, "."); ok {
		hidden = strings.TrimPrefix(hidden, ".")
		for _, prefix := range []string{"HQ_", "LQ_", takes.JournalName} {
			if strings.HasPrefix(hidden, prefix) {
				return true
			}
		}
		return false
	}
	if name == takes.JournalName || strings.HasPrefix(name, takes.JournalName+".damaged-") {
		return true
	}
	of, receipt := delivery.ReceiptOf(name)
	return receipt && (of == takes.JournalName || isRecording(of))
}
