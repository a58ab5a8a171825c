package takes

import (
	"encoding/json"
	"strings"
	"testing"

	"orionbox/firmware/clock"
	"orionbox/firmware/session"
)

func TestTrackCheck(t *testing.T) {
	long := make(Timeline, maxPoints+1)
	for i := range long {
		long[i] = Point{Hub: at(int64(i)), Pos: int64(i)}
	}
	for name, c := range map[string]struct {
		do func(*Track)
		ok bool
	}{
		"as a box makes it":      {func(*Track) {}, true},
		"without a line":         {func(t *Track) { t.Line = nil }, true},
		"with a long line":       {func(t *Track) { t.Line = long[:maxPoints] }, true},
		"second folder":          {func(t *Track) { t.Session += "_2" }, true},
		"any letters":            {func(t *Track) { t.File, t.Name = "HQ_Jörg_1_201502.mp3", "Jörg Ü." }, true},
		"too long a line":        {func(t *Track) { t.Line = long }, false},
		"line backwards":         {func(t *Track) { t.Line = Timeline{{Hub: at(5), Pos: 5}, {Hub: at(4), Pos: 6}} }, false},
		"equal points":           {func(t *Track) { t.Line = Timeline{{Hub: at(5), Pos: 5}, {Hub: at(5), Pos: 6}} }, false},
		"samples backwards":      {func(t *Track) { t.Line = Timeline{{Hub: at(5), Pos: 5}, {Hub: at(6), Pos: 5}} }, false},
		"before time":            {func(t *Track) { t.Line = Timeline{{Hub: 0, Pos: 5}} }, false},
		"absurd index":           {func(t *Track) { t.Line = Timeline{{Hub: 1, Pos: 1 << 60}} }, false},
		"path":                   {func(t *Track) { t.File = "../" + t.File }, false},
		"path in the name":       {func(t *Track) { t.File = `HQ_a\b_1_201502.mp3` }, false},
		"escape in the name":     {func(t *Track) { t.File = "HQ_a\x1b[2J_1_201502.mp3" }, false},
		"hidden":                 {func(t *Track) { t.File = "HQ_.a_1_201502.mp3" }, false},
		"no recording":           {func(t *Track) { t.File = "journal.jsonl" }, false},
		"no file":                {func(t *Track) { t.File = "" }, false},
		"other take":             {func(t *Track) { t.Take = 2 }, false},
		"voice by name":          {func(t *Track) { t.Studio = false }, false},
		"session a path":         {func(t *Track) { t.Session = "../" + t.Session }, false},
		"no session":             {func(t *Track) { t.Session = "" }, false},
		"no rate":                {func(t *Track) { t.Rate = 0 }, false},
		"absurd rate":            {func(t *Track) { t.Rate = 1 << 40 }, false},
		"absurd bitrate":         {func(t *Track) { t.Bitrate = 1 << 40 }, false},
		"negative length":        {func(t *Track) { t.Samples = -1 }, false},
		"absurd length":          {func(t *Track) { t.Samples = 1 << 62 }, false},
		"negative begin":         {func(t *Track) { t.Begin = -1 }, false},
		"absurd begin":           {func(t *Track) { t.Begin = 1 << 62 }, false},
		"negative bytes":         {func(t *Track) { t.Bytes = -1 }, false},
		"name with an escape":    {func(t *Track) { t.Name = "\x1b[2J" }, false},
		"name without an end":    {func(t *Track) { t.Name = strings.Repeat("x", 200) }, false},
		"box without an end":     {func(t *Track) { t.Box = strings.Repeat("x", 200) }, false},
		"box that is no text":    {func(t *Track) { t.Box = "\xff" }, false},
		"name that is no text":   {func(t *Track) { t.Name = "\xff" }, false},
		"session that goes on":   {func(t *Track) { t.Session += "\n" }, false},
		"file that goes on":      {func(t *Track) { t.File += "\n" }, false},
		"session that is a file": {func(t *Track) { t.Session += "/x" }, false},
	} {
		track := take("ann", 1, 2000, 8000)
		c.do(&track)
		if err := track.Check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzTrack: a track from elsewhere is refused, or cut without a loss.
func FuzzTrack(f *testing.F) {
	good := take("ann", 1, 2000, 8000)
	talk := voiceTrack("ann", 0, 9000)
	talk.Line = append(talk.Line, Point{Hub: at(9000), Pos: 144_001})
	for _, t := range []Track{good, talk, {}} {
		data, err := json.Marshal(t)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, int64(at(5000)))
	}
	f.Add([]byte(`{"session":"SESSION_20261122_201501","file":"HQ_a_1_201502.mp3","studio":true,"take":1,"rate":8000,"begin":9007199254740992,"samples":1099511627776,
		"line":[{"hub":1,"pos":-9007199254740992},{"hub":9223372036854775807,"pos":9007199254740992}]}`), int64(1<<62))
	f.Fuzz(func(t *testing.T, data []byte, i int64) {
		var track Track
		if json.Unmarshal(data, &track) != nil {
			return
		}
		track.Line.PosAt(clock.Instant(i), track.Rate)
		track.Line.HubAt(i, track.Rate)
		chunks := Chunks([]Track{track, track}, []Marker{{ID: "m", Role: session.Producer, At: clock.Instant(i)}})
		if track.Check() != nil {
			if len(chunks) > 0 {
				t.Fatalf("%v, but %+v", track.Check(), chunks)
			}
			return
		}
		if chunks = Chunks([]Track{track}, []Marker{{ID: "m", Role: session.Producer, At: clock.Instant(i)}}); len(chunks) > 0 && track.Rate <= 48000 {
			coversAll(t, []Track{track}, chunks)
		}
	})
}
