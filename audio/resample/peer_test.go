package resample

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// cpu is the processor time that the program has used.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkBesideSox converts a minute of mono from 48 to 16 kHz by our resampler and by sox, the same minute, and
// reports our processor time as a multiple of sox's. Sox has a fixed ratio and picks a filter for it; ours may drift.
// Needs the program sox.
func BenchmarkBesideSox(b *testing.B) {
	const seconds = 60
	in, out := filepath.Join(b.TempDir(), "in.wav"), filepath.Join(b.TempDir(), "out.wav")
	if text, err := exec.Command("sox", "-n", "-r", "48000", "-b", "16", in, "synth", "60", "sine", "1000").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s (install sox)", err, text)
	}
	src, dst := sine(48000, 1000, 48000*seconds), make([]float32, 16000*seconds)
	var ours, theirs time.Duration
	for b.Loop() {
		r := New(48000, 16000, 1)
		r.Adjust(1.00005)
		before := cpu(b)
		r.Process(dst, src)
		ours += cpu(b) - before
		sox := exec.Command("sox", in, out, "rate", "-h", "16000")
		if err := sox.Run(); err != nil {
			b.Fatal(err)
		}
		theirs += sox.ProcessState.UserTime() + sox.ProcessState.SystemTime()
	}
	b.ReportMetric(float64(ours)/float64(theirs), "of-sox")
	b.ReportMetric(seconds*float64(b.N)/ours.Seconds(), "x-real-time")
}
