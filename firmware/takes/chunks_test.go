package takes

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"orionbox/firmware/clock"
	"orionbox/firmware/session"
)

const evenings = "SESSION_20261122_201501"

// take is one of 48 kHz and voiceTrack a voice of 16 kHz, from and to in milliseconds of the evening. Both streams began at 0.
func take(box string, n int, from, to int64) Track {
	return Track{Box: box, Name: strings.ToUpper(box), Session: evenings, File: fmt.Sprintf("HQ_%s_%d_201502.mp3", box, n), Studio: true, Take: n,
		Rate: 48000, Bitrate: 320, Begin: from * 48, Samples: (to - from) * 48, Line: Timeline{{Hub: at(0), Pos: 0}}}
}

func voiceTrack(box string, from, to int64) Track {
	return Track{Box: box, Name: strings.ToUpper(box), Session: evenings, File: fmt.Sprintf("LQ_%s_201501.wav", box),
		Rate: 16000, Begin: from * 16, Samples: (to - from) * 16, Line: Timeline{{Hub: at(0), Pos: 0}}}
}

func open(t Track) Track { t.Open = true; return t }

func marker(id string, by string, role session.Role, ms int64) Marker {
	return Marker{ID: id, By: by, Role: role, At: at(ms), Name: "at " + id}
}

func produced(id string, ms int64) Marker { return marker(id, "pat", session.Producer, ms) }

// brief is a chunk in one line: who and number, start and end in ms, marker, studio and voice place in ms of the file.
func brief(c Chunk) string {
	place := func(p *Place) string {
		if p == nil {
			return "-"
		}
		name, _ := ParseName(p.File)
		return fmt.Sprintf("%d:%g-%g", name.Take, float64(p.From)*1000/float64(p.Rate), float64(p.To)*1000/float64(p.Rate))
	}
	start := float64(c.Start-at(0)) / 1e6
	return strings.TrimSpace(fmt.Sprintf("%s%d %g-%g %s %s %s", c.Box, c.Number, start, math.Round(start+c.Seconds*1000), place(c.Studio), place(c.Voice), c.Marker))
}

