package device

import (
	"math"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"orionbox/audio/pcm"
	"orionbox/audio/wav"
)

// TestRoomMicrophonesHearInStep opens two at different times: what they deliver goes on where the room's clock says.
func TestRoomMicrophonesHearInStep(t *testing.T) {
	format := pcm.Format{Rate: 48000, Channels: 1}
	path := filepath.Join(t.TempDir(), "room.wav")
	file, err := wav.Create(path, format)
	if err != nil {
		t.Fatal(err)
	}
	ramp := pcm.Frame{Format: format, Data: make([]float32, 24000)} // half a second, every sample another
	for i := range ramp.Data {
		ramp.Data[i] = float32(i) / 32768
	}
	if err := file.WriteFrame(ramp); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var mu sync.Mutex
		var heard []float32
		before := RoomTime()
		d, err := OpenCapture(Config{Name: RoomPrefix + path, Format: format, Width: 2, Period: 10 * time.Millisecond}, func(data []float32) {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, data...)
		})
		after := RoomTime()
		if err != nil {
			t.Fatal(err)
		}
		ticker := time.NewTicker(10 * time.Millisecond)
		for range 100 {
			<-ticker.C
			mu.Lock()
			n := len(heard)
			mu.Unlock()
			if n >= 480 {
				break
			}
		}
		ticker.Stop()
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		first := int64(math.Round(float64(heard[0]) * 32768))
		from, to := format.Samples(before)%24000, format.Samples(after)%24000
		if inside := first >= from && first <= to || to < from && (first >= from || first <= to); !inside {
			t.Errorf("began with sample %d, the room was from %d to %d", first, from, to)
		}
		if wrap := slices.Index(heard, 0); wrap != 0 && wrap >= 0 && wrap != int(24000-first) {
			t.Errorf("goes round after %d samples, from %d", wrap, first)
		}
	}
	if _, err := OpenPlayback(Config{Name: RoomPrefix + path, Format: format, Width: 2}, func([]float32) {}); err == nil {
		t.Error("speakers were opened in the room")
	}
}
