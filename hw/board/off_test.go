package board

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// systemctl puts a program of that name first on the path: the real one would end the test, and the machine with it.
func systemctl(t *testing.T, script string) (asked func() string) {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "asked")
	text := "#!/bin/sh\necho \"$@\" >>" + log + "\n" + script + "\n"
	if err := os.WriteFile(filepath.Join(dir, "systemctl"), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return func() string {
		data, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
}

func TestPowerOff(t *testing.T) {
	asked := systemctl(t, "exit 0")
	if err := PowerOff(t.Context()); err != nil {
		t.Error(err)
	}
	if got := asked(); got != "--no-ask-password poweroff\n" {
		t.Errorf("asked for %q", got)
	}
}

func TestPowerOffThatIsRefused(t *testing.T) {
	systemctl(t, "echo Access denied >&2; exit 1")
	if err := PowerOff(t.Context()); err == nil || !strings.Contains(err.Error(), "Access denied") || !strings.Contains(err.Error(), "unplugged") {
		t.Errorf("refused as %v", err)
	}
}

func TestClockThatIsSet(t *testing.T) {
	now := time.Now()
	later := now.Add(time.Second)
	if by := stepped(now, later); by != 0 {
		t.Errorf("a second later the clock was set by %v", by)
	}
	// without its monotonic reading a time is the clock's on the wall alone, and the distance is by that
	if by := stepped(now.Round(0), later.Round(0)); by != 0 {
		t.Errorf("by %v", by)
	}
	if by := New("/").Time().Set; by.Abs() > time.Second {
		t.Errorf("the test's own clock was set by %v", by)
	}
}
