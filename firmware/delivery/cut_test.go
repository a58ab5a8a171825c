package delivery

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orionbox/firmware/delivery/door"
	"orionbox/firmware/hub"
	"orionbox/firmware/received"
	"orionbox/firmware/session"
)

// perCut is what of a cut connection may have to be carried again, in bytes: the TLS record that was broken, and what it costs to say
// hello and to ask.
const perCut = 8 << 10

// A connection that breaks at any byte costs no more than that byte's record: the take goes on where the hub has it.
func TestCutAtAnyByte(t *testing.T) {
	s, root, folder := newStudio(t, door.Config{}), t.TempDir(), t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	left := 60
	c := newCutter(t, s.listen, func() (up, down int64) {
		if left--; left < 0 {
			return -1, -1
		}
		if left%3 == 0 {
			return random.Int64N(40_000), random.Int64N(3000) // in the middle of an answer, or of hello
		}
		return random.Int64N(40_000), -1
	})
	s.by = func(string) string { return c.address() }
	o := s.alice(root, Live)
	s.tells(o.Filed)
	dir := filepath.Join(root, testSession)
	path := record(t, dir, 20, nil)
	writeJournal(t, dir)
	o.LookThrough()
	blips(t, o)
	run(t, o.Run)
	name := filepath.Base(path)
	eventually(t, "the take is whole at the hub", func() bool { return s.file(name).Whole() })
	sum, bytes, err := received.SHA256(path)
	if err != nil {
		t.Fatal(err)
	}
	if f := s.file(name); f.SHA256 != sum || f.Bytes != bytes {
		t.Errorf("the hub has %+v, the box %d bytes %s", f, bytes, sum)
	}
	eventually(t, "the journal is whole", func() bool { return s.file(hub.JournalFile).Whole() })
	cuts := c.breaks.Load()
	if most := bytes*105/100 + (cuts+10)*perCut; cuts < 10 || c.up.Load() > most {
		t.Errorf("with %d cuts %d bytes were carried, no more than %d should be", cuts, c.up.Load(), most)
	}
	t.Logf("%d cuts, %d bytes of %d carried", cuts, c.up.Load(), bytes)

	left = 40
	back := newCutter(t, s.listen, func() (up, down int64) {
		if left--; left < 0 {
			return -1, -1
		}
		if left%3 == 0 {
			return random.Int64N(1500), random.Int64N(60_000)
		}
		return -1, random.Int64N(60_000)
	})
	s.by = func(string) string { return back.address() }
	i := s.producer("carol", folder)
	blips(t, i)
	run(t, i.Run)
	eventually(t, "carol has it", func() bool { return arrived(folder, path) })
	eventually(t, "the hub knows, and the receipt", func() bool {
		r, err := ReadReceipt(path)
		return err == nil && len(r.Taken) == 1 && r.Taken[0].By == "carol" && r.SHA256 == sum
	})
	if most := bytes*105/100 + (back.breaks.Load()+10)*perCut*2; back.breaks.Load() < 10 || back.down.Load() > most {
		t.Errorf("with %d cuts %d bytes were carried back, no more than %d should be", back.breaks.Load(), back.down.Load(), most)
	}
	t.Logf("%d cuts, %d bytes of %d carried back", back.breaks.Load(), back.down.Load(), bytes)
}

