package echo

import "sync/atomic"

// probe is both ends of the line: the microphone that says the signal and the loudspeaker that keeps what is heard, sample
// for sample beside it. All but the two flags is the tick's until over; it obeys the rules of the tick.
type probe struct {
	rate        int
	said, heard []float32
	at          int  // in both
	on          bool // in this tick
	begun, over atomic.Bool
}

func newProbe(rate int) *probe {
	said := signal(rate)
	return &probe{rate: rate, said: said, heard: make([]float32, len(said))}
}

// ReadVoice says silence before and after the signal.
func (p *probe) ReadVoice(dst []float32) {
	clear(dst)
	if p.on = p.begun.Load(); p.on {
		copy(dst, p.said[p.at:])
	}
}

// WriteVoice keeps what was heard in the tick that said as much.
func (p *probe) WriteVoice(src []float32) {
	if !p.on {
		return
	}
	p.at += copy(p.heard[p.at:], src)
	if p.at == len(p.heard) {
		p.over.Store(true)
	}
}
