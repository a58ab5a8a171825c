package codec

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestNamed(t *testing.T) {
	for _, c := range []struct {
		name, rtpmap string
		pt           uint8
		rate         int
	}{
		{"pcmu", "PCMU/8000", 0, 8000},
		{"PCMA", "PCMA/8000", 8, 8000},
		{"g722", "G722/8000", 9, 16000}, // RFC 3551 section 4.5.2: the clock is 8000, the sound 16000
		{"OPUS", "opus/48000/2", 111, 48000},
	} {
		got, ok := Named(c.name)
		if !ok || got.String() != c.rtpmap || got.PayloadType != c.pt || got.SampleRate != c.rate {
			t.Errorf("%s: %v, payload type %d, %d Hz, %v", c.name, got, got.PayloadType, got.SampleRate, ok)
		}
		if ticks, want := got.Ticks(got.SampleRate/50), uint32(got.ClockRate/50); ticks != want {
			t.Errorf("%s: 20 ms are %d ticks, want %d", c.name, ticks, want)
		}
	}
	if c, ok := Named("speex"); ok {
		t.Errorf("speex is %v", c)
	}
}

func TestPreferred(t *testing.T) {
	for setting, want := range map[string]string{
		"": "opus G722 PCMU PCMA", "default": "opus G722 PCMU PCMA", " Default ": "opus G722 PCMU PCMA",
		"PCMU": "PCMU", "g722": "G722", "Opus": "opus",
	} {
		list, err := Preferred(setting)
		var got []string
		for _, c := range list {
			got = append(got, c.Name)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: %v, %v; want %s", setting, got, err, want)
		}
	}
	_, err := Preferred("speex")
	if err == nil || !strings.Contains(err.Error(), "speex") || !strings.Contains(err.Error(), "PCMA") {
		t.Errorf("unknown codec: %v", err)
	}
	list, _ := Preferred("")
	list[0].Name = "changed"
	if again, _ := Preferred(""); again[0].Name != "opus" {
		t.Error("the caller's list is ours")
	}
}

func TestUnknownCodec(t *testing.T) {
	if _, err := (Codec{}).NewEncoder(); err == nil {
		t.Error("an encoder of nothing")
	}
	if _, err := (Codec{Name: "speex"}).NewDecoder(); err == nil || !strings.Contains(err.Error(), "speex") {
		t.Error(err)
	}
}

func each(t *testing.T, f func(*testing.T, Codec, Encoder, Decoder)) {
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) {
			e, err := c.NewEncoder()
			if err != nil {
				t.Fatal(err)
			}
			d, err := c.NewDecoder()
			if err != nil {
				t.Fatal(err)
			}
			f(t, c, e, d)
		})
	}
}

// The sound that comes out is the one that went in, a codec's delay later.
func TestRoundTrip(t *testing.T) {
	floor := map[string]float64{"PCMU": 35, "PCMA": 35, "G722": 18, "opus": 8} // opus takes the lowest tones away, and their phase with them
	each(t, func(t *testing.T, c Codec, e Encoder, d Decoder) {
		sound := voice(c.SampleRate, 2*c.SampleRate)
		var heard []int16
		var payload [MaxPayload]byte
		var buf [MaxSamples]int16
		for frame := range slices.Chunk(sound, c.SampleRate/50) {
			n, err := e.Encode(payload[:], frame)
			if err != nil {
				t.Fatal(err)
			}
			if claimed, err := c.Samples(payload[:n]); err != nil || claimed != len(frame) {
				t.Fatalf("payload claims %d samples, %v", claimed, err)
			}
			m, err := d.Decode(buf[:], payload[:n])
			if err != nil || m != len(frame) {
				t.Fatalf("%d samples of %d: %v", m, len(frame), err)
			}
			heard = append(heard, buf[:m]...)
		}
		ratio, delay := shifted(sound, heard, c.SampleRate/50)
		t.Logf("%.1f dB at a delay of %.2f ms", ratio, 1000*float64(delay)/float64(c.SampleRate))
		if ratio < floor[c.Name] {
			t.Errorf("%.1f dB, want %.0f", ratio, floor[c.Name])
		}
	})
}

func TestFrameLengths(t *testing.T) {
	each(t, func(t *testing.T, c Codec, e Encoder, d Decoder) {
		var payload [MaxPayload]byte
		var buf [MaxSamples]int16
		for _, ms := range []int{10, 20, 40, 60} {
			frame := tone(c.SampleRate, ms*c.SampleRate/1000, 440, 0.5)
			n, err := e.Encode(payload[:], frame)
			if err != nil {
				t.Fatalf("%d ms: %v", ms, err)
			}
			if m, err := d.Decode(buf[:], payload[:n]); m != len(frame) || err != nil {
				t.Errorf("%d ms: %d samples, %v", ms, m, err)
			}
			if m, err := d.Decode(buf[:len(frame)-1], payload[:n]); m != 0 || !errors.Is(err, ErrShort) {
				t.Errorf("%d ms into less room: %d, %v", ms, m, err)
			}
			if m, err := d.Conceal(buf[:len(frame)], nil); m != len(frame) || err != nil {
				t.Errorf("%d ms concealed: %d, %v", ms, m, err)
			}
		}
		if _, err := d.Decode(buf[:], nil); !errors.Is(err, ErrEmpty) {
			t.Errorf("empty payload: %v", err)
		}
		if n, err := d.Conceal(nil, nil); n != 0 || err != nil {
			t.Errorf("nothing concealed: %d, %v", n, err)
		}
		if _, err := e.Encode(nil, buf[:c.SampleRate/50]); !errors.Is(err, ErrShort) {
			t.Errorf("no room to encode: %v", err)
		}
	})
}

func TestOddFrames(t *testing.T) {
	var payload [MaxPayload]byte
	for name, n := range map[string]int{"G722": 321, "opus": 961} {
		c, _ := Named(name)
		e, err := c.NewEncoder()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Encode(payload[:], make([]int16, n)); !errors.Is(err, ErrFrame) {
			t.Errorf("%s, %d samples: %v", name, n, err)
		}
	}
}

// The voice tick allocates nothing, whatever comes: speech, loss, rubbish.
func TestNoAllocation(t *testing.T) {
	each(t, func(t *testing.T, c Codec, e Encoder, d Decoder) {
		frame := voice(c.SampleRate, c.SampleRate/50)
		payload := make([]byte, MaxPayload)
		buf := make([]int16, c.SampleRate/50)
		loss := 0
		var err error
		allocs := testing.AllocsPerRun(200, func() {
			loss = 10 - loss
			e.SetLoss(loss)
			n, encodeErr := e.Encode(payload, frame)
			_, decodeErr := d.Decode(buf, payload[:n])
			_, plcErr := d.Conceal(buf, nil)
			_, fecErr := d.Conceal(buf, payload[:n])
			err = errors.Join(encodeErr, decodeErr, plcErr, fecErr)
			_, _ = d.Decode(buf, nil)
			_, _ = d.Decode(buf[:1], payload[:n])
		})
		if err != nil {
			t.Fatal(err)
		}
		if allocs != 0 {
			t.Errorf("%.0f allocations a tick", allocs)
		}
	})
}
