package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orionbox/firmware"
)

// runSetup runs orionbox setup in a folder of the test's own.
func runSetup(dir string, args ...string) (out string, err error) {
	root := newRoot()
	var printed bytes.Buffer
	root.SetOut(&printed)
	in := func(name string) string { return filepath.Join(dir, name) }
	root.SetArgs(append([]string{"setup", "--file", in("orionbox.txt"), "-c", in("conn.conf")}, args...))
	err = root.Execute()
	return printed.String(), err
}

func TestSetupMakesTheBoxOfTheFile(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	_, full, _ := invites(t)
	if err := os.WriteFile(in("orionbox.txt"), []byte("wifi = Studio\nwifi_password = "+joinPassword+"\ninvite = "+full), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := runSetup(dir, "--check"); err != nil || !strings.Contains(out, "no faults") {
		t.Errorf("check: %v, %s", err, out)
	}
	if _, err := runSetup(dir); exitCode(err) != exitUsage {
		t.Errorf("without --state: %v", err)
	}
	out, err := runSetup(dir, "--state", in("state"), "--label", in("label.txt"))
	if err != nil || !strings.Contains(out, "set the Wi-Fi network Studio") {
		t.Fatalf("%v, %s", err, out)
	}
	wantNoSecret(t, out)
	label, err := os.ReadFile(in("label.txt"))
	if err != nil {
		t.Fatal(err)
	}
	code, err := firmware.ReadCode(firmware.CodePath(in("recordings")))
	if err != nil || !strings.Contains(string(label), code) {
		t.Errorf("code %q, %v, label:\n%s", code, err, label)
	}
	if out, err := runSetup(dir, "--state", in("state"), "--label", in("label.txt")); err != nil || out != "nothing to do\n" {
		t.Errorf("again: %v, %s", err, out)
	}
}

func TestSetupNamesEachFault(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "orionbox.txt"), []byte("wlan = x\nadmin_password = short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--check"}, {"--state", filepath.Join(dir, "state")}} {
		out, err := runSetup(dir, args...)
		if exitCode(err) != exitFailed || !strings.Contains(out, "line 1: wlan: ") || !strings.Contains(out, "line 2: admin_password: ") {
			t.Errorf("%v: %v, %s", args, err, out)
		}
	}
}
