package delivery

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orionbox/firmware/delivery/door"
	"orionbox/firmware/hub"
	"orionbox/firmware/received"
	"orionbox/firmware/takes"
)

// copyTake puts a take into a session's folder under another number.
func copyTake(t *testing.T, from, dir, name string) (path string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(dir, 0o750)
	}
	path = filepath.Join(dir, name)
	if err == nil {
		err = os.WriteFile(path, data, 0o640)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestOnlyDeliveredTakesAreDeletedToMakeRoom(t *testing.T) {
	s, root := newStudio(t, door.Config{}), t.TempDir()
	dir := filepath.Join(root, testSession)
	first := record(t, dir, 2, nil)
	second := copyTake(t, first, dir, "HQ_alice_2_200103.mp3")
	writeJournal(t, dir)
	o := s.alice(root, Live)
	run(t, o.Run)
	o.LookThrough()
	i := s.carol(t.TempDir())
	s.arrives(i, filepath.Base(first))
	s.arrives(i, filepath.Base(second))
	deliver := func() bool {
		for _, f := range s.server.Files("600") {
			o.Filed(f)
		}
		return o.Status().Delivered == 2
	}
	eventually(t, "alice knows", deliver)
	edited := strings.Repeat("x", 100)
	if err := os.WriteFile(second, []byte(edited), 0o640); err != nil { // somebody works on it
		t.Fatal(err)
	}
	s.stop()
	late := filepath.Join(root, "SESSION_20260103_200000")
	third := copyTake(t, first, late, "HQ_alice_1_200003.mp3") // the hub is away
	sum, _, err := received.SHA256(third)
	if err != nil {
		t.Fatal(err)
	}
	o.LookThrough()
	eventually(t, "the third waits", func() bool { return len(o.Status().Waiting) == 1 })
	o.MakeRoom(1) // there is more room than that
	o.MakeRoom(math.MaxInt64)
	eventually(t, "room is made", func() bool { return !there(first) })
	o.MakeRoom(math.MaxInt64)
	eventually(t, "it was tried again", func() bool { o.mu.Lock(); defer o.mu.Unlock(); return o.enough == 0 })
	if !there(second) || !there(third) {
		t.Errorf("what somebody had changed is there: %v; what nobody has: %v", there(second), there(third))
	}
	if now, _, err := received.SHA256(third); err != nil || now != sum {
		t.Errorf("the undelivered take was changed: %v", err)
	}
	if r, err := ReadReceipt(first); err != nil || r.Deleted == nil || len(r.Taken) != 1 || r.Taken[0].By != "carol" {
		t.Errorf("the receipt of what was deleted tells %+v, %v", r, err)
	}
	if r, err := ReadReceipt(second); err != nil || r.Deleted != nil {
		t.Errorf("the receipt of what is there tells %+v, %v", r, err)
	}
}

// What a person had deleted is owed to nobody, and what else there is in its session is delivered all the same.
func TestDeletedByAPersonIsForgotten(t *testing.T) {
	s, root := newStudio(t, door.Config{}), t.TempDir()
	dir := filepath.Join(root, testSession)
	first := record(t, dir, 2, nil)
	second := copyTake(t, first, dir, "HQ_alice_2_200103.mp3")
	writeJournal(t, dir)
	o := s.alice(root, Live)
	s.tells(o.Filed)
	s.stop() // the hub is away
	run(t, o.Run)
	o.LookThrough()
	eventually(t, "both wait", func() bool { return o.Owed() == 2 })
	if err := os.Remove(first); err != nil {
		t.Fatal(err)
	}
	o.Deleted(dir, []string{filepath.Base(first)})
	if owed := o.Owed(); owed != 1 {
		t.Errorf("%d takes are owed", owed)
	}
	s.start()
	folder := t.TempDir()
	i := s.producer("carol", folder)
	run(t, i.Run)
	isDelivered(t, second, folder)
	eventually(t, "nothing is left", func() bool { _, left := o.Progress(); return left == 0 && o.Owed() == 0 })
	if there(ReceiptPath(first)) || !there(ReceiptPath(second)) {
		t.Error("a receipt is beside what was deleted, or none beside what was not")
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	o.Deleted(dir, []string{filepath.Base(second), hub.JournalFile})
	eventually(t, "the journal is not missed", func() bool { _, left := o.Progress(); return left == 0 })
	if o.mu.Lock(); len(o.book.parcels) > 0 {
		t.Errorf("%d parcels", len(o.book.parcels))
	}
	o.mu.Unlock()
}

// A session that was held when it was looked through is looked through once it is let go.
func TestSessionThatWasHeldIsLookedThrough(t *testing.T) {
	s, root := newStudio(t, door.Config{}), t.TempDir()
	dir := filepath.Join(root, testSession)
	record(t, dir, 1, nil)
	o := s.alice(root, Live)
	held, err := takes.Hold(dir)
	if err != nil {
		t.Fatal(err)
	}
	o.LookThrough()
	o.lookThrough(t.Context())
	if owed := o.Owed(); owed != 0 {
		t.Errorf("%d takes of a session that is held", owed)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	o.Deleted(dir, []string{"HQ_alice_9_200103.mp3"})
	o.lookThrough(t.Context())
	if owed := o.Owed(); owed != 1 {
		t.Errorf("%d takes are owed", owed)
	}
}
