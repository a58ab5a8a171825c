package delivery

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orionbox/firmware/delivery/door"
	"orionbox/firmware/hub"
	"orionbox/firmware/received"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// uploaded has a take of alice's whole at the hub, with its journal.
func (s *studio) uploaded(seconds int) (path string) {
	s.t.Helper()
	root := s.t.TempDir()
	dir := filepath.Join(root, testSession)
	path = record(s.t, dir, seconds, nil)
	writeJournal(s.t, dir)
	o := s.alice(root, Live)
	s.tells(o.Filed)
	o.LookThrough()
	run(s.t, o.Run)
	eventually(s.t, "both are whole at the hub", func() bool { return s.file(filepath.Base(path)).Whole() && s.file(hub.JournalFile).Whole() })
	return path
}

// inFolder is the folder of alice's session at a producer's.
func inFolder(t *testing.T, i *Inbox) *received.Folder {
	t.Helper()
	f, err := i.store.Folder("alice", "alice", testSession, testSession)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Whatever a kill, or a power cut, has left of a take that was arriving, it arrives.
func TestPartInAnyState(t *testing.T) {
	s := newStudio(t, door.Config{})
	s.way("nobody", session.Producer) // who never takes it: the hub keeps it
	path := s.uploaded(3)
	take, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const head = 960
	upload := append(bytes.Clone(take), take[:head]...)
	first := append(bytes.Repeat([]byte{0xaa}, head), take[head:]...) // as it was before its first frame was known
	sum := s.file(filepath.Base(path)).SHA256
	n := 0
	for name, c := range map[string]struct {
		part  []byte
		carry int64 // bytes that may have to come
	}{
		"missing":                         {nil, int64(len(upload))},
		"empty":                           {[]byte{}, int64(len(upload))},
		"of one byte":                     {upload[:1], int64(len(upload))},
		"partial":                         {upload[:50_000], int64(len(upload) - 50_000)},
		"all but its head":                {first, head},
		"in the middle of its head":       {append(bytes.Clone(first), take[:head/2]...), head / 2},
		"complete":                        {append(bytes.Clone(first), take[:head]...), 0},
		"unfolded, not cut":               {upload, 0},
		"unfolded":                        {take, 0},
		"garbage":                         {bytes.Repeat([]byte{7}, 1000), int64(len(upload) * 2)},
		"garbage as long as it is":        {bytes.Repeat([]byte{7}, len(take)), int64(len(upload) * 2)},
		"garbage as long as what is sent": {bytes.Repeat([]byte{7}, len(upload)), int64(len(upload) * 2)},
		"zeros at its end":                {append(bytes.Clone(take[:50_000]), make([]byte, len(upload)-50_000)...), int64(len(upload) * 2)},
		"too long":                        {append(bytes.Clone(upload), 1, 2, 3), int64(len(upload))},
		"far too long":                    {append(bytes.Clone(upload), upload...), int64(len(upload))},
	} {
		t.Run(name, func(t *testing.T) {
			n++
			folder := t.TempDir()
			s := *s.of(t)
			c2 := newCutter(t, s.listen, func() (up, down int64) { return -1, -1 })
			s.by = func(string) string { return c2.address() }
			i := s.producer(fmt.Sprintf("p%d", n), folder)
			f := inFolder(t, i)
			part, err := f.Part(filepath.Base(path))
			if err != nil {
				t.Fatal(err)
			}
			if c.part != nil {
				if err := os.WriteFile(part, c.part, 0o640); err != nil {
					t.Fatal(err)
				}
			}
			run(t, i.Run)
			eventually(t, "it has arrived", func() bool { return arrived(folder, path) })
			eventually(t, "the hub knows", func() bool { return s.file(filepath.Base(path)).TakenBy(i.cfg.Box) })
			if _, err := os.Stat(part); err == nil {
				t.Error("its part is still there")
			}
			if r, err := f.Receipt(filepath.Base(path)); err != nil || r.SHA256 != sum || r.By != i.cfg.Box {
				t.Errorf("%+v %v", r, err)
			}
			if carried := c2.down.Load(); carried > c.carry+20_000 {
				t.Errorf("%d bytes came, %d had to", carried, c.carry)
			}
		})
	}
	for name, lose := range map[string]func(f *received.Folder) error{
		"its receipt is lost":  func(f *received.Folder) error { return os.Remove(f.Dir() + "/" + filepath.Base(path) + receiptSuffix) },
		"its receipt is empty": func(f *received.Folder) error { return os.Truncate(f.Dir()+"/"+filepath.Base(path)+receiptSuffix, 0) },
		"the hub was not told": func(*received.Folder) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			n++
			folder, s := t.TempDir(), *s.of(t)
			i := s.producer(fmt.Sprintf("p%d", n), folder)
			f := inFolder(t, i)
			part, err := f.Part(filepath.Base(path))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(part, take, 0o640); err != nil {
				t.Fatal(err)
			}
			if err := i.keep(f, s.file(filepath.Base(path))); err != nil {
				t.Fatal(err)
			}
			if err := lose(f); err != nil {
				t.Fatal(err)
			}
			run(t, i.Run)
			eventually(t, "the hub knows", func() bool { return s.file(filepath.Base(path)).TakenBy(i.cfg.Box) })
			if !arrived(folder, path) {
				t.Error("it is not there as it should be")
			}
			if all, err := filepath.Glob(f.Dir() + "/*.mp3"); err != nil || len(all) != 1 {
				t.Errorf("there are %v", all)
			}
		})
	}
}

