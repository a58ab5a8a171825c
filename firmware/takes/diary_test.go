package takes

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/session"
)

const (
	aTake  = "HQ_ann_1_201502.mp3"
	aVoice = "LQ_ann_201501.wav"
)

// tracksOf writes the entries to a journal and reads the tracks from it.
func tracksOf(t *testing.T, entries ...Entry) []Track {
	t.Helper()
	return Tracks(written(t, entries...), "ann", "ANN", evenings)
}

func written(t *testing.T, entries ...Entry) Log {
	t.Helper()
	var b bytes.Buffer
	for _, e := range entries {
		line, err := e.line()
		if err != nil {
			t.Fatal(err)
		}
		b.Write(line)
	}
	log, err := ReadJournal(&b)
	if err != nil || log.Bad > 0 || len(log.Entries) != len(entries) {
		t.Fatalf("journal reads %+v, %v", log, err)
	}
	return log
}

// tick is a line of the studio stream's clock: a card of 48 kHz that began at 0 of the evening.
func tick(ms int64) Entry {
	return Entry{Kind: KindClock, Hub: at(ms), Clock: "hub", Pos: ms * 48, Rate: 48000, ErrorMS: 0.3, PPM: 1.5}
}

func started(kind Kind, file string, ms, rate int64) Entry {
	name, _ := ParseName(file)
	return Entry{Kind: kind, File: file, Take: name.Take, Pos: ms * rate / 1000, Rate: int(rate), Hub: at(ms), Clock: "hub"}
}

func with(e Entry, do func(*Entry)) Entry { do(&e); return e }

// TestTracksFromJournal: what was recorded can be read from the journal, however it ended.
func TestTracksFromJournal(t *testing.T) {
	takeStart := with(started(KindTakeStart, aTake, 2000, 48000), func(e *Entry) { e.Samples, e.Bitrate = 4800, 320 })
	takeStop := with(started(KindTakeStop, aTake, 8000, 48000), func(e *Entry) { e.Samples, e.Bytes = 288_000, 240_960 })
	voiceStart, voiceStop := started(KindVoiceStart, aVoice, 0, 16000), with(started(KindVoiceStop, aVoice, 9000, 16000), func(e *Entry) { e.Samples, e.Bytes = 144_000, 288_044 })
	closed := take("ann", 1, 2000, 8000)
	closed.Bytes = 240_960
	talk := voiceTrack("ann", 0, 9000)
	talk.Bytes = 288_044
	talk.Line = Timeline{{Hub: at(0), Pos: 0}, {Hub: at(9000), Pos: 144_000}}
	lines := func(tr Track, ms ...int64) Track {
		tr.Line = nil
		for _, ms := range ms {
			tr.Line = append(tr.Line, Point{Hub: at(ms), Pos: ms * 48})
		}
		return tr
	}
	repaired := Entry{Kind: KindTakeRecovered, File: aTake, Take: 1, Samples: 250_000, Rate: 48000, Bytes: 209_000}
	afterCut := lines(closed, 0, 2000, 10_000)
	afterCut.Samples, afterCut.Bytes = 250_000, 209_000
	open := func(tr Track) Track { tr.Open, tr.Samples, tr.Bytes = true, 4800, 0; return tr }
	sessionIs := func(text string) Entry { return Entry{Kind: KindSession, Text: text} }
	fast := func(e Entry) Entry {
		e.Rate, e.Pos, e.Samples = 96000, e.Pos*2, e.Samples*2
		return e
	}
	fastTrack := afterCut
	fastTrack.Rate, fastTrack.Begin, fastTrack.Samples, fastTrack.Line = 96000, 192_000, 500_000, Timeline{{Hub: at(2000), Pos: 192_000}}
	for name, c := range map[string]struct {
		entries []Entry
		want    []Track
	}{
		"empty":                  {nil, []Track{}},
		"a session":              {[]Entry{sessionIs(Opened), voiceStart, tick(0), takeStart, tick(10_000), takeStop, voiceStop, sessionIs(Closed)}, []Track{talk, lines(closed, 0, 2000, 10_000)}},
		"still open":             {[]Entry{sessionIs(Opened), tick(0), takeStart}, []Track{open(lines(closed, 0, 2000))}},
		"a power cut, repaired":  {[]Entry{sessionIs(Opened), tick(0), takeStart, tick(10_000), repaired, sessionIs(Recovered)}, []Track{afterCut}},
		"a take that came empty": {[]Entry{sessionIs(Opened), tick(0), takeStart, tick(10_000), sessionIs(Recovered)}, []Track{}},
		"repaired with half the rate of its stream": {[]Entry{fast(takeStart), repaired}, []Track{fastTrack}},
		"its start is lost":                         {[]Entry{tick(0), takeStop}, []Track{func() Track { tr := lines(closed, 0, 8000); tr.Bitrate = 0; return tr }()}},
		"all but its length":                        {[]Entry{repaired}, []Track{func() Track { tr := afterCut; tr.Begin, tr.Bitrate, tr.Line = 0, 0, nil; return tr }()}},
		"a file of nobody":                          {[]Entry{with(takeStop, func(e *Entry) { e.File = "/etc/passwd" }), with(takeStop, func(e *Entry) { e.File = "" })}, []Track{}},
		"a voice as a take":                         {[]Entry{with(takeStop, func(e *Entry) { e.File = aVoice })}, []Track{}},
		"nonsense for numbers":                      {[]Entry{with(takeStop, func(e *Entry) { e.Samples, e.Pos, e.Rate = math.MaxInt64, math.MinInt64, -1 })}, []Track{}},
	} {
		for i := range c.want {
			c.want[i].Clock = "hub"
			if len(c.want[i].Line) == 0 { // as is any other word of time in that journal
				c.want[i].Clock = LocalClock
			}
		}
		if got := tracksOf(t, c.entries...); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n%+v\nwant\n%+v", name, got, c.want)
		}
	}
}

