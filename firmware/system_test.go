package firmware

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orionbox/firmware/conf"
	"orionbox/firmware/logbook"
	"orionbox/webadmin"
)

const (
	plantedSIP   = "sesame-of-the-sip"
	plantedOld   = "sesame-of-last-year"
	plantedToken = "alice.sesame-of-the-hub"
	plantedNew   = "sesame-since-the-start"
	plantedPIN   = "73519"
	plantedCode  = "SESA-ME42-CODE"
)

// known are the secrets that runningBox can know; conn.conf has one that came after its start. Another stands in a comment.
var known = []string{plantedSIP, plantedToken, plantedNew, plantedPIN, plantedCode, "SESAME42CODE"}

// runningBox is a box with secrets in every place, and its system.
func runningBox(t *testing.T) (b *Box, log *slog.Logger, stop func() error) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "conn.conf")
	text := "# was " + plantedOld + "\n[ConnectionDetails]\npassword = " + plantedSIP + "\ncall_no = 600,," + plantedPIN + "#\n[AudioSettings]\nmic = null\nspeakers = null\ncues = off\n" +
		"[ChatSettings]\nusername = Alice\ntoken = " + plantedToken + "\n[Admin]\nlisten = off\n[Hardware]\nchip = sim\n"
	put(t, path, text)
	f, err := conf.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	root := f.Config().AudioSettings.RecordingLocation
	put(t, filepath.Join(root, "SESSION_20260101_120000", "journal.jsonl"), `{"v":1,"kind":"chat","text":"it is `+plantedSIP+`, then `+plantedPIN+`"}`+"\n")
	put(t, CodePath(root), plantedCode+"\n")
	book := logbook.New(slog.NewTextHandler(io.Discard, nil), 100)
	log = slog.New(book)
	if b, err = New(Config{Settings: f.Config(), Conf: path, Socket: filepath.Join(dir, "s"), Version: "test", Book: book}, log); err != nil {
		t.Fatal(err)
	}
	put(t, path, strings.Replace(text, plantedToken, plantedNew, 1))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(cancel)
	if _, err := b.Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b, log, func() error { return <-done }
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func wantNoSecret(t *testing.T, where, text string) {
	t.Helper()
	for _, secret := range append(known, plantedOld, "sesame") {
		if strings.Contains(text, secret) {
			t.Errorf("%s has %q: %s", where, secret, text)
		}
	}
}

func TestLogsAndDiagnosticsHoldNoSecret(t *testing.T) {
	b, log, stop := runningBox(t)
	for _, secret := range known {
		log.Warn("planted "+secret, "as", secret, "in", []string{secret})
	}
	s := system{b}
	lines := s.Log(0, slog.LevelWarn)
	shown := ""
	for _, l := range lines {
		shown += l.Text + "\n"
	}
	if strings.Count(shown, "planted ***") != len(known) {
		t.Errorf("the log does not show that something was left out: %s", shown)
	}
	wantNoSecret(t, "the log", shown)
	if last := lines[len(lines)-1].Seq; len(s.Log(last, slog.LevelWarn)) != 0 {
		t.Error("there are lines after the last")
	}
	var packed bytes.Buffer
	if err := s.Bundle(t.Context(), &packed); err != nil {
		t.Fatal(err)
	}
	found := unpack(t, packed.Bytes())
	for name, text := range found {
		wantNoSecret(t, name, text)
		if strings.Contains(text, "could not be found out") && !strings.HasSuffix(name, "/devices.txt") {
			t.Errorf("%s: %s", name, text)
		}
	}
	if len(found) != len(b.pieces()) {
		t.Errorf("%d of %d pieces", len(found), len(b.pieces()))
	}
	if err := errors.Join(s.Restart(t.Context()), stop()); err != nil || !b.Restarts() {
		t.Errorf("restart: %v, starts again: %t", err, b.Restarts())
	}
}

// unpack is what is in a bundle, by name.
func unpack(t *testing.T, packed []byte) map[string]string {
	t.Helper()
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		found[header.Name] = string(text)
	}
}

func TestOneBundleAtATime(t *testing.T) {
	b := &Box{}
	b.caretaker.bundle.Lock()
	var refused *webadmin.Error
	if err := (system{b}).Bundle(t.Context(), io.Discard); !errors.As(err, &refused) || refused.Status != http.StatusServiceUnavailable {
		t.Errorf("a second bundle: %v", err)
	}
}

func TestResetIsRefusedWhileATakeRuns(t *testing.T) {
	b, _, stop := runningBox(t)
	s := system{b}
	if _, err := b.direct.Press(t.Context(), "record", 0); err != nil {
		t.Fatal(err)
	}
	var refused *webadmin.Error
	if err := s.Reset(t.Context()); !errors.As(err, &refused) || refused.Status != http.StatusConflict || b.Restarts() {
		t.Errorf("a reset while a take runs: %v", err)
	}
	if data, err := os.ReadFile(b.cfg.Conf); err != nil || len(data) == 0 {
		t.Errorf("conn.conf was emptied: %v", err)
	}
	if err := errors.Join(s.Restart(t.Context()), stop()); err != nil {
		t.Error(err)
	}
}

func TestResetMakesTheBoxNew(t *testing.T) {
	b, _, stop := runningBox(t)
	root := b.cfg.Settings.AudioSettings.RecordingLocation
	if err := errors.Join((system{b}).Reset(t.Context()), stop()); err != nil || !b.Restarts() {
		t.Fatalf("reset: %v", err)
	}
	var refused *webadmin.Error
	if err := (system{b}).Restart(t.Context()); err == nil || errors.As(err, &refused) {
		t.Errorf("a box that has stopped: %v", err)
	}
	if data, err := os.ReadFile(b.cfg.Conf); err != nil || len(data) > 0 {
		t.Errorf("conn.conf: %q, %v", data, err)
	}
	if data, err := os.ReadFile(b.cfg.Conf + conf.BackupSuffix); err != nil || !strings.Contains(string(data), plantedSIP) {
		t.Errorf("the backup: %q, %v", data, err)
	}
	if _, err := os.Stat(CodePath(root)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the code: %v", err)
	}
	if _, err := os.Stat(filepath.Join(root, "SESSION_20260101_120000", "journal.jsonl")); err != nil {
		t.Errorf("a session is gone: %v", err)
	}
}
