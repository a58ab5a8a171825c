// Package disk owns what makes a recording's file outlast a power cut: not only its bytes must reach the disk, but its
// name in the folder as well.
package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// FileMode is that of recordings: their owner writes them, the group may read.
const FileMode = 0o640

// Create makes a new file that holds data, and brings both its name and the data to the disk. It refuses to touch a file
// that is there. On an error no file is left, so that somebody who tries again and again does not fill the folder.
func Create(path string, data []byte) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, FileMode)
	if err != nil {
		return nil, err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), SyncFolder(filepath.Dir(path))); err != nil {
		return nil, errors.Join(err, file.Close(), discard(path))
	}
	return file, nil
}

// discard takes back a file that was not to be. Whether the disk keeps that is its own affair: it refused more already.
func discard(path string) error {
	err := os.Remove(path)
	_ = SyncFolder(filepath.Dir(path))
	return err
}

// Replace writes a small file that is there as a whole or not at all, whatever happens to the power, in place of the one that
// was there before.
func Replace(path string, data []byte) error { return ReplaceAs(path, data, FileMode) }

// private is the mode that a temporary file has from its beginning.
const private = 0o600

// ReplaceAs is Replace with another mode. 0600 is never wider, not even for a moment, and fit for a disk without modes, such as FAT.
func ReplaceAs(path string, data []byte, mode fs.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if mode != private {
		err = errors.Join(err, file.Chmod(mode))
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return SyncFolder(filepath.Dir(path))
}

// Remove removes a file, if it is there, and brings that to the disk.
func Remove(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, SyncFolder(filepath.Dir(path)))
}

// SyncFolder brings the names in a folder to the disk.
func SyncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = folder.Sync()
	// Some file systems have no sync for folders: there is nothing more to be done.
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, unix.EINVAL) {
		err = nil
	}
	if err = errors.Join(err, folder.Close()); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
