package received

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// do does one step; over is the file of ours that was found under the name of the step's chunk.
func (s *syncer) do(t step, over *Written) error {
	switch t.action {
	case keep:
		s.stand[t.file] = []Written{t.chunk}
		return nil
	case aside:
		return s.aside(t.file)
	case remove:
		return s.remove(t.file, t.chunk)
	case move:
		return s.move(t, over)
	}
	return s.write(t.chunk, over)
}

func (s *syncer) aside(file string) error {
	for n := 1; ; n++ {
		name := edited(file, n)
		err := s.hands.moveNew(s.path(file), s.path(name))
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			s.report.Aside = append(s.report.Aside, name)
			delete(s.stand, file)
		}
		return err
	}
}

// edited is the n-th name for a file that somebody has changed. It is no chunk's to all who read names.
func edited(file string, n int) string {
	stem := strings.TrimSuffix(file, ".mp3") + "_edited"
	if n > 1 {
		stem = fmt.Sprintf("%s_%d", stem, n)
	}
	return stem + ".mp3"
}

func (s *syncer) remove(file string, w Written) error {
	if err := s.still(file, w); err != nil {
		return err
	}
	if err := s.hands.remove(s.path(file)); err != nil {
		return err
	}
	s.report.Removed = append(s.report.Removed, file)
	delete(s.stand, file)
	return nil
}

// still is an error for a file that somebody has changed since it was looked at. Between this and what is done to it there
// are microseconds.
func (s *syncer) still(file string, w Written) error {
	info, err := os.Lstat(s.path(file))
	if err != nil {
		return err
	}
	if info.Size() != w.Bytes || !info.ModTime().Equal(w.Changed) {
		return fmt.Errorf("%s is being changed by somebody; it is left for now", file)
	}
	return nil
}

func (s *syncer) move(t step, over *Written) error {
	if err := s.still(t.file, t.chunk); err != nil {
		return err
	}
	if err := s.place(t.file, t.chunk, over); err != nil {
		return err
	}
	s.report.Moved = append(s.report.Moved, t.chunk.File)
	delete(s.stand, t.file)
	return nil
}

// write cuts a chunk out of its take into a hidden file, and puts that in its place.
func (s *syncer) write(w Written, over *Written) error {
	tmp, h := hidden(w.File), sha256.New()
	err := s.hands.write(s.path(tmp), func(out io.Writer) error { return w.Chunk.write(io.MultiWriter(out, h), s.path(w.Take)) })
	if err != nil {
		return fmt.Errorf("write %s: %w", w.File, err)
	}
	info, err := os.Lstat(s.path(tmp))
	if err != nil {
		return fmt.Errorf("write %s: %w", w.File, err)
	}
	w.Bytes, w.SHA256, w.Changed = info.Size(), hex.EncodeToString(h.Sum(nil)), info.ModTime().UTC()
	if err := s.place(tmp, w, over); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", w.File, err), s.hands.remove(s.path(tmp)))
	}
	s.report.Wrote = append(s.report.Wrote, w.File)
	return nil
}

// place gives a file the name of its chunk, over one of ours or where there is none. The index tells of it before: so whenever
// the power goes, each file is known by it.
func (s *syncer) place(from string, w Written, over *Written) error {
	w.Pending = true
	s.stand[w.File] = append(s.stand[w.File], w)
	if err := s.save(); err != nil {
		return err
	}
	if err := s.rename(from, w.File, over); err != nil {
		return err
	}
	w.Pending = false
	s.stand[w.File] = []Written{w}
	return nil
}

func (s *syncer) rename(from, to string, over *Written) error {
	if over != nil {
		err := s.still(to, *over)
		if err == nil {
			return s.hands.move(s.path(from), s.path(to))
		}
		if !missing(err) {
			return err
		}
	}
	return s.hands.moveNew(s.path(from), s.path(to))
}

// save writes the index if it would be another.
func (s *syncer) save() error {
	var now []Written
	s.report.Chunks = nil
	for _, name := range sorted(s.stand) {
		now = append(now, s.stand[name]...)
		for _, w := range s.stand[name] {
			if !w.Pending {
				s.report.Chunks = append(s.report.Chunks, w)
			}
		}
	}
	a, errA := json.Marshal(now)
	b, errB := json.Marshal(s.loaded)
	if err := errors.Join(errA, errB); err != nil {
		return err
	}
	if bytes.Equal(a, b) {
		return nil
	}
	if err := s.saveIndex(now); err != nil {
		return err
	}
	s.loaded = now
	return nil
}
