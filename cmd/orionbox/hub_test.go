package main

import (
	"encoding/json"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"orionbox/firmware"
	"orionbox/firmware/conf"
	"orionbox/firmware/hub/server"
	"orionbox/webadmin"
)

// startHubAlone runs `orionbox hub` on a free port until the test ends, and returns its socket and what it logs.
func startHubAlone(t *testing.T, more ...string) (socket string, log *logBuffer) {
	t.Helper()
	run, err := os.MkdirTemp("", "hub") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	socket, log = filepath.Join(run, "s"), &logBuffer{}
	cmd := exec.Command(program, append([]string{"hub", "--listen", "127.0.0.1:0", "--dir", filepath.Join(run, "hub"), "--socket", socket, "-v"}, more...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("the hub ended with %v\n%s", err, log)
		}
	})
	if !poll(20*time.Second, func() bool { _, err := orionbox(t, "hub", "status", "--socket", socket); return err == nil }) {
		t.Fatalf("the hub does not answer:\n%s", log)
	}
	return socket, log
}

func TestHubAlone(t *testing.T) {
	socket, log := startHubAlone(t)
	dir := t.TempDir()
	password, image := filepath.Join(dir, "password"), filepath.Join(dir, "alice.png")
	if err := os.WriteFile(password, []byte("kept-to-itself\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := orionbox(t, "invite", "--name", "Alice", "--user", "1001", "--password-file", password, "--server", "sip.example.org",
		"--call-no", "600,,7531#", "--png", image, "--socket", socket)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(out, "\n")
	in, err := conf.ParseInvite(lines[2]) // on a line of its own, to be marked with the mouse
	if err != nil || in.Password != "kept-to-itself" || in.Role != "ARTIST" || !strings.HasPrefix(lines[0], "Invite for Alice (ARTIST) into room 600 of the hub at "+in.Hub) {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(out, "█") || !strings.Contains(out, "orionbox revoke alice") {
		t.Errorf("printed\n%s", out)
	}
	wantImage(t, image)
	wantExit(t, exitFailed, "is there already", "invite", "--name", "bob", "--call-no", "600", "--png", image, "--socket", socket)
	wantExit(t, exitRefused, "--call-no", "invite", "--name", "bob", "--png", filepath.Join(dir, "bob.png"), "--socket", socket)
	if _, err := os.Stat(filepath.Join(dir, "bob.png")); err == nil {
		t.Error("the image of an invite that was refused stays")
	}

	var members []firmware.Member
	out, err = orionbox(t, "members", "--json", "--socket", socket)
	if err != nil || json.Unmarshal([]byte(out), &members) != nil || len(members) != 1 || members[0].ID != "alice" || members[0].Room != "600" {
		t.Errorf("members %v\n%s", err, out)
	}
	wantExit(t, exitRefused, "orionbox members", "revoke", "bob", "--socket", socket)
	wantExit(t, 0, "alice is revoked", "revoke", "alice", "--socket", socket)
	wantExit(t, 0, "revoked", "members", "--socket", socket)
	wantExit(t, 0, "built-in", "hub", "status", "--socket", socket)
	var status server.Status
	out, err = orionbox(t, "hub", "status", "--json", "--socket", socket)
	if err != nil || json.Unmarshal([]byte(out), &status) != nil || status.Address != in.Hub || status.Version == "" {
		t.Errorf("status %v\n%s", err, out)
	}
	wantExit(t, exitRefused, "only a hub", "peers", "--socket", socket)
	wantExit(t, exitFailed, "another orionbox", "hub", "--listen", "127.0.0.1:0", "--dir", dir, "--socket", socket)
	for _, secret := range []string{"kept-to-itself", string(in.Token), lines[2], "7531"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("a secret stands in the log")
		}
	}
}

// wantImage checks that the file is a picture that only its owner reads.
func wantImage(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := png.Decode(file); err != nil {
		t.Errorf("the QR code is no PNG: %v", err)
	}
}

func TestInviteAsksOnlyForWhatItNeeds(t *testing.T) {
	socket, _ := startHubAlone(t)
	out, err := pipe(t, "from standard input\r\n", "invite", "--name", "dave", "--user", "1004", "--password-file", "-", "--server", "h", "--call-no", "600",
		"--legacy", "--json", "--socket", socket)
	var reply webadmin.InviteReply
	if err != nil || json.Unmarshal([]byte(out), &reply) != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if in, err := conf.ParseInvite(reply.String); err != nil || in.Password != "from standard input" || in.Full() {
		t.Errorf("%+v, %v", in, err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"empty": "\n", "two": "a\nb\n", "long": strings.Repeat("a", maxPassword+1)} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		wantExit(t, exitFailed, path, "invite", "--name", "a", "--user", "1", "--password-file", path, "--socket", socket)
	}
	wantExit(t, exitUsage, "no terminal", "invite", "--name", "a", "--user", "1", "--socket", socket)
	wantExit(t, exitUsage, "--name", "invite", "--socket", socket)
	wantExit(t, exitUsage, "--user", "invite", "--name", "a", "--password-file", "x", "--socket", socket)
	wantExit(t, exitUsage, "--user", "invite", "--name", "a", "--legacy", "--socket", socket)
	wantExit(t, exitUsage, "--hub", "invite", "--name", "a", "--legacy", "--user", "1", "--hub", "h:1", "--socket", socket)
	wantExit(t, exitRefused, "PRODUCER", "invite", "--name", "a", "--role", "BOSS", "--socket", socket)
}

// TestHubSettings come from conn.conf unless the command line says otherwise.
func TestHubSettings(t *testing.T) {
	dir := t.TempDir()
	file, url := filepath.Join(dir, "conn.conf"), filepath.Join(dir, "url")
	text := "[ConnectionDetails]\nserver = sip.example.org\ncall_no = 600\n[Hub]\nlisten = 127.0.0.1:9123\nnats_url = nats://a:p@one\n"
	for path, text := range map[string]string{file: text, url: "nats://a:p@two, nats://three\n", url + "-bad": "http://p@x\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := hubOptions{flags: flags{conf: file}, dir: "d"}
	cfg, defaults, err := o.config()
	if err != nil || cfg.Listen != "127.0.0.1:9123" || cfg.NATSURL != "nats://a:p@one" || cfg.Dir != "d" || defaults.CallNo != "600" || defaults.Server != "sip.example.org" {
		t.Errorf("%v %v, %v", cfg.Listen, defaults, err)
	}
	o.listen, o.natsURLFile = ":9124", url
	if cfg, _, err := o.config(); err != nil || cfg.Listen != ":9124" || cfg.NATSURL != "nats://a:p@two, nats://three" {
		t.Errorf("%v, %v", cfg.Listen, err)
	}
	if cfg, _, err := (&hubOptions{}).config(); err != nil || cfg.Listen != ":9000" || cfg.NATSURL != "" {
		t.Errorf("%v, %v", cfg.Listen, err)
	}
	wantExit(t, exitFailed, "nats://", "hub", "--nats-url-file", url+"-bad", "--dir", dir, "--socket", filepath.Join(dir, "s"))
	wantExit(t, exitUsage, "--listen", "hub", "--listen", "here", "--dir", dir, "--socket", filepath.Join(dir, "s"))
	if out, _ := orionbox(t, "hub", "--nats-url-file", url+"-bad"); strings.Contains(out, "p@x") {
		t.Errorf("the address, which may hold a password, is repeated:\n%s", out)
	}
}

// TestHubBesideABox is found when the box has none, and the box's words are told when nobody has.
func TestHubBesideABox(t *testing.T) {
	run, err := os.MkdirTemp("", "run") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	t.Setenv("RUNTIME_DIRECTORY", run)
	wantExit(t, exitNotRunning, "orionbox hub", "hub", "status")
	box := (&scripted{}).open(t)
	if err := os.Symlink(box, defaultSocket()); err != nil {
		t.Fatal(err)
	}
	wantExit(t, exitRefused, "no hub runs here", "hub", "status")
	wantExit(t, exitRefused, "no hub runs here", "invite", "--name", "alice")
	wantExit(t, exitRefused, "no hub runs here", "revoke", "alice")
	alone, _ := startHubAlone(t)
	if err := os.Symlink(alone, hubSocket()); err != nil {
		t.Fatal(err)
	}
	wantExit(t, 0, "built-in", "hub", "status")
	wantExit(t, 0, "nobody is invited", "members")
	wantExit(t, exitRefused, "no hub runs here", "hub", "status", "--socket", box)
}
