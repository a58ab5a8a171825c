package phone

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// slowDisk takes a write when the test says so.
type slowDisk struct{ begun, done chan string }

func (d slowDisk) write(_ string, data []byte) error {
	d.begun <- string(data)
	<-d.done
	return nil
}

func TestDiskThatStallsHoldsUpNobody(t *testing.T) {
	disk := slowDisk{begun: make(chan string), done: make(chan string)}
	m := newMemory(filepath.Join(t.TempDir(), "call.json"), slog.New(slog.DiscardHandler))
	m.write, m.patience = disk.write, time.Millisecond
	end := m.keep()
	first := m.put(leftBehind{CallID: "first", Time: time.Now()})
	<-disk.begun
	m.settle(first)
	m.patience = time.Hour // from here on any wait would be for ever
	m.settle(m.put(leftBehind{CallID: "second", Time: time.Now()}))
	m.settle(m.put(leftBehind{CallID: "third", Time: time.Now()}))
	m.drop("second")
	m.settle(m.put(leftBehind{CallID: "fourth", Time: time.Now()}))
	if left := m.calls(); len(left) != 3 {
		t.Errorf("%d calls known", len(left))
	}
	disk.done <- ""
	data := <-disk.begun // one write for all that came meanwhile
	if strings.Contains(data, "second") || !strings.Contains(data, "third") || !strings.Contains(data, "fourth") {
		t.Errorf("wrote %s", data)
	}
	last := m.put(leftBehind{CallID: "last", Time: time.Now()})
	disk.done <- ""
	if data = <-disk.begun; !strings.Contains(data, "last") {
		t.Errorf("wrote %s", data)
	}
	disk.done <- ""
	m.settle(last) // the disk moves again, so it is waited for
	end()
	if m.stalled || m.unsaved != nil {
		t.Errorf("left unsaved: %v, stalled %v", m.unsaved != nil, m.stalled)
	}
}

func TestEndWaitsForADiskThatStallsOnlyForAWhile(t *testing.T) {
	disk := slowDisk{begun: make(chan string, 1), done: make(chan string)}
	m := newMemory(filepath.Join(t.TempDir(), "call.json"), slog.New(slog.DiscardHandler))
	m.write, m.patience = disk.write, time.Millisecond
	end := m.keep()
	m.put(leftBehind{CallID: "x", Time: time.Now()})
	end()
	disk.done <- ""
}

func TestWhatADiskTellsLateIsKeptBesideWhatIsNew(t *testing.T) {
	stalled, written := make(chan struct{}), make(chan string, 1)
	m := newMemory("call.json", slog.New(slog.DiscardHandler))
	m.patience = time.Millisecond
	m.read = func(string) ([]byte, error) {
		<-stalled
		return []byte(`{"port":5099,"calls":[{"call_id":"old"},{"call_id":"new","seq":1}]}`), nil
	}
	m.write = func(_ string, data []byte) error {
		written <- string(data)
		return nil
	}
	end := m.keep()
	m.setPort(5077)
	m.put(leftBehind{CallID: "new", Seq: 2, Time: time.Now()})
	close(stalled)
	data := <-written
	end()
	if !strings.Contains(data, `"old"`) || strings.Count(data, `"new"`) != 1 || !strings.Contains(data, `"seq": 2`) || !strings.Contains(data, "5077") {
		t.Errorf("wrote %s", data)
	}
}

func TestStateThatCannotBeSavedIsLogged(t *testing.T) {
	var log bytes.Buffer
	path := filepath.Join(t.TempDir(), "nowhere", "call.json")
	m := newMemory(path, slog.New(slog.NewTextHandler(&log, nil)))
	end := m.keep()
	m.put(leftBehind{CallID: "x", Time: time.Now()})
	end()
	if !strings.Contains(log.String(), "call state not saved") {
		t.Errorf("logged %s", log.String())
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a file: %v", err)
	}
}

func TestMemoryWithoutAFile(t *testing.T) {
	m := newMemory("", testLog(t))
	end := m.keep()
	m.settle(m.put(leftBehind{CallID: "x", Time: time.Now()}))
	m.drop("y")
	end()
	if left := m.calls(); len(left) != 1 {
		t.Errorf("%d calls", len(left))
	}
}
