package conf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// unset is how the original writes a key that has no value.
const unset = "None"

// File is a conn.conf as it was read, with the edits made since. It belongs to one goroutine.
type File struct {
	path     string
	loaded   string // what the disk held
	doc      *document
	cfg      Config
	problems []Problem
	onDisk   []Problem // about the file itself, not its text
}

// Load reads and checks a file. The error is about reading alone: whatever is wrong with the text is in Problems, and
// Fatal(f.Problems()) is the error that keeps a box from running. A missing file is fs.ErrNotExist.
func Load(path string) (*File, error) {
	data, mode, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("load configuration: %w", err)
	}
	f := newFile(path, data)
	if mode.Perm()&0o077 != 0 && f.hasSecret() {
		f.onDisk = []Problem{{Text: fmt.Sprintf("other users may read it (mode %04o) and it holds a password; run: chmod 600 %s", mode.Perm(), path)}}
	}
	return f, nil
}

// LoadOrNew is Load, or a new file if there is none: an empty one, not yet saved.
func LoadOrNew(path string) (*File, error) {
	f, err := Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newFile(path, ""), nil
	}
	return f, err
}

// Parse checks data as if it stood in the file name.
func Parse(name string, data []byte) (*File, []Problem) {
	f := newFile(name, string(data))
	return f, f.Problems()
}

func newFile(path, data string) *File {
	f := &File{path: path, loaded: data}
	f.use(parse(data))
	return f
}

// use makes doc the file's text.
func (f *File) use(doc *document) {
	f.doc = doc
	f.cfg, f.problems = check(filepath.Dir(f.path), doc)
}

// Config is what the file says now, edits included.
func (f *File) Config() Config { return f.cfg }

// Path is where the file stands.
func (f *File) Path() string { return f.path }

// Bytes is the text of the file, edits included. It holds secrets.
func (f *File) Bytes() []byte { return []byte(f.doc.String()) }

// Problems is everything wrong with the file, in the order of its lines.
func (f *File) Problems() []Problem {
	all := append(append([]Problem{}, f.onDisk...), f.problems...)
	for i := range all {
		all[i].File = f.path
	}
	return all
}

// String names the file; like the next two it keeps its text, which holds secrets, out of every log.
func (f File) String() string { return "conf.File(" + f.path + ")" }

// Format implements fmt.Formatter.
func (f File) Format(s fmt.State, _ rune) { io.WriteString(s, f.String()) }

// LogValue implements slog.LogValuer.
func (f File) LogValue() slog.Value { return slog.StringValue(f.String()) }

func (f *File) hasSecret() bool {
	for _, g := range known {
		for _, k := range g.keys {
			if o := f.doc.lookup(g.name, k.Name); k.Secret && o != nil {
				if _, set := plain(o.raw()); set {
					return true
				}
			}
		}
	}
	return false
}

// read takes in a regular file of sane size: a device or a pipe would block for ever.
func read(path string) (data string, mode fs.FileMode, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", 0, err
	}
	if !info.Mode().IsRegular() {
		return "", 0, fmt.Errorf("read %s: not a file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer file.Close()
	bytes, err := io.ReadAll(io.LimitReader(file, 2*maxFile))
	return string(bytes), info.Mode(), err
}
