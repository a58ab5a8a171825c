package demo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// write makes a file with all its folders.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestOnlyItsOwnIsCleared holds that a demo removes an earlier demo and nothing else.
func TestOnlyItsOwnIsCleared(t *testing.T) {
	const take = "alice/SESSION_20260102_030405/HQ_alice_1_030405.mp3"
	receipt := `{"ok":true,"files":[{"path":"` + take + `"}]}`
	const media = "export/media/HQ_alice_1_030405.wav"
	report := `{"program":"orionbox export","files":[{"name":"media/HQ_alice_1_030405.wav","bytes":1,"modified":"` + time.Now().Format(time.RFC3339Nano) + `"}]}`
	for _, c := range []struct {
		name  string
		files map[string]string
		keeps string // part of the error; empty if the folder is cleared
	}{
		{"nothing", nil, ""},
		{"an earlier demo", map[string]string{"receipt.json": receipt, take: "x", "alice/conn.conf": "x"}, ""},
		{"its export", map[string]string{"receipt.json": receipt, take: "x", "export/report.json": report, media: "x"}, ""},
		{"work in its export", map[string]string{"receipt.json": receipt, take: "x", "export/report.json": report, media: "x",
			"export/mix.rpp": "x"}, "mix.rpp"},
		{"an export that was changed", map[string]string{"receipt.json": receipt, take: "x", "export/report.json": report, media: "xx"}, "HQ_alice_1"},
		{"no receipt", map[string]string{take: "x"}, "no receipt"},
		{"somebody's receipt", map[string]string{"receipt.json": "{}"}, "no receipt"},
		{"a file beside it", map[string]string{"receipt.json": receipt, take: "x", "song.wav": "x"}, "song.wav"},
		{"a take more", map[string]string{"receipt.json": receipt, take: "x",
			"alice/SESSION_20260102_030405/HQ_alice_2_030506.mp3": "x"}, "HQ_alice_2"},
		{"a session more", map[string]string{"receipt.json": receipt, "bob/SESSION_20270102_030405/LQ_bob_030405.wav": "x"}, "LQ_bob"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range c.files {
				write(t, filepath.Join(dir, name), text)
			}
			err := empty(dir)
			entries, readErr := os.ReadDir(dir)
			if readErr != nil {
				t.Fatal(readErr)
			}
			switch {
			case c.keeps == "" && (err != nil || len(entries) > 0):
				t.Errorf("not cleared: %v, %v", entries, err)
			case c.keeps != "" && (err == nil || !strings.Contains(err.Error(), c.keeps)):
				t.Errorf("error %v, want one about %s", err, c.keeps)
			}
			for name := range c.files {
				if _, err := os.Stat(filepath.Join(dir, name)); c.keeps != "" && err != nil {
					t.Errorf("%s was removed", name)
				}
			}
		})
	}
}

func TestOneDemoAFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	held, err := claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := claim(dir); err == nil || !strings.Contains(err.Error(), "--out") {
		t.Errorf("a second demo in the folder: %v", err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := claim(dir)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	again.Close()
}

func TestMicThatCannotPlay(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "song.wav"), "ID3, in truth")
	for _, mic := range []string{filepath.Join(dir, "none.wav"), dir, filepath.Join(dir, "song.wav")} {
		if err := playable(mic); err == nil || !strings.Contains(err.Error(), "--mic") {
			t.Errorf("%s: %v", mic, err)
		}
	}
	if err := writeSignal(filepath.Join(dir, "good.wav"), players[0]); err != nil {
		t.Fatal(err)
	}
	if err := playable(filepath.Join(dir, "good.wav")); err != nil {
		t.Error(err)
	}
}
