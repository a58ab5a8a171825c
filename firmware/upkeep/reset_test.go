package upkeep

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"orionbox/firmware/conf"
	"orionbox/firmware/hub/server"
	"orionbox/firmware/session"
)

const settings = "# mine\n[Admin]\npassword_hash = x\n"

// kept are files that no reset may touch.
var kept = []string{"SESSION_20260101_120000/alice_take-1.mp3", "SESSION_20260101_120000/journal.jsonl", "received/bob/take.mp3",
	"received/.uploads/half", ".hub/parts/half", "notes.txt", ".dialog-of-another.json"}

// used is a box that was used: with recordings, and a hub with a member.
func used(t *testing.T) (root string, r Reset) {
	t.Helper()
	root = t.TempDir()
	put := func(name, text string) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := startHub(t, root)
	if _, err := s.Invite(t.Context(), "600", "Bob", session.Artist); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(kept, ".dialog.json", ".setup-code", ".outbox.jsonl") {
		put(name, "sound of "+name)
	}
	put("conn.conf", settings)
	in := func(name string) string { return filepath.Join(root, name) }
	return root, Reset{Conf: in("conn.conf"), Files: []string{in(".dialog.json"), in(".setup-code"), in(".outbox.jsonl")},
		Hub: in(".hub"), HubFiles: server.Files()}
}

func startHub(t *testing.T, root string) *server.Server {
	t.Helper()
	s, err := server.New(server.Config{Listen: "127.0.0.1:0", Dir: filepath.Join(root, ".hub")}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("the hub does not start: %v", err)
	}
	return s
}

func text(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}

func wantKept(t *testing.T, root string) {
	t.Helper()
	for _, name := range kept {
		if got := text(t, filepath.Join(root, name)); got != "sound of "+name {
			t.Errorf("%s is %q", name, got)
		}
	}
}

func wantNew(t *testing.T, root string) {
	t.Helper()
	wantKept(t, root)
	if text(t, filepath.Join(root, "conn.conf")) != "" || text(t, filepath.Join(root, "conn.conf"+conf.BackupSuffix)) != settings {
		t.Error("conn.conf is not empty, or has no backup")
	}
	gone := []string{".dialog.json", ".setup-code", ".outbox.jsonl", ".hub.reset"}
	for _, name := range server.Files() {
		gone = append(gone, filepath.Join(".hub", name))
	}
	for _, name := range gone {
		if _, err := os.Lstat(filepath.Join(root, name)); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
}

func TestResetMakesABoxNewAndKeepsRecordings(t *testing.T) {
	root, r := used(t)
	entries, err := os.ReadDir(r.Hub)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "parts" && !slices.Contains(r.HubFiles, e.Name()) {
			t.Errorf("no reset knows the hub's %s", e.Name())
		}
	}
	for range 2 { // again, as by somebody who does not trust it
		if err := r.Do(); err != nil {
			t.Fatal(err)
		}
		wantNew(t, root)
	}
	s := startHub(t, root)
	defer s.Close()
	if members, err := s.Members(t.Context(), "600"); err != nil || len(members) > 0 {
		t.Errorf("the new hub knows %v, %v", members, err)
	}
}

// TestResetMayBeCut cuts the power after each step: the box still has its settings and recordings, its hub starts with all
// members or none, and the reset can be done again.
func TestResetMayBeCut(t *testing.T) {
	_, r := used(t)
	for n := range r.steps() {
		root, r := used(t)
		steps := r.steps()
		for _, s := range steps[:n] {
			if err := s.do(); err != nil {
				t.Fatalf("%s: %v", s.what, err)
			}
		}
		wantKept(t, root)
		if text(t, r.Conf) != settings {
			t.Errorf("before %q the settings are gone", steps[n].what)
		}
		s := startHub(t, root)
		members, err := s.Members(t.Context(), "600")
		if err != nil || len(members) > 1 {
			t.Errorf("before %q the hub knows %v, %v", steps[n].what, members, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := r.Do(); err != nil {
			t.Errorf("again after %q: %v", steps[n].what, err)
		}
		wantNew(t, root)
	}
}

// TestResetCutInItsLastStep leaves the backup, and the settings as they were.
func TestResetCutInItsLastStep(t *testing.T) {
	root, r := used(t)
	if err := os.WriteFile(r.Conf+conf.BackupSuffix, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Do(); err != nil {
		t.Fatal(err)
	}
	wantNew(t, root)
}

func TestResetThatFailsStopsBeforeTheSettings(t *testing.T) {
	root, r := used(t)
	if err := os.MkdirAll(filepath.Join(root, ".setup", "not empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.Files = slices.Insert(r.Files, 1, filepath.Join(root, ".setup"))
	err := r.Do()
	if err == nil || !strings.Contains(err.Error(), ".setup") || text(t, r.Conf) != settings {
		t.Errorf("%v, conn.conf %q", err, text(t, r.Conf))
	}
	wantKept(t, root)
}
