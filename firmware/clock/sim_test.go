package clock

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// The tests' world has a true time, in nanoseconds from its beginning, which no part of it can read.

// crystal is a clock whose pace wanders: by up to 0.1 ppm a minute.
type crystal struct {
	ppm []float64 // in each second
	sum []float64 // ns, what it is ahead at the second's beginning
}

func newCrystal(r *rand.Rand, ppm float64, length time.Duration) crystal {
	var c crystal
	ahead, trend := 0.0, 0.0
	for range int(length/time.Second) + 2 {
		c.ppm, c.sum = append(c.ppm, ppm), append(c.sum, ahead)
		ahead += ppm * 1e3
		trend = max(-0.1/60, min(0.1/60, trend+0.0003*r.NormFloat64()))
		ppm += trend
	}
	return c
}

func (c crystal) read(t time.Duration) time.Duration {
	s := int(t / time.Second)
	return t + time.Duration(c.sum[s]+c.ppm[s]*1e3*(t-time.Duration(s)*time.Second).Seconds())
}

// way is how long a message takes in one direction.
type way struct {
	name string
	ms   func(r *rand.Rand) float64
}

func (w way) delay(r *rand.Rand) time.Duration {
	ms := w.ms(r)
	if r.IntN(100) == 0 {
		ms += 500
	}
	return time.Duration(ms * float64(time.Millisecond))
}

var (
	flat   = way{"uniform 20+-60, at least 0", func(r *rand.Rand) float64 { return max(0, -40+120*r.Float64()) }}
	bell   = way{"normal 20, sigma 60, at least 0", func(r *rand.Rand) float64 { return max(0, 20+60*r.NormFloat64()) }}
	even   = way{"uniform 20..80", func(r *rand.Rand) float64 { return 20 + 60*r.Float64() }}
	hill   = way{"normal 50, sigma 15, at least 20", func(r *rand.Rand) float64 { return max(20, 50+15*r.NormFloat64()) }}
	tail   = way{"20 and exponential 30", func(r *rand.Rand) float64 { return 20 + 30*r.ExpFloat64() }}
	broad  = way{"uniform 20..140", func(r *rand.Rand) float64 { return 20 + 120*r.Float64() }}
	narrow = way{"20 and exponential 5", func(r *rand.Rand) float64 { return 20 + 5*r.ExpFloat64() }}
	cable  = way{"0.2 and exponential 0.1", func(r *rand.Rand) float64 { return 0.2 + 0.1*r.ExpFloat64() }}
)

type network struct{ there, back way }

func (n network) String() string {
	if n.there.name == n.back.name {
		return n.there.name
	}
	return n.there.name + " / " + n.back.name
}

var networks = []network{{flat, flat}, {bell, bell}, {even, even}, {hill, hill}, {tail, tail}, {broad, narrow}, {cable, cable}}

const hubAhead = Instant(1_790_000_000_000_000_000) // what the hub's clock shows when the true time begins

// host is a box: clocks of its own, and the client's pace of questions over a network.
type host struct {
	r       *rand.Rand
	net     network
	mono    crystal
	born    time.Time
	hub     *Hub
	clock   string                        // who answers
	hubTime func(t time.Duration) Instant // and what it shows
	away    func(t time.Duration) bool    // no connection then
	seen    func(e Exchange)              // if not nil, whatever the hub is shown
	next    time.Duration
	flying  []flight
}

type flight struct {
	Exchange
	arrives time.Duration
}

// newHost has a wall clock that is wrong by minutes, and a crystal that is off by up to 100 ppm.
func newHost(seed uint64, net network, length time.Duration) *host {
	r := rand.New(rand.NewPCG(seed, 3))
	h := &host{r: r, net: net, mono: newCrystal(r, -100+200*r.Float64(), length), clock: "a",
		hubTime: func(t time.Duration) Instant { return hubAhead.Add(t) },
		away:    func(time.Duration) bool { return false },
	}
	h.born = hubAhead.Time().Add(time.Duration((r.Float64() - 0.5) * float64(20*time.Minute)))
	h.hub = NewHub(h.born)
	return h
}

// at is what the box's own clock shows.
func (h *host) at(t time.Duration) time.Time { return h.born.Add(h.mono.read(t)) }

// until lets time pass: 16 questions in the first 2 s, 4 a second for 30 s, then one a second; 1 % stay without an answer.
func (h *host) until(t time.Duration) {
	for ; h.next <= t; h.next += pace(h.next) {
		there, back := h.net.there.delay(h.r), h.net.back.delay(h.r)
		arrives := h.next + there + back
		if h.r.IntN(100) == 0 || h.away(h.next) || h.away(arrives) {
			continue
		}
		answered := h.hubTime(h.next + there)
		h.flying = append(h.flying, flight{Exchange{h.at(h.next), h.at(arrives), answered, answered, h.clock}, arrives})
	}
	slices.SortStableFunc(h.flying, func(a, b flight) int { return int(a.arrives - b.arrives) })
	for len(h.flying) > 0 && h.flying[0].arrives <= t {
		h.hub.Observe(h.flying[0].Exchange)
		if h.seen != nil {
			h.seen(h.flying[0].Exchange)
		}
		h.flying = h.flying[1:]
	}
}

func pace(t time.Duration) time.Duration {
	switch {
	case t < 2*time.Second:
		return time.Second / 8
	case t < 32*time.Second:
		return time.Second / 4
	}
	return time.Second
}

// off is by how much the box takes the session clock to be ahead of what it is.
func (h *host) off(t time.Duration) time.Duration {
	h.until(t)
	return h.hub.At(h.at(t)).Sub(h.hubTime(t))
}

// errors are sorted when they are looked at.
type errors []time.Duration

func (e errors) at(share float64) time.Duration {
	slices.Sort(e)
	return e[int(math.Round(share*float64(len(e)-1)))]
}
