package disk

import (
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new")
	file, err := Create(path, []byte("begin"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(", end"); err != nil {
		t.Error(err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(path)
	info, statErr := os.Stat(path)
	if err := errors.Join(err, statErr); err != nil || string(text) != "begin, end" || info.Mode().Perm() != FileMode {
		t.Errorf("file holds %q, mode %v, %v", text, info.Mode(), err)
	}
	if _, err := Create(path, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file that is there: %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "begin, end" {
		t.Errorf("it was touched: %q", text)
	}
}

// TestCreateOnADiskThatRefuses has a file size limit of 4 bytes end the write.
func TestCreateOnADiskThatRefuses(t *testing.T) {
	signal.Ignore(unix.SIGXFSZ)
	defer signal.Reset(unix.SIGXFSZ)
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 4, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	file, err := Create(filepath.Join(dir, "new"), []byte("begin"))
	if again := unix.Setrlimit(unix.RLIMIT_FSIZE, &before); again != nil {
		t.Fatal(again)
	}
	if file != nil || !errors.Is(err, unix.EFBIG) {
		t.Errorf("created %v, %v", file, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSyncFolder(t *testing.T) {
	if err := SyncFolder(t.TempDir()); err != nil {
		t.Error(err)
	}
	if err := SyncFolder(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}
