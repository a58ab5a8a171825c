package phone

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// maxLeft and maxAge bound what is remembered: a server ends a call without media by itself after a while.
const (
	maxLeft = 8
	maxAge  = time.Hour
)

// memory is the file of calls that are up or being dialled. A box that crashed finds them there.
type memory struct {
	path string

	mu    sync.Mutex
	state struct {
		Port  int          `json:"port"` // of the last UDP line: the server may still send there
		Calls []leftBehind `json:"calls"`
	}
}

func newMemory(path string) *memory { return &memory{path: path} }

// load reads the file. A file that cannot be read is as good as none: the calls it held end by the server's time-outs.
func (m *memory) load() error {
	if m.path == "" {
		return nil
	}
	data, err := os.ReadFile(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read call state: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := json.Unmarshal(data, &m.state); err != nil {
		m.state.Port, m.state.Calls = 0, nil
		return fmt.Errorf("read call state %s: %w", m.path, err)
	}
	if m.state.Port < 0 || m.state.Port > 65535 {
		m.state.Port = 0
	}
	return nil
}

// calls lists what was left behind and is not too old.
func (m *memory) calls() []leftBehind {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state.Calls = slices.DeleteFunc(m.state.Calls, func(c leftBehind) bool { return time.Since(c.Time) > maxAge })
	return slices.Clone(m.state.Calls)
}

// put remembers a call, in place of what was known of it.
func (m *memory) put(c leftBehind) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(c.CallID)
	m.state.Calls = append(m.state.Calls, c)
	if n := len(m.state.Calls); n > maxLeft {
		m.state.Calls = m.state.Calls[n-maxLeft:]
	}
	return m.save()
}

// drop forgets a call that has ended.
func (m *memory) drop(callID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.forget(callID) {
		return nil
	}
	return m.save()
}

func (m *memory) forget(callID string) bool {
	n := len(m.state.Calls)
	m.state.Calls = slices.DeleteFunc(m.state.Calls, func(c leftBehind) bool { return c.CallID == callID })
	return len(m.state.Calls) < n
}

// port is that of the line before the crash, 0 if not known.
func (m *memory) port() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.Port
}

// setPort is saved with the next call.
func (m *memory) setPort(port int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state.Port = port
}

// save writes the file whole or not at all, and to the disk, not just to the cache: the point is to outlive a power cut.
func (m *memory) save() error {
	if m.path == "" {
		return nil
	}
	data, err := json.MarshalIndent(m.state, "", "  ")
	if err != nil {
		return fmt.Errorf("write call state: %w", err)
	}
	if err := replaceFile(m.path, append(data, '\n')); err != nil {
		return fmt.Errorf("write call state: %w", err)
	}
	return nil
}

// replaceFile writes beside the file, syncs, and renames. CreateTemp gives mode 0600.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the new name last.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
