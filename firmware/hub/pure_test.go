package hub

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/takes"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func TestPace(t *testing.T) {
	p := newPace(noon)
	var sent []time.Duration
	for n := uint64(1); ; n++ {
		at := p.due()
		if at.Sub(noon) > 40*time.Second {
			break
		}
		p.beat(n, at)
		delete(p.under, n)
		sent = append(sent, at.Sub(noon))
	}
	within := func(from, to time.Duration) (n int) {
		for _, d := range sent {
			if d >= from && d < to {
				n++
			}
		}
		return n
	}
	if a, b, c := within(0, burst), within(burst, settling), within(33*time.Second, 40*time.Second); a != 16 || b != 120 || c != 7 {
		t.Errorf("%d beats in the burst, %d while settling, %d in 7 s later", a, b, c)
	}
}

func TestPaceOfShowing(t *testing.T) {
	p := newPace(noon)
	p.beat(1, noon.Add(time.Hour))
	p.dirty = true
	if d := p.due().Sub(p.last); d != showEvery {
		t.Errorf("a change is shown after %v", d)
	}
	for n := range uint64(maxUnder) {
		p.beat(n+1, p.last.Add(showEvery))
	}
	if d := p.due().Sub(p.under[1]); d != beatLimit {
		t.Errorf("with all under way the next is due %v after the first", d)
	}
	p.forget(p.due())
	if len(p.under) >= maxUnder {
		t.Error("an answer that is overdue is waited for")
	}
}

func TestOutboxKeepsOrder(t *testing.T) {
	var o outbox
	mark := func(id, marker string) Post {
		return Post{ID: id, Kind: KindMarker, At: 1, Change: &takes.Change{Marker: marker, Op: takes.Move, At: 1}}
	}
	for i, p := range []Post{chat("a", 0, "x"), mark("b", "m"), chat("c", 0, "x"), mark("d", "m"), chat("e", 0, "x")} {
		o.add(p, uint64(i+1), noon)
	}
	if _, ok := o.add(chat("c", 0, "x"), 9, noon); ok {
		t.Error("a post twice")
	}
	send := func(kept uint64, now time.Time) (ids string) {
		for w := o.next(kept, now); w != nil; w = o.next(kept, now) {
			w.sent = now
			ids += w.ID
		}
		return ids
	}
	if got := send(2, noon); got != "ab" {
		t.Errorf("before the disk has all: sent %q", got)
	}
	if due := o.due(2, noon); due != noon.Add(keepLimit) {
		t.Errorf("due %v", due.Sub(noon))
	}
	if got := send(2, noon.Add(keepLimit)); got != "c" {
		t.Errorf("a change of a marker under way: sent %q", got)
	}
	o.late(noon.Add(answerLimit - 1))
	if got := send(9, noon.Add(answerLimit)); got != "" {
		t.Errorf("too early: sent %q", got)
	}
	o.late(noon.Add(answerLimit))
	if got := send(9, noon.Add(answerLimit)); got != "abc" {
		t.Errorf("after the limit: sent %q", got)
	}
	if w := o.answered(2); w == nil || w.ID != "b" || o.answered(2) != nil {
		t.Error("an answer is not taken, or twice")
	}
	if got := send(9, noon.Add(answerLimit)); got != "de" {
		t.Errorf("after the answer: sent %q", got)
	}
}

func TestOutboxIsBounded(t *testing.T) {
	var o outbox
	o.add(Post{ID: "first", Kind: KindMarker, Change: &takes.Change{}}, 1, noon)
	for i := range maxWaiting - 1 {
		if i == 0 {
			o.add(chat("oldest", 0, "x"), 2, noon)
			continue
		}
		o.list = append(o.list, &waiting{Post: Post{ID: fmt.Sprint(i), Kind: KindChat}})
	}
	if gone, ok := o.add(chat("over", 0, "x"), 3, noon); !ok || gone == nil || gone.ID != "oldest" || len(o.list) != maxWaiting {
		t.Errorf("gone %+v, %d wait", gone, len(o.list))
	}
}

func TestLedger(t *testing.T) {
	var l ledger
	track := func(file string, samples int64) takes.Track { return takes.Track{File: file, Samples: samples} }
	send := func(number uint64, now time.Time) string {
		a := l.next()
		if a == nil {
			return ""
		}
		a.number, a.sent = number, now
		return fmt.Sprint(a.File, a.Samples)
	}
	l.put(track("a", 1))
	l.put(track("b", 1))
	if got := send(1, noon) + send(2, noon) + send(3, noon); got != "a1b1" {
		t.Errorf("sent %q", got)
	}
	l.put(track("a", 2))
	if got := send(4, noon); got != "a2" {
		t.Errorf("newer: sent %q", got)
	}
	if l.answered(1) != nil || l.answered(4) == nil || l.due() != noon.Add(answerLimit) {
		t.Error("an answer to what a track was is taken for one to what it is")
	}
	l.late(noon.Add(answerLimit))
	if got := send(5, noon); got != "b1" {
		t.Errorf("late: sent %q", got)
	}
	l.answered(5)
	if l.open != 0 || l.due() != never {
		t.Errorf("%d open", l.open)
	}
	l.again()
	if got := send(6, noon) + send(7, noon); got != "a2b1" {
		t.Errorf("after a connect: sent %q", got)
	}
}

