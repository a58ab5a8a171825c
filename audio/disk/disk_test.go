package disk

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
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

// refusedIn names the folder of the process that may not write more than 4 bytes to any file.
const refusedIn = "ORIONBOX_TEST_REFUSED_IN"

// TestCreateOnADiskThatRefuses runs itself again as a process with a file size limit that ends the write.
func TestCreateOnADiskThatRefuses(t *testing.T) {
	if dir := os.Getenv(refusedIn); dir != "" {
		createRefused(t, dir)
		return
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), refusedIn+"="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func createRefused(t *testing.T, dir string) {
	signal.Ignore(unix.SIGXFSZ)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 4, Max: 4}); err != nil {
		t.Fatal(err)
	}
	if file, err := Create(filepath.Join(dir, "new"), []byte("begin")); file != nil || !errors.Is(err, unix.EFBIG) {
		t.Errorf("created %v, %v", file, err)
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

func TestReplaceAsGivesTheMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, mode := range []os.FileMode{0o644, 0o600, FileMode} {
		if err := ReplaceAs(path, []byte(mode.String()), mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != mode.String() || info.Mode() != mode {
			t.Errorf("mode %v, says %q, %v; want %v", info.Mode(), data, err, mode)
		}
	}
}
