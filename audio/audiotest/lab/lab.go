// Package lab owns the running of real foreign programs in tests: Asterisk, baresip, PulseAudio, Swift and chromium,
// unpacked from Debian by .ci/lab and run out of their folder by chroot, as root or, in a user namespace, as anybody else.
//
// A program lives in a folder of its own inside the tree, has ports of its own, and dies with its test, also when the
// test is killed. Only tests import this package.
package lab

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// The trees of the lab.
const (
	Asterisk = "asterisk" // Asterisk 16
	Client   = "client"   // baresip, sipp, PulseAudio
	Storage  = "storage"  // OpenStack Swift
	Browser  = "browser"  // chromium
)

// Root is the folder of a tree, unpacked first if this machine has not got it yet (half a minute, once).
func Root(t testing.TB, tree string) string {
	t.Helper()
	path, err := unpacked()
	if err != nil {
		t.Fatalf("unpack the lab: %v", err)
	}
	return filepath.Join(path, tree)
}

var unpacked = sync.OnceValues(func() (string, error) {
	script, err := inModule(".ci/lab")
	if err != nil {
		return "", err
	}
	cmd := exec.Command(script)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	return string(bytes.TrimSpace(out)), err
})

// inModule finds a file of the module from the folder of the package under test, where go test runs it.
func inModule(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, name), nil
		}
	}
	return "", os.ErrNotExist
}

// Folder is a program's own folder: Host is its path on this machine, Inside what the program in the tree calls it.
type Folder struct {
	Host, Inside string
}

// NewFolder makes a folder in the tree that is removed after the test; what is left of tests that were killed long
// ago goes too.
func NewFolder(t testing.TB, tree, name string) Folder {
	t.Helper()
	parent := filepath.Join(Root(t, tree), "inst")
	sweep(parent)
	host, err := os.MkdirTemp(parent, name+"-")
	if err != nil {
		t.Fatalf("make a folder in the lab: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(host); err != nil {
			t.Errorf("clear the lab: %v", err)
		}
	})
	return Folder{Host: host, Inside: "/inst/" + filepath.Base(host)}
}

func sweep(parent string) {
	entries, _ := os.ReadDir(parent)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			os.RemoveAll(filepath.Join(parent, e.Name()))
		}
	}
}

// Path is a file of the folder as this machine sees it.
func (f Folder) Path(elem ...string) string {
	return filepath.Join(append([]string{f.Host}, elem...)...)
}

// Write puts a file into the folder, and the folders above it.
func (f Folder) Write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(f.Path(name)), 0o755); err != nil {
		t.Fatalf("write in the lab: %v", err)
	}
	if err := os.WriteFile(f.Path(name), []byte(content), 0o644); err != nil {
		t.Fatalf("write in the lab: %v", err)
	}
}