// TestTracksBeforeTheHub: a box that met its hub in mid-session has all of it on the hub's clock, and what was noted by its
// own before is not taken for the hub's.
func TestTracksBeforeTheHub(t *testing.T) {
	const wrong = 7 * time.Minute // of the box's own clock
	local := func(e Entry) Entry { e.Hub, e.Clock = e.Hub.Add(-wrong), LocalClock; return e }
	log := written(t,
		local(tick(0)), local(started(KindVoiceStart, aVoice, 100, 16000)), local(started(KindTakeStart, aTake, 2000, 48000)),
		Entry{Kind: KindMarker, Clock: LocalClock, Change: &Change{ID: "1", Marker: "m", Op: Set, At: at(5000).Add(-wrong), By: "ann", Role: session.Artist}},
		local(tick(10_000)), local(tick(20_000)), tick(25_000),
		Entry{Kind: KindMarker, Clock: "hub", Change: &Change{ID: "2", Marker: "n", Op: Set, At: at(26_000), By: "ann", Role: session.Artist}},
		tick(35_000), tick(45_000),
		with(started(KindTakeStop, aTake, 50_000, 48000), func(e *Entry) { e.Samples = 48 * 48000 }),
		with(started(KindVoiceStop, aVoice, 50_100, 16000), func(e *Entry) { e.Samples = 50 * 16000 }))
	var got []string
	for _, c := range Chunks(Tracks(log, "ann", "ANN", evenings), Fold(Changes(log))) {
		got = append(got, brief(c))
	}
	want := []string{"ann1 100-2000 - 0:0-1900", "ann2 2000-5000 1:0-3000 0:1900-4900", "ann3 5000-26000 1:3000-24000 0:4900-25900 m", "ann4 26000-50000 1:24000-48000 0:25900-49900 n", "ann5 50000-50100 - 0:49900-50000"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}

// TestTracksLongBeforeTheHub: what is read of a take that was over long before the box met its hub, or that began long after
// it lost it, is what the box has told while it ran, with all of the line at hand.
func TestTracksLongBeforeTheHub(t *testing.T) {
	const ppm, minute = 100, 60_000
	pos := func(ms int64) int64 { return ms*48 + ms*48*ppm/1_000_000 }
	for name, hub := range map[string][2]int64{"24 minutes before": {25, 60}, "9 minutes before": {10, 60}, "24 minutes after": {-60, -24}, "9 minutes after": {-60, -9}, "met for 5 s": {25, 25}} {
		var live Timeline
		entries := []Entry{}
		for ms := hub[0] * minute; ms <= hub[1]*minute+5000; ms += 5000 {
			e := tick(ms + 100*minute)
			e.Pos = pos(ms + 100*minute)
			entries, live = append(entries, e), live.Add(e.point(), e.Rate)
		}
		begin, samples := pos(100*minute), pos(101*minute)-pos(100*minute)
		entries = append(entries, Entry{Kind: KindTakeStop, File: aTake, Take: 1, Pos: begin + samples, Samples: samples, Rate: 48000})
		tracks := tracksOf(t, entries...)
		if len(tracks) != 1 || tracks[0].Begin != begin {
			t.Fatalf("%s: %+v", name, tracks)
		}
		for _, n := range []int64{begin, begin + samples} {
			read, _ := tracks[0].Line.HubAt(n, 48000)
			told, _ := live.HubAt(n, 48000)
			if off := read.Sub(told).Abs(); off > time.Microsecond {
				t.Errorf("%s: off by %v from what was told", name, off)
			}
			if truth := at(100 * minute).Add(time.Duration(float64(n-begin) / 48 / (1 + ppm*1e-6) * 1e6)); name != "met for 5 s" && read.Sub(truth).Abs() > time.Millisecond {
				t.Errorf("%s: off by %v from the truth", name, read.Sub(truth))
			}
		}
	}
}

// TestTracksOfTheLastHub: another hub is another time line.
func TestTracksOfTheLastHub(t *testing.T) {
	tracks := tracksOf(t, tick(0), started(KindTakeStart, aTake, 2000, 48000), with(tick(10_000), func(e *Entry) { e.Clock, e.Hub = "other", at(99_000) }))
	if want := (Timeline{{Hub: at(99_000), Pos: 480_000}}); len(tracks) != 1 || tracks[0].Clock != "other" || !reflect.DeepEqual(tracks[0].Line, want) {
		t.Errorf("%+v", tracks)
	}
}

// TestTracksOfAnOldJournal: one without hub times is placed by its own clock.
func TestTracksOfAnOldJournal(t *testing.T) {
	bare := func(e Entry, ms int64) Entry { e.Hub, e.Clock, e.Time = 0, "", at(ms).Time(); return e }
	tracks := tracksOf(t, bare(started(KindVoiceStart, aVoice, 0, 16000), 0), bare(started(KindTakeStart, aTake, 2000, 48000), 2000),
		with(bare(started(KindTakeStop, aTake, 8000, 48000), 8000), func(e *Entry) { e.Samples = 288_000 }))
	if len(tracks) != 2 || !reflect.DeepEqual(tracks[1].Line, Timeline{{Hub: at(2000), Pos: 96000}}) || !reflect.DeepEqual(tracks[0].Line, Timeline{{Hub: at(0)}}) {
		t.Errorf("%+v", tracks)
	}
}

// TestChanges: each line counts as often as it was written; Fold makes one of them.
func TestChanges(t *testing.T) {
	set := Change{ID: "1", Marker: "m", Op: Set, At: at(5000), Name: "verse", By: "ann", Role: session.Artist}
	numbered, bad := set, set
	numbered.Seq, bad.Op = 7, "dance"
	log := written(t, Entry{Kind: KindMarker, Change: &set}, Entry{Kind: KindMarker, Text: "Ann"}, Entry{Kind: KindCall, Change: &set},
		Entry{Kind: KindMarker, Change: &bad}, Entry{Kind: KindMarker, Change: &numbered, Clock: "hub"})
	set.Clock, numbered.Clock = LocalClock, "hub" // which the studio stream was never placed on
	if got := Changes(log); !reflect.DeepEqual(got, []Change{set, numbered}) {
		t.Errorf("%+v", got)
	}
	if got := Fold(Changes(log)); len(got) != 1 || got[0].Name != "verse" {
		t.Errorf("%+v", got)
	}
}

// TestChangesNameTheirClock: what was placed by another clock is carried over to the session's, whoever tells which it was.
func TestChangesNameTheirClock(t *testing.T) {
	const wrong = 7 * time.Minute // of the box's own clock
	set := func(id, clock string, ms int64) *Change {
		c := Change{ID: id, Marker: id, Op: Set, At: at(ms), Clock: clock, By: "ann", Role: session.Artist}
		if clock == LocalClock {
			c.At = c.At.Add(-wrong)
		}
		return &c
	}
	local := func(e Entry) Entry { e.Hub, e.Clock = e.Hub.Add(-wrong), LocalClock; return e }
	log := written(t, local(tick(0)), Entry{Kind: KindMarker, Change: set("1", LocalClock, 5000)}, local(tick(10_000)), tick(20_000),
		Entry{Kind: KindMarker, Clock: LocalClock, Change: set("2", "hub", 25_000)}, Entry{Kind: KindMarker, Clock: "hub", Change: set("3", "", 26_000)},
		Entry{Kind: KindMarker, Change: set("4", "elsewhere", 27_000)}, Entry{Kind: KindMarker, Clock: "\n", Change: set("5", "", 28_000)}, tick(30_000))
	want := []Change{*set("1", "hub", 5000), *set("2", "hub", 25_000), *set("3", "hub", 26_000), *set("4", "elsewhere", 27_000), *set("5", "", 28_000)}
	if got := Changes(log); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
}

// TestClockNames: a clock's name is a short text.
func TestClockNames(t *testing.T) {
	for name, good := range map[string]bool{"": true, "hub": true, strings.Repeat("ü", 64): true, strings.Repeat("x", 65): false, "a\nb": false, "\xff": false} {
		change := Change{ID: "1", Marker: "m", Op: Set, At: at(5000), Clock: name}
		track := take("ann", 1, 0, 1000)
		track.Clock = name
		if change.Check() == nil != good || track.Check() == nil != good {
			t.Errorf("%q: %v, %v", name, change.Check(), track.Check())
		}
	}
}

// TestChangesThatTheHubRefused: they do not count, wherever in the journal that stands.
func TestChangesThatTheHubRefused(t *testing.T) {
	change := func(id string, op Op) *Change {
		return &Change{ID: id, Marker: "m", Op: op, At: at(5000), Clock: "hub", By: "ann", Role: session.Artist}
	}
	log := written(t, tick(0), Entry{Kind: KindMarker, Text: MarkerRefused, Change: change("3", Good)}, Entry{Kind: KindMarker, Change: change("1", Set)},
		Entry{Kind: KindMarker, Change: change("2", Delete)}, Entry{Kind: KindMarker, Text: MarkerRefused, Change: &Change{ID: "2"}},
		Entry{Kind: KindMarker, Change: change("3", Good)}, Entry{Kind: KindMarker, Text: MarkerRefused})
	if got := Changes(log); !reflect.DeepEqual(got, []Change{*change("1", Set)}) {
		t.Errorf("%+v", got)
	}
}

// TestChunksOfADriftingClock: a card that is off by 100 ppm, read with 0.3 ms of noise, cuts within 1 ms of the truth over
// two hours: in mid-take, at its ends, and in the voice, whose clock drifts otherwise.
func TestChunksOfADriftingClock(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 2))
	for _, ppm := range []float64{-100, 100, 3} {
		const whole = 2 * 3600 * 1000
		noise := func() clock.Instant { return clock.Instant((random.Float64()*2 - 1) * 0.3e6) }
		posAt := func(ms int64, rate float64) int64 { return int64(float64(ms) / 1000 * rate * (1 + ppm*1e-6)) }
		line := func(kind Kind, file string, ms int64, rate float64) Entry {
			return Entry{Kind: kind, File: file, Clock: "hub", Hub: at(ms) + noise(), Pos: posAt(ms, rate), Rate: int(rate)}
		}
		entries := []Entry{line(KindVoiceStart, aVoice, 0, 16000), line(KindTakeStart, aTake, 4000, 48000)}
		for ms := int64(5000); ms < whole; ms += 10_000 {
			entries = append(entries, line(KindClock, "", ms, 48000), line(KindClock, aVoice, ms, 16000))
		}
		entries = append(entries, Entry{Kind: KindTakeRecovered, File: aTake, Rate: 48000, Samples: posAt(whole, 48000) - posAt(4000, 48000)},
			Entry{Kind: KindVoiceRecovered, File: aVoice, Rate: 16000, Samples: posAt(whole, 16000)})
		tracks := tracksOf(t, entries...)
		for range 300 {
			ms := 5000 + random.Int64N(whole-5000)
			chunks := Chunks(tracks, []Marker{produced("p", ms)})
			last := chunks[len(chunks)-1]
			wrong(t, ppm, ms, float64(last.Studio.From-(posAt(ms, 48000)-posAt(4000, 48000)))/48)
			wrong(t, ppm, ms, float64(last.Voice.From-posAt(ms, 16000))/16)
		}
	}
}

