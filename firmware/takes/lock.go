package takes

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// ErrInUse tells that a session is being recorded, by this process or another.
var ErrInUse = errors.New("the session is being recorded; it is left alone")

// lockFolder takes hold of a folder until the file is closed. If somebody has it, it waits or gives ErrInUse. The lock is on
// the folder itself, so that it needs no room on a full disk. A file system without locks is gone on with: a box's own
// disk has them.
func lockFolder(dir string, wait bool) (*os.File, error) {
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
		return nil, errors.Join(ErrInUse, d.Close())
	}
	return nil, errors.Join(fmt.Errorf("lock %s: %w", dir, err), d.Close())
}
