package codec

// conceal hides lost packets by going on with the last pitch period, after the idea of ITU-T G.711 Appendix I:
//
//	heard ....|--- gap: last 1, 2, then 3 periods over and over ---|.... heard
//	          ^ cross-fade from linear       fades 10 .. 60 ms      ^ cross-fade back
//	            prediction
//
// Appendix I delays all sound by 3.75 ms in order to blend into a gap that it sees coming. Here nothing is delayed:
// linear prediction carries the waveform on from where it stood, until the repeated period has taken over.
type conceal struct {
	rate    int
	history []int16   // what was played last, newest at the end
	source  []float32 // the history as it was when the gap began

	inGap  bool
	gap    int // samples of the present gap
	period int // of the pitch, in samples
	now    cycle
	before cycle // what now takes over from
	blend  int   // samples left of that
	ahead  predictor
	lead   []float32 // the first samples of the gap as predicted
	merge  int       // samples left of the cross-fade back to the heard sound
	merged int       // its whole length
}

// Appendix I: the pitch of a voice lies between 66 and 200 Hz; a higher one shows as a multiple of its period. Up to
// three of the longest period and a quarter to blend are kept: 48.75 ms.
const (
	longestMicros  = 15000
	shortestMicros = 5000
	cycles         = 3
	holdMS, endMS  = 10, 60 // full loudness until, silent after
	leadMicros     = 4000
	mergeMaxMS     = 10
	mergeGrowMS    = 4 // longer cross-fade for each 10 ms of gap
)

func newConceal(rate int) conceal {
	longest := rate * longestMicros / 1e6
	keep := cycles*longest + longest/4
	return conceal{
		rate:    rate,
		history: make([]int16, keep),
		source:  make([]float32, keep),
		ahead:   newPredictor(rate / 50),
		lead:    make([]float32, rate*leadMicros/1e6),
	}
}

// heard takes what was decoded, blends it into the end of a gap, and remembers it.
func (c *conceal) heard(sound []int16) {
	if c.inGap {
		c.inGap = false
		grow := mergeGrowMS * c.ms(1) * c.gap / c.ms(10)
		c.merged = min(c.period/4+grow, c.ms(mergeMaxMS))
		c.merge = c.merged
	}
	for i := 0; i < len(sound) && c.merge > 0; i++ {
		w := float32(c.merge) / float32(c.merged+1)
		sound[i] = saturate(w*c.next() + (1-w)*float32(sound[i]))
		c.merge--
	}
	c.remember(sound)
}

// lost fills sound in place of what did not arrive.
func (c *conceal) lost(sound []int16) {
	if !c.inGap {
		c.begin()
	}
	for i := range sound {
		sound[i] = saturate(c.next())
	}
	c.remember(sound)
}

func (c *conceal) begin() {
	for i, s := range c.history {
		c.source[i] = float32(s)
	}
	c.inGap, c.gap, c.blend, c.merge = true, 0, 0, 0
	c.period = pitch(c.source, c.rate)
	c.now = cycle{length: c.period, blend: c.period / 4}
	c.ahead.next(c.lead, c.source)
}

// next makes one more sample of the gap.
func (c *conceal) next() float32 {
	if c.gap >= c.ms(endMS) {
		return 0
	}
	if c.gap == c.ms(10) || c.gap == c.ms(20) { // the same period for long would buzz
		c.before, c.blend = c.now, c.period/4
		c.now.length += c.period
	}
	s := c.now.next(c.source)
	if c.blend > 0 {
		w := float32(c.blend) / float32(c.period/4+1)
		s = w*c.before.next(c.source) + (1-w)*s
		c.blend--
	}
	if c.gap < len(c.lead) {
		w := float32(c.gap+1) / float32(len(c.lead)+1)
		s = w*s + (1-w)*c.lead[c.gap]
	}
	s *= c.loudness()
	c.gap++
	return s
}

// loudness falls in a straight line from the end of the hold to nothing.
func (c *conceal) loudness() float32 {
	past := c.gap - c.ms(holdMS)
	if past <= 0 {
		return 1
	}
	return 1 - float32(past)/float32(c.ms(endMS-holdMS))
}

func (c *conceal) remember(sound []int16) {
	if keep := len(c.history); len(sound) > keep {
		sound = sound[len(sound)-keep:]
	}
	n := copy(c.history, c.history[len(sound):])
	copy(c.history[n:], sound)
}

func (c *conceal) ms(n int) int { return n * c.rate / 1000 }

// cycle reads the last length samples of a source over and over. Near its end it blends into what came before its
// start, so that the turn back is the waveform's own.
type cycle struct{ length, blend, pos int }

func (c *cycle) next(source []float32) float32 {
	i := len(source) - c.length + c.pos
	s := source[i]
	if left := c.length - c.pos; left <= c.blend {
		w := float32(left) / float32(c.blend+1)
		s = w*s + (1-w)*source[i-c.length]
	}
	if c.pos++; c.pos == c.length {
		c.pos = 0
	}
	return s
}

func saturate(s float32) int16 {
	return int16(min(max(s, -1<<15), 1<<15-1))
}
