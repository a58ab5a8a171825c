package phone

import (
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"
)

// maxLeft and maxAge bound what is remembered: a server ends a call without media by itself after a while.
const (
	maxLeft = 8
	maxAge  = time.Hour
)

// memory is what is known of calls that are up or being dialled. A box that crashed finds it in a file.
//
//	put, drop ──> state ──> keeper (a goroutine) ──> file
//
// The file lies on the recordings' disk, which may stall for seconds or for good. Only the keeper touches it; everybody
// else changes the state, and at most waits a little until it is saved.
type memory struct {
	path     string
	log      *slog.Logger
	patience time.Duration // of settle
	read     func(path string) ([]byte, error)
	write    func(path string, data []byte) error
	wake     chan struct{} // the keeper has something to save

	mu      sync.Mutex
	state   remembered
	unsaved chan struct{} // closed when the disk took or refused the newest state; nil if it has
	stalled bool          // a wait was in vain, and the disk has done nothing since
}

// remembered is the file's content.
type remembered struct {
	Port  int          `json:"port"` // of the last UDP line: the server may still send there
	Calls []leftBehind `json:"calls"`
}

// newMemory remembers in the file at path; an empty path is no file.
func newMemory(path string, log *slog.Logger) *memory {
	return &memory{path: path, log: log, patience: time.Second, read: os.ReadFile, write: replaceFile, wake: make(chan struct{}, 1)}
}

// calls lists what was left behind and is not too old.
func (m *memory) calls() []leftBehind {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state.Calls = slices.DeleteFunc(m.state.Calls, func(c leftBehind) bool { return time.Since(c.Time) > maxAge })
	return slices.Clone(m.state.Calls)
}

// put remembers a call, in place of what was known of it. What it returns is for settle.
func (m *memory) put(c leftBehind) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(c.CallID)
	m.state.Calls = newest(append(m.state.Calls, c))
	return m.changed()
}

// drop forgets a call that has ended.
func (m *memory) drop(callID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.forget(callID) {
		m.changed()
	}
}

func (m *memory) forget(callID string) bool {
	n := len(m.state.Calls)
	m.state.Calls = slices.DeleteFunc(m.state.Calls, func(c leftBehind) bool { return c.CallID == callID })
	return len(m.state.Calls) < n
}

func newest(calls []leftBehind) []leftBehind { return calls[max(0, len(calls)-maxLeft):] }

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

// changed has the keeper save the state. Changes that come while it writes are saved together.
func (m *memory) changed() <-chan struct{} {
	if m.path == "" {
		return nil
	}
	if m.unsaved == nil {
		m.unsaved = make(chan struct{})
		select {
		case m.wake <- struct{}{}:
		default:
		}
	}
	return m.unsaved
}

// taken is the newest state as the file has it, and what to close when it is there; nil if it is there already.
func (m *memory) taken() ([]byte, chan struct{}, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	saved := m.unsaved
	if saved == nil {
		return nil, nil, nil
	}
	m.unsaved = nil
	data, err := json.MarshalIndent(m.state, "", "  ")
	return append(data, '\n'), saved, err
}

// merge adds what the file knows; on a slow disk that may come after calls of today.
func (m *memory) merge(old remembered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.state.Port == 0 && old.Port >= 0 && old.Port <= 65535 {
		m.state.Port = old.Port
	}
	for _, c := range m.state.Calls {
		old.Calls = slices.DeleteFunc(old.Calls, func(o leftBehind) bool { return o.CallID == c.CallID })
	}
	m.state.Calls = newest(append(old.Calls, m.state.Calls...))
}
