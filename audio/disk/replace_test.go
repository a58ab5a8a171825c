package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestMoveNew(t *testing.T) {
	for name, move := range map[string]func(string, string) error{"in one": MoveNew, "looking": moveLooking} {
		dir := t.TempDir()
		a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
		for path, text := range map[string]string{a: "new", b: "old"} {
			if err := os.WriteFile(path, []byte(text), FileMode); err != nil {
				t.Fatal(err)
			}
		}
		if err := move(a, b); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: onto a file: %v", name, err)
		}
		if text, err := os.ReadFile(b); err != nil || string(text) != "old" {
			t.Errorf("%s: it was replaced by %q, %v", name, text, err)
		}
		if err := move(a, filepath.Join(dir, "c")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := move(a, filepath.Join(dir, "d")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a file that is gone: %v", name, err)
		}
	}
}

func TestMakeFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b", "c")
	for range 2 {
		if err := MakeFolder(dir, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, FileMode); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, filepath.Join(file, "below")} {
		if err := MakeFolder(path, 0o750); err == nil {
			t.Errorf("%s became a folder", path)
		}
	}
}
