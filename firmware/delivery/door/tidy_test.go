package door

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"orionbox/firmware/hub"
)

// stored tells whether an upload is there.
func (h *house) stored(path string) bool {
	_, err := os.Stat(filepath.Join(h.cfg.Store, filepath.Base(path)))
	return err == nil
}

func (h *house) taken(who, path string, r recording) {
	h.t.Helper()
	h.must(200, who, "POST", path+"/taken", fmt.Appendf(nil, `{"sha256":%q}`, r.sum()))
}

func (h *house) revoke(who string) {
	h.t.Helper()
	if err := h.registry.Revoke(h.t.Context(), roomOf(who), h.member(who).ID); err != nil {
		h.t.Fatal(err)
	}
}

// The hub deletes what every producer has, and nothing that only a lost box has, whatever its clock does.
func TestWhatTheHubLetsGoOf(t *testing.T) {
	const year = 365 * 24 * time.Hour
	both := []string{"carol", "dave"}
	for name, c := range map[string]struct {
		producers, taken, revoked []string
		ahead                     time.Duration
		gone                      bool
	}{
		"nobody has it":                           {both, nil, nil, 0, false},
		"nobody has it, for years":                {both, nil, nil, 10 * year, false},
		"there is no producer":                    {nil, nil, nil, 10 * year, false},
		"all have it":                             {both, both, nil, 0, true},
		"the only one has it":                     {both[:1], both[:1], nil, 0, true},
		"one has it":                              {both, both[:1], nil, 0, false},
		"one has had it for less than 30 days":    {both, both[:1], nil, 29 * 24 * time.Hour, false},
		"one has had it for long":                 {both, both[:1], nil, 31 * 24 * time.Hour, true},
		"one has it, and the clock goes back":     {both, both[:1], nil, -year, false},
		"one has it, the other was revoked":       {both, both[:1], both[1:], 0, true},
		"one has it, and was revoked":             {both, both[:1], both[:1], 0, false},
		"one has it, and was revoked for long":    {both, both[:1], both[:1], 10 * year, false},
		"all have it, and were revoked":           {both, both, both, 0, false},
		"all have it, and were revoked for years": {both, both, both, 10 * year, false},
	} {
		t.Run(name, func(t *testing.T) {
			h, r := newHouse(t, Config{}), take(t, 2)
			for _, p := range c.producers {
				h.member(p)
			}
			path := h.whole("alice", testTake, r)
			for _, p := range c.taken {
				h.taken(p, path, r)
			}
			for _, p := range c.revoked {
				h.revoke(p)
			}
			h.registry.set(nil, false, c.ahead)
			h.door.tidy(t.Context())
			if gone := h.file(testTake).Gone; gone != c.gone || h.stored(path) == c.gone {
				t.Errorf("gone %v, stored %v", gone, h.stored(path))
			}
		})
	}
}

// Run lets go of a file as soon as the last producer has taken it.
func TestRunLetsGo(t *testing.T) {
	h, r := newHouse(t, Config{}), take(t, 2)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.door.Run(ctx) }()
	path := h.whole("alice", testTake, r)
	h.member("carol")
	h.taken("dave", path, r)
	h.taken("carol", path, r)
	eventually(t, "it is gone", func() bool { return h.file(testTake).Gone && !h.stored(path) })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What is gone, and is sent once more since somebody asked for it, is not taken for the rest of what was deleted.
func TestWhatIsGoneCanComeOnceMore(t *testing.T) {
	h, r := newHouse(t, Config{}), take(t, 2)
	path := h.whole("alice", testTake, r)
	h.taken("carol", path, r)
	h.door.tidy(t.Context())
	if !h.file(testTake).Gone {
		t.Fatal("it is not gone")
	}
	h.must(404, "carol", "GET", path, nil)
	h.must(404, "alice", "HEAD", path, nil)
	h.made("alice", testTake, "")
	data := r.upload()
	h.door.tidy(t.Context())
	h.sent(204, "alice", path, 0, -1, data[:5000])
	h.door.tidy(t.Context())
	h.must(204, "alice", "DELETE", path, nil) // it may begin anew
	h.made("alice", testTake, "")
	h.sent(204, "alice", path, 0, len(data), data[:5000])
	h.door.tidy(t.Context())
	h.sent(204, "alice", path, 5000, -1, data[5000:])
	h.member("dave")
	h.must(200, "alice", "POST", path+"/whole", r.said().json())
	h.door.tidy(t.Context())
	if f := h.file(testTake); f.Gone || len(f.Taken) != 1 || !h.stored(path) {
		t.Errorf("while dave has not taken it: %+v", f)
	}
	h.taken("dave", path, r)
	h.door.tidy(t.Context())
	if f := h.file(testTake); !f.Gone || len(f.Taken) != 2 || h.stored(path) {
		t.Errorf("when both have it: %+v", f)
	}
}

