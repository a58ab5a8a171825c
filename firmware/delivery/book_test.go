package delivery

import (
	"errors"
	"testing"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
)

var errTest = errors.New("no")

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func takeKey(file string) takes.TrackKey { return takes.TrackKey{Session: testSession, File: file} }

const (
	take1 = "HQ_alice_1_200003.mp3"
	take2 = "HQ_alice_2_200500.mp3"
	take3 = "HQ_alice_3_200900.mp3"
)

// filled is a book of a session with a journal and two takes, of 1 MB each: the first is closed, the second grows.
func filled(policy Policy) *book {
	b := newBook(policy)
	b.put(&parcel{key: takeKey(hub.JournalFile), journal: true})
	b.follow(b.put(&parcel{key: takeKey(take1)}), Recording{Bytes: 1e6})
	b.follow(b.put(&parcel{key: takeKey(take2)}), Recording{Bytes: 1e6, Open: true})
	return b
}

// first is the name of what goes next.
func (b *book) first(now time.Time) string {
	p, _ := b.next(now)
	if p == nil {
		return ""
	}
	return p.key.File
}

func sumNo(n byte) string {
	sum := []byte("0000000000000000000000000000000000000000000000000000000000000000")
	sum[63] = '0' + n
	return string(sum)
}

// wholeFile is what the hub tells of a take that is whole, and of who has it.
func wholeFile(file string, bytes int64, sum string, by ...string) hub.File {
	f := hub.File{TrackKey: takes.TrackKey{Box: "alice", Session: testSession, File: file}, Name: "alice", Upload: "00112233445566778899aabbccddeeff", Bytes: bytes, SHA256: sum, At: clock.InstantOf(noon)}
	for _, id := range by {
		f.Taken = append(f.Taken, hub.Taken{By: id, Name: id, At: clock.InstantOf(noon)})
	}
	return f
}

func TestPolicies(t *testing.T) {
	step := func(t *testing.T, what string, b *book, want string) {
		t.Helper()
		if got := b.first(noon); got != want {
			t.Errorf("%s: %q goes next, not %q", what, got, want)
		}
	}
	t.Run("live", func(t *testing.T) {
		b := filled(Live)
		step(t, "what grows goes first", b, take2)
		b.find(takeKey(take2)).offset = 1e6 - minSlice + 1
		step(t, "nothing much of it is left", b, take1)
		b.filed(wholeFile(take1, 1e6, sumNo(1)))
		step(t, "the journal tells of a take that is whole", b, hub.JournalFile)
		b.find(takeKey(hub.JournalFile)).due = false
		step(t, "all is done for now", b, "")
		b.follow(b.find(takeKey(take2)), Recording{Bytes: 1e6 + 1, Open: true})
		step(t, "there is enough of it again", b, take2)
		b.find(takeKey(take2)).offset = 1e6 + 1
		b.follow(b.find(takeKey(take2)), Recording{Bytes: 1e6 + 1})
		step(t, "it is closed, and no byte came", b, take2)
	})
	t.Run("end", func(t *testing.T) {
		b := filled(End)
		step(t, "while the session goes on", b, "")
		b.want(takeKey(take2), noon)
		step(t, "what was asked for goes at once", b, take2)
		b.endSession("SESSION_20990101_000000")
		b.find(takeKey(take2)).wanted = 0
		step(t, "another session has ended", b, "")
		b.endSession(testSession)
		step(t, "the session has ended", b, hub.JournalFile)
		b.find(takeKey(hub.JournalFile)).due = false
		step(t, "the oldest goes first", b, take1)
	})
	t.Run("request", func(t *testing.T) {
		b := filled(Request)
		b.endSession(testSession)
		step(t, "nobody has asked", b, "")
		b.want(takes.TrackKey{Box: "alice", Session: testSession, File: take2}, noon)
		step(t, "what was asked for", b, take2)
		b.filed(wholeFile(take2, 1e6, sumNo(2)))
		step(t, "its journal goes along", b, hub.JournalFile)
		b.find(takeKey(hub.JournalFile)).due = false
		step(t, "and no other", b, "")
	})
	if newBook("").policy != Live {
		t.Error("the default is not live")
	}
}