// states are all that a box may be killed in while it delivers a take; each is brought about by what the box had done by then.
func states(t *testing.T, s *studio, w *Way, path string) map[string]func() {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head := int64(960)
	k := keyOf(path)
	k.Box = "alice"
	id := hub.UploadID("600", k, "")
	upload := append(append([]byte{}, data...), data[:head]...)
	total := int64(len(upload))
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	create := func() { must(w.create(t.Context(), k.Session, k.File, "")) }
	send := func(from, n, length int64, upload []byte) {
		_, err := w.patch(t.Context(), id, from, length, strings.NewReader(string(upload[from:from+n])))
		must(err)
	}
	all := func() { create(); send(0, total-head, -1, upload); send(total-head, head, total, upload) }
	said := func() {
		sum, bytes, err := received.SHA256(path)
		must(err)
		_, err = w.whole(t.Context(), id, door.Whole{Bytes: bytes, SHA256: sum, Head: head})
		must(err)
	}
	older := append([]byte(strings.Replace(string(upload), "Info", "Xing", 1)), upload...) // longer, of another end, and begun as if open
	return map[string]func(){
		"before it was created":                     func() {},
		"created":                                   create,
		"in the middle":                             func() { create(); send(0, total/2, -1, upload) },
		"in the middle, its length was told":        func() { create(); send(0, total/2, total, upload) },
		"all but its head is there":                 func() { create(); send(0, total-head, -1, upload) },
		"in the middle of its head":                 func() { create(); send(0, total-head/2, total, upload) },
		"all is there":                              all,
		"whole":                                     func() { all(); said() },
		"it was longer before a power cut":          func() { create(); send(0, total+5000, -1, older) },
		"it was longer by less than its head":       func() { create(); send(0, total-head+500, -1, older) },
		"it was longer, and that length was told":   func() { create(); send(0, total-5000, total+5000, older) },
		"its first frame was another":               func() { create(); send(0, total/2, -1, older) },
		"what was sent is something else, and told": func() { create(); send(0, total, total, append(append([]byte{}, data[:head]...), older[:total]...)) },
	}
}

// A box that is killed in any state delivers all after its next start, and hardly a byte twice.
func TestKilledInAnyState(t *testing.T) {
	path := record(t, filepath.Join(t.TempDir(), testSession), 4, nil)
	probe := newStudio(t, door.Config{})
	for name := range states(t, probe, probe.way("alice", session.Artist), path) {
		for _, told := range []bool{true, false} { // what the hub knows, before it looks through its folder
			t.Run(fmt.Sprintf("%s, told %v", name, told), func(t *testing.T) {
				s, root, folder := newStudio(t, door.Config{}), t.TempDir(), t.TempDir()
				dir := filepath.Join(root, testSession)
				path := record(t, dir, 4, nil)
				writeJournal(t, dir)
				states(t, s, s.way("alice", session.Artist), path)[name]()
				c := newCutter(t, s.listen, func() (up, down int64) { return -1, -1 })
				s.by = func(string) string { return c.address() }
				o := s.alice(root, Live)
				if told {
					for _, f := range s.server.Files("600") {
						o.Filed(f)
					}
				}
				o.LookThrough()
				s.tells(o.Filed)
				run(t, o.Run)
				s.by = nil
				i := s.producer("carol", folder)
				run(t, i.Run)
				isDelivered(t, path, folder)
				bytes, again := sizeOf(t, path), int64(0)
				for state, share := range map[string]int64{"before": 100, "created": 100, "middle of": 1, "middle": 50, "all but": 0, "all is": 0, "whole": 0, "first frame": 50} {
					if strings.Contains(name, state) && (again == 0 || share < again) {
						again = share
					}
				}
				if most := bytes*again/100 + 40_000; !strings.Contains(name, "longer") && !strings.Contains(name, "something else") && c.up.Load() > most {
					t.Errorf("%d bytes were carried of %d, no more than %d should be", c.up.Load(), bytes, most)
				}
			})
		}
	}
}

// isDelivered waits until a take is at both ends, with receipts.
func isDelivered(t *testing.T, path, folder string) {
	t.Helper()
	sum, bytes, err := received.SHA256(path)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the producer has it", func() bool { return arrived(folder, path) })
	eventually(t, "the artist's receipt tells of it", func() bool {
		r, err := ReadReceipt(path)
		return err == nil && len(r.Taken) > 0 && r.SHA256 == sum && r.Bytes == bytes
	})
}
