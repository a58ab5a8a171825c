package takes

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"orionbox/firmware/clock"
)

func TestTimeline(t *testing.T) {
	start := at(0)
	p := func(ms, pos int64) Point { return Point{Hub: at(ms), Pos: pos} }
	for name, c := range map[string]struct {
		line Timeline
		rate int
		ms   int64
		pos  int64
	}{
		"one point, before":             {Timeline{p(1000, 48000)}, 48000, 500, 24000},
		"one point, on it":              {Timeline{p(1000, 48000)}, 48000, 1000, 48000},
		"one point, behind":             {Timeline{p(1000, 48000)}, 48000, 3_600_000, 48000 * 3600},
		"between":                       {Timeline{p(0, 0), p(10_000, 480_048)}, 48000, 5000, 240_024},
		"bent":                          {Timeline{p(0, 0), p(10_000, 480_000), p(20_000, 960_480)}, 48000, 15_000, 720_240},
		"behind goes on as it was":      {Timeline{p(0, 0), p(100_000, 4_800_480)}, 48000, 200_000, 9_600_960},
		"before too":                    {Timeline{p(0, 0), p(100_000, 4_800_480)}, 48000, -100_000, -4_800_480},
		"two near points tell no drift": {Timeline{p(0, 0), p(10, 500)}, 48000, 1010, 48500},
		"nor does a jump":               {Timeline{p(0, 0), p(100_000, 9_600_000)}, 48000, 101_000, 9_648_000},
		"without a rate, all there is":  {Timeline{p(0, 0), p(10, 500)}, 0, 1010, 50500},
		"the slope of the last block":   {Timeline{p(0, 0), p(1_000_000, 48_000_000), p(1_100_000, 52_800_480), p(1_200_000, 57_600_960)}, 48000, 1_300_000, 62_401_440},
	} {
		got, ok := c.line.PosAt(start.Add(time.Duration(c.ms)*time.Millisecond), c.rate)
		if !ok || got != c.pos {
			t.Errorf("%s: at %d ms %d, %v; want %d", name, c.ms, got, ok, c.pos)
		}
		back, ok := c.line.HubAt(c.pos, c.rate)
		if d := back.Sub(at(c.ms)); !ok || d.Abs() > 2*time.Microsecond {
			t.Errorf("%s: frame %d is off by %v, %v", name, c.pos, d, ok)
		}
	}
}

