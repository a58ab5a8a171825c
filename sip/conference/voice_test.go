package conference

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"orionbox/audio/measure"
	"orionbox/sip/media"
	"orionbox/sip/rtp"
	"orionbox/sip/sdp"
)

// offer is the telephone's own SDP.
func (p *phone) offer(direction string) string {
	p.t.Helper()
	formats, err := media.Formats(p.codec)
	if err != nil {
		p.t.Fatal(err)
	}
	if p.port == 0 {
		if p.socket, err = rtp.Listen(netip.MustParseAddr("127.0.0.1")); err != nil {
			p.t.Fatal(err)
		}
		p.port = p.socket.Port()
	}
	text, err := sdp.Description{Address: netip.MustParseAddr("127.0.0.1"), Port: p.port, Formats: formats,
		Direction: direction, SessionID: 1, Version: uint64(p.seq) + 1}.Marshal()
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// join calls the room and listens there.
func (p *phone) join() *phone {
	p.t.Helper()
	res := p.dial()
	answer, err := sdp.Parse(res.Body())
	if err != nil {
		p.t.Fatal(err)
	}
	voice, _ := answer.Audio()
	p.leg, err = media.NewLeg(media.LegConfig{Socket: p.socket, Format: voice, Rate: mixRate,
		Remote: netip.AddrPortFrom(answer.Address, uint16(answer.Port))})
	if err != nil {
		p.t.Fatal(err)
	}
	p.socket = nil // the leg's now
	p.talk()
	return p
}

// ear keeps what the telephone's ear gets, 20 ms at a time.
type ear struct {
	mu    sync.Mutex
	sound measure.Sound
}

// talk runs the voice until the telephone closes.
func (p *phone) talk() {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	p.hang = func() { stop(); <-ended; p.leg.Close() }
	go func() {
		defer close(ended)
		p.voice(ctx)
	}()
}

func (p *phone) voice(ctx context.Context) {
	tone := measure.Sine(mixRate, tones[p.user], toneLevel, time.Second).Samples
	frame := make([]float32, tickSamples)
	at := 0
	keepTime(ctx, func() {
		p.leg.Send(tone[at : at+tickSamples])
		at = (at + tickSamples) % len(tone)
		p.leg.Receive(frame)
		p.heard.mu.Lock()
		p.heard.sound.Samples = append(p.heard.sound.Samples, frame...)
		p.heard.mu.Unlock()
	}, func(missed int64) { p.t.Logf("%s was late by %d ticks", p.user, missed) })
}

// tones are what each member says, in Hz; none is a harmonic of another.
var tones = map[string]float64{"alice": 440, "bob": 700, "carol": 1170}

const toneLevel = -20

// listen waits until the telephone has heard so much more, and returns that.
func (p *phone) listen(length time.Duration) measure.Sound {
	p.t.Helper()
	p.heard.mu.Lock()
	from := len(p.heard.sound.Samples)
	p.heard.mu.Unlock()
	var s measure.Sound
	waitFor(p.t, "sound", func() bool {
		p.heard.mu.Lock()
		defer p.heard.mu.Unlock()
		s = measure.Sound{Rate: mixRate, Samples: p.heard.sound.Samples[from:]}
		return s.Duration() >= length
	})
	return s
}

// hears waits for 200 ms in which the telephone hears every one of the members named, and nobody else, itself least of
// all. A busy machine breaks the time line now and then; what the mix is made of shows in between.
func (p *phone) hears(others ...string) {
	p.t.Helper()
	var why string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if why = p.judge(p.listen(200*time.Millisecond), others); why == "" {
			return
		}
	}
	p.t.Errorf("%s %s", p.user, why)
}

func (p *phone) judge(s measure.Sound, others []string) string {
	for user, freq := range tones {
		level := s.Tone(freq)
		switch {
		case slices.Contains(others, user) && (level < toneLevel-3 || level > toneLevel+3):
			return fmt.Sprintf("hears %s at %.1f dB, want %d", user, level, toneLevel)
		case !slices.Contains(others, user) && level > -60:
			return fmt.Sprintf("hears %s at %.1f dB, want silence", user, level)
		}
	}
	return ""
}
