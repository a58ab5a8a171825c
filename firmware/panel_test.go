package firmware

import (
	"image/color"
	"log/slog"
	"math"
	"slices"
	"testing"
	"time"

	"orionbox/firmware/conf"
	"orionbox/firmware/lamps"
)

// TestPanelHasWhatConnConfSays holds that every button and LED of conn.conf is on the panel, on its line.
func TestPanelHasWhatConnConfSays(t *testing.T) {
	set := conf.Defaults().Hardware
	set.Chip = "gpiochip77"
	n := 0
	want := map[string]string{}
	for _, k := range conf.Keys() {
		if k.Section == "Hardware" && k.Default == "none" && k.Name != "strip" {
			set.Lines[k.Name] = string(rune('0' + n%10))
			want[k.Name] = "line " + set.Lines[k.Name] + " of chip gpiochip77"
			n++
		}
	}
	p, err := NewPanel(set, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	where := p.Where()
	for name, place := range want {
		if where[name] != place {
			t.Errorf("%s is at %q, want %q", name, where[name], place)
		}
	}
	if len(where) != len(want) || len(want) != 14 {
		t.Errorf("%d parts of %d have a place: %v", len(where), len(want), where)
	}
	if len(p.Lights()) != len(lamps.Names(conf.Seats)) {
		t.Errorf("LEDs %v", p.Lights())
	}
}

// TestAStripHasASeatALight, in colours that can be told apart, and keeps the names of conn.conf.
func TestAStripHasASeatALight(t *testing.T) {
	set := conf.Defaults().Hardware
	set.Strip, set.StripLights, set.Peers = "/dev/spidev0.0", 12, [conf.Seats]string{"", "carol"}
	if got := names(set); len(got) != 12 || got[1] != "carol" || got[0] != "" {
		t.Errorf("seats %q", got)
	}
	lights := pixels(set.StripLights)
	for i, a := range lights {
		if a.LED != lamps.PeerLED(i) {
			t.Errorf("light %d is %s's", i, a.LED)
		}
		if most := max(a.Color.R, a.Color.G, a.Color.B); most < 250 {
			t.Errorf("light %d is dim: %v", i, a.Color)
		}
		for j, b := range lights[:i] {
			if d := distance(a.Color, b.Color); d < 40 {
				t.Errorf("lights %d and %d are %.0f apart: %v, %v", i, j, d, a.Color, b.Color)
			}
		}
	}
	if got := []color.RGBA{colour(0), colour(1.0 / 3), colour(2.0 / 3)}; !slices.Equal(got, []color.RGBA{{R: 255, A: 255}, {G: 255, A: 255}, {B: 255, A: 255}}) {
		t.Errorf("red, green and blue are %v", got)
	}
}

func distance(a, b color.RGBA) float64 {
	d := func(x, y uint8) float64 { return float64(x) - float64(y) }
	return math.Hypot(math.Hypot(d(a.R, b.R), d(a.G, b.G)), d(a.B, b.B))
}

// TestTalkCostsNothing while the microphone is live, and nothing is allocated on the card's thread when it is muted either.
func TestTalkCostsNothing(t *testing.T) {
	var heard talk
	block := make([]float32, 480)
	for i := range block {
		block[i] = float32(math.Sin(float64(i)))
	}
	end := time.Duration(0)
	for _, muted := range []bool{false, true} {
		if n := testing.AllocsPerRun(1000, func() { end += 10 * time.Millisecond; heard.hear(end, block, muted) }); n != 0 {
			t.Errorf("muted %v: %v allocations a block", muted, n)
		}
	}
	if heard.asked() {
		t.Error("a steady tone talks")
	}
}
