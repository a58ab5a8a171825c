package received

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Kept is where a take came to stand.
type Kept struct {
	File   string // in the folder
	Same   bool   // it was there before, byte for byte
	Beside bool   // another file has its name: it stands beside that, under a name with a number
}

// Keep puts a take that has arrived whole, in the file that Part names, in its place: sum is its SHA-256 in hex, which the
// caller has found right. It is on the disk, and so is its name, when this returns. A file that is there is never replaced:
// if it is the same the part is removed, else both are kept. Cut off at any point, it can be called again.
func (f *Folder) Keep(file, sum string) (Kept, error) {
	part, err := f.Part(file)
	if err != nil {
		return Kept{}, fmt.Errorf("keep take: %w", err)
	}
	sum = strings.ToLower(sum)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := syncFile(part); err != nil && !missing(err) {
		return Kept{}, fmt.Errorf("keep take: %w", err)
	} else if err != nil {
		return f.kept(file, sum, err)
	}
	for n := 1; ; n++ {
		name := beside(file, n)
		err := f.hands.moveNew(part, f.path(name))
		if err == nil {
			return Kept{File: name, Beside: n > 1}, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return Kept{}, fmt.Errorf("keep take %s: %w", file, err)
		}
		if same, err := f.holds(name, sum); err != nil {
			return Kept{}, fmt.Errorf("keep take %s: %w", file, err)
		} else if same {
			return Kept{File: name, Same: true, Beside: n > 1}, f.hands.remove(part)
		}
	}
}

// kept is where a take stands of which there is no part: it was kept before, or never came.
func (f *Folder) kept(file, sum string, none error) (Kept, error) {
	for n := 1; ; n++ {
		name := beside(file, n)
		if _, err := size(f.path(name)); missing(err) {
			return Kept{}, fmt.Errorf("keep take %s: nothing has arrived: %w", file, none)
		}
		if same, err := f.holds(name, sum); err != nil {
			return Kept{}, fmt.Errorf("keep take %s: %w", file, err)
		} else if same {
			return Kept{File: name, Same: true, Beside: n > 1}, nil
		}
	}
}

// beside is the n-th name for a take; only the first one is a take's to all who read names.
func beside(file string, n int) string {
	if n < 2 {
		return file
	}
	return fmt.Sprintf("%s_%d.mp3", strings.TrimSuffix(file, ".mp3"), n)
}

// holds tells whether something of that name is a file with that sum.
func (f *Folder) holds(name, sum string) (bool, error) {
	if info, err := os.Lstat(f.path(name)); err != nil || !info.Mode().IsRegular() {
		return false, err
	}
	is, _, err := SHA256(f.path(name))
	return is == sum, err
}

func syncFile(path string) error {
	if _, err := size(path); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
