package takes

import (
	"strings"
	"testing"
	"unicode/utf8"

	"orionbox/firmware/clock"
)

func TestParseChunkRef(t *testing.T) {
	for text, want := range map[string]ChunkRef{
		"alice/3": {Box: "alice", Number: 3}, " Alice Lee/12 ": {Box: "Alice Lee", Number: 12}, "a/b/1": {Box: "a/b", Number: 1},
		"7": {Number: 7}, "m4k2x7qa": {Marker: "m4k2x7qa"}, "m7": {Marker: "m7"},
	} {
		if got, err := ParseChunkRef(text); err != nil || got != want {
			t.Errorf("%q is %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", " ", "/3", "alice/", "alice/x", "alice/0", "alice/-1", "0", "-3", "/", "alice/1/", "alice/99999999999999999999"} {
		if got, err := ParseChunkRef(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}

func TestFindChunk(t *testing.T) {
	const first, second = "SESSION_20261122_201501", "SESSION_20261122_211501"
	chunk := func(box, name, session string, number int, ms int64, marker string) Chunk {
		return Chunk{Box: box, Name: name, Session: session, Number: number, Start: at(ms), Marker: marker}
	}
	chunks := []Chunk{
		chunk("alice", "Alice Lee", first, 1, 0, ""), chunk("alice", "Alice Lee", first, 2, 5000, "mcut"), chunk("alice", "Alice Lee", first, 3, 9000, "mcut"),
		chunk("alice", "Alice Lee", second, 1, 3600_000, ""), // her box was started again
		chunk("bob", "Bob", first, 1, 100, ""), chunk("bob", "Bob", first, 2, 5000, "mcut"), chunk("bob", "Bob", first, 4, 8000, "mown"),
		chunk("carol", "Carol", first, 1, 200, ""), chunk("carol", "Carol", first, 5, 9000, "mlast"),
		chunk("alice-2", "Bob", first, 9, 9000, "mlast"), // who was invited under another's name
	}
	for _, c := range []struct {
		text, session, own string
		want               string // session's last four digits before the ref, or a part of the error
	}{
		{"alice/2", "", "carol", first + " alice/2"},
		{"ALICE/2", "", "carol", first + " alice/2"},
		{"alice lee/2", "", "carol", first + " alice/2"},
		{"alice/1", "", "carol", second + " alice/1"},
		{"alice/1", first, "carol", first + " alice/1"},
		{"alice/3", second, "carol", "no chunk alice/3"},
		{"1", "", "carol", first + " carol/1"},
		{"1", "", "lea", "1 may be alice/1 or bob/1 or carol/1"},
		{"4", "", "carol", first + " bob/4"},
		{"2", "", "bob", first + " bob/2"},
		{"2", "", "carol", "2 may be alice/2 or bob/2"},
		{"8", "", "carol", "no chunk 8"},
		{"bob/1", "", "carol", first + " bob/1"}, // an id goes before a name
		{"dora/1", "", "carol", `"dora"`},
		{"alice/7", "", "carol", "no chunk alice/7"},
		{"mown", "", "carol", first + " bob/4"},
		{"MOWN", "", "carol", first + " bob/4"},
		{"mcut", "", "alice", first + " alice/2"}, // the first of two that begin there
		{"mcut", "", "carol", "mcut may be alice/2 or bob/2"},
		{"mlast", "", "carol", first + " carol/5"},
		{"mgone", "", "carol", `no chunk begins at a marker "mgone"`},
		{"1", "SESSION_20250101_000000", "carol", "session SESSION_20250101_000000"},
	} {
		name, err := ParseChunkRef(c.text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := FindChunk(chunks, name, c.session, c.own)
		switch {
		case err != nil && (strings.HasPrefix(c.want, "SESSION") || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s %s at %s: %v, want %s", c.text, c.session, c.own, err, c.want)
		case err == nil && got.Session+" "+got.Ref() != c.want:
			t.Errorf("%s %s at %s: %s %s, want %s", c.text, c.session, c.own, got.Session, got.Ref(), c.want)
		}
	}
	if _, err := FindChunk(nil, ChunkRef{Number: 1}, "", "carol"); err == nil {
		t.Error("a chunk was found where there is none")
	}
}

func FuzzChunkRef(f *testing.F) {
	for _, s := range []string{"alice/3", "3", "m4k2x7qa", "/", "a/b/1", "", "alice/0", "\xff/1", "+3", "a/+3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := ParseChunkRef(text)
		if err != nil {
			return
		}
		if (name.Number > 0) == (name.Marker != "") {
			t.Fatalf("%q is %+v", text, name)
		}
		again, err := ParseChunkRef(name.String())
		if utf8.ValidString(text) && (err != nil || again != name) {
			t.Fatalf("%q is %+v, written %q, which is %+v, %v", text, name, name, again, err)
		}
		c := Chunk{Box: name.Box, Number: name.Number, Marker: name.Marker}
		if found, err := FindChunk([]Chunk{c}, name, "", "own"); err != nil || found.Ref() != c.Ref() {
			t.Fatalf("%q finds %+v, %v", text, found, err)
		}
	})
}

func TestHeard(t *testing.T) {
	talk := func(from, to int64, file string) Track {
		v := voiceTrack("carol", from, to)
		v.File = file
		return v
	}
	first, second := talk(0, 10_000, "LQ_carol_201501.wav"), talk(12_000, 20_000, "LQ_carol_201513.wav")
	second.Rate, second.Begin, second.Samples = 8000, 12_000*8, 8000*8 // the call came back at another rate
	grows := open(talk(20_000, 21_000, "LQ_carol_201521.wav"))
	earlier := talk(0, 10_000, "LQ_carol_191501.wav")
	earlier.Session, earlier.Line = "SESSION_20261122_191501", Timeline{{Hub: at(-3600_000), Pos: 0}}
	bad := first
	bad.File = "../LQ_carol_201501.wav"
	all := []Track{grows, second, first, earlier, bad, voiceTrack("alice", 0, 30_000), take("carol", 1, 0, 30_000)}
	stretch := func(t Track, from, to int64) Stretch {
		return Stretch{t.Session, t.File, t.Rate, from * int64(t.Rate) / 1000, to * int64(t.Rate) / 1000}
	}
	for name, c := range map[string]struct {
		from, to int64
		want     []Stretch
	}{
		"within one":              {1000, 4000, []Stretch{stretch(first, 1000, 4000)}},
		"over two":                {9000, 13_000, []Stretch{stretch(first, 9000, 10_000), stretch(second, 0, 1000)}},
		"over all, not yet there": {9000, 25_000, []Stretch{stretch(first, 9000, 10_000), stretch(second, 0, 8000), stretch(grows, 0, 5000)}},
		"while it was off":        {10_500, 11_500, nil},
		"begun before it":         {-500, 500, []Stretch{stretch(first, 0, 500)}},
		"an hour ago":             {-3599_000, -3598_000, []Stretch{stretch(earlier, 1000, 2000)}},
		"a breath":                {9998, 10_500, nil},
		"nothing":                 {5000, 5000, nil},
		"backwards":               {5000, 4000, nil},
	} {
		got := Heard(all, "carol", at(c.from), at(c.to))
		if len(got) != len(c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: piece %d is %+v, want %+v", name, i, got[i], c.want[i])
			}
		}
	}
	for _, i := range []clock.Instant{1, 1 << 62, -1 << 62} { // what no clock shows
		Heard(all, "carol", i, at(1000))
		Heard(all, "carol", at(1000), i)
		if g := grows.GrownTo(i); g.Check() != nil {
			t.Errorf("grown to %d: %v", i, g.Check())
		}
	}
	if g := grows.GrownTo(at(26_000)); g.Samples != 6000*16 || first.GrownTo(at(26_000)).Samples != first.Samples || grows.GrownTo(at(3)).Samples != grows.Samples {
		t.Errorf("grown to %d", g.Samples)
	}
}
