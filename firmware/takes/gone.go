package takes

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// Gone tells whether err, of a session's method or of a file in its folder, means that the folder's disk was taken away;
// the session must begin anew. It may have come back as another: what is mounted in its place does not have the folder.
func Gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESTALE) || errors.Is(err, unix.EIO)
}
