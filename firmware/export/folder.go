package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"orionbox/audio/disk"
)

const (
	partFolder = ".export-part" // where an export grows
	reportName = "report.json"
	labelsName = "labels.txt"
	folderMode = 0o750
	maxReport  = 16 << 20
	coarse     = 2 * time.Second // a FAT disk keeps no finer times
)

// File is one that an export wrote, by its path in the folder.
type File struct {
	Name     string    `json:"name"`
	Bytes    int64     `json:"bytes"`
	Modified time.Time `json:"modified"`
}

// folder is where an export goes. It grows in a folder of its own in there and moves into place when it is whole, report.json
// last, which lists all files. So a folder tells which of its files are an export's and nobody's work since, at whatever
// moment the power went.
type folder struct {
	dir   string
	part  string
	made  bool     // the folder was not there
	moved bool     // files have begun to stand in their places
	held  *os.File // locked
	files []File   // an earlier export's
}

// openFolder refuses a folder that holds anything but an earlier export, as it was written.
func openFolder(dir string) (*folder, error) {
	f := &folder{dir: dir, part: filepath.Join(dir, partFolder)}
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		return nil, fmt.Errorf("export: %s is not a folder: name a new one", dir)
	}
	f.made = errors.Is(err, fs.ErrNotExist)
	if f.made {
		err = os.MkdirAll(dir, folderMode)
	}
	if err != nil {
		return nil, fmt.Errorf("export: make folder: %w", err)
	}
	f.held, err = disk.LockFolder(dir, false)
	if errors.Is(err, disk.ErrLocked) {
		err = fmt.Errorf("another export is writing to %s; wait for it, or name another folder", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	err = f.checkOwn()
	if err == nil && len(writtenBy(filepath.Join(f.part, reportName))) == 0 {
		err = os.RemoveAll(f.part) // of an export that was cut off while it grew
	}
	if err != nil {
		return nil, errors.Join(err, f.held.Close())
	}
	return f, nil
}

// Untouched is an error if a folder holds anything but an export as it was written: somebody has worked on it since.
func Untouched(dir string) error {
	return (&folder{dir: dir, part: filepath.Join(dir, partFolder)}).checkOwn()
}

func (f *folder) checkOwn() error {
	f.files = append(writtenBy(filepath.Join(f.dir, reportName)), writtenBy(filepath.Join(f.part, reportName))...)
	return filepath.WalkDir(f.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
		name, err := filepath.Rel(f.dir, path)
		switch {
		case err != nil:
			return err
		case name == partFolder:
			return filepath.SkipDir
		case entry.IsDir() && slices.Contains([]string{".", setFolder, mediaDir}, name):
			return nil
		case name == reportName && len(f.files) > 0, entry.Type().IsRegular() && f.wrote(name, entry):
			return nil
		}
		return fmt.Errorf("export: %s holds %s, which no export wrote, or which was changed since; nothing was touched: name a new folder", f.dir, name)
	})
}

// wrote tells whether a file is as an earlier export left it.
func (f *folder) wrote(name string, entry fs.DirEntry) bool {
	info, err := entry.Info()
	return err == nil && slices.ContainsFunc(f.files, func(w File) bool {
		return w.Name == name && w.Bytes == info.Size() && w.Modified.Sub(info.ModTime()).Abs() <= coarse
	})
}

// writtenBy are the files of the export that a report is of.
func writtenBy(report string) []File {
	file, err := os.Open(report)
	if err != nil {
		return nil
	}
	defer func() { _ = file.Close() }() // read only
	data, err := io.ReadAll(io.LimitReader(file, maxReport))
	if err != nil {
		return nil
	}
	return filesIn(data)
}

// filesIn reads the list of files in a report; those that could not be an export's are left out.
func filesIn(data []byte) []File {
	var told Report
	if json.Unmarshal(data, &told) != nil || told.Program != programName {
		return nil
	}
	return slices.DeleteFunc(told.Files, func(w File) bool { return !filepath.IsLocal(w.Name) })
}

// begin clears what an export that was cut off left, and makes room for this one.
func (f *folder) begin() error {
	err := os.RemoveAll(f.part)
	for _, name := range []string{f.part, filepath.Join(f.part, setFolder), filepath.Join(f.part, mediaDir)} {
		err = errors.Join(err, os.Mkdir(name, folderMode))
	}
	return err
}

// finish writes the texts and the report, and moves all into place, what names other files behind them.
func (f *folder) finish(r *Report, texts map[string][]byte) error {
	for name, data := range texts {
		if err := writeFile(filepath.Join(f.part, name), data); err != nil {
			return err
		}
	}
	var err error
	if r.Files, err = f.list(); err != nil {
		return err
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = writeFile(filepath.Join(f.part, reportName), append(data, '\n'))
	}
	for _, dir := range []string{setFolder, mediaDir, "."} {
		err = errors.Join(err, disk.SyncFolder(filepath.Join(f.part, dir)))
	}
	if err != nil {
		return err
	}
	return f.move(r.Files)
}

func writeFile(path string, data []byte) error {
	file, err := disk.Create(path, data)
	if err != nil {
		return err
	}
	return file.Close()
}

// list are the files of this export, the sound first.
func (f *folder) list() ([]File, error) {
	var sounds, texts []File
	err := filepath.WalkDir(f.part, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(f.part, path)
		file := File{Name: filepath.ToSlash(name), Bytes: info.Size(), Modified: info.ModTime()}
		if filepath.Dir(name) == "." {
			texts = append(texts, file)
		} else {
			sounds = append(sounds, file)
		}
		return err
	})
	return append(sounds, texts...), err
}

func (f *folder) move(files []File) error {
	f.moved = true
	for _, dir := range []string{setFolder, mediaDir} {
		if err := os.Mkdir(filepath.Join(f.dir, dir), folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	for _, w := range append(slices.Clone(files), File{Name: reportName}) {
		if err := os.Rename(filepath.Join(f.part, w.Name), filepath.Join(f.dir, w.Name)); err != nil {
			return err
		}
	}
	return f.dropOld(files)
}

// dropOld removes what an earlier export wrote and this one has no more.
func (f *folder) dropOld(files []File) error {
	var err error
	for _, old := range f.files {
		if slices.ContainsFunc(files, func(w File) bool { return w.Name == old.Name }) {
			continue
		}
		if gone := os.Remove(filepath.Join(f.dir, old.Name)); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	err = errors.Join(err, os.RemoveAll(f.part))
	for _, dir := range []string{setFolder, mediaDir, "."} {
		err = errors.Join(err, disk.SyncFolder(filepath.Join(f.dir, dir)))
	}
	return err
}

// abort takes back what has not moved into place. What has is known by the report that is still in the part.
func (f *folder) abort() error {
	if f.moved {
		return f.close()
	}
	err := os.RemoveAll(f.part)
	if f.made {
		_ = os.Remove(f.dir) // if nothing is in it
	}
	return errors.Join(err, f.close())
}

func (f *folder) close() error { return f.held.Close() }

// existing is the path, or the next folder above it that is there.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || filepath.Dir(path) == path {
			return path
		}
		path = filepath.Dir(path)
	}
}
