package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orionbox/firmware/conf"
)

const (
	joinPassword = "kept-to-itself"
	joinToken    = "ann.KEPTTOITSELFKEPTTOITSELF"
)

// invites are a full one and a short one for the same account.
func invites(t *testing.T) (in conf.Invite, full, short string) {
	t.Helper()
	in = conf.Invite{User: "1002", Password: joinPassword, Server: "192.0.2.1", CallNo: "600,,7531#", Hub: "192.0.2.2:9100",
		Name: "Ann", Role: "PRODUCER", Token: joinToken, Fingerprint: strings.Repeat("ab", 32)}
	a, err := in.Encode()
	b, err2 := in.EncodeLegacy()
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return in, string(a), string(b)
}

// wantInvited checks the file that a join left.
func wantInvited(t *testing.T, path string, in conf.Invite) {
	t.Helper()
	file, err := conf.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range file.Problems() {
		t.Errorf("the file has a problem: %s", p)
	}
	c, d := file.Config().ChatSettings, file.Config().ConnectionDetails
	if d.User != in.User || d.Password != in.Password || d.Server != in.Server || d.CallNo != in.CallNo || d.ConnString != "" {
		t.Errorf("the account became %v", d)
	}
	want := conf.ChatSettings{IPAddress: "192.0.2.2", Port: 9100, Username: in.Name, Role: in.Role, Token: in.Token, Fingerprint: in.Fingerprint}
	if c != want {
		t.Errorf("the hub became %v", c)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func wantNoSecret(t *testing.T, out string) {
	t.Helper()
	for _, secret := range []string{joinPassword, joinToken, "7531"} {
		if strings.Contains(out, secret) {
			t.Errorf("%q is told:\n%s", secret, out)
		}
	}
}

func TestJoinWritesTheFile(t *testing.T) {
	in, full, _ := invites(t)
	const mine = "# mine\r\n[AudioSettings]\r\nmic = null\r\n"
	for name, before := range map[string]string{
		"new": "", "mine": mine, "invited before": mine + "[ConnectionDetails]\r\nconn_string = " + full + "\r\n",
	} {
		path := filepath.Join(t.TempDir(), "conn.conf")
		if before != "" {
			if err := os.WriteFile(path, []byte(before), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		out, err := orionbox(t, "join", full, "--yes", "-c", path)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
			continue
		}
		wantNoSecret(t, out)
		for _, want := range []string{"(set)", "600,(set)", "192.0.2.2", "9100", "PRODUCER", "orionbox run -c " + path} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: join does not say %q:\n%s", name, want, out)
			}
		}
		wantInvited(t, path, in)
		if after, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(after), strings.TrimSuffix(before, "conn_string = "+full+"\r\n")) {
			t.Errorf("%s: what stood there became %q, %v", name, after, err)
		}
		wantExit(t, 0, "no faults", "check", "-c", path)
	}
}

func TestJoinShortKeepsTheHub(t *testing.T) {
	in, full, short := invites(t)
	path := filepath.Join(t.TempDir(), "conn.conf")
	wantExit(t, 0, "is written", "join", "--yes", full, "-c", path)
	in.User, in.Password = "1003", "other"
	changed, err := in.EncodeLegacy()
	if err != nil {
		t.Fatal(err)
	}
	wantExit(t, 0, "nothing of a hub", "join", "--yes", string(changed), "-c", path)
	wantInvited(t, path, in)
	alone := filepath.Join(t.TempDir(), "conn.conf")
	wantExit(t, 0, "1002", "join", "--yes", strings.TrimRight(short, "="), "-c", alone)
}

// TestJoinLeavesTheFile: whatever goes wrong, not a byte of conn.conf changes, and none is made.
func TestJoinLeavesTheFile(t *testing.T) {
	_, full, short := invites(t)
	swapped := full[:20] + full[21:22] + full[20:21] + full[22:]
	for _, c := range []struct {
		code int
		text string
		args []string
	}{
		{exitFailed, "damaged", []string{swapped, "--yes"}},
		{exitFailed, "damaged", []string{full[:len(full)-1], "--yes"}},
		{exitFailed, "damaged: it is no base64 at character 1", []string{"!" + short, "--yes"}},
		{exitFailed, "is empty", []string{"", "--yes"}},
		{exitFailed, "is empty", []string{"-", "--yes"}},
		{exitFailed, "is empty", []string{"--yes"}},
		{exitUsage, "--yes", []string{full}},
		{exitUsage, "--yes", []string{}},
		{exitUsage, "--yes", []string{"-"}},
		{exitUsage, "accepts at most 1 arg", []string{full, short, "--yes"}},
		{exitUsage, "unknown flag", []string{full, "--force"}},
	} {
		path := filepath.Join(t.TempDir(), "conn.conf")
		args := append(append([]string{"join"}, c.args...), "-c", path)
		wantExit(t, c.code, c.text, args...)
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v: a file was made, %v", c.args, err)
		}
		const before = "[ConnectionDetails]\nuser = 7\nconn_string = None ; odd\n"
		wantUntouched(t, before, c.code, c.text, c.args...)
	}
	wantUntouched(t, "[ChatSettings]\nbroken\n", exitFailed, "conn.conf:2", full, "--yes")
	wantUntouched(t, "[ChatSettings]\nrole = DRUMMER\nrole = ARTIST\n", exitFailed, "conn.conf:3", full, "--yes")
	wantExit(t, exitFailed, "no such file", "join", full, "--yes", "-c", filepath.Join(t.TempDir(), "none", "conn.conf"))
}

