package takes

import (
	"errors"
	"os"

	"orionbox/audio/disk"
)

// ErrInUse tells that a session is being recorded, by this process or another.
var ErrInUse = errors.New("the session is being recorded; it is left alone")

// lockFolder is disk.LockFolder, which gives ErrInUse.
func lockFolder(dir string, wait bool) (*os.File, error) {
	d, err := disk.LockFolder(dir, wait)
	if errors.Is(err, disk.ErrLocked) {
		err = ErrInUse
	}
	return d, err
}
