package setup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"orionbox/audio/disk"
)

// Own gives a file or folder to the user that the folder around it belongs to, if this is root.
func Own(path string) error { return giveTo(path, filepath.Dir(path)) }

// OwnFolder makes a folder, if it is missing, that belongs to the user of the folder around it from its first moment.
func OwnFolder(path string, mode fs.FileMode) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	around := filepath.Dir(path)
	made, err := os.MkdirTemp(around, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	if err := errors.Join(os.Chmod(made, mode), giveTo(made, around)); err != nil {
		return err
	}
	return errors.Join(os.Rename(made, path), disk.SyncFolder(around))
}

func giveTo(path, like string) error {
	info, err := os.Stat(like)
	if err != nil || os.Geteuid() != 0 {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t)
	return os.Lchown(path, int(owner.Uid), int(owner.Gid))
}
