package library

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"orionbox/firmware/takes"
)

// Info is about a recording that was opened.
type Info struct {
	File     string
	Type     string // of its bytes, as HTTP names it
	Bytes    int64  // that were on the disk then
	Modified time.Time
}

// Open opens a recording to be played or carried away. One that grows ends where it ended when it was opened. The error is
// ErrBadName, ErrNotFound or the disk's.
func (l *Library) Open(session, file string) (io.ReadSeekCloser, Info, error) {
	path, err := l.path(session, file)
	if err != nil {
		return nil, Info{}, err
	}
	f, info, err := openFile(path)
	if err != nil {
		return nil, Info{}, err
	}
	told := Info{File: file, Type: "audio/wav", Bytes: info.Size(), Modified: info.ModTime()}
	if strings.HasSuffix(file, ".mp3") {
		told.Type = "audio/mpeg"
	}
	return opened{io.NewSectionReader(f, 0, info.Size()), f}, told, nil
}

// opened is a file as long as it was.
type opened struct {
	*io.SectionReader
	io.Closer
}

// folder is the path of a session's folder, which is there and no link to another.
func (l *Library) folder(session string) (string, error) {
	if takes.CheckSession(session) != nil {
		return "", fmt.Errorf("session %q: %w", session, ErrBadName)
	}
	dir := filepath.Join(l.cfg.Root, session)
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && !info.IsDir():
		return "", fmt.Errorf("session %s: %w", session, ErrNotFound)
	case err != nil:
		return "", fmt.Errorf("open session: %w", err)
	}
	return dir, nil
}

// path is that of a recording, by names that came from anywhere.
func (l *Library) path(session, file string) (string, error) {
	if !isRecording(file) {
		return "", fmt.Errorf("file %q: %w", file, ErrBadName)
	}
	dir, err := l.folder(session)
	return filepath.Join(dir, file), err
}

// openFile opens a regular file, never what a link leads to, and never waits for one that is something else.
func openFile(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ELOOP) {
		return nil, nil, fmt.Errorf("open %s: %w", filepath.Base(path), ErrNotFound)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open recording: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = ErrNotFound
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open %s: %w", filepath.Base(path), err), f.Close())
	}
	return f, info, nil
}
