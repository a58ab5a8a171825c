// Package setup owns the set-up file: what a person writes on the card of a new box with any computer, so that the box is on the
// Wi-Fi, in the studio and theirs when it starts, with no keyboard and no screen. It reads the file, makes of it what the
// computer and the box read when they start, and takes it away, since it holds passwords. And it owns the box's own Wi-Fi, by which
// one that knows no other can be reached.
//
// A file with a fault changes nothing. The power may fail anywhere: what is there is made again at the next start, to the
// same end, and the set-up file goes only when all else is on the disk.
package setup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"orionbox/audio/disk"
)

// Config is where things are.
type Config struct {
	File  string // the set-up file
	State string // folder of what is made of it for the computer; it must be there
	Conf  string // path of conn.conf, made if missing
	Label string // path of the file that tells a person how to reach the box; empty for none
	Board string // what tells this computer from others, as a serial number; its last four hex digits name the access point
	// Code is what the page asks its first visitor for; empty, if a password was chosen.
	Code func() (string, error)
}

// maxFile is far above any real set-up file, in bytes.
const maxFile = 64 << 10

// Errors and used are the names of files beside the set-up file: what is wrong with it, and itself on its way out.
const (
	Errors = "orionbox-errors.txt"
	used   = "orionbox-used.txt"
)

// taken, in the state's folder, tells which file was made the box's and is only to be removed. Without it a card that cannot be
// written would undo, at each start, what was changed since.
const taken = "setup-taken"

// Refused is a set-up file with faults, of which nothing was done.
type Refused struct {
	Path   string
	Faults []Fault
}

// Error implements error.
func (r *Refused) Error() string {
	return fmt.Sprintf("%s: %d to mend; nothing of it was done", r.Path, len(r.Faults))
}

// Run does what the set-up file says, if there is one, and has the access point and the label ready whether or not that went well.
// It tells what it did, without secrets.
func (c Config) Run() (done []string, err error) {
	done, err = c.take()
	more, always := c.always()
	return append(done, more...), errors.Join(err, always)
}

// step is something that is done wholly or not at all, and may be done again.
type step struct {
	what string
	do   func() error
}

func do(steps []step) (done []string, err error) {
	for _, s := range steps {
		if err := s.do(); err != nil {
			return done, fmt.Errorf("%s: %w", s.what, err)
		}
		done = append(done, s.what)
	}
	return done, nil
}

// take does what the set-up file says.
func (c Config) take() ([]string, error) {
	if err := shred(c.beside(used)); err != nil {
		return nil, err
	}
	path := Find(c.File)
	data, err := Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, disk.Remove(c.in(taken))
	}
	if err != nil {
		return nil, err
	}
	if c.isTaken(data) {
		return do(c.end(path))
	}
	plan, faults := Parse(data)
	if len(faults) == 0 && plan.empty() {
		return nil, disk.Remove(c.beside(Errors)) // as one of comments alone that waits to be filled in
	}
	edit, err := c.edit(plan)
	if err != nil {
		faults = append(faults, Fault{Text: err.Error()})
	}
	if len(faults) > 0 {
		return nil, errors.Join(&Refused{path, faults}, c.complain(faults))
	}
	done, err := do(c.steps(plan, edit, digest(data)))
	if err != nil {
		return done, errors.Join(err, c.complain([]Fault{{Text: "not all of it could be done, and it is tried again at the next start: " + err.Error()}}))
	}
	gone, err := do(c.end(path))
	return append(done, gone...), err
}

// isTaken tells whether a file is only to be removed. On FAT a cut in a rename may leave both names to what was then erased.
func (c Config) isTaken(data []byte) bool {
	mark, err := os.ReadFile(c.in(taken))
	return err == nil && string(mark) == digest(data) || len(data) > 0 && len(bytes.Trim(data, "\x00")) == 0
}

// steps make of the plan what is read when the computer and the box start.
func (c Config) steps(p Plan, edit *edit, mark string) []step {
	steps := []step{{"make the folders", c.folders}}
	if edit != nil { // first, since it may be refused
		steps = append(steps, step{edit.what, edit.save})
	}
	for _, f := range p.files() {
		steps = append(steps, step{f.what, func() error { return put(c.in(f.name), f.data, f.mode) }})
	}
	return append(steps,
		step{"remove the list of faults", func() error { return disk.Remove(c.beside(Errors)) }},
		step{"note that the set-up file is taken", func() error { return put(c.in(taken), []byte(mark), secret) }})
}

// end takes the set-up file away. It is renamed first: one that is half overwritten must not be read again.
func (c Config) end(path string) []step {
	away := c.beside(used)
	return []step{
		{"put the set-up file aside", func() error { return errors.Join(os.Rename(path, away), disk.SyncFolder(filepath.Dir(away))) }},
		{"erase the set-up file", func() error { return shred(away) }},
		{"forget the set-up file", func() error { return disk.Remove(c.in(taken)) }},
	}
}

func (c Config) folders() error {
	return errors.Join(disk.MakeFolder(c.in(network), 0o700), disk.MakeFolder(c.in(keys), 0o755))
}

func (c Config) in(name string) string     { return filepath.Join(c.State, name) }
func (c Config) beside(name string) string { return filepath.Join(filepath.Dir(c.File), name) }

// complain lists the faults where the person who wrote the file looks for them.
func (c Config) complain(faults []Fault) error {
	text := "The set-up file could not be taken:\n\n"
	for _, f := range faults {
		text += f.String() + "\n"
	}
	text += "\nMend it, put the card back in, and start the box again.\n"
	return replaceOther(c.beside(Errors), text)
}

// Find is the set-up file under the name it has: some computers hide that they put .txt behind what a person typed.
func Find(path string) string {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path + ".txt"); err == nil {
			return path + ".txt"
		}
	}
	return path
}

// Read reads a set-up file; a missing one is fs.ErrNotExist.
func Read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read set-up file: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s is above %d bytes", path, maxFile)
	}
	if err != nil {
		return nil, fmt.Errorf("read set-up file: %w", err)
	}
	return data, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