// What was asked for goes first, in the order of asking, even if it was asked for before it was known.
func TestWantsGoFirst(t *testing.T) {
	b := newBook(End)
	if b.want(takeKey(take3), noon) || b.want(takeKey(take1), noon) {
		t.Error("what is not there is known")
	}
	for _, file := range []string{take1, take2, take3} {
		b.follow(b.put(&parcel{key: takeKey(file)}), Recording{Bytes: 1e6})
	}
	if !b.want(takeKey(take2), noon) {
		t.Error("what is there is not known")
	}
	for _, want := range []string{take3, take1, take2, ""} {
		if got := b.first(noon); got != want {
			t.Fatalf("%q goes next, not %q", got, want)
		}
		if want != "" {
			b.filed(wholeFile(want, 1e6, sumNo(1)))
		}
	}
	if len(b.early) != 0 {
		t.Errorf("%v is still waited for", b.early)
	}
}

// What the hub has let go of is sent once more if somebody asks for it since; else a wish of long ago, that every start of a box
// tells again, would never end.
func TestWantOfWhatIsGone(t *testing.T) {
	b := filled(Live)
	gone := wholeFile(take1, 1e6, sumNo(1), "carol")
	gone.Gone = true
	b.filed(gone)
	p := b.find(takeKey(take1))
	b.want(takeKey(take1), noon.Add(-time.Second))
	if p.state != delivered {
		t.Error("a wish from before it was taken has it sent once more")
	}
	b.want(takeKey(take1), noon.Add(time.Second))
	if p.state != waiting || p.wanted == 0 || p.offset != unknown {
		t.Errorf("a wish from after that does not: %+v", p)
	}
	b.filed(wholeFile(take1, 1e6, sumNo(1), "carol"))
	if p.state != delivered || p.receipt.Gone {
		t.Errorf("when it is at the hub once more: %+v", p)
	}
}

func TestWhatTheHubTells(t *testing.T) {
	b := filled(Live)
	p := b.find(takeKey(take1))
	for name, f := range map[string]hub.File{
		"it grows":        {TrackKey: wholeFile(take1, 0, "").TrackKey},
		"another length":  wholeFile(take1, 1e6+1, sumNo(1)),
		"of another take": wholeFile(take3, 1e6, sumNo(1)),
		"of what is open": wholeFile(take2, 1e6, sumNo(1)),
	} {
		if b.filed(f) != nil || p.state != waiting || b.find(takeKey(take2)).state != waiting {
			t.Errorf("%s: taken for whole", name)
		}
	}
	p.sum = sumNo(1)
	if b.filed(wholeFile(take1, 1e6, sumNo(2))) != nil {
		t.Error("with another sum it is taken for whole")
	}
	if b.filed(wholeFile(take1, 1e6, sumNo(1))) != p || p.state != whole {
		t.Errorf("whole: %+v", p)
	}
	if b.filed(wholeFile(take1, 1e6, sumNo(1))) != nil {
		t.Error("the same again is news")
	}
	if b.filed(wholeFile(take1, 1e6, sumNo(1), "carol", "dave")) != p || p.state != delivered || len(p.receipt.Taken) != 2 {
		t.Errorf("delivered: %+v", p)
	}
	for _, older := range []hub.File{wholeFile(take1, 1e6, sumNo(1)), wholeFile(take1, 1e6, sumNo(1), "carol")} {
		if b.filed(older) != nil || p.state != delivered || len(p.receipt.Taken) != 2 {
			t.Errorf("an older word undoes it: %+v", p)
		}
	}
	lost := wholeFile(take1, 0, "", "carol")
	if b.filed(lost); p.state != waiting || p.offset != unknown || b.first(noon) == "" {
		t.Errorf("the hub has lost it: %+v", p)
	}
	if b.filed(wholeFile(take1, 1e6, sumNo(1))) != p || p.state != whole {
		t.Errorf("it is there once more: %+v", p)
	}
}

// Files that the hub tells of before they are known here count when they are.
func TestToldBeforeItIsKnown(t *testing.T) {
	b := newBook(Live)
	b.filed(wholeFile(take1, 1e6, sumNo(1), "carol"))
	b.filed(wholeFile(take2, 1e6, sumNo(2)))
	if p := b.put(&parcel{key: takeKey(take1), bytes: 1e6}); p.state != delivered || p.receipt.SHA256 != sumNo(1) {
		t.Errorf("%+v", p)
	}
	if p := b.put(&parcel{key: takeKey(take2), bytes: 1e6}); p.state != whole {
		t.Errorf("%+v", p)
	}
	if p := b.put(&parcel{key: takeKey(take3), bytes: 1e6}); p.state != waiting {
		t.Errorf("%+v", p)
	}
}

