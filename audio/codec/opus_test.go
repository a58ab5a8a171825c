package codec

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

func opusPair(t testing.TB) (Codec, Encoder, Decoder) {
	t.Helper()
	c, _ := Named("opus")
	e, err := c.NewEncoder()
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	return c, e, d
}

func packetsOf(t testing.TB, e Encoder, sound []int16, frame int) (packets [][]byte) {
	t.Helper()
	var payload [MaxPayload]byte
	for part := range slices.Chunk(sound[:len(sound)/frame*frame], frame) {
		n, err := e.Encode(payload[:], part)
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, bytes.Clone(payload[:n]))
	}
	return packets
}

func opusDecode(t testing.TB, d Decoder, packets [][]byte) (sound []int16) {
	t.Helper()
	var buf [MaxSamples]int16
	for _, packet := range packets {
		n, err := d.Decode(buf[:], packet)
		if err != nil {
			t.Fatal(err)
		}
		sound = append(sound, buf[:n]...)
	}
	return sound
}

// Another program hears in our packets what we do.
func TestOpusHeardByFFmpeg(t *testing.T) {
	for _, m := range singers(48000) {
		_, e, d := opusPair(t)
		packets := packetsOf(t, e, m.sound, 960)
		got := opusDecode(t, d, packets)
		want := ffmpegOpus(t, oggOpus(packets, 960), "libopus", "-ac", "1")
		ratio, delay := shifted(want[:len(got)], got, 10)
		if ratio < 90 || delay != 0 {
			t.Errorf("%s: %.1f dB at a delay of %d samples", m.name, ratio, delay)
		}
	}
}

func ffmpegOpus(t testing.TB, ogg []byte, decoder string, args ...string) []int16 {
	t.Helper()
	args = slices.Concat([]string{"-c:a", decoder, "-f", "ogg", "-i", "pipe:0", "-f", "s16le", "-ar", "48000"}, args,
		[]string{"pipe:1"})
	return fromBytes(peer(t, ogg, args...))
}

// What ffmpeg codes, stereo and with other frame lengths too, we hear as it does. Its own decoder is not libopus, but
// resamples the voice layer in another way: there libopus is the peer.
func TestOpusFromFFmpeg(t *testing.T) {
	sound := toBytes(voice(48000, 96000))
	for _, p := range []struct{ decoder, channels, frame, rate, application string }{
		{"opus", "1", "20", "64k", "voip"},
		{"opus", "1", "2.5", "64k", "audio"},
		{"opus", "2", "20", "96k", "audio"},
		{"libopus", "1", "60", "16k", "voip"},
		{"libopus", "1", "40", "32k", "voip"},
	} {
		ogg := peer(t, sound, "-f", "s16le", "-ar", "48000", "-ac", "1", "-i", "pipe:0", "-c:a", "libopus",
			"-ac", p.channels, "-frame_duration", p.frame, "-b:a", p.rate, "-application", p.application,
			"-f", "ogg", "pipe:1")
		_, _, d := opusPair(t)
		got := opusDecode(t, d, oggPackets(ogg))
		want := ffmpegOpus(t, ogg, p.decoder, "-af", "pan=mono|c0=c0")
		ratio, delay := shifted(want[:90000], got[:90000], 1000) // ffmpeg leaves out the encoder's lead-in
		if ratio < 80 {
			t.Errorf("%v: %.1f dB at a delay of %d samples", p, ratio, delay)
		}
	}
}

