package delivery

import (
	"testing"
	"time"

	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
)

func growing(file string) hub.File { f := wholeFile(file, 0, ""); f.At = 0; return f }

func (s *shelf) of(file string) *arrival {
	return s.arrivals[takes.TrackKey{Box: "alice", Session: testSession, File: file}]
}

func (s *shelf) first(now time.Time) string {
	a, _ := s.next(now)
	if a == nil {
		return ""
	}
	return a.file.File
}

func TestWhatIsFetched(t *testing.T) {
	s := newShelf("carol")
	step := func(what, want string) {
		t.Helper()
		if got := s.first(noon); got != want {
			t.Errorf("%s: %q is fetched, not %q", what, got, want)
		}
	}
	step("nothing is there", "")
	s.filed(growing(take1), "")
	step("its place is not known", "")
	s.filed(growing(take1), testSession)
	step("its place is known", take1)
	s.filed(growing(take1), "")
	step("its place stays known", take1)
	s.filed(growing(hub.JournalFile), testSession)
	s.of(take1).looks = noon.Add(time.Second)
	step("a journal is fetched when it is whole, and what grows was looked for just now", "")
	if _, wake := s.next(noon); !wake.Equal(noon.Add(time.Second)) {
		t.Errorf("it wakes at %v", wake)
	}
	s.filed(wholeFile(take2, 1e6, sumNo(2)), testSession)
	s.of(take1).looks = time.Time{}
	step("what is whole goes first", take2)
	s.of(take2).mine = sumNo(2)
	s.of(take1).looks = noon.Add(time.Second)
	s.filed(wholeFile(take1, 1e6, sumNo(1)), testSession)
	step("what was growing is whole: it is looked for at once", take1)
	s.filed(wholeFile(take1, 1e6, sumNo(1), "dave"), testSession)
	step("another producer has it", take1)
	s.filed(wholeFile(take1, 1e6, sumNo(1), "dave", "carol"), testSession)
	step("this box has it", "")
	gone := wholeFile(take3, 1e6, sumNo(3), "dave")
	gone.Gone = true
	s.filed(gone, testSession)
	step("what is gone cannot be had", "")
	gone.Gone = false
	s.filed(gone, testSession)
	step("it is there once more", take3)
}

// A take that was taken and is whole once more, as after the hub had lost it, is told of once more; what it grows to is not fetched
// twice. Another one under its name is fetched.
func TestWhatComesOnceMore(t *testing.T) {
	s := newShelf("carol")
	s.filed(wholeFile(take1, 1e6, sumNo(1)), testSession)
	s.of(take1).mine = sumNo(1)
	s.filed(wholeFile(take1, 1e6, sumNo(1)), testSession) // an older word
	if s.first(noon) != "" {
		t.Error("an older word has it fetched again")
	}
	s.filed(growing(take1), testSession)
	if s.first(noon) != "" {
		t.Error("what is here is fetched while it grows once more")
	}
	s.filed(wholeFile(take1, 1e6, sumNo(1)), testSession)
	if s.first(noon) != take1 {
		t.Error("the hub is not told once more")
	}
	s.filed(wholeFile(take1, 1e6, sumNo(1), "carol"), testSession)
	if s.first(noon) != "" {
		t.Error("it is fetched though the hub knows")
	}
	s.filed(wholeFile(take1, 1e6, sumNo(2)), testSession)
	if s.first(noon) != take1 {
		t.Error("another take under its name is not fetched")
	}
	journal := wholeFile(hub.JournalFile, 100, sumNo(5), "carol")
	s.filed(journal, testSession)
	s.of(hub.JournalFile).have = 100
	journal.Upload, journal.SHA256, journal.Taken = "ffeeddccbbaa99887766554433221100", sumNo(6), nil
	s.of(take1).mine = sumNo(2)
	if s.filed(journal, testSession); s.first(noon) != hub.JournalFile || s.of(hub.JournalFile).have != unknown {
		t.Error("the next version of a journal is not fetched")
	}
}

// One that fails each time does not keep the others from their turn.
func TestOneThatCannotBeFetched(t *testing.T) {
	s, now := newShelf("carol"), noon
	for n, file := range []string{take1, take2, take3} {
		s.filed(wholeFile(file, 1e6, sumNo(byte(n))), testSession)
	}
	turns := map[string]int{}
	for range 100 {
		a, wake := s.next(now)
		if a == nil {
			now = wake
			continue
		}
		turns[a.file.File]++
		if a.file.File != take2 {
			s.pause(now, 0, "no")
			a.fails++
			continue
		}
		if s.went(); turns[take2] > 20 {
			a.mine = a.file.SHA256
		}
	}
	if turns[take2] < 20 || turns[take1] < 5 || turns[take3] < 5 {
		t.Errorf("turns: %v", turns)
	}
}

func TestInboxStatusIsTrue(t *testing.T) {
	s := newShelf("carol")
	s.filed(growing(take1), "")
	s.filed(wholeFile(take2, 1e6, sumNo(2), "carol"), testSession)
	s.filed(wholeFile(hub.JournalFile, 10, sumNo(2)), testSession)
	gone := wholeFile(take3, 1e6, sumNo(3))
	gone.Gone = true
	s.filed(gone, testSession)
	s.of(take1).have = 5000
	status := s.status()
	if status.Received != 1 || len(status.Arriving) != 1 || status.Arriving[0].Have != 5000 || status.Arriving[0].File != take1 {
		t.Errorf("%+v", status)
	}
	if len(status.Missing()) != 1 || status.Line() == "" {
		t.Errorf("%q %q", status.Missing(), status.Line())
	}
}

// Of what a revoked box had begun, all that there is is fetched; then nobody waits for the rest.
func TestWhatARevokedBoxHadBegun(t *testing.T) {
	i := &Inbox{shelf: newShelf("carol"), now: func() time.Time { return noon }}
	s := i.shelf
	f := growing(take1)
	f.Ended = true
	s.filed(f, testSession)
	a := s.of(take1)
	if s.first(noon) != take1 || len(s.status().Missing()) != 1 {
		t.Fatal("what is there of it is not fetched")
	}
	a.have, a.more = 5000, true
	i.judge(a, nil, false)
	if len(s.status().Missing()) != 1 {
		t.Fatal("it is over before all has come")
	}
	a.more = false
	i.judge(a, nil, false)
	if s.first(noon.Add(time.Minute)) != "" || len(s.status().Missing()) != 0 {
		t.Error("it is waited for")
	}
	s.filed(wholeFile(take1, 1e6, sumNo(1)), testSession)
	if s.first(noon) != take1 {
		t.Error("its box was let in again, and it is not fetched")
	}
}
