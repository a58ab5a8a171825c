package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"orionbox/audio/pcm"
)

// TestFFmpegIsHeard: a program that is not ours sends a tone; its packets are of its own lengths.
func TestFFmpegIsHeard(t *testing.T) {
	for name, args := range map[string]string{
		"PCMU": "-ar 8000 -c:a pcm_mulaw",
		"PCMA": "-ar 8000 -c:a pcm_alaw",
		"opus": "-ar 48000 -c:a libopus -b:a 64k -payload_type 111",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listen(t)
			leg, err := NewLeg(LegConfig{Socket: s, Format: format(t, name), Rate: 48000})
			if err != nil {
				t.Fatal(err)
			}
			defer leg.Close()
			var log bytes.Buffer
			words := "-hide_banner -loglevel error -re -f lavfi -i sine=frequency=700:duration=3 -af volume=6dB -ac 1 " + args +
				" -f rtp rtp://127.0.0.1:" + strconv.Itoa(s.Port())
			cmd := exec.CommandContext(t.Context(), "ffmpeg", strings.Fields(words)...)
			cmd.Stderr = &log
			if err := cmd.Start(); err != nil {
				t.Fatalf("start ffmpeg: %v", err)
			}
			heard := listenFor(t, leg, 2*time.Second)
			if err := cmd.Wait(); err != nil {
				t.Fatalf("ffmpeg: %v: %s", err, log.String())
			}
			steady := heard[24000:]
			if got := tone(steady, 48000, 700); got < 0.2 || got > 0.3 { // the filter's sine is 1/8, twice that
				t.Errorf("700 Hz at %.3f, want 0.25", got)
			}
			if s := leg.Stats(); s.Lost != 0 || s.Malformed != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// listenFor runs a line from the first packet on and returns what its speaker got.
func listenFor(t *testing.T, leg *Leg, length time.Duration) []float32 {
	t.Helper()
	speaker := &tape{}
	enough := &until{n: int(length / Frame), done: make(chan struct{})}
	line := NewLine(LineConfig{Rate: leg.Rate(), Speaker: speaker, Record: enough})
	if err := line.Attach(leg); err != nil {
		t.Fatal(err)
	}
	wait(t, "the first packet", func() bool { return !leg.LastPacket().IsZero() })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- line.Run(ctx) }()
	<-enough.done
	cancel()
	<-ended
	return speaker.sound
}

// until is a recording that says when it is long enough.
type until struct {
	n    int
	done chan struct{}
}

func (u *until) WriteFrame(pcm.Frame) error {
	if u.n--; u.n == 0 {
		close(u.done)
	}
	return nil
}

func (u *until) String() string { return "until" }

// TestFFmpegHears: the same the other way, by the SDP that a call would have.
func TestFFmpegHears(t *testing.T) {
	dir := t.TempDir()
	free := listen(t)
	port := free.Port()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	sdp := "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio " + strconv.Itoa(port) + " RTP/AVP 111\na=rtpmap:111 opus/48000/2\n"
	if err := os.WriteFile(filepath.Join(dir, "call.sdp"), []byte(sdp), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "heard.raw")
	var log bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "ffmpeg", strings.Fields("-hide_banner -loglevel error -protocol_whitelist file,udp,rtp -i "+
		filepath.Join(dir, "call.sdp")+" -t 2 -ac 2 -ar 48000 -f f32le -y "+out)...)
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatalf("start ffmpeg: %v", err)
	}
	leg, err := NewLeg(LegConfig{Socket: listen(t), Remote: local(port), Format: format(t, "opus"), Rate: 48000})
	if err != nil {
		t.Fatal(err)
	}
	defer leg.Close()
	line := NewLine(LineConfig{Rate: 48000, Mic: &signal{700, 0.25, 48000, 0}})
	if err := line.Attach(leg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- line.Run(ctx) }()
	err = cmd.Wait()
	cancel()
	<-ended
	if err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, log.String())
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	sound := left(data)
	if len(sound) < 48000 {
		t.Fatalf("ffmpeg heard %d samples", len(sound))
	}
	if got := tone(sound[24000:], 48000, 700); got < 0.2 || got > 0.3 {
		t.Errorf("700 Hz at %.3f, want 0.25", got)
	}
}

// left is the left channel of stereo float samples: ffmpeg decodes opus/48000/2 to both.
func left(data []byte) []float32 {
	sound := make([]float32, len(data)/8)
	for i := range sound {
		sound[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[8*i:]))
	}
	return sound
}
