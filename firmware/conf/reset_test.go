package conf

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEmptyKeepsWhatTheFileSaid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "conn.conf")
	if err := Empty(path); err != nil {
		t.Errorf("a file that is not there: %v", err)
	}
	text := "# mine\n[ConnectionDetails]\npassword = sesame\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time as after a power cut
		if err := Empty(path); err != nil {
			t.Fatal(err)
		}
		wantFile(t, path, "")
		wantFile(t, path+BackupSuffix, text)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %q, %v", left, err)
	}
}

func TestEmptyThatCannotKeepEmptiesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "conn.conf")
	if err := os.WriteFile(path, []byte("[Admin]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(path+BackupSuffix, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Empty(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("emptied without a backup: %v", err)
	}
	wantFile(t, path, "[Admin]\n")
}

func wantFile(t *testing.T, path, text string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != text {
		t.Errorf("%s holds %q, %v", path, got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: %v, %v", path, info.Mode(), err)
	}
}
