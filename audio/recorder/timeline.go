package recorder

import "time"

// timeline tells which sample was captured at a moment, from when samples were seen to arrive.
//
// Sound arrives late by the card's period and the recorder's poll, never early. So the sample that arrived with the
// least delay is the best witness, and older witnesses fade by more than any crystal can be off.
type timeline struct {
	rate  int
	pos   int64 // the witness
	at    time.Time
	known bool
}

// fade is how much faster than the clock a witness may be outdated, 1000 ppm: a second in a thousand.
const fade = 1000

// observe takes in that at now all samples before end had arrived, and no more.
func (l *timeline) observe(end int64, rate int, now time.Time) {
	if l.known && l.rate == rate {
		since := now.Sub(l.at)
		if end < l.posAt(now)-samples(rate, since/fade) && since > 0 {
			return
		}
	}
	*l = timeline{rate: rate, pos: end, at: now, known: true}
}

// posAt is the index of the sample captured at t. It means nothing before known.
func (l *timeline) posAt(t time.Time) int64 { return l.pos + samples(l.rate, t.Sub(l.at)) }

// timeAt is when the sample frame pos was captured, the inverse of posAt. It means nothing before known.
func (l *timeline) timeAt(pos int64) time.Time { return l.at.Add(duration(l.rate, pos-l.pos)) }

// duration is how long n sample frames last, which may be negative.
func duration(rate int, n int64) time.Duration {
	whole, rest := n/int64(rate), n%int64(rate)
	return time.Duration(whole)*time.Second + time.Duration(rest)*time.Second/time.Duration(rate)
}

// samples is how many sample frames last for d, which may be negative.
func samples(rate int, d time.Duration) int64 {
	return int64(d/time.Second)*int64(rate) + int64(d%time.Second)*int64(rate)/int64(time.Second)
}
