package takes

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"orionbox/firmware/clock"
	"orionbox/firmware/session"
)

// foldSlowly is what Fold and Board shall be, said in the plainest way.
func foldSlowly(changes []Change) []Marker {
	var once []Change
	for _, c := range changes {
		i := slices.IndexFunc(once, func(d Change) bool { return d.ID == c.ID })
		switch {
		case c.Check() != nil:
		case i < 0:
			once = append(once, c)
		case c.Seq > 0:
			once[i] = c
		}
	}
	slices.SortStableFunc(once, func(a, b Change) int {
		return cmp.Compare(uint64(a.Seq-1), uint64(b.Seq-1)) // 0 is behind all
	})
	markers := []Marker{}
	for _, c := range once {
		i := slices.IndexFunc(markers, func(m Marker) bool { return m.ID == c.Marker })
		switch {
		case i < 0 && c.Op == Set:
			markers = append(markers, Marker{}.after(c))
		case i >= 0 && c.Op == Delete:
			markers = slices.Delete(markers, i, i+1)
		case i >= 0 && c.Op != Set:
			markers[i] = markers[i].after(c)
		}
	}
	slices.SortFunc(markers, Marker.compare)
	return markers
}

// TestBoardAgreesWithFold: whatever is told, in whatever order, with whatever numbers, and looked at in between.
func TestBoardAgreesWithFold(t *testing.T) {
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 9))
		b := NewBoard()
		var all []Change
		for range random.IntN(120) {
			c := anyChange(random, random.IntN(40))
			c.Seq = max(0, random.Int64N(60)-20)
			if random.IntN(20) == 0 {
				c.Name = "\x00"
			}
			if random.IntN(12) == 0 {
				b.Forget(c.ID)
				all = slices.DeleteFunc(all, func(d Change) bool { return d.ID == c.ID })
			} else {
				before := b.Changes()
				all = append(all, c)
				if news := b.Take(c); news == slices.Equal(before, b.Changes()) {
					t.Fatalf("%+v: news %v, but\n%+v\nbecame\n%+v", c, news, before, b.Changes())
				}
			}
			if random.IntN(3) == 0 {
				agree(t, b, all)
			}
		}
		agree(t, b, all)
	}
}

func agree(t *testing.T, b *Board, told []Change) {
	t.Helper()
	want := foldSlowly(told)
	for name, got := range map[string][]Marker{"board": b.Markers(), "fold": Fold(told), "of its changes": Fold(b.Changes())} {
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: told %+v\nthey stand as %+v\nwant %+v", name, told, got, want)
		}
	}
	for n := range 8 {
		id := string(rune('m' + n))
		i := slices.IndexFunc(want, func(m Marker) bool { return m.ID == id })
		if m, there := b.Marker(id); there != (i >= 0) || there && m != want[i] {
			t.Fatalf("%s is %+v, %v; of %+v", id, m, there, want)
		}
		for _, op := range Ops {
			c := Change{ID: "x", Marker: id, Op: op, At: 1, By: "ann", Role: session.Artist}
			if got, want := b.May(c), May(c, want); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%+v: %v, want %v", c, got, want)
			}
		}
	}
}

// TestBoardTellsNews: a change is news once, and once more when the hub has numbered it.
func TestBoardTellsNews(t *testing.T) {
	b := NewBoard()
	c := Change{ID: "1", Marker: "m", Op: Set, At: at(100), By: "ann", Role: session.Artist}
	numbered, elsewhere := c, c
	numbered.Seq, elsewhere.Seq, elsewhere.Marker = 4, 4, "n"
	for i, step := range []struct {
		c    Change
		news bool
	}{{c, true}, {c, false}, {numbered, true}, {numbered, false}, {c, false}, {Change{ID: "2", Op: "dance"}, false}, {elsewhere, true}} {
		if got := b.Take(step.c); got != step.news {
			t.Errorf("step %d: news %v", i, got)
		}
	}
	if got := b.Markers(); len(got) != 1 || got[0].ID != "n" {
		t.Errorf("the hub's copy is of another marker: %+v", got)
	}
}

// TestBoardKeepsWhatItGave: markers that were asked for stay as they were then.
func TestBoardKeepsWhatItGave(t *testing.T) {
	b := NewBoard()
	b.Take(Change{ID: "1", Marker: "m", Op: Set, At: at(100), By: "ann", Role: session.Artist})
	first := b.Markers()
	b.Take(Change{ID: "2", Marker: "m", Op: Move, At: at(300), By: "ann", Role: session.Artist})
	b.Take(Change{ID: "3", Marker: "n", Op: Set, At: at(200), By: "ann", Role: session.Artist})
	if second := b.Markers(); first[0].At != at(100) || len(second) != 2 || second[0].ID != "n" {
		t.Errorf("first %+v, then %+v", first, second)
	}
	b.Forget("2")
	if m, _ := b.Marker("m"); m.At != at(100) {
		t.Errorf("a refused move stands: %+v", m)
	}
}

// crowded is a board of 10,000 markers.
func crowded() *Board {
	b := NewBoard()
	for i := range 10_000 {
		id := strconv.Itoa(i)
		b.Take(Change{ID: id, Seq: int64(i + 1), Marker: id, Op: Set, At: at(int64(i*7919%10_000) * 100), By: "ann", Role: session.Artist})
	}
	b.Markers()
	return b
}

func BenchmarkBoardTake(b *testing.B) {
	board := crowded()
	b.ReportAllocs()
	for n := int64(10_001); b.Loop(); n++ {
		marker := strconv.FormatInt(n*31%10_000, 10)
		c := Change{ID: strconv.FormatInt(n, 10), Seq: n, Marker: marker, Op: Move, At: at(n % 1e6), By: "ann", Role: session.Artist}
		if board.May(c) != nil || !board.Take(c) {
			b.Fatal(c)
		}
	}
}

func BenchmarkBoardTakeAndMarkers(b *testing.B) {
	board := crowded()
	b.ReportAllocs()
	for n := int64(10_001); b.Loop(); n++ {
		c := Change{ID: strconv.FormatInt(n, 10), Seq: n, Marker: "77", Op: Move, At: at(n % 1e6), By: "ann", Role: session.Artist}
		if !board.Take(c) || len(board.Markers()) != 10_000 {
			b.Fatal(c)
		}
	}
}

func BenchmarkFold(b *testing.B) {
	changes := crowded().Changes()
	for b.Loop() {
		if m := Fold(changes); len(m) != 10_000 || m[0].At > m[1].At || m[0].At == clock.Instant(0) {
			b.Fatal(len(m))
		}
	}
}
