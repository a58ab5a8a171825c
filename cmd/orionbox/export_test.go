package main

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orionbox/audio/pcm"
	"orionbox/audio/wav"
	"orionbox/firmware/export"
	"orionbox/firmware/takes"
)

// recordVoice makes a session with a second of a voice recording.
func recordVoice(t *testing.T, root string) string {
	t.Helper()
	now := time.Now()
	s, err := takes.New(takes.Config{Root: root, Artist: "ann"}, slog.New(slog.DiscardHandler)).Begin(now)
	if err != nil {
		t.Fatal(err)
	}
	path, err := s.VoicePath(now)
	if err != nil {
		t.Fatal(err)
	}
	format := pcm.Format{Rate: 8000, Channels: 1}
	f, err := wav.Create(path, format)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.WriteFrame(pcm.Frame{Format: format, Data: make([]float32, format.Rate)}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Note(takes.Entry{Kind: takes.KindVoiceStart, Time: now, File: path, Rate: format.Rate}); err != nil {
		t.Fatal(err)
	}
	if err := s.Note(takes.Entry{Kind: takes.KindVoiceStop, File: path, Rate: format.Rate, Samples: int64(format.Rate)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return s.String()
}

func TestExport(t *testing.T) {
	dir := t.TempDir()
	session := recordVoice(t, filepath.Join(dir, "recordings"))
	path := filepath.Join(dir, "conn.conf")
	if err := os.WriteFile(path, []byte("[AudioSettings]\nreserve = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantExit(t, exitUsage, "accepts 2 arg", "export", "last")
	wantExit(t, exitUsage, "there is no such folder", "export", "-c", path, "--from", filepath.Join(dir, "none"), session, filepath.Join(dir, "out"))
	wantExit(t, exitFailed, session, "export", "-c", path, "SESSION_20000101_000000", filepath.Join(dir, "out"))
	wantExit(t, exitFailed, "holds conn.conf", "export", "-c", path, "last", dir)
	out, err := orionbox(t, "export", "-c", path, "last", filepath.Join(dir, "out"))
	if err != nil || !strings.Contains(out, "conference, at ann") || !strings.Contains(out, session) {
		t.Errorf("%v:\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "out", "report.json"))
	var report export.Report
	if err != nil || json.Unmarshal(data, &report) != nil || report.Session != session || len(report.Files) != 4 {
		t.Errorf("%v: %+v", err, report)
	}
}
