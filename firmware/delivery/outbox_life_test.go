package delivery

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"orionbox/firmware/delivery/door"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
)

// A hub that is stopped and started again and again while a take grows costs nothing, at either end.
func TestHubRestartsWhileATakeGrows(t *testing.T) {
	s, root, folder := newStudio(t, door.Config{}), t.TempDir(), t.TempDir()
	o := s.alice(root, Live)
	s.tells(o.Filed)
	i := s.producer("carol", folder)
	blips(t, o, i)
	run(t, o.Run)
	stop := run(t, i.Run)
	dir := filepath.Join(root, testSession)
	path := record(t, dir, 6, func(path string, bytes int64) {
		s.stop()
		o.Follow(Recording{Path: path, Bytes: bytes, Open: true})
		s.start()
		eventually(t, "the hub has most of what is on the disk", func() bool {
			w := o.Status().Waiting
			return len(w) == 1 && w[0].Sent > bytes-minSlice
		})
	})
	writeJournal(t, dir)
	o.Follow(Recording{Path: path, Bytes: sizeOf(t, path)})
	s.stop()
	o.EndSession(dir)
	s.start()
	isDelivered(t, path, folder)
	if total := o.speed.total.Load(); total > sizeOf(t, path)+8*minSlice {
		t.Errorf("%d bytes were sent of %d", total, sizeOf(t, path))
	}
	if status := o.Status(); status.Delivered != 1 || len(status.Waiting) != 0 || len(status.Missing()) != 0 || status.Left != 0 {
		t.Errorf("%+v", status)
	}
	eventually(t, "nothing is left at either end", func() bool {
		_, a := o.Progress()
		_, b := i.Progress()
		return a+b == 0 && !o.Delivering()
	})
	stop()
}

// A take of several slices whose session has ended goes in one go.
func TestTakeOfManySlices(t *testing.T) {
	s, root, folder := newStudio(t, door.Config{}), t.TempDir(), t.TempDir()
	o := s.alice(root, End)
	began, looks := time.Now(), atomic.Int64{}
	o.now = func() time.Time { return began.Add(time.Duration(looks.Add(1)) * sliceTime / 8) } // a slice is over after some 100 kB
	s.tells(o.Filed)
	run(t, o.Run)
	dir := filepath.Join(root, testSession)
	path := record(t, dir, 60, nil)
	writeJournal(t, dir)
	o.Follow(Recording{Path: path, Bytes: sizeOf(t, path)})
	o.EndSession(dir)
	i := s.producer("carol", folder)
	run(t, i.Run)
	isDelivered(t, path, folder)
	if total := o.speed.total.Load(); total > sizeOf(t, path)+4096 {
		t.Errorf("%d bytes were sent of %d", total, sizeOf(t, path))
	}
}

// The same with what a call leaves: in small slices, at both ends.
func TestTakeInACall(t *testing.T) {
	s, root, folder := newStudio(t, door.Config{}), t.TempDir(), t.TempDir()
	o := s.alice(root, Live)
	s.tells(o.Filed)
	dir := filepath.Join(root, testSession)
	path := record(t, dir, 2, nil)
	o.Heed(Sample{InCall: true, Connected: true})
	if limit := o.Status().Limit; limit != callRate {
		t.Errorf("the limit is %d", limit)
	}
	o.LookThrough()
	run(t, o.Run)
	i := s.producer("carol", folder)
	i.Heed(Sample{InCall: true, Connected: true})
	if n := i.slice(); n > 2*callRate {
		t.Errorf("%d bytes are asked for at once", n)
	}
	run(t, i.Run)
	isDelivered(t, path, folder)
}

// Receipts that are lost or damaged are found again from the hub, and nothing is sent for them; what the hub has let go of meanwhile
// counts as delivered.
func TestReceiptsThatAreLost(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"lost":     os.Remove,
		"cut":      func(path string) error { return os.Truncate(path, 20) },
		"empty":    func(path string) error { return os.Truncate(path, 0) },
		"of zeros": func(path string) error { return os.WriteFile(path, make([]byte, 100), 0o640) },
	} {
		t.Run(name, func(t *testing.T) {
			s, root, folder := newStudio(t, door.Config{}), t.TempDir(), t.TempDir()
			dir := filepath.Join(root, testSession)
			path := record(t, dir, 3, nil)
			writeJournal(t, dir)
			o := s.alice(root, Live)
			s.tells(o.Filed)
			o.LookThrough()
			stop := run(t, o.Run)
			run(t, s.producer("carol", folder).Run)
			isDelivered(t, path, folder)
			journal := filepath.Join(dir, hub.JournalFile)
			eventually(t, "both are gone from the hub, and the receipts say so", func() bool {
				a, _ := ReadReceipt(path)
				b, _ := ReadReceipt(journal)
				return a.Gone && b.Gone
			})
			stop()
			for _, file := range []string{path, journal} {
				if err := lose(file + receiptSuffix); err != nil {
					t.Fatal(err)
				}
			}
			again := s.alice(root, Live)
			for _, f := range s.server.Files("600") {
				again.Filed(f)
			}
			again.LookThrough()
			run(t, again.Run)
			eventually(t, "the receipt is there again", func() bool { r, err := ReadReceipt(path); return err == nil && len(r.Taken) == 1 && r.Gone })
			eventually(t, "nothing is left", func() bool { _, left := again.Progress(); return left == 0 })
			if total := again.speed.total.Load(); total > 2*sizeOf(t, journal) {
				t.Errorf("%d bytes were sent", total)
			}
		})
	}
}