func TestHoldAndGoOn(t *testing.T) {
	b, now := filled(Live), noon
	last := time.Duration(0)
	for range 20 {
		b.pause(now, 0, "gone")
		wait := b.until.Sub(now)
		if wait < last || wait > 5*time.Second || wait <= 0 {
			t.Fatalf("waits %v after %v", wait, last)
		}
		if p, wake := b.next(now); p != nil || !wake.Equal(b.until) {
			t.Fatal("something is sent while all is held")
		}
		last, now = wait, b.until
	}
	if b.first(now) == "" || b.trouble == "" {
		t.Error("nothing is tried when the time has come")
	}
	b.pause(now, refusedIn, "full")
	if b.until.Sub(now) < refusedIn {
		t.Error("what was refused is tried too soon")
	}
	if b.again(); b.first(now) == "" {
		t.Error("the hub is back, and nothing is sent")
	}
	b.pause(now, 0, "gone")
	if b.went(); b.trouble != "" || b.first(now) == "" {
		t.Error("trouble that is over is still told")
	}
}

// A parcel that the hub cannot take lets the others go, is tried again later, and less and less often, for ever.
func TestOneThatCannotGo(t *testing.T) {
	b, now := filled(Live), noon
	bad := b.find(takeKey(take2))
	bad.wanted = 1
	tries, others := 0, 0
	for range 1000 {
		p, wake := b.next(now)
		switch p {
		case nil:
			if !wake.After(now) {
				t.Fatal("it wakes at once, for nothing")
			}
			now = wake
		case bad:
			tries++
			p.stumble(now, errTest)
		default:
			others++
			now = now.Add(time.Second)
		}
	}
	if bad.err == "" {
		t.Error("nobody is told why it does not go")
	}
	if tries < 10 || others < 900 {
		t.Errorf("the bad one was tried %d times, others %d", tries, others)
	}
	wait := bad.retry.Sub(now)
	if bad.stumble(now, errTest); bad.retry.Sub(now) > time.Minute || wait > time.Minute {
		t.Errorf("it waits %v", bad.retry.Sub(now))
	}
	if b.again(); bad.stumbles != 0 || !bad.retry.IsZero() {
		t.Error("when the hub is back it still waits")
	}
}

// Two that fail each time they are tried do not keep a third from its turn, though all are held back for each of them.
func TestTwoThatFailLetAThirdGo(t *testing.T) {
	b, now := newBook(Live), noon
	for _, file := range []string{take1, take2, take3} {
		b.follow(b.put(&parcel{key: takeKey(file)}), Recording{Bytes: 1e6})
	}
	for range 30 {
		p, wake := b.next(now)
		if p == nil {
			now = wake
			continue
		}
		if p.key.File == take3 {
			return
		}
		b.pause(now, 0, "no")
		p.cuts++
	}
	t.Error("the third never has its turn")
}

func TestRestarts(t *testing.T) {
	b := filled(Live)
	p := b.find(takeKey(take1))
	for n := 1; n < maxStarts; n++ {
		p.sum, p.offset = sumNo(1), 5000
		if p.restart(noon, "wrong"); !p.retry.IsZero() || p.offset != unknown || p.sum != "" {
			t.Errorf("after %d starts: %+v", n, p)
		}
	}
	if p.restart(noon, "wrong"); !p.retry.Equal(noon.Add(brokenFor)) || p.err != "wrong" {
		t.Errorf("after too many: %+v", p)
	}
	if b.again(); p.retry.IsZero() {
		t.Error("a hub that comes back has it sent from its start")
	}
	if got := b.first(noon); got == take1 {
		t.Error("it is sent before its time")
	}
	b.find(takeKey(take2)).offset = 1e6
	if _, wake := b.next(noon); !wake.Equal(p.retry) {
		t.Errorf("it wakes at %v", wake)
	}
	p.sum = sumNo(1)
	b.filed(wholeFile(take1, 1e6, sumNo(1)))
	if p.restarts != 0 || p.err != "" {
		t.Errorf("whole: %+v", p)
	}
}
