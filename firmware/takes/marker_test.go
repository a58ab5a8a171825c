package takes

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"orionbox/firmware/clock"
	"orionbox/firmware/session"
)

// at is a moment of the evening, in milliseconds.
func at(ms int64) clock.Instant { return clock.InstantOf(evening) + clock.Instant(ms*1e6) }

func TestFold(t *testing.T) {
	set := Change{ID: "1", Seq: 1, Marker: "m", Op: Set, At: at(100), Name: "take", By: "ann", Role: session.Artist}
	stands := Marker{ID: "m", By: "ann", Role: session.Artist, At: at(100), Name: "take"}
	with := func(do func(*Marker)) []Marker { m := stands; do(&m); return []Marker{m} }
	change := func(id string, seq int64, op Op, ms int64, name string) Change {
		return Change{ID: id, Seq: seq, Marker: "m", Op: op, At: at(ms), Name: name, By: "pat", Role: session.Producer}
	}
	for name, c := range map[string]struct {
		changes []Change
		want    []Marker
	}{
		"nothing":                {nil, []Marker{}},
		"set":                    {[]Change{set}, []Marker{stands}},
		"told twice":             {[]Change{set, set}, []Marker{stands}},
		"moved by somebody else": {[]Change{set, change("2", 2, Move, 50, "")}, with(func(m *Marker) { m.At = at(50) })},
		"renamed":                {[]Change{set, change("2", 2, Rename, 0, "verse")}, with(func(m *Marker) { m.Name = "verse" })},
		"judged twice":           {[]Change{set, change("2", 2, NoGood, 0, ""), change("3", 3, Good, 0, "")}, with(func(m *Marker) { m.Verdict = Good })},
		"deleted":                {[]Change{set, change("2", 2, Delete, 0, "")}, []Marker{}},
		"touched after deletion": {[]Change{set, change("2", 2, Delete, 0, ""), change("3", 3, Move, 50, "")}, []Marker{}},
		"set anew after that":    {[]Change{change("0", 0, Set, 1, "x"), change("2", 0, Delete, 0, ""), func() Change { c := set; c.ID = "9"; c.Seq = 0; return c }()}, []Marker{stands}},
		"set twice":              {[]Change{set, change("2", 2, Set, 50, "other")}, []Marker{stands}},
		"of no marker":           {[]Change{change("2", 2, Move, 50, "")}, []Marker{}},
		"out of order":           {[]Change{change("3", 3, Move, 70, ""), change("2", 2, Move, 50, ""), set}, with(func(m *Marker) { m.At = at(70) })},
		"not at the hub yet":     {[]Change{change("3", 0, Move, 70, ""), set, change("2", 2, Move, 50, "")}, with(func(m *Marker) { m.At = at(70) })},
		"then it is, before":     {[]Change{change("3", 0, Move, 70, ""), set, change("4", 3, Move, 50, ""), change("3", 2, Move, 70, "")}, with(func(m *Marker) { m.At = at(50) })},
		"the copy without Seq comes last": {[]Change{set, change("3", 2, Move, 70, ""), change("4", 3, Move, 50, ""), change("3", 0, Move, 70, "")},
			with(func(m *Marker) { m.At = at(50) })},
		"the hub's copy is the true one": {[]Change{set, change("3", 0, Move, 70, ""), change("3", 2, Move, 71, "")}, with(func(m *Marker) { m.At = at(71) })},
		"nonsense":                       {[]Change{set, {ID: "2", Seq: 2, Marker: "m", Op: "dance"}, {ID: "3", Seq: 3, Marker: "m", Op: Move, At: -5}}, []Marker{stands}},
	} {
		if got := Fold(c.changes); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestFoldSortsByTime(t *testing.T) {
	var changes []Change
	for i, ms := range []int64{300, 100, 200, 100} {
		id := string(rune('d' - i))
		changes = append(changes, Change{ID: id, Marker: id, Op: Set, At: at(ms), By: "pat", Role: session.Producer})
	}
	var got strings.Builder
	for _, m := range Fold(changes) {
		got.WriteString(m.ID)
	}
	if got.String() != "acbd" {
		t.Errorf("markers in the order %s", got.String())
	}
}

// TestFoldWhateverTheOrder: boxes that were told all, in whatever order and however often, agree.
func TestFoldWhateverTheOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	for range 200 {
		var changes []Change
		for i := range 1 + random.IntN(30) {
			changes = append(changes, anyChange(random, i+1))
		}
		want := Fold(changes)
		told := slices.Concat(changes, changes[:random.IntN(len(changes))])
		for i := range told[len(changes):] {
			told[len(changes)+i].Seq = 0
		}
		random.Shuffle(len(told), func(i, k int) { told[i], told[k] = told[k], told[i] })
		if got := Fold(told); !reflect.DeepEqual(got, want) {
			t.Fatalf("told as %+v\nthey stand as %+v\nwant %+v", told, got, want)
		}
	}
}

func anyChange(random *rand.Rand, n int) Change {
	by := []string{"ann", "ben", "pat"}[random.IntN(3)]
	role := session.Artist
	if by == "pat" {
		role = session.Producer
	}
	return Change{ID: "c" + string(rune('0'+n)), Seq: int64(n), Marker: string(rune('m' + random.IntN(8))), Op: Ops[random.IntN(len(Ops))],
		At: at(random.Int64N(20_000)), Name: "n", By: by, Role: role}
}

func TestMay(t *testing.T) {
	markers := []Marker{{ID: "a", By: "ann", Role: session.Artist}, {ID: "p", By: "pat", Role: session.Producer}}
	for _, c := range []struct {
		by     string
		role   session.Role
		marker string
		ops    []Op
		refuse string // part of the error
	}{
		{"ann", session.Artist, "new", []Op{Set}, ""},
		{"ann", session.Artist, "a", []Op{Move, Rename, Delete, Good, NoGood}, ""},
		{"ann", session.Artist, "p", []Op{Move, Rename, Delete, Good, NoGood}, "their own"},
		{"ben", session.Artist, "a", []Op{Move, Rename, Delete, Good, NoGood}, "their own"},
		{"ann", session.Artist, "a", []Op{Set}, "already"},
		{"pat", session.Producer, "new", []Op{Set}, ""},
		{"pat", session.Producer, "a", []Op{Move, Rename, Delete, Good, NoGood}, ""},
		{"pat", session.Producer, "p", []Op{Move, Rename, Delete, Good, NoGood}, ""},
		{"pat", session.Producer, "gone", []Op{Move, Rename, Delete, Good, NoGood}, "none with the id"},
		{"pat", session.Producer, "p", []Op{Set}, "already"},
		{"lee", session.Listener, "new", []Op{Set}, "LISTENER"},
		{"lee", session.Listener, "a", Ops, "LISTENER"},
		{"ann", session.Listener, "a", Ops, "LISTENER"},
		{"ann", "", "a", Ops, "role"},
		{"ann", "producer", "new", Ops, "role"},
	} {
		for _, op := range c.ops {
			err := May(Change{ID: "1", Marker: c.marker, Op: op, By: c.by, Role: c.role}, markers)
			if (err == nil) != (c.refuse == "") || err != nil && !strings.Contains(err.Error(), c.refuse) {
				t.Errorf("%s %s %s %s: %v, want %q", c.role, c.by, op, c.marker, err, c.refuse)
			}
		}
	}
}

func TestCuts(t *testing.T) {
	for _, c := range []struct {
		by   string
		role session.Role
		want bool
	}{
		{"pat", session.Producer, true}, {"ann", session.Producer, true}, {"ann", session.Artist, true},
		{"ben", session.Artist, false}, {"ann", session.Listener, false}, {"ann", "", false},
	} {
		if got := (Marker{By: c.by, Role: c.role}).Cuts("ann"); got != c.want {
			t.Errorf("a marker of %s, %s: %v", c.by, c.role, got)
		}
	}
}

func FuzzChange(f *testing.F) {
	f.Add("1", "m", "set", int64(1), "name")
	f.Add("1", "m", "dance", int64(-1), "\x00\xff")
	f.Fuzz(func(t *testing.T, id, marker, op string, i int64, name string) {
		c := Change{ID: id, Marker: marker, Op: Op(op), At: clock.Instant(i), Name: name, By: "pat", Role: session.Producer}
		markers := Fold([]Change{{ID: "0", Marker: "m", Op: Set, At: 1, By: "pat", Role: session.Producer}, c})
		for _, m := range markers {
			if m.At <= 0 || !utf8.ValidString(m.Name) || c.Check() != nil && m.At != 1 {
				t.Fatalf("%+v makes %+v", c, markers)
			}
		}
	})
}
