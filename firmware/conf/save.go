package conf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrChanged tells that somebody else wrote the file since it was loaded. Load it again and repeat the edit.
var ErrChanged = errors.New("the file was changed by somebody else since it was read")

// Save writes the file, with mode 0600, so that at any moment, power cut included, the disk holds either the old text or the
// new one. It refuses when the file on disk is no longer the one that was loaded, and when the edits brought in a fault.
// A symbolic link is followed; the owner stays who it was.
func (f *File) Save() error {
	if err := f.save(); err != nil {
		return fmt.Errorf("save %s: %w", f.path, err)
	}
	return nil
}

func (f *File) save() error {
	if err := f.newFaults(); err != nil {
		return err
	}
	path, err := filepath.EvalSymlinks(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		path, err = f.path, nil
	}
	if err != nil {
		return err
	}
	dir, err := lockFolder(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close() // lets the lock go
	owner, err := f.unchanged(path)
	if err != nil {
		return err
	}
	text := f.doc.String()
	if err := write(path, text, owner); err != nil {
		return err
	}
	f.loaded, f.onDisk = text, nil
	return dir.Sync()
}

// newFaults compares with what was loaded: a fault of the file that the edit did not touch must not keep a person from
// mending another.
func (f *File) newFaults() error {
	type fault struct{ section, key, text string }
	old := map[fault]bool{}
	_, problems := check(filepath.Dir(f.path), parse(f.loaded))
	for _, p := range problems {
		old[fault{p.Section, p.Key, p.Text}] = true
	}
	for _, p := range f.Problems() {
		if p.Fatal && !old[fault{p.Section, p.Key, p.Text}] {
			return errors.New(p.String())
		}
	}
	return nil
}

// lockFolder keeps two savers apart from the comparison to the rename. The lock is on the folder, since the file is replaced.
func lockFolder(dir string) (*os.File, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(d.Fd()), unix.LOCK_EX); err != nil {
		d.Close()
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return d, nil
}

// unchanged compares the disk with what was loaded and gives the owner that the file has; -1 for a file yet to be made.
func (f *File) unchanged(path string) (owner int, err error) {
	now, _, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		if f.loaded != "" {
			return 0, ErrChanged
		}
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	if now != f.loaded {
		return 0, ErrChanged
	}
	return ownerOf(path)
}

// write puts text beside path and then in its place.
func write(path, text string, owner int) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			temp.Close()
			os.Remove(temp.Name())
		}
	}()
	if owner >= 0 && owner != os.Geteuid() {
		if err := temp.Chown(owner, -1); err != nil {
			return fmt.Errorf("keep the owner (save as the file's owner or as root): %w", err)
		}
	}
	if _, err := temp.WriteString(text); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