func TestOrderHoldsWhatIsToldDuringCatchUp(t *testing.T) {
	o := newOrder()
	seqs := func(posts []Post) (all []int64) {
		for _, p := range posts {
			all = append(all, p.Seq)
		}
		return all
	}
	post := func(seq int64) Post { return chat(fmt.Sprint("p", seq), seq, "x") }
	if o.begin() != 0 {
		t.Error("it begins somewhere")
	}
	o.live(post(4))
	o.live(post(3))
	if got := seqs(o.page([]Post{post(2), post(1), post(3)})); !slices.Equal(got, []int64{1, 2, 3}) {
		t.Errorf("page told %v", got)
	}
	if posts, ok := o.end(); !ok || !slices.Equal(seqs(posts), []int64{4}) {
		t.Errorf("held %v, %v", seqs(posts), ok)
	}
	if posts, ok := o.live(post(4)); !ok || posts != nil {
		t.Error("told twice")
	}
	if posts, ok := o.live(post(8)); !ok || !slices.Equal(seqs(posts), []int64{8}) {
		t.Error("a hole in the numbers is no hole")
	}
	if _, ok := o.live(chat("other", 2, "x")); ok {
		t.Error("a number that was another post's went unnoticed")
	}
}

func TestMailboxMergesWhatIsNewer(t *testing.T) {
	m := newMailbox()
	m.put(PeersChanged{[]Peer{{ID: "a", Name: "old"}, {ID: "b"}}})
	m.put(Posted{Post{ID: "1"}})
	m.put(PeersChanged{[]Peer{{ID: "a", Name: "new"}, {ID: "c"}}})
	m.put(Tracked{takes.Track{File: "f", Samples: 1}})
	m.put(StateChanged{Status{State: StateConnecting}})
	m.put(Tracked{takes.Track{File: "f", Samples: 2}})
	m.put(StateChanged{Status{State: StateConnected}})
	for i := range maxExchanges + 5 {
		m.put(Exchanged{clock.Exchange{HubSent: clock.Instant(i)}})
	}
	m.put(Posted{Post{ID: "2"}})
	var got []string
	for e, ok := m.take(); ok; e, ok = m.take() {
		switch e := e.(type) {
		case PeersChanged:
			got = append(got, fmt.Sprint(len(e.Peers), e.Peers[0].Name))
		case Posted:
			got = append(got, e.ID)
		case Tracked:
			got = append(got, fmt.Sprint(e.File, e.Samples))
		case StateChanged:
			got = append(got, string(e.State))
		case Exchanged:
			got = append(got, fmt.Sprint("x", e.HubSent))
		}
	}
	want := "3new 1 f2 connected x5 x6"
	if text := strings.Join(got, " "); !strings.HasPrefix(text, want) || !strings.HasSuffix(text, "x36 2") || len(got) != 5+maxExchanges {
		t.Errorf("got %s", text)
	}
	m.put(PeersChanged{[]Peer{{ID: "z"}}})
	if e, ok := m.take(); !ok || len(e.(PeersChanged).Peers) != 1 {
		t.Error("what was told is told again")
	}
}

func TestTable(t *testing.T) {
	peers := table{}
	a, b := Peer{ID: "a", State: Present, Since: 5}, Peer{ID: "b", State: Absent, Since: 5}
	if n := len(peers.update([]Peer{a, b})); n != 2 {
		t.Errorf("%d changed", n)
	}
	if n := len(peers.update([]Peer{a, b})); n != 0 {
		t.Errorf("%d changed", n)
	}
	gone := peers.lost(9)
	if len(gone) != 1 || gone[0].ID != "a" || gone[0].State != Unknown || gone[0].Since != 9 || peers["b"].State != Absent {
		t.Errorf("lost %+v of %+v", gone, peers)
	}
}

func keeperOf(t *testing.T, path string) *keeper {
	t.Helper()
	return openKeeper(path, slog.New(slog.NewTextHandler(io.Discard, nil)))
}

func TestKeeperWritesAnewWhatIsMostlyDone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox")
	k := keeperOf(t, path)
	k.keep(chat("stays", 0, "x"))
	k.work()
	for i := range 2 * spareLines {
		id := fmt.Sprint("p", i)
		k.keep(chat(id, 0, "x"))
		k.done(id)
		if i%10 == 0 {
			k.work()
		}
	}
	k.work()
	if k.lines > spareLines+100 {
		t.Errorf("%d lines", k.lines)
	}
	if left := keeperOf(t, path).left; len(left) != 1 || left[0].ID != "stays" {
		t.Errorf("left %+v", left)
	}
	if left, err := filepath.Glob(path + ".*"); len(left) != 0 || err != nil {
		t.Errorf("beside the file: %v, %v", left, err)
	}
}

func TestKeeperSkipsBrokenLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox")
	k := keeperOf(t, path)
	k.keep(chat("a", 0, "x"))
	k.keep(chat("b", 0, "x"))
	k.work()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	broken := lines[0] + "{\"post\":{}}\n" + strings.Repeat("x", MaxMessage+10) + "\n" + lines[1] + lines[1][:20]
	if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	k.keep(chat("c", 0, "x")) // the file is not the one that was: it is written anew
	k.work()
	if left := keeperOf(t, path).left; len(left) != 3 {
		t.Errorf("left %+v", left)
	}
	if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	var said logBook
	k = openKeeper(path, slog.New(slog.NewTextHandler(&said, nil)))
	if len(k.left) != 2 || !strings.Contains(said.String(), "lines=3") {
		t.Errorf("left %+v, said %s", k.left, &said)
	}
	k.keep(chat("d", 0, "x"))
	k.work()
	if left := keeperOf(t, path).left; len(left) != 3 {
		t.Errorf("left %+v", left)
	}
}
