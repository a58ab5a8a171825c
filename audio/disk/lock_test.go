package disk

import (
	"errors"
	"testing"
)

func TestLockFolder(t *testing.T) {
	dir := t.TempDir()
	held, err := LockFolder(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LockFolder(dir, false); !errors.Is(err, ErrLocked) {
		t.Errorf("a second one: %v", err)
	}
	waited := make(chan error)
	go func() {
		second, err := LockFolder(dir, true)
		if err == nil {
			err = second.Close()
		}
		waited <- err
	}()
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err != nil {
		t.Errorf("after the first has let go: %v", err)
	}
	if _, err := LockFolder(dir+"/none", false); err == nil || errors.Is(err, ErrLocked) {
		t.Errorf("no folder: %v", err)
	}
}