// TestTimelineOnAnotherClock: what the other clock tells backwards or out of range is dropped.
func TestTimelineOnAnotherClock(t *testing.T) {
	line := Timeline{{Hub: at(0), Pos: 0}, {Hub: at(10), Pos: 480}, {Hub: at(20), Pos: 960}, {Hub: at(30), Pos: 1440}}
	later := func(i clock.Instant) clock.Instant { return i.Add(time.Hour) }
	back := func(i clock.Instant) clock.Instant { return i.Add(-time.Hour) }
	if got := line.Map(later).Map(back); !reflect.DeepEqual(got, line) || line.Map(later)[3].Hub != at(3_600_030) {
		t.Errorf("there and back: %v", got)
	}
	stepped := line.Map(func(i clock.Instant) clock.Instant {
		switch i {
		case at(0):
			return -1
		case at(20):
			return at(5)
		}
		return i
	})
	if want := (Timeline{line[1], line[3]}); !reflect.DeepEqual(stepped, want) || line[0].Hub != at(0) {
		t.Errorf("of a clock that stepped: %v, want %v", stepped, want)
	}
	if got := Timeline(nil).Map(later); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestTimelineThatTellsNothing(t *testing.T) {
	for name, c := range map[string]struct {
		line Timeline
		rate int
	}{
		"empty": {nil, 48000}, "one point, no rate": {Timeline{{Hub: at(0)}}, 0}, "negative rate": {Timeline{{Hub: at(0)}}, -48000},
		"equal points": {Timeline{{Hub: at(0)}, {Hub: at(0)}}, 0}, "backwards": {Timeline{{Hub: at(0), Pos: 5}, {Hub: at(9), Pos: 1}}, 0},
	} {
		if pos, ok := c.line.PosAt(at(5), c.rate); ok {
			t.Errorf("%s: %d", name, pos)
		}
		if i, ok := c.line.HubAt(5, c.rate); ok {
			t.Errorf("%s: %d", name, i)
		}
	}
}

// TestAddKeepsAStraightLineShort: eight hours of a steady card are some points, and none of what was left out is off.
func TestAddKeepsAStraightLineShort(t *testing.T) {
	var line Timeline
	truth := func(s float64) Point {
		return Point{Hub: at(0) + clock.Instant(s*1e9), Pos: int64(math.Round(s*48000*(1+80e-6) + 2000*math.Sin(s/3000)))}
	}
	for s := 0.0; s < 8*3600; s += 10 {
		line = line.Add(truth(s), 48000)
	}
	if len(line) > 200 {
		t.Errorf("the line has %d points", len(line))
	}
	for s := 0.0; s < 8*3600; s += 7 {
		want := truth(s)
		if got, _ := line.PosAt(want.Hub, 48000); math.Abs(float64(got-want.Pos)) > 0.0003*48000 {
			t.Fatalf("after %v s the line is off by %d sample frames", s, got-want.Pos)
		}
	}
}

// TestAddKeepsANoisyLineBounded: noise that cannot be straightened does not let the line grow for ever.
func TestAddKeepsANoisyLineBounded(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var line Timeline
	for s := int64(0); s < 48*3600; s += 10 {
		line = line.Add(Point{Hub: at(s*1000) + clock.Instant(random.Int64N(2e6)), Pos: s * 48000}, 48000)
	}
	if len(line) > maxKept || line.check() != nil {
		t.Errorf("%d points, %v", len(line), line.check())
	}
	for s := int64(0); s < 48*3600; s += 777 {
		if got, _ := line.PosAt(at(s*1000), 48000); (got-s*48000) > 2*48 || got-s*48000 < -3*48 {
			t.Errorf("after %d s off by %d sample frames", s, got-s*48000)
		}
	}
}

func TestAddKeepsOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		var line Timeline
		for range 50 {
			before := slices.Clone(line)
			grown := line.Add(Point{Hub: at(random.Int64N(3_000_000)), Pos: random.Int64N(150_000_000)}, 48000)
			if err := grown.check(); err != nil || !slices.Equal(before, line) {
				t.Fatalf("%v in %v", err, grown)
			}
			line = grown
		}
	}
	line := Timeline{}.Add(Point{Hub: at(0), Pos: 0}, 48000).Add(Point{Hub: at(20_000), Pos: 960_000}, 48000)
	if got := line.Add(Point{Hub: at(10_000), Pos: 480_096}, 48000); len(got) != 3 {
		t.Errorf("a late point that tells more is not in %v", got)
	}
	if got := line.Add(Point{Hub: at(10_000), Pos: 480_005}, 48000); len(got) != 2 {
		t.Errorf("a late point that tells nothing is in %v", got)
	}
	if got := line.Add(Point{Hub: at(20_500), Pos: 984_005}, 48000); len(got) != 2 {
		t.Errorf("a point of the same moment is in %v", got)
	}
}

func FuzzTimeline(f *testing.F) {
	f.Add([]byte(`[{"hub":1795378501000000000,"pos":0},{"hub":1795378511000000000,"pos":480000}]`), int64(1795378506000000000), 48000)
	f.Add([]byte(`[{"hub":9223372036854775807,"pos":-9223372036854775808},{"hub":-9223372036854775808,"pos":9223372036854775807},{}]`), int64(-9223372036854775808), -1)
	f.Add([]byte(`[{"hub":5,"pos":5},{"hub":5,"pos":5},{"hub":5,"pos":4}]`), int64(5), 1<<62)
	f.Fuzz(func(t *testing.T, data []byte, i int64, rate int) {
		var line Timeline
		if json.Unmarshal(data, &line) != nil {
			return
		}
		pos, _ := line.PosAt(clock.Instant(i), rate)
		line.HubAt(i, rate)
		line.HubAt(pos, rate)
		var grown Timeline
		for _, p := range line {
			if p.sound() {
				grown = grown.Add(p, rate)
			}
		}
		line.Add(Point{Hub: clock.Instant(i), Pos: pos}, rate)
		if err := grown.check(); err != nil {
			t.Fatalf("%v: %v", grown, err)
		}
	})
}
