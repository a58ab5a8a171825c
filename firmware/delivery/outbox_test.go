package delivery

import (
	"os"
	"path/filepath"
	"testing"

	"orionbox/firmware/delivery/door"
	"orionbox/firmware/hub"
	"orionbox/firmware/received"
	"orionbox/firmware/session"
)

// alice is an outbox in a folder, that is not run yet.
func (s *studio) alice(root string, policy Policy) *Outbox {
	s.t.Helper()
	return NewOutbox(OutboxConfig{Root: root, Artist: "alice", Box: "alice", Policy: policy}, s.way("alice", session.Artist), testLog(s.t))
}

func TestTakeIsSentWhileItGrows(t *testing.T) {
	s, root := newStudio(t, door.Config{}), t.TempDir()
	o := s.alice(root, Live)
	run(t, o.Run)
	dir := filepath.Join(root, testSession)
	path := record(t, dir, 6, func(path string, bytes int64) {
		o.Follow(Recording{Path: path, Bytes: bytes, Open: true})
		eventually(t, "the hub has most of what is on the disk", func() bool {
			w := o.Status().Waiting
			return len(w) == 1 && w[0].Sent > bytes-minSlice
		})
	})
	writeJournal(t, dir)
	o.Follow(Recording{Path: path, Bytes: sizeOf(t, path)})
	sum, bytes, err := received.SHA256(path)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the take is whole at the hub", func() bool { return s.file(filepath.Base(path)).Whole() })
	if f := s.file(filepath.Base(path)); f.SHA256 != sum || f.Bytes != bytes || f.Name != "alice" {
		t.Errorf("the hub has %+v, the box %d bytes %s", f, bytes, sum)
	}
	eventually(t, "the journal goes along", func() bool { return s.file(hub.JournalFile).Whole() })
	eventually(t, "the receipt is kept", func() bool { r, err := ReadReceipt(path); return err == nil && r.SHA256 == sum && r.Whole != nil })
	if total := o.speed.total.Load(); total > bytes+4096 {
		t.Errorf("%d bytes were sent of %d", total, bytes)
	}
}

func writeJournal(t *testing.T, dir string) {
	t.Helper()
	line := `{"v":1,"kind":"session","time":"2026-01-02T20:00:00Z","session":0,"text":"opened"}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, hub.JournalFile), []byte(line), 0o640); err != nil {
		t.Fatal(err)
	}
}
