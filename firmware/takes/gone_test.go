package takes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"
)

func TestGone(t *testing.T) {
	for _, err := range []error{fs.ErrNotExist, syscall.ENOENT, syscall.ESTALE, syscall.EIO, os.ErrNotExist} {
		err := fmt.Errorf("note: %w", errors.Join(&fs.PathError{Op: "write", Path: "x", Err: err}, ErrClosed))
		if !Gone(err) {
			t.Errorf("not gone: %v", err)
		}
	}
	for _, err := range []error{nil, syscall.ENOSPC, syscall.EROFS, syscall.EACCES, ErrClosed, ErrInUse} {
		if Gone(err) {
			t.Errorf("gone: %v", err)
		}
	}
}

// TestVanishedFolder: whoever asks a session whose folder was taken away hears so.
func TestVanishedFolder(t *testing.T) {
	s := newSession(t, t.TempDir())
	if err := os.RemoveAll(s.Dir()); err != nil {
		t.Fatal(err)
	}
	_, take := s.TakePath(1, evening)
	_, voice := s.VoicePath(evening)
	note := s.Note(Entry{Kind: KindMarker})
	for name, err := range map[string]error{"TakePath": take, "VoicePath": voice, "Note": note} {
		if !errors.Is(err, fs.ErrNotExist) || !Gone(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
