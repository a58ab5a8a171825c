// Package systemd holds no code, only the test that systemd takes the units, and finds them shut off enough.
package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var units = []string{"orionbox.service", "orionbox-hub.service"}

func analyze(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("systemd-analyze", args...).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// TestUnitsAreWellFormed asks of a copy that names a program of this machine: ours is not installed on it.
func TestUnitsAreWellFormed(t *testing.T) {
	program, err := exec.LookPath("true")
	if err != nil {
		t.Fatal(err)
	}
	for _, unit := range units {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), unit)
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "/usr/bin/orionbox", program)), 0o600); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(analyze(t, "verify", "--man=no", path)) {
			newer := strings.Contains(line, "'RestartSteps'") || strings.Contains(line, "'RestartMaxDelaySec'") // since systemd 254
			if strings.Contains(line, unit) && !newer {
				t.Error(line)
			}
		}
	}
}

// TestUnitsAreShutOff holds the exposure of each at 2.5 of 10 or less.
func TestUnitsAreShutOff(t *testing.T) {
	for _, unit := range units {
		analyze(t, "security", "--offline=true", "--threshold=25", "./"+unit)
	}
}

// TestNoUnitWaitsForTheNetwork, for a box records without one.
func TestNoUnitWaitsForTheNetwork(t *testing.T) {
	for _, unit := range units {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "#") && strings.Contains(line, "network") {
				t.Errorf("%s: %s", unit, line)
			}
		}
	}
}