// A word that falls into a lost packet comes back from the copy in the next one, once the encoder knows of loss; without
// that copy nobody could have guessed it.
func TestOpusForwardErrorCorrection(t *testing.T) {
	const frame = 960
	word, sound := voice(48000, 96000), make([]int16, 96000)
	lost := func(packet int) bool { return packet%10 == 5 }
	for i := range sound {
		if lost(i / frame) {
			sound[i] = word[i]
		}
	}
	recovered := func(loss int, next bool) float64 {
		_, e, d := opusPair(t)
		e.SetLoss(loss)
		packets := packetsOf(t, e, sound, frame)
		var got []int16
		buf := make([]int16, frame)
		for i, packet := range packets {
			if !lost(i) {
				if _, err := d.Decode(buf, packet); err != nil {
					t.Fatal(err)
				}
				continue
			}
			var after []byte
			if next {
				after = packets[i+1]
			}
			if n, err := d.Conceal(buf, after); n != frame || err != nil {
				t.Fatalf("%d samples, %v", n, err)
			}
			got = append(got, buf...)
		}
		return rms(got) / rms(word)
	}
	with, without, unaware := recovered(20, true), recovered(20, false), recovered(0, true)
	t.Logf("loudness of the lost words: %.2f with the packet after, %.2f without, %.2f if the encoder does not know",
		with, without, unaware)
	if with < 0.5 || without > 0.2 || unaware > 0.2 {
		t.Errorf("loudness of the lost words: %.2f with the packet after, %.2f without, %.2f if the encoder does not know",
			with, without, unaware)
	}
}

func TestOpusBitrate(t *testing.T) {
	for fmtp, most := range map[string]int{
		"useinbandfec=1": 64000,
		"useinbandfec=1; maxaveragebitrate=24000": 24000,
		"maxaveragebitrate=1":                     6000,
		"maxaveragebitrate=510000;stereo=1":       64000,
		"maxaveragebitrate=none":                  64000,
	} {
		c, _ := Named("opus")
		c.Fmtp = fmtp
		e, err := c.NewEncoder()
		if err != nil {
			t.Fatal(err)
		}
		bits := 0
		for _, packet := range packetsOf(t, e, voice(48000, 96000), 960) {
			bits += 8 * len(packet)
		}
		if rate := bits / 2; rate > most*5/4 {
			t.Errorf("%q: %d bit/s, want about %d", fmtp, rate, most)
		}
	}
}

func TestOpusSamples(t *testing.T) {
	c, _ := Named("opus")
	for _, p := range []struct {
		packet []byte
		want   int
		err    error
	}{
		{nil, 0, ErrEmpty},
		{[]byte{0 << 3}, 480, nil},
		{[]byte{3 << 3}, 2880, nil},
		{[]byte{3<<3 | 1, 0, 0}, 5760, nil},
		{[]byte{12 << 3}, 480, nil},
		{[]byte{15 << 3}, 960, nil},
		{[]byte{16 << 3}, 120, nil},
		{[]byte{31 << 3}, 960, nil},
		{[]byte{31<<3 | 3}, 0, ErrMalformed},
		{[]byte{31<<3 | 3, 0}, 0, ErrMalformed},
		{[]byte{31<<3 | 3, 6}, 5760, nil},
		{[]byte{31<<3 | 3, 7}, 0, ErrMalformed},
	} {
		if n, err := c.Samples(p.packet); n != p.want || !errors.Is(err, p.err) {
			t.Errorf("%v: %d samples, %v", p.packet, n, err)
		}
	}
}

// libopus writes as far as a slice could grow: it must not get to see that.
func TestOpusKeepsWithinTheSlice(t *testing.T) {
	_, e, d := opusPair(t)
	payload := make([]byte, MaxPayload)
	for i := range payload {
		payload[i] = 0xa5
	}
	n, err := e.Encode(payload[:40], noise(960, 0.3))
	if err != nil || n > 40 {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if at := slices.IndexFunc(payload[40:], func(b byte) bool { return b != 0xa5 }); at >= 0 {
		t.Errorf("byte %d after the end is written", at)
	}
	buf := make([]int16, MaxSamples)
	for i := range buf {
		buf[i] = 12345
	}
	if _, err := d.Decode(buf[:960], payload[:n]); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Conceal(buf[:960], nil); err != nil {
		t.Fatal(err)
	}
	if at := slices.IndexFunc(buf[960:], func(s int16) bool { return s != 12345 }); at >= 0 {
		t.Errorf("sample %d after the end is written", at)
	}
}

// The loss is learnt by who receives the reports, not by the voice tick.
func TestOpusLossFromAnotherGoroutine(t *testing.T) {
	_, e, _ := opusPair(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 1000 {
			e.SetLoss(i - 100)
		}
	}()
	packetsOf(t, e, voice(48000, 9600), 960)
	<-done
}
