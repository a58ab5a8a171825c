package takes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Note appends a line to the journal and brings it to the disk. Zero Time is now; Session is set from Time, by the monotonic
// clock as long as Time has it; of File only the name is kept. An error is no reason to stop recording: the line may be lost,
// and the next Note opens the journal anew, as its disk may have been away or full. When the folder is gone the error is one
// that Gone knows.
func (s *Session) Note(e Entry) error {
	if e.Time.IsZero() {
		e.Time = s.now()
	}
	e.Session = e.Time.Sub(s.began).Seconds()
	if e.File != "" {
		e.File = filepath.Base(e.File)
	}
	line, err := e.line()
	if err == nil {
		err = s.noteLine(line)
	}
	if err != nil {
		return fmt.Errorf("note %s: %w", e.Kind, err)
	}
	return nil
}

func (s *Session) noteLine(line []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if s.journal != nil && !s.journal.isAt(s.journalPath()) {
		_ = s.forget() // a file that was taken away takes lines without an error, and nobody will read them
	}
	if s.journal == nil {
		if err := s.open(); err != nil {
			return err
		}
	}
	err := s.journal.write(line)
	if err != nil {
		err = errors.Join(err, s.forget())
	}
	return err
}

func (s *Session) journalPath() string { return filepath.Join(s.dir, journalName) }

// open opens the journal and mends its last line, or makes one where there is none.
func (s *Session) open() error {
	if err := s.hold(); err != nil {
		return err
	}
	j, log, err := openJournal(s.journalPath())
	if errors.Is(err, fs.ErrNotExist) {
		s.journal, err = newJournal(s.journalPath())
		return err
	}
	if err != nil {
		return err
	}
	if err := j.mend(log); err != nil {
		return errors.Join(err, j.close())
	}
	s.journal = j
	return nil
}

// hold takes hold of the folder anew if it was unmounted and mounted again since, which ends the hold without a word. A folder
// that is in use already is in use by this session.
func (s *Session) hold() error {
	held, err := lockFolder(s.dir, false)
	if errors.Is(err, ErrInUse) {
		return nil
	}
	if err != nil {
		return err
	}
	old := s.held
	s.held = held
	_ = old.Close() // read only, and of a folder that is no more
	return nil
}

// forget closes the journal, to be opened anew.
func (s *Session) forget() error {
	j := s.journal
	s.journal = nil
	return j.close()
}

// isAt tells whether the file that is open is the one that path names.
func (j *journal) isAt(path string) bool {
	named, err := os.Stat(path)
	if err != nil {
		return false
	}
	open, err := j.file.Stat()
	return err == nil && os.SameFile(named, open)
}