func wrong(t *testing.T, ppm float64, at int64, ms float64) {
	t.Helper()
	if math.Abs(ms) > 1 {
		t.Errorf("at %+v ppm the cut at %d ms is off by %.3f ms", ppm, at, ms)
	}
}

// TestTracksAfterAPowerCut: a real session that was cut, repaired by Recover, can be cut to chunks.
func TestTracksAfterAPowerCut(t *testing.T) {
	root := t.TempDir()
	s := newSession(t, root)
	recording(t, s.Dir(), aTake, true)
	recording(t, s.Dir(), aVoice, true)
	note(t, s, started(KindVoiceStart, aVoice, 0, 16000))
	note(t, s, tick(0))
	note(t, s, started(KindTakeStart, aTake, 100, 48000))
	note(t, s, Entry{Kind: KindMarker, Change: &Change{ID: "1", Marker: "m", Op: Set, At: at(600), By: "pat", Role: session.Producer}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Recover(context.Background(), root, quiet()); err != nil {
		t.Fatal(err)
	}
	log := readJournal(t, s.Dir())
	tracks := Tracks(log, "ann", "ANN", filepath.Base(s.Dir()))
	if len(tracks) != 2 || tracks[0].Open || tracks[1].Open || tracks[1].Samples < 40_000 || tracks[0].Samples < 14_000 {
		t.Fatalf("%+v", tracks)
	}
	chunks := Chunks(tracks, Fold(Changes(log)))
	coversAll(t, tracks, chunks)
	if len(chunks) < 3 || chunks[2].Marker != "m" || chunks[2].Studio.From != 24_000 || chunks[2].Voice.From != 9600 {
		t.Errorf("%+v", chunks)
	}
	wantIdempotent(t, root)
}

// FuzzTracks: whatever a journal holds, what is made of it makes sense.
func FuzzTracks(f *testing.F) {
	for _, entries := range [][]Entry{ // short ones: a long one keeps the fuzzer busy with making it short
		{started(KindVoiceStart, aVoice, 0, 16000), {Kind: KindVoiceRecovered, File: aVoice, Samples: 5000, Rate: 8000}, {Kind: KindSession, Text: Recovered}},
		{tick(0), started(KindTakeStart, aTake, 2000, 48000), with(started(KindTakeStop, aTake, 8000, 48000), func(e *Entry) { e.Samples = 1000 })},
		{{Kind: KindMarker, Clock: LocalClock, Change: &Change{ID: "1", Marker: "m", Op: Set, At: at(600), By: "pat"}}, with(tick(10_000), func(e *Entry) { e.Clock = LocalClock }), tick(0)},
		{with(started(KindTakeStop, "HQ_ann_2_201502.mp3", math.MaxInt64, 96000), func(e *Entry) { e.Samples = math.MinInt64 })},
	} {
		var b bytes.Buffer
		for _, e := range entries {
			line, err := e.line()
			if err != nil {
				f.Fatal(err)
			}
			b.Write(line)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		log, err := ReadJournal(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		tracks, changes := Tracks(log, "ann", "ANN", evenings), Changes(log)
		for _, track := range tracks {
			if err := track.Check(); err != nil {
				t.Fatalf("%+v: %v", track, err)
			}
		}
		for _, c := range changes {
			if err := c.Check(); err != nil {
				t.Fatalf("%+v: %v", c, err)
			}
		}
		Chunks(tracks, Fold(changes))
	})
}