// A kill between the word that a file is gone and its end leaves an upload, which goes at the next start.
func TestRestOfWhatIsGone(t *testing.T) {
	h, r := newHouse(t, Config{}), take(t, 2)
	path := h.whole("alice", testTake, r)
	h.taken("carol", path, r)
	if _, err := h.registry.ChangeFile(t.Context(), "600", keyOfFile("alice", testTake), func(f *hub.File) { f.Gone = true }); err != nil {
		t.Fatal(err)
	}
	h.stop()
	h.start()
	h.door.tidy(t.Context())
	if h.stored(path) || h.stored(path+".info") {
		t.Error("what is gone takes room still")
	}
}

// A journal's last version counts until the next is whole, and is deleted then.
func TestVersionsOfAJournal(t *testing.T) {
	h := newHouse(t, Config{})
	text, before := testJournal, ""
	for range 3 {
		version := sumOf(text)
		path := h.made("alice", hub.JournalFile, version)
		h.sent(204, "alice", path, 0, -1, text[:20])
		if before != "" {
			h.must(200, "carol", "GET", before, nil)
			if f := h.file(hub.JournalFile); f.Upload != filepath.Base(before) {
				t.Errorf("a version that is not whole counts: %+v", f)
			}
		}
		h.must(403, "carol", "GET", path, nil) // nobody may have it yet
		h.sent(204, "alice", path, 20, len(text), text[20:])
		h.must(200, "alice", "POST", path+"/whole", Whole{int64(len(text)), version, 0}.json())
		if got := h.must(200, "carol", "GET", path, nil); got.text != string(text) {
			t.Errorf("carol gets %q", got.text)
		}
		if before != "" && h.stored(before) {
			t.Error("an earlier version is still there")
		}
		text, before = append(text[:len(text):len(text)], testJournal...), path
	}
	// one that is shorter, as after a power cut
	path := h.made("alice", hub.JournalFile, sumOf(testJournal))
	h.sent(204, "alice", path, 0, len(testJournal), testJournal)
	h.must(200, "alice", "POST", path+"/whole", Whole{int64(len(testJournal)), sumOf(testJournal), 0}.json())
	if f := h.file(hub.JournalFile); f.Bytes != int64(len(testJournal)) || len(f.Taken) != 0 {
		t.Errorf("the hub has %+v", f)
	}
}

func TestStoreThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{Store: filepath.Join(file, "below")}, nil, testLog(t)); err == nil {
		t.Error("a store below a file can be")
	}
	if d, err := New(Config{Store: filepath.Join(t.TempDir(), "a", "b")}, nil, testLog(t)); err != nil || d.cfg.Reserve != 500e6 || d.cfg.MaxBytes != 8<<30 {
		t.Errorf("%v %v", d, err)
	}
}

// What a box that was revoked had sent only in part is waited for no more, and stays. A box that is let in again goes on.
func TestWhatARevokedBoxHadBegunHasEnded(t *testing.T) {
	h, r := newHouse(t, Config{}), take(t, 2)
	path, data := h.made("alice", testTake, ""), r.upload()
	h.sent(204, "alice", path, 0, -1, data[:5000])
	whole := h.whole("bob", "HQ_bob_1_200500.mp3", r)
	if h.door.end(t.Context()); h.file(testTake).Ended {
		t.Fatal("it has ended before its box was revoked")
	}
	h.revoke("alice")
	h.revoke("bob")
	h.door.end(t.Context())
	if f := h.file(testTake); !f.Ended || f.Gone || !h.stored(path) {
		t.Errorf("%+v, stored %v", f, h.stored(path))
	}
	if f, known := h.registry.File("600", keyOfFile(h.member("bob").ID, "HQ_bob_1_200500.mp3")); !known || f.Ended || !h.stored(whole) {
		t.Errorf("what was whole: %+v", f)
	}
}
