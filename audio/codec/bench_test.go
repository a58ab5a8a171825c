package codec

import (
	"encoding/binary"
	"testing"
	"time"
)

// Each benchmark tells how many times faster than real time it is (x-real-time). The peer benchmarks run ffmpeg over a
// minute of the same voice, its start included: beside ours in the same run they give the ratio.

func BenchmarkEncode(b *testing.B) {
	for _, c := range all {
		b.Run(c.Name, func(b *testing.B) {
			e, err := c.NewEncoder()
			if err != nil {
				b.Fatal(err)
			}
			sound := voice(c.SampleRate, c.SampleRate)
			frame := c.SampleRate / 50
			var payload [MaxPayload]byte
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if _, err := e.Encode(payload[:], sound[i:i+frame]); err != nil {
					b.Fatal(err)
				}
				i = (i + frame) % len(sound)
			}
			realTime(b, 20*time.Millisecond)
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, c := range all {
		b.Run(c.Name, func(b *testing.B) {
			d, packets := received(b, c)
			buf := make([]int16, c.SampleRate/50)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if _, err := d.Decode(buf, packets[i%len(packets)]); err != nil {
					b.Fatal(err)
				}
				i++
			}
			realTime(b, 20*time.Millisecond)
		})
	}
}

// BenchmarkConceal loses every second packet, so that each gap is a new one.
func BenchmarkConceal(b *testing.B) {
	for _, c := range all {
		b.Run(c.Name, func(b *testing.B) {
			d, packets := received(b, c)
			buf := make([]int16, c.SampleRate/50)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if _, err := d.Decode(buf, packets[i%len(packets)]); err != nil {
					b.Fatal(err)
				}
				if _, err := d.Conceal(buf, nil); err != nil {
					b.Fatal(err)
				}
				i += 2
			}
			realTime(b, 40*time.Millisecond)
		})
	}
}

func received(b *testing.B, c Codec) (Decoder, [][]byte) {
	b.Helper()
	e, err := c.NewEncoder()
	if err != nil {
		b.Fatal(err)
	}
	d, err := c.NewDecoder()
	if err != nil {
		b.Fatal(err)
	}
	return d, packetsOf(b, e, voice(c.SampleRate, c.SampleRate), c.SampleRate/50)
}

func realTime(b *testing.B, each time.Duration) {
	b.ReportMetric(float64(each)*float64(b.N)/float64(b.Elapsed()), "x-real-time")
}

func BenchmarkPeerFFmpeg(b *testing.B) {
	for _, c := range all {
		wav := minute(c)
		args := []string{"-f", "wav", "-i", "pipe:0", "-threads", "1"}
		if c.Name == "opus" {
			args = append(args, "-c:a", "libopus", "-b:a", "64k", "-application", "voip", "-compression_level", "5",
				"-f", "ogg", "pipe:1")
		} else {
			format, name := peerFormat(c)
			args = append(args, "-c:a", name, "-f", format, "pipe:1")
		}
		b.Run("encode/"+c.Name, func(b *testing.B) {
			for b.Loop() {
				peer(b, wav, args...)
			}
			realTime(b, time.Minute)
		})
	}
}

// minute is a minute of voice as WAV.
func minute(c Codec) []byte {
	second := toBytes(voice(c.SampleRate, c.SampleRate))
	wav := append([]byte("RIFF"), 0xff, 0xff, 0xff, 0x7f)
	wav = append(wav, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	wav = binary.LittleEndian.AppendUint32(wav, uint32(c.SampleRate))
	wav = binary.LittleEndian.AppendUint32(wav, uint32(2*c.SampleRate))
	wav = append(wav, "\x02\x00\x10\x00data"...)
	wav = binary.LittleEndian.AppendUint32(wav, uint32(60*len(second)))
	for range 60 {
		wav = append(wav, second...)
	}
	return wav
}