// A journal that was never sent, since the box was killed after its take had been delivered, is sent after the next start.
func TestJournalThatWasNotSent(t *testing.T) {
	s, root, folder := newStudio(t, door.Config{}), t.TempDir(), t.TempDir()
	dir := filepath.Join(root, testSession)
	path := record(t, dir, 2, nil)
	o := s.alice(root, Live)
	s.tells(o.Filed)
	o.LookThrough()
	stop := run(t, o.Run)
	run(t, s.producer("carol", folder).Run)
	isDelivered(t, path, folder)
	stop()
	writeJournal(t, dir)
	again := s.alice(root, Live)
	s.tells(again.Filed)
	again.LookThrough()
	run(t, again.Run)
	eventually(t, "the journal is delivered", func() bool { return len(s.file(hub.JournalFile).Taken) == 1 })
	if total := again.speed.total.Load(); total > 1000 {
		t.Errorf("%d bytes were sent", total)
	}
}

// The end of a session that is told while its journal is on its way has it sent once more.
func TestSessionEndsWhileItsJournalIsSent(t *testing.T) {
	o := NewOutbox(OutboxConfig{Root: t.TempDir(), Artist: "alice", Box: "alice"}, liar(t, says(500, "no")), testLog(t))
	dir := filepath.Join(o.cfg.Root, testSession)
	o.Follow(Recording{Path: filepath.Join(dir, take1), Bytes: 100, Open: true})
	j := o.book.find(takeKey(hub.JournalFile))
	j.due = true
	o.attempt(t.Context(), j)
	if !j.due {
		t.Error("an attempt that fails is not made again")
	}
	j.stumbles, j.retry = 0, time.Time{}
	o.way = liar(t, func(w http.ResponseWriter, r *http.Request) {
		o.EndSession(dir)
		says(500, "no")(w, r)
	})
	j.due = true
	record(t, dir, 1, nil)
	writeJournal(t, dir)
	o.attempt(t.Context(), j)
	if !j.due || !j.over {
		t.Errorf("%+v", j)
	}
	f := wholeFile(hub.JournalFile, sizeOf(t, filepath.Join(dir, hub.JournalFile)), j.sum)
	j.due = true // as told meanwhile
	if o.took(j, f); !j.due || j.state != whole {
		t.Errorf("what came while it was sent is forgotten: %+v", j)
	}
}

// What a producer's box has told by the shorter way is not undone by the answer to this box, which is older.
func TestAnswerThatIsOlderThanWhatWasTold(t *testing.T) {
	o := NewOutbox(OutboxConfig{Root: t.TempDir(), Artist: "alice", Box: "alice"}, liar(t, says(500, "no")), testLog(t))
	o.Follow(Recording{Path: filepath.Join(o.cfg.Root, testSession, take1), Bytes: 1e6})
	p := o.book.find(takeKey(take1))
	p.sum = sumNo(1)
	o.Filed(wholeFile(take1, 1e6, sumNo(1), "carol"))
	o.took(p, wholeFile(take1, 1e6, sumNo(1)))
	if p.state != delivered || len(p.receipt.Taken) != 1 {
		t.Errorf("%+v", p)
	}
}

