package received

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"orionbox/audio/disk"
	"orionbox/firmware/takes"
)

// find is the folder that there is, or nil. A person may have moved it since it was found.
func (s *Store) find(o Owner) (*Folder, error) {
	if f := s.known[o.key()]; f != nil && f.isOf(o) {
		return f, nil
	}
	if s.looked && s.known[o.key()] == nil {
		return nil, nil
	}
	if err := s.look(); err != nil {
		return nil, err
	}
	return s.known[o.key()], nil
}

// look finds all folders anew. One that is still where it was stays the same, with what is being done to it.
func (s *Store) look() error {
	found, err := List(s.root)
	if err != nil {
		return err
	}
	known := map[Owner]*Folder{}
	for _, p := range found {
		key := p.Owner.key()
		switch old := s.known[key]; {
		case old != nil && old.isOf(p.Owner):
			known[key] = old
		case known[key] == nil:
			known[key] = newFolder(p.Dir, p.Owner)
		}
	}
	s.known, s.looked = known, true
	return nil
}

// add makes a folder: the first of Alice, Alice_2, ... that is nobody's.
func (s *Store) add(o Owner, group string) (*Folder, error) {
	if err := disk.MakeFolder(group, folderMode); err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		dir := filepath.Join(group, takes.FileName(o.Name))
		if n > 1 {
			dir = fmt.Sprintf("%s_%d", dir, n)
		}
		free, err := claim(dir)
		if err != nil {
			return nil, err
		}
		if !free {
			continue
		}
		f := newFolder(dir, o)
		if err := errors.Join(f.writeJSON(ownerFile, o), disk.SyncFolder(group)); err != nil {
			return nil, err
		}
		s.known[o.key()] = f
		return f, nil
	}
}

// claim makes a folder, or takes an empty one, as a power cut leaves it behind. Any other is left alone.
func claim(dir string) (free bool, err error) {
	err = os.Mkdir(dir, folderMode)
	if err == nil || !errors.Is(err, fs.ErrExist) {
		return err == nil, err
	}
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return false, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if e.Name() != hidden(ownerFile) {
			return false, nil
		}
	}
	return true, nil
}
