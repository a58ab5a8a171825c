package received

import (
	"errors"
	"io"
	"os"
)

var errKilled = errors.New("killed")

// mortal is a process that dies at a step: nothing is done any more, not even what was to be cleared away.
type mortal struct {
	disks
	left  int  // steps until then
	after bool // the step that it dies at is done; else, if it writes, half of it is
	dead  bool
}

// step does one step unless the process is dead.
func (m *mortal) step(do func() error) error {
	if m.dead {
		return errKilled
	}
	if m.left--; m.left >= 0 {
		return do()
	}
	m.dead = true
	if m.after {
		_ = do()
	}
	return errKilled
}

func (m *mortal) write(path string, fill func(io.Writer) error) error {
	dies := !m.dead && m.left == 0 && !m.after
	err := m.step(func() error { return m.disks.write(path, fill) })
	if dies {
		half, errFile := os.Create(path)
		if errFile == nil {
			_ = fill(&short{half, 700})
			_ = half.Close()
		}
	}
	return err
}

func (m *mortal) move(from, to string) error {
	return m.step(func() error { return m.disks.move(from, to) })
}

func (m *mortal) moveNew(from, to string) error {
	return m.step(func() error { return m.disks.moveNew(from, to) })
}

func (m *mortal) remove(path string) error {
	return m.step(func() error { return m.disks.remove(path) })
}

// short takes so many bytes.
type short struct {
	to   io.Writer
	left int
}

func (s *short) Write(p []byte) (int, error) {
	n, err := s.to.Write(p[:min(len(p), s.left)])
	if s.left -= n; n < len(p) {
		err = errors.Join(err, errKilled)
	}
	return n, err
}