func TestChunks(t *testing.T) {
	studio, talk := take("ann", 1, 2000, 8000), voiceTrack("ann", 0, 10_000)
	later := func(t Track) Track { t.Session = "SESSION_20261122_211501"; return t }
	for name, c := range map[string]struct {
		tracks  []Track
		markers []Marker
		want    []string
	}{
		"nothing":        {nil, []Marker{produced("p", 5)}, nil},
		"voice only":     {[]Track{talk}, nil, []string{"ann1 0-10000 - 0:0-10000"}},
		"take only":      {[]Track{studio}, nil, []string{"ann1 2000-8000 1:0-6000 -"}},
		"take and voice": {[]Track{studio, talk}, nil, []string{"ann1 0-2000 - 0:0-2000", "ann2 2000-8000 1:0-6000 0:2000-8000", "ann3 8000-10000 - 0:8000-10000"}},
		"producer's cut": {[]Track{studio, talk}, []Marker{produced("p", 5000)},
			[]string{"ann1 0-2000 - 0:0-2000", "ann2 2000-5000 1:0-3000 0:2000-5000", "ann3 5000-8000 1:3000-6000 0:5000-8000 p", "ann4 8000-10000 - 0:8000-10000"}},
		"own cut, others', and a listener's": {[]Track{studio, take("ben", 1, 2000, 8000)},
			[]Marker{marker("a", "ann", session.Artist, 5000), marker("l", "lee", session.Listener, 6000), marker("m", "ann", session.Listener, 6000)},
			[]string{"ann1 2000-5000 1:0-3000 -", "ben1 2000-8000 1:0-6000 -", "ann2 5000-8000 1:3000-6000 - a"}},
		"cut of all": {[]Track{studio, take("ben", 4, 1000, 9000)}, []Marker{produced("p", 5000)},
			[]string{"ben1 1000-5000 4:0-4000 -", "ann1 2000-5000 1:0-3000 -", "ann2 5000-8000 1:3000-6000 - p", "ben2 5000-9000 4:4000-8000 - p"}},
		"a marker at the stop": {[]Track{studio, talk}, []Marker{marker("a", "ann", session.Artist, 8003)},
			[]string{"ann1 0-2000 - 0:0-2000", "ann2 2000-8003 1:0-6000 0:2000-8003", "ann3 8003-10000 - 0:8003-10000 a"}},
		"just before the stop": {[]Track{studio, talk}, []Marker{marker("a", "ann", session.Artist, 7997)},
			[]string{"ann1 0-2000 - 0:0-2000", "ann2 2000-7997 1:0-6000 0:2000-7997", "ann3 7997-10000 - 0:7997-10000 a"}},
		"and not so close": {[]Track{studio}, []Marker{produced("p", 7994)},
			[]string{"ann1 2000-7994 1:0-5994 -", "ann2 7994-8000 1:5994-6000 - p"}},
		"pressed twice": {[]Track{studio}, []Marker{produced("p", 5000), produced("q", 5004)},
			[]string{"ann1 2000-5000 1:0-3000 -", "ann2 5000-8000 1:3000-6000 - p"}},
		"5 ms are from the first on": {[]Track{studio}, []Marker{produced("p", 5000), produced("q", 5004), produced("r", 5008)},
			[]string{"ann1 2000-5000 1:0-3000 -", "ann2 5000-5008 1:3000-3008 - p", "ann3 5008-8000 1:3008-6000 - r"}},
		"cuts outside": {[]Track{studio}, []Marker{produced("p", 1000), produced("q", 8000), produced("r", 9000)}, []string{"ann1 2000-8000 1:0-6000 -"}},
		"two takes": {[]Track{studio, take("ann", 2, 9000, 10_000)}, []Marker{produced("p", 8500)},
			[]string{"ann1 2000-8000 1:0-6000 -", "ann2 9000-10000 2:0-1000 -"}},
		"two takes on end": {[]Track{studio, take("ann", 2, 8000, 10_000)}, nil, []string{"ann1 2000-8000 1:0-6000 -", "ann2 8000-10000 2:0-2000 -"}},
		"pre-roll that was heard before": {[]Track{studio, take("ann", 2, 7000, 10_000), talk}, nil, []string{"ann1 0-2000 - 0:0-2000", "ann2 2000-7000 1:0-5000 0:2000-7000",
			"ann3 7000-8000 1:5000-6000 0:7000-8000", "ann4 7000-8000 2:0-1000 -", "ann5 8000-10000 2:1000-3000 0:8000-10000"}},
		"two sessions": {[]Track{studio, later(take("ann", 1, 20_000, 30_000))}, []Marker{produced("p", 5000), produced("q", 25_000)},
			[]string{"ann1 2000-5000 1:0-3000 -", "ann2 5000-8000 1:3000-6000 - p", "ann1 20000-25000 1:0-5000 -", "ann2 25000-30000 1:5000-10000 - q"}},
		"still open": {[]Track{open(studio), open(voiceTrack("ann", 0, 7500))}, []Marker{produced("p", 5000), produced("now", 9000)},
			[]string{"ann1 0-2000 - 0:0-2000", "ann2 2000-5000 1:0-3000 0:2000-5000", "ann3 5000-8000 1:3000-6000 0:5000-7500 p"}},
		"cut beyond what one has": {[]Track{open(studio), open(voiceTrack("ann", 0, 7500))}, []Marker{produced("p", 7800)},
			[]string{"ann1 0-2000 - 0:0-2000", "ann2 2000-7800 1:0-5800 0:2000-7500", "ann3 7800-8000 1:5800-6000 - p"}},
		"just begun":         {[]Track{open(take("ann", 1, 2000, 2004))}, nil, nil},
		"no line":            {[]Track{func() Track { t := studio; t.Line = nil; return t }()}, nil, nil},
		"that make no sense": {[]Track{func() Track { t := studio; t.File = "../" + t.File; return t }()}, nil, nil},
	} {
		var got []string
		for _, c := range Chunks(c.tracks, c.markers) {
			got = append(got, brief(c))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestChunkTellsOfItsMarker: whose, called what, and how it was judged.
func TestChunkTellsOfItsMarker(t *testing.T) {
	m := produced("p", 5000)
	m.Verdict = Good
	chunks := Chunks([]Track{take("ann", 1, 2000, 8000), voiceTrack("ann", 2000, 8000)}, []Marker{m})
	want := Chunk{Number: 2, Box: "ann", Name: "ANN", Session: evenings, Marker: "p", Title: "at p", Verdict: Good, Start: at(5000), Seconds: 3,
		Studio: &Place{File: "HQ_ann_1_201502.mp3", From: 144_000, To: 288_000, Bytes: 125 * 960, Rate: 48000},
		Voice:  &Place{File: "LQ_ann_201501.wav", From: 48000, To: 96000, Bytes: 96000, Rate: 16000}}
	if len(chunks) != 2 || !reflect.DeepEqual(chunks[1], want) {
		t.Errorf("%+v, want %+v", chunks, want)
	}
	if c := chunks[0]; c.Marker != "" || c.Title != "" || c.Verdict != "" {
		t.Errorf("the chunk before has %+v", c)
	}
}

func TestPlace(t *testing.T) {
	for _, c := range []struct {
		rate, bitrate int
		from, to      int64
		want          Place
	}{
		{48000, 320, 0, 1152, Place{From: 0, To: 1152, Bytes: 960}},
		{48000, 320, 1151, 1153, Place{From: 1151, To: 1153, Bytes: 1920}},
		{48000, 0, 1152, 2304, Place{From: 1152, To: 2304, Bytes: 960}},
		{48000, 128, 1152, 2304, Place{From: 1152, To: 2304, Bytes: 384}},
		{44100, 320, 0, 1152 * 49, Place{From: 0, To: 1152 * 49, Bytes: 51200}}, // 1044.897 bytes a frame: every 49 frames come out even
		{96000, 320, 0, 2304 * 3, Place{From: 0, To: 1152 * 3, Rate: 48000, Bytes: 960 * 3}},
	} {
		c.want.Rate = min(c.rate, 48000)
		if got := (Track{Studio: true, Rate: c.rate, Bitrate: c.bitrate}).place(c.from, c.to); *got != c.want {
			t.Errorf("%+v, want %+v", *got, c.want)
		}
	}
	if p := (Track{Rate: 48000}).place(5, 5); p != nil {
		t.Errorf("an empty place: %+v", p)
	}
}

// TestChunksCoverAll: whatever is done to the markers, the pieces of each recording lie one behind the other and leave
// nothing out, as long as it has 5 ms.
func TestChunksCoverAll(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	for range 300 {
		tracks := anyTracks(random)
		var changes []Change
		for n := range random.IntN(40) {
			changes = append(changes, anyChange(random, n+1))
			coversAll(t, tracks, Chunks(tracks, Fold(changes)))
		}
	}
}

// anyTracks are takes and voices of two boxes, on lines of their own, some overlapping, some open.
func anyTracks(random *rand.Rand) []Track {
	var tracks []Track
	for _, box := range []string{"ann", "ben"} {
		for n := range 1 + random.IntN(4) {
			from := random.Int64N(15_000)
			tr := take(box, n+1, from, from+10+random.Int64N(8000))
			if n == 0 {
				tr = voiceTrack(box, from, from+10+random.Int64N(20_000))
			}
			tr.Begin += random.Int64N(100)
			tr.Samples += random.Int64N(100)
			tr.Open = random.IntN(4) == 0
			tr.Line = nil
			for s := int64(0); s < 20_000; s += 1 + random.Int64N(5000) {
				p := Point{Hub: at(s) + clock.Instant(random.Int64N(300_000)), Pos: s * int64(tr.Rate) / 1000}
				tr.Line = tr.Line.Add(p, tr.Rate)
			}
			tracks = append(tracks, tr)
		}
	}
	return tracks
}

func coversAll(t *testing.T, tracks []Track, chunks []Chunk) {
	t.Helper()
	reached, numbers := map[string]int64{}, map[string]int{}
	last := clock.Instant(0)
	for _, c := range chunks {
		if numbers[c.Box]++; c.Number != numbers[c.Box] || c.Start < last || c.Seconds <= 0 || c.Studio == nil && c.Voice == nil {
			t.Fatalf("chunk %+v is the %d. of its box", c, numbers[c.Box])
		}
		last = c.Start
		for _, p := range []*Place{c.Studio, c.Voice} {
			if p == nil {
				continue
			}
			if p.From != reached[p.File] || p.To <= p.From || p.Bytes <= 0 {
				t.Fatalf("%s goes on at %d with %+v", p.File, reached[p.File], p)
			}
			reached[p.File] = p.To
		}
	}
	for _, tr := range tracks {
		if reached[tr.File] != tr.Samples {
			t.Fatalf("%s of %d sample frames is covered up to %d by %+v", tr.File, tr.Samples, reached[tr.File], chunks)
		}
	}
}

// TestEarlierChunksKeepTheirNumbers: a marker that is set changes nothing before it.
func TestEarlierChunksKeepTheirNumbers(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		tracks := anyTracks(random)
		var markers []Marker
		ms := int64(0)
		for i := range 10 {
			before := Chunks(tracks, markers)
			ms += 1 + random.Int64N(2500)
			markers = append(markers, produced(fmt.Sprint(i), ms))
			after := Chunks(tracks, markers)
			for k, c := range before {
				if c.Start+clock.Instant(c.Seconds*1e9) < at(ms-5) && !slices.ContainsFunc(after, func(d Chunk) bool { return reflect.DeepEqual(c, d) }) {
					t.Fatalf("chunk %d: %+v is no more after a marker at %d ms", k, c, ms)
				}
			}
		}
	}
}
