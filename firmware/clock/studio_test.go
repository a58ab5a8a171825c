package clock

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"text/tabwriter"
	"time"
)

const (
	rooms  = 3 // of each network
	boxes  = 8 // of each room
	rate   = 48000
	length = 5 * time.Minute
	period = 20 * time.Millisecond // of the callbacks
	quiet  = 30 * time.Second      // before the first marker
)

// player is a box with a sound card.
type player struct {
	*host
	crystal crystal // the card's
	began   int64   // its index when the true time begins
	card    *Card
	called  time.Duration
}

func newPlayer(seed uint64, net network) *player {
	h := newHost(seed, net, length+time.Minute)
	return &player{host: h, crystal: newCrystal(h.r, -100+200*h.r.Float64(), length+time.Minute), began: h.r.Int64N(1 << 40), card: NewCard(rate)}
}

// heard is the index that the card truly had then.
func (p *player) heard(t time.Duration) float64 {
	return float64(p.began) + p.crystal.read(t).Seconds()*rate
}

// callback is late by about a millisecond, at times by 30.
func (p *player) callback(t time.Duration) {
	late := time.Duration((0.1 + p.r.ExpFloat64()) * float64(time.Millisecond))
	if p.r.IntN(50) == 0 {
		late += 30 * time.Millisecond
	}
	p.called = max(p.called+time.Microsecond, t+late)
	p.card.Observe(p.at(p.called), int64(p.heard(t)))
}

// limit is of what is off the truth at p99. One network is worse than a studio's may be: but for 2 of 100 its messages keep
// far from what the quickest take, and it has minutes of settling to do.
func (n network) limit() time.Duration {
	if n.there.name == hill.name {
		return 8 * time.Millisecond
	}
	return 5 * time.Millisecond
}

type mark struct {
	by      int
	set     time.Duration // truly
	at      Instant
	arrives time.Duration
}

// studio is what boxes make of markers that are set at any time on any of them: by how much each of their cuts misses the
// true moment, and by how much two boxes' cuts of the same marker miss each other.
func studio(net network, seed uint64) (off, apart errors) {
	r := rand.New(rand.NewPCG(seed, 1))
	var players []*player
	for i := range boxes {
		players = append(players, newPlayer(seed*boxes+uint64(i), net))
	}
	var marks []mark
	for t := time.Duration(0); t < length; t += period {
		for _, p := range players {
			p.until(t)
			p.callback(t)
		}
		if t > quiet && r.IntN(10) == 0 {
			by, set := r.IntN(boxes), t-time.Duration(r.Int64N(int64(period)))
			p := players[by]
			marks = append(marks, mark{by, set, p.hub.At(p.at(set)), t + net.back.delay(r)})
		}
		for len(marks) > 0 && marks[0].arrives <= t {
			least, most := time.Hour, -time.Hour
			for i, p := range players {
				pos, _ := p.card.Pos(p.hub.When(marks[0].at))
				miss := time.Duration((float64(pos) - p.heard(marks[0].set)) / rate * perSecond)
				if i != marks[0].by { // its own cut only shows the callbacks' delay
					off = append(off, miss.Abs())
				}
				least, most = min(least, miss), max(most, miss)
			}
			apart = append(apart, most-least)
			marks = marks[1:]
		}
	}
	return off, apart
}

// The boxes' clocks are wrong by minutes, drift by up to 100 ppm, and their cards by as much again; a message takes 20 ms, give or
// take 60. The table is in the comment of the package.
func TestCutsOfAllBoxesMeetTheTruth(t *testing.T) {
	table := tabwriter.NewWriter(t.Output(), 0, 0, 2, ' ', 0)
	defer func() {
		if err := table.Flush(); err != nil {
			t.Error(err)
		}
	}()
	fmt.Fprintf(table, "a message takes, ms\tcuts\tp50\tp99\tworst\twidest apart p50\tp99\n")
	for i, net := range networks {
		var off, apart errors
		for n := range rooms {
			o, a := studio(net, uint64(i*rooms+n))
			off, apart = append(off, o...), append(apart, a...)
		}
		fmt.Fprintf(table, "%v\t%d\t%v\t%v\t%v\t%v\t%v\n", net, len(off), ms(off.at(0.5)), ms(off.at(0.99)), ms(off.at(1)), ms(apart.at(0.5)), ms(apart.at(0.99)))
		if p99 := off.at(0.99); p99 > net.limit() || len(off) < 5000 {
			t.Errorf("%v: p99 of %d cuts is %v, at most %v is allowed", net, len(off), p99, net.limit())
		}
	}
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1000) }
