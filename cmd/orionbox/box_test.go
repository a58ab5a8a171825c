package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"orionbox/audio/audiotest"
	"orionbox/audio/audiotest/lab"
	"orionbox/audio/measure"
	"orionbox/firmware"
	"orionbox/sip/siptest"
)

// program is the built orionbox that all tests of this package drive.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "orionbox-test-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "orionbox")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build orionbox:", err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// testBox is a box: a folder with conn.conf, recordings and socket, and the running program.
type testBox struct {
	t        testing.TB
	at       *lab.End // where it runs; nil = this machine
	dir      string
	conf     string
	socket   string
	env      []string // besides the test's own
	cmd      *exec.Cmd
	gone     chan struct{}
	exit     error
	log      *logBuffer
	password string
}

// settings are what a test sets in conn.conf, "Section.key" to value.
type settings map[string]string

// newBox writes the conn.conf of user at an Asterisk; the microphone plays a tone of the given frequency.
func newBox(t testing.TB, server, user string, tone float64, more settings) *testBox {
	t.Helper()
	dir := t.TempDir()
	run, err := os.MkdirTemp("", "box") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	b := &testBox{t: t, dir: dir, conf: filepath.Join(dir, "conn.conf"), socket: filepath.Join(run, "s"),
		log: &logBuffer{}, password: siptest.Password(user)}
	mic := filepath.Join(dir, "mic.wav")
	sine := measure.Sine(48000, tone, -15, 10*time.Second) // loops without a step for whole-hertz tones
	audiotest.WriteWAV(t, mic, sine, sine)
	all := settings{
		"ConnectionDetails.user": user, "ConnectionDetails.password": b.password,
		"ConnectionDetails.server": server, "ConnectionDetails.call_no": "600",
		"AudioSettings.mic": "file:" + mic, "AudioSettings.speakers": "null",
		"AudioSettings.recording_location": "rec", "AudioSettings.reserve": "50", "Admin.listen": "off",
	}
	for k, v := range more {
		all[k] = v
	}
	b.writeConf(all)
	return b
}

func (b *testBox) writeConf(all settings) {
	b.t.Helper()
	bySection := map[string][]string{}
	for name, value := range all {
		section, key, _ := strings.Cut(name, ".")
		bySection[section] = append(bySection[section], key+" = "+value)
	}
	var text strings.Builder
	for section, lines := range bySection {
		fmt.Fprintf(&text, "[%s]\n%s\n\n", section, strings.Join(lines, "\n"))
	}
	if err := os.WriteFile(b.conf, []byte(text.String()), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// start runs the box and returns when it answers; it is stopped when the test ends, its log shown if the test fails.
func (b *testBox) start() *testBox {
	b.t.Helper()
	b.cmd = b.at.Command(program, "run", "-c", b.conf, "--socket", b.socket, "-v")
	b.cmd.Stderr = b.log
	if b.env != nil {
		b.cmd.Env = append(os.Environ(), b.env...)
	}
	b.cmd.Stdout = b.log
	gone := make(chan struct{})
	b.gone = gone
	cmd := b.cmd
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	go func() { b.exit = cmd.Wait(); close(gone) }()
	b.t.Cleanup(func() {
		if cmd.Process != nil {
			cmd.Process.Kill()
			<-gone
		}
		if b.t.Failed() {
			b.t.Logf("log of the box:\n%s", b.log.tail(8000))
			b.log.reset()
		}
	})
	b.await("the box to answer", func(firmware.Status) bool { return true })
	return b
}

// stop asks the box to finish and waits until it has, with exit code 0.
func (b *testBox) stop() {
	b.t.Helper()
	b.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-b.gone:
	case <-time.After(20 * time.Second):
		b.cmd.Process.Signal(syscall.SIGQUIT)
		<-b.gone
		b.t.Fatal("the box did not stop in 20 s")
	}
	if b.exit != nil {
		b.t.Fatalf("the box stopped with %v", b.exit)
	}
}

// kill ends the box as a power cut would.
func (b *testBox) kill() {
	b.cmd.Process.Kill()
	<-b.gone
}

func (b *testBox) status() (s firmware.Status, err error) {
	out, err := orionbox(b.t, "status", "--json", "--socket", b.socket)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		b.t.Fatalf("status is no JSON: %v\n%s", err, out)
	}
	return s, nil
}

// await polls the status until it is as wished.
func (b *testBox) await(what string, ok func(firmware.Status) bool) firmware.Status {
	b.t.Helper()
	return b.awaitFor(20*time.Second, what, ok)
}

func (b *testBox) awaitFor(limit time.Duration, what string, ok func(firmware.Status) bool) firmware.Status {
	b.t.Helper()
	var last firmware.Status
	var failed error
	if !poll(limit, func() bool {
		last, failed = b.status()
		return failed == nil && ok(last)
	}) {
		text, _ := json.MarshalIndent(last, "", " ")
		b.t.Fatalf("waited %v for %s; last status %v\n%s", limit, what, failed, text)
	}
	return last
}

func poll(limit time.Duration, ok func() bool) bool {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); <-ticker.C {
		if ok() {
			return true
		}
	}
	return ok()
}

func (b *testBox) join() firmware.Status {
	b.t.Helper()
	return b.await("the conference", func(s firmware.Status) bool { return s.Call == "in conference" })
}

func (b *testBox) press(button string) string {
	b.t.Helper()
	out, err := orionbox(b.t, "press", button, "--socket", b.socket)
	if err != nil {
		b.t.Fatalf("press %s: %v\n%s", button, err, out)
	}
	return out
}

// record starts a take and waits until it is on its way to the disk.
func (b *testBox) record() {
	b.t.Helper()
	b.press("record")
	b.await("the take to grow", func(s firmware.Status) bool { return s.Recording })
}

// endTake ends the take and waits until it is closed.
func (b *testBox) endTake() {
	b.t.Helper()
	b.press("record")
	b.await("the take to end", func(s firmware.Status) bool { return s.Take.State == "idle" })
}

// talk lets the session last until the voice recording has grown by length.
func (b *testBox) talk(length time.Duration) {
	b.t.Helper()
	from := b.await("the voice recording", func(s firmware.Status) bool { return s.Voice.Seconds > 0 }).Voice.Seconds
	b.awaitFor(length+20*time.Second, "the voice recording to grow", func(s firmware.Status) bool {
		return s.Voice.Seconds >= from+length.Seconds()
	})
}

// files are the box's recordings of a pattern, oldest first.
func (b *testBox) files(pattern string) []string {
	b.t.Helper()
	found, err := filepath.Glob(filepath.Join(b.dir, "rec", "SESSION_*", pattern))
	if err != nil {
		b.t.Fatal(err)
	}
	return found
}

// only is the one file of a pattern.
func (b *testBox) only(pattern string) string {
	b.t.Helper()
	files := b.files(pattern)
	if len(files) != 1 {
		b.t.Fatalf("%d files %s, want one: %v", len(files), pattern, files)
	}
	return files[0]
}

// orionbox runs a command of the program to its end and returns what it printed.
func orionbox(t testing.TB, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// logBuffer holds what a box logs, while it runs.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

var _ io.Writer = (*logBuffer)(nil)

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logBuffer) tail(n int) string {
	text := l.String()
	return text[max(0, len(text)-n):]
}

func (l *logBuffer) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}