func wantUntouched(t *testing.T, before string, code int, text string, args ...string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "conn.conf")
	if err := os.WriteFile(path, []byte(before), 0o640); err != nil {
		t.Fatal(err)
	}
	wantExit(t, code, text, append(append([]string{"join"}, args...), "-c", path)...)
	wantFile(t, path, before, 0o640)
}

func wantFile(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	after, err := os.ReadFile(path)
	info, err2 := os.Stat(path)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if string(after) != text || info.Mode().Perm() != mode {
		t.Errorf("the file became %q, mode %v", after, info.Mode())
	}
}

func TestJoinFromStandardInput(t *testing.T) {
	in, full, _ := invites(t)
	for _, args := range [][]string{{"join", "-", "--yes"}, {"join", "--yes"}} {
		path := filepath.Join(t.TempDir(), "conn.conf")
		cmd := exec.Command(program, append(args, "-c", path)...)
		cmd.Stdin = strings.NewReader(full[:60] + "\n  " + full[60:] + "\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		wantInvited(t, path, in)
	}
}

// TestJoinAtATerminal: the person pastes, looks, and says yes or no.
func TestJoinAtATerminal(t *testing.T) {
	in, full, _ := invites(t)
	const before = "[AudioSettings]\nmic = null\n"
	for _, c := range []struct {
		name, typed string
		code        int
		shown       string
	}{
		{"yes", full + "\ny\n", 0, "is written"},
		{"broken by the mail", full[:76] + "\n" + full[76:152] + "\n" + full[152:] + "\nYES\n", 0, "not all of it"},
		{"no", full + "\nn\n", exitFailed, "nobody said yes"},
		{"nothing", full + "\n\n", exitFailed, "nobody said yes"},
		{"more of the paste", full + "\n" + full + "\n", exitFailed, "nobody said yes"},
		{"damaged", full[:100] + "\n\n", exitFailed, "damaged"},
		{"end", "\x04", exitFailed, "is empty"},
		{"interrupted", "\x03", exitFailed, "interrupted"},
		{"interrupted at the question", full + "\n\x03", exitFailed, "nobody said yes"},
	} {
		path := filepath.Join(t.TempDir(), "conn.conf")
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out := typeInto(t, c.typed, "join", "-c", path)
		if code != c.code || !strings.Contains(out, c.shown) {
			t.Errorf("%s: exit %d, want %d with %q:\n%s", c.name, code, c.code, c.shown, out)
		}
		wantNoSecret(t, out)
		if c.code == 0 {
			wantInvited(t, path, in)
			continue
		}
		wantFile(t, path, before, 0o600)
	}
}

// typeInto runs orionbox at a terminal of its own. Each part of typed, which ends with a line or is a key of control, is
// typed when the program asks for it; the answer is the exit code and all that the terminal showed.
func typeInto(t *testing.T, typed string, args ...string) (int, string) {
	t.Helper()
	screen, tty := openTerminal(t)
	cmd := exec.Command(program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	guard := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer guard.Stop()
	var shown bytes.Buffer
	asked := 0
	for buffer := make([]byte, 4096); ; {
		n, err := screen.Read(buffer)
		shown.Write(buffer[:n])
		if err != nil {
			break // the program has gone
		}
		for prompts(shown.String()) > asked && typed != "" {
			asked++
			at := strings.IndexAny(typed, "\n\x03\x04") + 1
			if _, err := screen.WriteString(typed[:at]); err != nil {
				t.Fatal(err)
			}
			typed = typed[at:]
		}
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), shown.String()
}

func prompts(shown string) int {
	return strings.Count(shown, "Invite: ") + strings.Count(shown, "if there is none: ") + strings.Count(shown, "[y/N] ")
}

// openTerminal is a terminal: what the program writes to tty is read from screen, and the other way round.
func openTerminal(t *testing.T) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	fd := int(screen.Fd())
	err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	number, err2 := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return screen, tty
}