// of is the studio for another test.
func (s *studio) of(t *testing.T) *studio {
	return &studio{t: t, dir: s.dir, listen: s.listen, server: s.server, door: s.door, files: s.files, members: s.members, running: s.running}
}

// shifted is a clock that a test may set forward.
type shifted struct{ ahead atomic.Int64 }

func (c *shifted) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Bytes that the hub has, but that are not those that were sent, never arrive; the other takes do, and this one as soon as it can.
func TestWrongBytesFromTheHub(t *testing.T) {
	s, folder := newStudio(t, door.Config{}), t.TempDir()
	path := s.uploaded(2)
	stored := filepath.Join(s.files.Store, s.file(filepath.Base(path)).Upload)
	good, err := os.ReadFile(stored)
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.Clone(good)
	bad[30_000] ^= 1
	if err := os.WriteFile(stored, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	i := s.producer("carol", folder)
	clock := &shifted{}
	i.now = clock.now
	stop := run(t, i.Run)
	eventually(t, "it says what is wrong", func() bool {
		a := i.Status().Arriving
		return len(a) == 1 && strings.Contains(a[0].Trouble, "not what was sent")
	})
	eventually(t, "the journal has arrived", func() bool { return s.file(hub.JournalFile).TakenBy("carol") })
	eventually(t, "it is left alone for a while", func() bool {
		i.mu.Lock()
		defer i.mu.Unlock()
		return i.shelf.of(filepath.Base(path)).anews == maxStarts
	})
	if all, err := filepath.Glob(folder + "/*/*/*.mp3"); err != nil || len(all) != 0 || s.file(filepath.Base(path)).TakenBy("carol") {
		t.Errorf("wrong bytes have arrived: %v", all)
	}
	if err := os.WriteFile(stored, good, 0o600); err != nil {
		t.Fatal(err)
	}
	clock.ahead.Store(int64(brokenFor))
	blips(t, i)
	eventually(t, "it arrives when it is right", func() bool { return arrived(folder, path) })
	stop()
}

// The hub keeps what one of two producers lacks, and lets go of what both have.
func TestTwoProducers(t *testing.T) {
	s, one, two := newStudio(t, door.Config{}), t.TempDir(), t.TempDir()
	dave := s.producer("dave", two)
	path := s.uploaded(3)
	carol := s.producer("carol", one)
	run(t, carol.Run)
	eventually(t, "carol has it", func() bool { return arrived(one, path) && s.file(filepath.Base(path)).TakenBy("carol") })
	if f := s.file(filepath.Base(path)); f.Gone {
		t.Fatal("the hub lets go of what dave has not got")
	}
	stop := run(t, dave.Run)
	eventually(t, "dave has it", func() bool { return arrived(two, path) })
	for _, file := range []string{filepath.Base(path), hub.JournalFile} {
		eventually(t, "the hub lets go of "+file, func() bool { return s.file(file).Gone })
	}
	eventually(t, "nothing is left of it there", func() bool { all, err := os.ReadDir(s.files.Store); return err == nil && len(all) == 0 })
	if _, left := carol.Progress(); left != 0 || len(carol.Status().Arriving) != 0 || carol.Status().Received != 1 {
		t.Errorf("%+v", carol.Status())
	}
	stop()
}

// A full disk of the producer's is told of, and delivery goes on by itself when there is room.
func TestProducerWithoutRoom(t *testing.T) {
	s, folder := newStudio(t, door.Config{}), t.TempDir()
	s.way("dave", session.Producer) // or the hub lets go of what carol has
	path := s.uploaded(3)
	if err := unix.Mount("none", folder, "tmpfs", 0, "size=256k"); err != nil {
		t.Logf("no small disk can be had (%v): only the reserve is tried", err)
	} else {
		t.Cleanup(func() { _ = unix.Unmount(folder, unix.MNT_DETACH) })
		filler := filepath.Join(folder, "filler")
		if err := os.WriteFile(filler, make([]byte, 200<<10), 0o640); err != nil {
			t.Fatal(err)
		}
		i := s.producer("carol", folder)
		stop := run(t, i.Run)
		eventually(t, "it says what is wrong", func() bool {
			return strings.Contains(i.Status().Trouble, "space") || strings.Contains(i.Status().Trouble, "full")
		})
		if s.file(filepath.Base(path)).TakenBy("carol") {
			t.Error("the hub was told that it is here")
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		blips(t, i)
		eventually(t, "it has arrived", func() bool { return arrived(folder, path) })
		stop()
	}
	other := t.TempDir()
	i := s.producer("dave", other)
	i.cfg.Reserve = 1 << 60
	stop := run(t, i.Run)
	eventually(t, "the reserve is not touched, and it says so", func() bool { return strings.Contains(i.Status().Trouble, "full") && i.Status().Received == 0 })
	stop()
	i.cfg.Reserve = 1
	i.Heed(Sample{Connected: true})
	run(t, i.Run)
	eventually(t, "it has arrived", func() bool { return arrived(other, path) })
}

// Something of the producer's that is in the way of one take does not keep the others.
func TestOneThatCannotBeKept(t *testing.T) {
	s, folder := newStudio(t, door.Config{}), t.TempDir()
	path := s.uploaded(2)
	i := s.producer("carol", folder)
	part, err := inFolder(t, i).Part(filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(part, 0o750); err != nil {
		t.Fatal(err)
	}
	blips(t, i)
	run(t, i.Run)
	eventually(t, "the journal arrives", func() bool { return s.file(hub.JournalFile).TakenBy("carol") })
	eventually(t, "it says what is wrong", func() bool { a := i.Status().Arriving; return len(a) == 1 && a[0].Trouble != "" })
	if err := os.Remove(part); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it arrives", func() bool { return arrived(folder, path) })
}

// Another file of the producer's under a take's name is kept beside it.
func TestNameThatIsTaken(t *testing.T) {
	s, folder := newStudio(t, door.Config{}), t.TempDir()
	path := s.uploaded(2)
	i := s.producer("carol", folder)
	f := inFolder(t, i)
	own := filepath.Join(f.Dir(), filepath.Base(path))
	if err := os.WriteFile(own, []byte("mine"), 0o640); err != nil {
		t.Fatal(err)
	}
	run(t, i.Run)
	eventually(t, "the hub knows", func() bool { return s.file(filepath.Base(path)).TakenBy("carol") })
	if data, err := os.ReadFile(own); err != nil || string(data) != "mine" {
		t.Errorf("the producer's own file is %q, %v", data, err)
	}
	beside := strings.TrimSuffix(own, ".mp3") + "_2.mp3"
	if sum, _, err := received.SHA256(beside); err != nil || sum != s.file(filepath.Base(path)).SHA256 {
		t.Errorf("the take is not beside it: %v", err)
	}
}

// Journals come in versions, of which the last counts; one that is shorter, as after a power cut, is no news to the producer.
func TestJournalInVersions(t *testing.T) {
	s, root, folder := newStudio(t, door.Config{}), t.TempDir(), t.TempDir()
	s.way("dave", session.Producer) // who never takes anything
	dir := filepath.Join(root, testSession)
	record(t, dir, 1, nil)
	writeJournal(t, dir)
	path := filepath.Join(dir, hub.JournalFile)
	line, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i := s.producer("carol", folder)
	run(t, i.Run)
	o := s.alice(root, Live)
	s.tells(o.Filed)
	run(t, o.Run)
	copied := filepath.Join(inFolder(t, i).Dir(), hub.JournalFile)
	for _, n := range []int{1, 2, 5, 3, 9} {
		text := bytes.Repeat(line, n)
		if err := os.WriteFile(path, append(text[:len(text):len(text)], `{"v":1,"cut`...), 0o640); err != nil {
			t.Fatal(err)
		}
		o.LookThrough()
		o.EndSession(dir)
		eventually(t, fmt.Sprintf("the journal of %d lines is whole", n), func() bool {
			f := s.file(hub.JournalFile)
			return f.Bytes == int64(len(text)) && f.TakenBy("carol")
		})
		if n == 3 {
			continue
		}
		if data, err := os.ReadFile(copied); err != nil || !bytes.Equal(data, text) {
			t.Errorf("the copy has %d bytes of %d, %v", len(data), len(text), err)
		}
	}
}

// The place of a file may be known later than the file; nothing is fetched before.
func TestPlaceThatIsKnownLater(t *testing.T) {
	s, folder := newStudio(t, door.Config{}), t.TempDir()
	path := s.uploaded(2)
	store, err := received.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	i := NewInbox(InboxConfig{Box: "carol", Reserve: 1}, s.way("carol", session.Producer), store, testLog(t))
	f := s.file(filepath.Base(path))
	i.Filed(f, "")
	run(t, i.Run)
	if _, left := i.Progress(); left != 0 || len(i.Status().Arriving) != 1 {
		t.Errorf("%+v", i.Status())
	}
	i.Filed(f, "SESSION_20260102_195500")
	eventually(t, "it has arrived", func() bool { return arrived(folder, path) })
	if _, err := os.Stat(filepath.Join(folder, "SESSION_20260102_195500", "alice")); err != nil {
		t.Error(err)
	}
}

// An artist may be called anything; nothing is written outside of the folder, and each has one.
func TestArtistsWithOddNames(t *testing.T) {
	s, folder := newStudio(t, door.Config{}), t.TempDir()
	outside, err := os.ReadDir(filepath.Dir(folder))
	if err != nil {
		t.Fatal(err)
	}
	i := s.producer("carol", folder)
	run(t, i.Run)
	var paths []string
	for n, name := range []string{"../../etc", "Åse Ørsted", "a/b\\c", "CON", ".hidden", "日本語", "SESSION_20260102_200000", "alice", "Alice", "%2e%2e", "-rf", "x" + strings.Repeat("y", 60)} {
		c, err := s.server.Invite(t.Context(), "600", name, session.Artist)
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		root := t.TempDir()
		artist := takes.FileName(name)
		path := filepath.Join(root, testSession, fmt.Sprintf("HQ_%s_1_%06d.mp3", artist, 200000+n))
		if err := os.Rename(record(t, filepath.Join(root, testSession), 1, nil), path); err != nil {
			t.Fatal(err)
		}
		w, err := NewWay(WayConfig{Room: "600", Token: c.Token, Address: s.listen, Fingerprint: s.server.Fingerprint()})
		if err != nil {
			t.Fatal(err)
		}
		o := NewOutbox(OutboxConfig{Root: root, Artist: artist, Box: c.ID}, w, testLog(t))
		o.LookThrough()
		run(t, o.Run)
		paths = append(paths, path)
	}
	eventually(t, "all have arrived", func() bool {
		got, err := filepath.Glob(filepath.Join(folder, testSession, "*", "HQ_*.mp3"))
		return err == nil && len(got) == len(paths)
	})
	if now, err := os.ReadDir(filepath.Dir(folder)); err != nil || len(now) > len(outside)+len(paths) {
		t.Errorf("beside the folder there is %v, %v", now, err)
	}
}
