package media

import (
	"strconv"
	"testing"
)

// BenchmarkTick is the cost of a tick: encode and send, receive and decode, at a leg rate of 48 kHz and at the codec's
// own. realtime% is the share of one core that a call takes.
func BenchmarkTick(b *testing.B) {
	for _, name := range []string{"PCMU", "PCMA", "G722", "opus"} {
		rates := []int{48000}
		if own := NativeRate(format(b, name)); own != 48000 {
			rates = append(rates, own)
		}
		for _, rate := range rates {
			b.Run(name+" "+strconv.Itoa(rate), func(b *testing.B) {
				x := newBench(b, name, rate)
				n := rate / framesPerSecond
				sound, heard := sine(rate, 440, 0.3, n), make([]float32, n)
				x.a.Send(sound)
				payload, err := x.a.sender.Load().encode(sound)
				if err != nil {
					b.Fatal(err)
				}
				r := x.b.receiver.Load()
				l := letter{payloadType: r.codec.PayloadType, size: len(payload)}
				copy(l.payload[:], payload)
				b.ReportAllocs()
				for b.Loop() {
					x.a.Send(sound)
					l.seq++
					l.stamp += uint32(x.a.sender.Load().units)
					x.now.Add(int64(Frame))
					r.push(&l, x.clock().Sub(x.b.epoch))
					x.b.Receive(heard)
				}
				b.ReportMetric(100*b.Elapsed().Seconds()/float64(b.N)/Frame.Seconds(), "realtime%")
			})
		}
	}
}
