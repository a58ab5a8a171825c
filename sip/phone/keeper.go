package phone

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// keep reads the file and begins to save what changes, on a goroutine of its own; end ends that. Neither waits longer
// for the disk than settle does. A keeper that a disk holds up ends when the disk lets it go.
func (m *memory) keep() (end func()) {
	if m.path == "" {
		return func() {}
	}
	loaded, stop, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer m.moved(ended)
		if err := m.load(); err != nil {
			m.log.Warn("left-behind calls are unknown", "error", err)
		}
		m.moved(loaded)
		m.keeper(stop)
	}()
	m.settle(loaded)
	return func() {
		close(stop)
		m.settle(ended)
	}
}

func (m *memory) keeper(stop <-chan struct{}) {
	for {
		select {
		case <-m.wake:
			m.save()
		case <-stop:
			m.save()
			return
		}
	}
}

// settle waits until the disk is done, but no longer than patience lasts. A disk that was waited for in vain is not
// waited for again before it has moved.
func (m *memory) settle(done <-chan struct{}) {
	m.mu.Lock()
	stalled := m.stalled
	m.mu.Unlock()
	if done == nil || stalled {
		return
	}
	timer := time.NewTimer(m.patience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		m.gaveUp(done)
	}
}

func (m *memory) gaveUp(done <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	select {
	case <-done: // just now
	default:
		m.stalled = true
		m.log.Warn("disk stalls, call state not saved: a crash would leave the call behind", "path", m.path)
	}
}

// moved tells those who wait that the disk is done.
func (m *memory) moved(done chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stalled = false
	close(done)
}

// load reads the file. A file that cannot be read is as good as none: the calls it held end by the server's time-outs.
func (m *memory) load() error {
	data, err := m.read(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read call state: %w", err)
	}
	var old remembered
	if err := json.Unmarshal(data, &old); err != nil {
		return fmt.Errorf("read call state %s: %w", m.path, err)
	}
	m.merge(old)
	return nil
}

// save writes the newest state, if it is not on disk yet. One that cannot be saved is logged: the call goes on all the
// same, and the next change is the next try.
func (m *memory) save() {
	data, saved, err := m.taken()
	if saved == nil {
		return
	}
	if err == nil {
		err = m.write(m.path, data)
	}
	if err != nil {
		m.log.Warn("call state not saved: a crash would leave the call behind", "error", err)
	}
	m.moved(saved)
}

// replaceFile writes the file whole or not at all, and to the disk, not just to the cache: the point is to outlive a
// power cut. It writes beside the file, syncs, and renames. CreateTemp gives mode 0600.
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
