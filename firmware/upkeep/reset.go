package upkeep

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"orionbox/audio/disk"
	"orionbox/firmware/conf"
)

// Reset is what makes a box as new. No recording is among it. It is for a box that has stopped: a hub that runs would write
// again what was taken away.
//
// Its order is such that the power may fail between any two steps: what is left is a box that starts and still knows its
// settings, where the reset can be asked for again; only the last step, a rename, makes it a new one.
type Reset struct {
	Conf     string   // path of conn.conf, which is emptied
	Files    []string // paths that are removed
	Hub      string   // folder of the hub
	HubFiles []string // what of it goes, in that order: all but what is on its way to a bucket
}

// step is something that is done wholly or not at all.
type step struct {
	what string
	do   func() error
}

// Do takes every step; one that fails ends it.
func (r Reset) Do() error {
	for _, s := range r.steps() {
		if err := s.do(); err != nil {
			return fmt.Errorf("reset: %s: %w; ask for it again", s.what, err)
		}
	}
	return nil
}

// aside is where the files of the hub are moved, each at once, before they are removed, which takes its time.
func (r Reset) aside() string { return r.Hub + ".reset" }

func (r Reset) steps() []step {
	var steps []step
	for _, path := range r.Files {
		steps = append(steps, step{"remove " + path, func() error { return disk.Remove(path) }})
	}
	steps = append(steps, step{"remove what an earlier reset left", func() error { return os.RemoveAll(r.aside()) }})
	for _, name := range r.HubFiles {
		steps = append(steps, step{"remove the hub's " + name, func() error { return r.move(name) }})
	}
	return append(steps,
		step{"remove what the hub knew", func() error { return os.RemoveAll(r.aside()) }},
		step{"empty conn.conf", func() error { return conf.Empty(r.Conf) }})
}

// move takes a file or folder out of the hub's.
func (r Reset) move(name string) error {
	from := filepath.Join(r.Hub, name)
	if _, err := os.Lstat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := os.MkdirAll(r.aside(), 0o700); err != nil {
		return err
	}
	return errors.Join(os.Rename(from, filepath.Join(r.aside(), name)), disk.SyncFolder(r.aside()), disk.SyncFolder(r.Hub))
}
