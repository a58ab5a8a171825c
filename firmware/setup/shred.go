package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"orionbox/audio/disk"
)

// shred overwrites a file with zeros and removes it, if it is there. It is the best that can be done on a card: the file system
// writes in place, but the card may write elsewhere and keep the old cells until it needs them, and an editor may have left
// earlier copies.
func shred(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("erase %s: %w", path, err)
	}
	if err := errors.Join(zero(file), file.Close()); err != nil {
		return fmt.Errorf("erase %s: %w", path, err)
	}
	return disk.Remove(path)
}

func zero(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	_, err = file.WriteAt(make([]byte, info.Size()), 0)
	return errors.Join(err, file.Sync())
}
