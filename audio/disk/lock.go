package disk

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// ErrLocked tells that somebody else, in this process or another, holds a folder.
var ErrLocked = errors.New("somebody else is using it")

// LockFolder holds a folder until the file is closed (flock(2)). If somebody has it, it waits or gives ErrLocked. The lock is on
// the folder itself, so that it needs no room on a full disk. A file system without locks is gone on with: a box's own disk
// has them.
func LockFolder(dir string, wait bool) (*os.File, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	how := unix.LOCK_EX
	if !wait {
		how |= unix.LOCK_NB
	}
	err = unix.Flock(int(d.Fd()), how)
	for errors.Is(err, unix.EINTR) {
		err = unix.Flock(int(d.Fd()), how)
	}
	switch {
	case err == nil, errors.Is(err, errors.ErrUnsupported), errors.Is(err, unix.ENOLCK):
		return d, nil
	case errors.Is(err, unix.EWOULDBLOCK):
		return nil, errors.Join(ErrLocked, d.Close())
	}
	return nil, errors.Join(fmt.Errorf("lock %s: %w", dir, err), d.Close())
}
