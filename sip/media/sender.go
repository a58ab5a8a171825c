package media

import (
	"orionbox/audio/codec"
	"orionbox/audio/pcm"
	"orionbox/audio/resample"
)

// sender is the way from PCM to payload for one format. It belongs to the tick.
type sender struct {
	codec   codec.Codec
	encoder codec.Encoder
	told    int32     // percent of loss that the encoder knows of
	from    int       // rate of the PCM in Hz; never changed, so anybody may read it
	silence []float32 // 20 ms at that rate
	rate    *rateChange
	frame   []float32 // at the codec's rate
	pcm     []int16
	payload [codec.MaxPayload]byte
	units   int // of the RTP clock a frame
}

func newSender(c codec.Codec, rate int) (*sender, error) {
	encoder, err := c.NewEncoder()
	if err != nil {
		return nil, err
	}
	n := c.SampleRate / framesPerSecond
	return &sender{
		codec: c, encoder: encoder, from: rate, silence: make([]float32, rate/framesPerSecond),
		rate:  newRateChange(rate, c.SampleRate, rate/framesPerSecond),
		frame: make([]float32, n), pcm: make([]int16, n), units: int(c.Ticks(n)),
	}, nil
}

func (s *sender) encode(frame []float32) ([]byte, error) {
	s.rate.write(frame)
	s.rate.out.read(s.frame)
	pcm.ToInt16(s.pcm, s.frame)
	n, err := s.encoder.Encode(s.payload[:], s.pcm)
	return s.payload[:n], err
}

// rateChange is a resampler with a fifo behind it, so that blocks of a fixed length go in and come out.
type rateChange struct {
	resampler *resample.Resampler // nil: the rates are the same
	out       fifo
}

// cushion is silence, in samples, put before the stream: the resampler's blocks are a sample longer or shorter by turns.
const cushion = 4

// newRateChange takes writes of up to longest samples.
func newRateChange(from, to, longest int) *rateChange {
	r := &rateChange{}
	room := longest*to/from + to/framesPerSecond
	r.out = newFifo(room + 4*cushion)
	if from == to {
		return r
	}
	r.resampler = resample.New(from, to, 1)
	r.write(make([]float32, int(r.resampler.Latency().Seconds()*float64(from)+0.999)))
	r.out.n = 0
	r.out.write(make([]float32, cushion))
	return r
}

func (r *rateChange) write(src []float32) {
	if r.resampler == nil {
		r.out.write(src)
		return
	}
	for len(src) > 0 {
		produced, consumed := r.resampler.Process(r.out.space(), src)
		r.out.grow(produced)
		src = src[consumed:]
		if produced+consumed == 0 {
			return // full: cannot be, but must not hang
		}
	}
}
