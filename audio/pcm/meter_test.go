package pcm

import (
	"math"
	"testing"
)

var mono48 = Format{Rate: 48000, Channels: 1}

func tone(amplitude float64, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(amplitude * math.Sin(2*math.Pi*1000*float64(i)/48000))
	}
	return x
}

// feed adds x in blocks of 10 ms, as a card does.
func feed(m *Meter, x []float32) {
	for ; len(x) > 0; x = x[min(480, len(x)):] {
		m.Add(x[:min(480, len(x))])
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.2 {
		t.Errorf("%s = %.2f dB, want %.2f", what, got, want)
	}
}

func TestMeterShowsPeakAndRMS(t *testing.T) {
	m := NewMeter(mono48)
	if l := m.Level(); l != (Level{Floor, Floor, false}) {
		t.Errorf("before any sound: %+v", l)
	}
	feed(m, tone(0.1, 2*48000))
	near(t, "peak", m.Level().PeakDB, -20)
	near(t, "rms", m.Level().RMSDB, -23.01)
}

func TestPeakFallsAndClipIsHeld(t *testing.T) {
	m := NewMeter(mono48)
	feed(m, tone(1, 48000))
	if !m.Level().Clipped {
		t.Error("full scale was not shown as a clip")
	}
	feed(m, make([]float32, 17*4800))
	near(t, "peak after 1.7 s of silence", m.Level().PeakDB, -20)
	if !m.Level().Clipped {
		t.Error("the clip was forgotten after 1.7 s")
	}
	feed(m, make([]float32, 4*4800))
	if m.Level().Clipped {
		t.Error("the clip is still shown after 2.1 s")
	}
	feed(m, make([]float32, 20*48000))
	if l := m.Level(); l.PeakDB != Floor || l.RMSDB != Floor {
		t.Errorf("after long silence: %+v", l)
	}
}

func TestMeterSurvivesNotANumber(t *testing.T) {
	m := NewMeter(mono48)
	m.Add([]float32{float32(math.NaN())})
	feed(m, tone(0.1, 4*48000))
	near(t, "peak", m.Level().PeakDB, -20)
	near(t, "rms", m.Level().RMSDB, -23.01)
}

func TestMeterDoesNotAllocate(t *testing.T) {
	m, x := NewMeter(mono48), tone(0.5, 480)
	if n := testing.AllocsPerRun(100, func() { m.Add(x); m.Level() }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkMeter(b *testing.B) {
	m, x := NewMeter(Format{48000, 2}), tone(0.5, 960)
	for b.Loop() {
		m.Add(x)
	}
}
