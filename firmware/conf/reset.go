package conf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// BackupSuffix is what the name of a file has behind it before it was emptied.
const BackupSuffix = ".before-reset"

// Empty makes the file at path an empty one, which is what a new box has, and keeps what it said beside it (BackupSuffix, mode
// 0600). At any moment, power cut included, at least one of the two is whole. A file that says nothing already is left alone, and
// so is the backup: who is interrupted does it again.
func Empty(path string) error {
	if err := empty(path); err != nil {
		return fmt.Errorf("empty %s: %w", path, err)
	}
	return nil
}

func empty(path string) error {
	path, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	dir, err := lockFolder(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close() // lets the lock go
	text, _, err := read(path)
	if err != nil || text == "" {
		return err
	}
	owner, err := ownerOf(path)
	if err == nil {
		err = write(path+BackupSuffix, text, owner)
	}
	if err == nil {
		err = dir.Sync()
	}
	if err == nil {
		err = write(path, "", owner)
	}
	return errors.Join(err, dir.Sync())
}

// ownerOf is the owner that a file has.
func ownerOf(path string) (int, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return int(info.Sys().(*syscall.Stat_t).Uid), nil
}
