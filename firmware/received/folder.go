package received

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"orionbox/audio/disk"
	"orionbox/firmware/takes"
)

// Folder is the folder of one session of an artist's box. Its methods may be called from any goroutine.
type Folder struct {
	dir   string
	owner Owner
	hands hands

	mu      sync.Mutex // for all but chunks
	syncing sync.Mutex // for chunks, which take long
	seen    map[string]seen
}

func newFolder(dir string, o Owner) *Folder {
	return &Folder{dir: dir, owner: o, hands: disks{}, seen: map[string]seen{}}
}

// Dir is the folder.
func (f *Folder) Dir() string { return f.dir }

// Owner is whose it is.
func (f *Folder) Owner() Owner { return f.owner }

// String names the folder.
func (f *Folder) String() string { return f.dir }

// isOf tells whether the folder is still where it was, and its owner's.
func (f *Folder) isOf(o Owner) bool {
	now, err := OwnerOf(f.dir)
	return err == nil && now.key() == o.key()
}

func (f *Folder) path(name string) string { return filepath.Join(f.dir, name) }

// Path is where the take of that name is to stand.
func (f *Folder) Path(file string) (string, error) {
	if err := checkTake(file); err != nil {
		return "", err
	}
	return f.path(file), nil
}

// Part is the hidden file that a download of a take grows in until Keep.
func (f *Folder) Part(file string) (string, error) {
	if err := checkTake(file); err != nil {
		return "", err
	}
	return f.path("." + file + ".part"), nil
}

// checkTake is an error for what is not the name of a take, whoever sent it.
func checkTake(file string) error {
	if r, err := takes.CheckFile(file); err != nil || !r.Studio {
		return fmt.Errorf("take %q: this is not the name of a take", file)
	}
	return nil
}

// hidden is the name under which a file is written.
func hidden(name string) string { return "." + name + ".tmp" }

// hands are what changes a folder. Tests let them fail at any step.
type hands interface {
	// write makes a file anew, or over what is there, and brings it to the disk; its name may not be on it yet.
	write(path string, fill func(io.Writer) error) error
	// move gives a file another name, over whatever has it, and brings that to the disk.
	move(from, to string) error
	// moveNew is move, and fs.ErrExist if something has that name.
	moveNew(from, to string) error
	remove(path string) error
}

// disks are hands on a real disk.
type disks struct{}

func (disks) write(path string, fill func(io.Writer) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, disk.FileMode)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(file, 1<<16)
	err = fill(w)
	if err == nil {
		err = w.Flush()
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func (disks) move(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return disk.SyncFolder(filepath.Dir(to))
}

func (disks) moveNew(from, to string) error {
	if err := disk.MoveNew(from, to); err != nil {
		return err
	}
	return disk.SyncFolder(filepath.Dir(to))
}

func (disks) remove(path string) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	return disk.SyncFolder(filepath.Dir(path))
}

// replace writes a file that is there as a whole or as it was, whatever happens to the power.
func (f *Folder) replace(name string, data []byte) error {
	tmp := f.path(hidden(name))
	err := f.hands.write(tmp, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	if err == nil {
		err = f.hands.move(tmp, f.path(name))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", f.path(name), err)
	}
	return nil
}

func (f *Folder) writeJSON(name string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return f.replace(name, append(data, '\n'))
}

// size is how long a regular file is; fs.ErrNotExist if there is none, another error if it is something else.
func size(path string) (int64, error) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return 0, err
	case !info.Mode().IsRegular():
		return 0, fmt.Errorf("%s is not a file", path)
	}
	return info.Size(), nil
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
