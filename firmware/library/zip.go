package library

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"orionbox/firmware/takes"
)

// Zip writes recordings of a session and its journal to w as one archive, in a folder of the session's name. No file named means
// all that are there. Nothing is compressed, since MP3 is, and nothing is kept in memory. What grows goes as far as it is on
// the disk. Before the first byte is written all names are looked at: ErrBadName, ErrNotFound; an error after that is of the
// disk or of w, and the archive is not whole.
func (l *Library) Zip(w io.Writer, session string, files []string) error {
	dir, err := l.folder(session)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		if files, err = l.all(session); err != nil {
			return err
		}
	}
	files = once(files)
	for _, file := range files {
		if err := there(dir, file); err != nil {
			return err
		}
	}
	z := zip.NewWriter(w)
	for _, file := range files {
		if err := pack(z, dir, file); err != nil {
			return fmt.Errorf("zip %s: %w", session, err)
		}
	}
	if err := pack(z, dir, takes.JournalName); err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("zip %s: %w", session, err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("zip %s: %w", session, err)
	}
	return nil
}

// all are the recordings of a session that are on the disk.
func (l *Library) all(session string) ([]string, error) {
	s, err := l.one(context.Background(), session)
	var files []string
	for _, r := range s.Recordings {
		if r.Deleted == nil {
			files = append(files, r.File)
		}
	}
	return files, err
}

// once is each name once, in order.
func once(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }

// there is an error for what is not a recording in a folder.
func there(dir, file string) error {
	if !isRecording(file) {
		return fmt.Errorf("file %q: %w", file, ErrBadName)
	}
	info, err := os.Lstat(filepath.Join(dir, file))
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("file %s: %w", file, ErrNotFound)
	case err != nil:
		return fmt.Errorf("look at recording: %w", err)
	}
	return nil
}

// pack copies one file, as long as it is now.
func pack(z *zip.Writer, dir, file string) error {
	f, info, err := openFile(filepath.Join(dir, file))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // read only
	w, err := z.CreateHeader(&zip.FileHeader{Name: filepath.Base(dir) + "/" + file, Method: zip.Store, Modified: info.ModTime()})
	if err == nil {
		_, err = io.CopyN(w, f, info.Size())
	}
	return err
}
