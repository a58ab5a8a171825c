package media

import (
	"math"
	"time"

	"orionbox/audio/codec"
	"orionbox/audio/pcm"
	"orionbox/sip/jitter"
)

// receiver is the way from payload to PCM for one format. It belongs to the tick.
type receiver struct {
	codec   codec.Codec
	alias   uint8 // another payload type that the codec comes under
	decoder codec.Decoder
	buffer  *jitter.Buffer
	rate    *rateChange
	pcm     []int16
	wave    []float32 // a frame to be left out, if any, and the present one
	left    int       // length of the frame to be left out

	sounding bool    // the last sound was not silence
	level    float64 // of the sound of late, mean square
	broken   int64   // payloads that the decoder refused
}

func newReceiver(c codec.Codec, alias uint8, rate int) (*receiver, error) {
	decoder, err := c.NewDecoder()
	if err != nil {
		return nil, err
	}
	n := longest(c)
	return &receiver{
		codec: c, alias: alias, decoder: decoder, pcm: make([]int16, n), wave: make([]float32, 2*n),
		buffer: jitter.New(jitter.Config{ClockRate: c.ClockRate, Frame: Frame, Repeats: c.Name == "opus"}),
		rate:   newRateChange(c.SampleRate, rate, 2*n),
	}, nil
}

// longest is how many samples of PCM a packet may hold: 160 ms, which is what an inbox letter of PCMU has room for and
// more than an opus packet can be.
func longest(c codec.Codec) int { return min(c.SampleRate*160/1000, codec.MaxSamples) }

// push takes a packet out of the inbox. One of another type than the voice's only keeps its place in the sequence.
func (r *receiver) push(l *letter, arrival time.Duration) {
	p := jitter.Packet{SSRC: l.ssrc, Seq: l.seq, Timestamp: l.stamp, Marker: l.marker}
	if l.payloadType == r.codec.PayloadType || l.payloadType == r.alias {
		if n, err := r.codec.Samples(l.payload[:l.size]); err != nil || n > longest(r.codec) {
			r.broken++
		} else {
			p.Payload, p.Duration = l.payload[:l.size], r.codec.Ticks(n)
		}
	}
	r.buffer.Push(p, arrival)
}

// fill makes dst full: from packets, by concealment, or with silence.
func (r *receiver) fill(dst []float32, now time.Duration) {
	for r.rate.out.n < len(dst) {
		waiting := time.Duration(r.rate.out.n) * Frame / time.Duration(len(dst))
		r.step(now + waiting) // when the next piece will be heard
	}
	r.rate.out.read(dst)
}

// step makes the next piece of sound. But for Shrink, of which there are as many as packets, each call makes some.
func (r *receiver) step(now time.Duration) {
	p, verdict := r.buffer.Pop(now)
	switch verdict {
	case jitter.Play:
		r.emit(r.decode(p))
	case jitter.Shrink:
		r.leave(r.decode(p))
	case jitter.Empty:
		r.silence()
	default:
		r.emit(r.conceal(r.samples(p.Duration), p.Payload))
	}
}

func (r *receiver) samples(units uint32) int {
	n := int(units) * r.codec.SampleRate / r.codec.ClockRate
	return min(max(n, 1), longest(r.codec))
}

func (r *receiver) decode(p jitter.Packet) []int16 {
	n, err := r.decoder.Decode(r.pcm[:], p.Payload)
	if err != nil || n == 0 {
		r.broken++
		return r.conceal(r.samples(p.Duration), nil)
	}
	return r.pcm[:n]
}

// conceal makes n samples up. Not every codec can make any length: then it makes a frame, of which the beginning is used.
func (r *receiver) conceal(n int, next []byte) []int16 {
	if _, err := r.decoder.Conceal(r.pcm[:n], next); err == nil {
		return r.pcm[:n]
	}
	frame := r.pcm[:max(n, r.codec.SampleRate/framesPerSecond)]
	if _, err := r.decoder.Conceal(frame, nil); err != nil {
		clear(frame)
	}
	return frame[:n]
}

// emit puts a piece of sound out, softly where it follows silence.
func (r *receiver) emit(sound []int16) {
	wave := r.wave[r.left : r.left+len(sound)]
	pcm.FromInt16(wave, sound)
	r.listen(wave)
	wave = r.join(wave)
	if !r.sounding {
		fade(wave[:min(len(wave), r.codec.SampleRate/200)], 0, 1)
	}
	r.sounding = true
	r.rate.write(wave)
}

// leave keeps a frame that is to be left out: it goes over into its successor where the two are most alike.
func (r *receiver) leave(sound []int16) {
	if r.left > 0 {
		return // two at once: the beginning of the first counts
	}
	r.left = len(sound)
	pcm.FromInt16(r.wave[:r.left], sound)
}

// join is the frame to be left out, if any, and its successor in one.
func (r *receiver) join(wave []float32) []float32 {
	n := r.left
	r.left = 0
	if n == 0 {
		return wave
	}
	return splice(r.wave[:n+len(wave)], n, r.codec.SampleRate)
}

// silence puts a frame of silence out; the first after sound is what concealment makes of it, faded.
func (r *receiver) silence() {
	n := r.codec.SampleRate / framesPerSecond
	wave := r.wave[r.left : r.left+n]
	clear(wave)
	if r.sounding {
		pcm.FromInt16(wave, r.conceal(n, nil))
		fade(wave, 1, 0)
		wave = r.join(wave)
		r.sounding = false
	}
	r.left = 0
	r.buffer.Hint(true)
	r.rate.write(wave)
}

// fade scales linearly from one gain to another.
func fade(wave []float32, from, to float32) {
	step := (to - from) / float32(max(len(wave), 1))
	for i := range wave {
		wave[i] *= from + step*float32(i)
	}
}

// listen tells the buffer where a frame more or less would not be heard: below -50 dBFS, or 20 dB below the voice.
func (r *receiver) listen(wave []float32) {
	var sum float64
	for _, s := range wave {
		sum += float64(s) * float64(s)
	}
	square := sum / float64(max(len(wave), 1))
	r.level = math.Max(square, r.level+(square-r.level)/64)
	r.buffer.Hint(square < 1e-5 || square < r.level/100)
}
