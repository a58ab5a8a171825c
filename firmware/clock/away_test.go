package clock

import (
	"testing"
	"time"
)

// A box is cut off for a minute. What it marks meanwhile reaches the others when it is back, and it then learns what they have
// marked: all cut at the right place, whichever state their estimates are in by then.
func TestMarkersOfAMinuteWithoutTheHub(t *testing.T) {
	const leaves, returns = 2 * time.Minute, 3 * time.Minute
	for _, net := range []network{{flat, flat}, {bell, bell}, {tail, tail}} {
		var off errors
		for seed := range uint64(12) {
			players := []*player{newPlayer(2*seed, net), newPlayer(2*seed+1, net)}
			players[0].away = func(t time.Duration) bool { return t > leaves && t < returns }
			var marks []mark
			for at := time.Duration(0); at < returns+10*time.Second; at += period {
				for _, p := range players {
					p.until(at)
					p.callback(at)
				}
				if by := int(at/period) % 2; at > leaves-5*time.Second {
					marks = append(marks, mark{by: by, set: at, at: players[by].hub.At(players[by].at(at))})
				}
				if at < returns || (at-returns)%(2*time.Second) != 0 { // at once, and later again
					continue
				}
				for _, m := range marks {
					p := players[1-m.by]
					pos, _ := p.card.Pos(p.hub.When(m.at))
					off = append(off, time.Duration((float64(pos)-p.heard(m.set))/rate*perSecond).Abs())
				}
			}
		}
		t.Logf("%v: %d cuts, p50 %v ms, p99 %v ms", net, len(off), ms(off.at(0.5)), ms(off.at(0.99)))
		if p99 := off.at(0.99); p99 > 5*time.Millisecond {
			t.Errorf("%v: p99 is %v", net, p99)
		}
	}
}