// An invite that is revoked ends delivery, and says so; a new one delivers all that no producer has.
func TestNewInvite(t *testing.T) {
	s, root, folder := newStudio(t, door.Config{}), t.TempDir(), t.TempDir()
	dir := filepath.Join(root, testSession)
	path := record(t, dir, 3, nil)
	writeJournal(t, dir)
	o := s.alice(root, Live)
	o.LookThrough()
	stop := run(t, o.Run)
	eventually(t, "it is whole at the hub, and the receipt says so", func() bool { r, err := ReadReceipt(path); return err == nil && r.Whole != nil })
	second := filepath.Join(dir, take2)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.server.Revoke(t.Context(), "600", "alice"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(second, data, 0o640); err != nil {
		t.Fatal(err)
	}
	o.Follow(Recording{Path: second, Bytes: int64(len(data))})
	eventually(t, "it says what is wrong", func() bool {
		return strings.Contains(o.Status().Trouble, "new") && strings.Contains(o.Status().Line(), "invite")
	})
	stop()
	run(t, s.producer("carol", folder).Run)
	eventually(t, "what was whole is delivered all the same", func() bool { return arrived(folder, path) })
	delete(s.members, "alice")
	again := s.alice(root, Live)
	again.cfg.Box = again.way.id
	if again.way.id == "alice" {
		t.Fatal("the new invite is the old one")
	}
	s.tells(again.Filed)
	again.LookThrough()
	run(t, again.Run)
	for _, path := range []string{path, second} {
		eventually(t, "it is delivered", func() bool { r, err := ReadReceipt(path); return err == nil && len(r.Taken) == 1 })
	}
}

// A file that is not fit to be sent is told of, and does not hold up the others.
func TestOneThatIsNotFit(t *testing.T) {
	s, root, folder := newStudio(t, door.Config{}), t.TempDir(), t.TempDir()
	dir := filepath.Join(root, testSession)
	path := record(t, dir, 2, nil)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{"HQ_alice_2_200500.mp3": nil, "HQ_alice_3_200900.mp3": []byte("RIFFxxxxWAVE"), "HQ_alice_4_201000.mp3": data[2*960:], "HQ_alice_5_201000.mp3": bytes.Repeat([]byte{0}, 5000)} {
		if err := os.WriteFile(filepath.Join(dir, name), bad, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"LQ_alice_200003.wav", "HQ_bob_1_200003.mp3", "HQ_alice_1-2_200003.mp3", "HQ_alice_1_200003.mp3.receipt.json.tmp", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "HQ_alice_6_201000.mp3"), 0o750); err != nil {
		t.Fatal(err)
	}
	o := s.alice(root, Live)
	s.tells(o.Filed)
	o.LookThrough()
	run(t, o.Run)
	run(t, s.producer("carol", folder).Run)
	isDelivered(t, path, folder)
	eventually(t, "each is told of", func() bool {
		told := 0
		for _, w := range o.Status().Waiting {
			if w.Trouble != "" {
				told++
			}
		}
		return told == 4 && len(o.Status().Waiting) == 4
	})
	for _, f := range s.server.Files("600") {
		if f.File != filepath.Base(path) && f.File != hub.JournalFile {
			t.Errorf("the hub was told of %s", f.File)
		}
	}
}

// A full disk at the hub is told of, and delivery goes on by itself when there is room.
func TestHubWithoutRoom(t *testing.T) {
	s, root, folder := newStudio(t, door.Config{Reserve: 1 << 60}), t.TempDir(), t.TempDir()
	path := record(t, filepath.Join(root, testSession), 2, nil)
	o := s.alice(root, Live)
	s.tells(o.Filed)
	o.LookThrough()
	run(t, o.Run)
	eventually(t, "it says what is wrong", func() bool {
		return strings.Contains(o.Status().Trouble, "full") && strings.Contains(o.Status().Missing()[0], "full")
	})
	s.stop()
	s.files.Reserve = 1
	s.start()
	blips(t, o)
	run(t, s.producer("carol", folder).Run)
	isDelivered(t, path, folder)
}

// A wish for what the hub has let go of brings it once more, to who has not got it.
func TestWishForWhatIsGone(t *testing.T) {
	s, root, folder := newStudio(t, door.Config{}), t.TempDir(), t.TempDir()
	path := record(t, filepath.Join(root, testSession), 2, nil)
	o := s.alice(root, Live)
	s.tells(o.Filed)
	o.LookThrough()
	run(t, o.Run)
	run(t, s.producer("carol", folder).Run)
	isDelivered(t, path, folder)
	eventually(t, "the hub lets go of it", func() bool { r, err := ReadReceipt(path); return err == nil && r.Gone })
	late := t.TempDir()
	s.way("dave", session.Producer)
	run(t, s.producer("dave", late).Run)
	k := keyOf(path)
	k.Box = "alice"
	o.Want(k, time.Now().Add(time.Minute))
	eventually(t, "dave has it", func() bool { return arrived(late, path) })
	eventually(t, "the receipt tells of both", func() bool { r, err := ReadReceipt(path); return err == nil && len(r.Taken) == 2 })
	eventually(t, "the hub lets go of it once more", func() bool { return s.file(filepath.Base(path)).Gone })
}
