package player

import (
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orionbox/audio/measure"
	"orionbox/audio/pcm"
	"orionbox/audio/wav"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// recording is a voice recording that grows when the test says so.
type recording struct {
	t    testing.TB
	path string
	rate int
	file *wav.File
	n    int // samples written
}

func record(t testing.TB, rate int) *recording {
	t.Helper()
	r := &recording{t: t, path: filepath.Join(t.TempDir(), "LQ.wav"), rate: rate}
	var err error
	if r.file, err = wav.Create(r.path, pcm.Format{Rate: rate, Channels: 1}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.file.Close() })
	return r
}

// grow records so many samples more and brings them to the disk.
func (r *recording) grow(n int, sound func(i int) float32) *recording {
	r.t.Helper()
	data := make([]float32, n)
	for i := range data {
		data[i] = sound(r.n + i)
	}
	r.n += n
	if err := r.file.WriteFrame(pcm.Frame{Format: pcm.Format{Rate: r.rate, Channels: 1}, Data: data}); err != nil {
		r.t.Fatal(err)
	}
	if err := r.file.Sync(); err != nil {
		r.t.Fatal(err)
	}
	return r
}

// count is a sound in which every sample tells which one it is, up to 20000.
func count(i int) float32 { return float32(i+1) / (1 << 15) }

func index(s float32) int { return int(math.Round(float64(s)*(1<<15))) - 1 }

func steady(level float32) func(int) float32 { return func(int) float32 { return level } }

// deck is a player that the test turns by hand, 20 ms at a time.
type deck struct {
	*Player
	now   time.Time
	block int
	over  bool
}

func load(t testing.TB, rate int, of ...Stretch) *deck {
	t.Helper()
	d := &deck{now: time.Unix(1e9, 0), block: rate / 50}
	var err error
	d.Player, err = newPlayer(Config{Stretches: of, Rate: rate, Now: func() time.Time { return d.now }}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.failed(d.feed.close()) })
	return d
}

// turn plays that long, or until all was played.
func (d *deck) turn(length time.Duration) (heard []float32) {
	for end := d.now.Add(length); d.now.Before(end) && !d.over; d.now = d.now.Add(every) {
		d.over = d.step()
		if d.over {
			break
		}
		block := make([]float32, d.block)
		d.ReadVoice(block)
		heard = append(heard, block...)
	}
	return heard
}

// wantNoClick holds that a steady sound never jumps and is nowhere louder than it was, but for what a resampler's filter
// rings at its begin.
func wantNoClick(t *testing.T, sound []float32, rate int, level float32) {
	t.Helper()
	step := level / float32(rate/fadesIn) * 1.5
	last := float32(0)
	for i, s := range append(sound, 0) {
		if s > level*1.1 || s < 0 || s-last > step || last-s > step {
			t.Fatalf("sample %d is %v after %v", i, s, last)
		}
		last = s
	}
}

func TestPlaysTheStretchToTheSample(t *testing.T) {
	r := record(t, 8000).grow(20000, count)
	d := load(t, 8000, Stretch{r.path, 3000, 15000})
	if d.Length() != 1500*time.Millisecond || d.Position() != 0 {
		t.Errorf("%v, at %v", d, d.Position())
	}
	sound := d.turn(time.Second)
	if d.Position() != time.Second {
		t.Errorf("after a second at %v", d.Position())
	}
	sound = append(sound, d.turn(time.Minute)...)
	if !d.over || d.Err() != nil || d.Position() != d.Length() {
		t.Errorf("over %v at %v, %v", d.over, d.Position(), d.Err())
	}
	fade := 8000 / fadesIn
	for i := fade; i < 12000-fade; i++ {
		if index(sound[i]) != 3000+i {
			t.Fatalf("sample %d is %d of the file, want %d", i, index(sound[i]), 3000+i)
		}
	}
	for i := range fade {
		if sound[i] > count(3000+i)*float32(i+1)/float32(fade) || sound[11999-i] > count(14999)*float32(i+1)/float32(fade) {
			t.Fatalf("no fade: %v at the begin, %v at the end", sound[i], sound[11999-i])
		}
	}
	for _, s := range sound[12000:] {
		if s != 0 {
			t.Fatalf("%v after the end", s)
		}
	}
}

// A chunk that ended just now: its last half second is not on the disk yet.
func TestWaitsForARecordingThatGrows(t *testing.T) {
	r := record(t, 8000).grow(4000, count)
	d := load(t, 8000, Stretch{r.path, 1000, 12000})
	sound := d.turn(time.Second) // of which 375 ms are there
	if d.Position() > 375*time.Millisecond || d.Position() < 365*time.Millisecond {
		t.Errorf("at %v, 375 ms are there", d.Position())
	}
	r.grow(4000, count)
	sound = append(sound, d.turn(600*time.Millisecond)...)
	r.grow(8000, count)
	sound = append(sound, d.turn(time.Minute)...)
	seen := 0
	for _, s := range sound {
		if s == 0 {
			continue
		}
		seen++
	}
	// A few samples of each fade are zero.
	if !d.over || seen < 11000-20 || d.Position() != d.Length() {
		t.Errorf("%d of 11000 samples were played, over %v at %v", seen, d.over, d.Position())
	}
}

func TestARecordingThatGrowsNoMoreEndsThere(t *testing.T) {
	r := record(t, 8000).grow(4000, steady(0.5))
	d := load(t, 8000, Stretch{r.path, 0, 80000})
	sound := d.turn(time.Minute)
	if took := d.now.Sub(time.Unix(1e9, 0)); !d.over || took < patience || took > patience+time.Second {
		t.Errorf("over %v after %v", d.over, took)
	}
	wantNoClick(t, sound, 8000, 0.5)
	if d.Position() != d.Length() || d.Err() != nil { // what is missing counts as played
		t.Errorf("ended at %v, %v", d.Position(), d.Err())
	}
}

func TestSeek(t *testing.T) {
	r := record(t, 8000).grow(20000, count)
	d := load(t, 8000, Stretch{r.path, 0, 16000})
	d.turn(200 * time.Millisecond)
	d.Seek(1500 * time.Millisecond)
	if d.Position() != 1500*time.Millisecond {
		t.Errorf("told to be at 1.5 s it says %v", d.Position())
	}
	sound := d.turn(100 * time.Millisecond)
	if got := index(sound[200]); got < 12000 || got > 12200 || d.Position() > 1600*time.Millisecond || d.Position() < 1550*time.Millisecond {
		t.Errorf("200 samples later it plays %d, at %v", got, d.Position())
	}
	d.Seek(-time.Second)
	if sound = d.turn(100 * time.Millisecond); index(sound[400]) > 400 {
		t.Errorf("from the start it plays %d", index(sound[400]))
	}
	d.Seek(time.Hour)
	d.turn(100 * time.Millisecond)
	if !d.over || d.Position() != d.Length() {
		t.Errorf("beyond the end: over %v, at %v", d.over, d.Position())
	}
}

// A seek back that comes when all was played, and the player has not noticed yet.
func TestSeekAtTheEnd(t *testing.T) {
	r := record(t, 8000).grow(1600, count)
	d := load(t, 8000, Stretch{r.path, 0, 1600})
	d.step()
	block := make([]float32, 1700)
	d.ReadVoice(block)
	d.Seek(0)
	if d.step() {
		t.Fatal("it is over, though told to begin again")
	}
	d.ReadVoice(block[:160])
	if d.turn(time.Minute); !d.over || index(block[150]) != 150 {
		t.Errorf("over %v, began again with %d", d.over, index(block[150]))
	}
}

func TestNothingClicks(t *testing.T) {
	r := record(t, 8000).grow(20000, steady(0.5))
	other := record(t, 16000).grow(20000, steady(0.5))
	d := load(t, 8000, Stretch{r.path, 0, 8000}, Stretch{r.path, 9000, 9020}, Stretch{other.path, 100, 8100})
	if d.Length() != 1000*time.Millisecond+2500*time.Microsecond+500*time.Millisecond {
		t.Errorf("%v", d)
	}
	sound := d.turn(300 * time.Millisecond)
	d.Seek(100 * time.Millisecond)
	sound = append(sound, d.turn(time.Minute)...)
	wantNoClick(t, sound, 8000, 0.5)
	loud := 0
	for _, s := range sound {
		if s > 0.49 {
			loud++
		}
	}
	if want := 8000*17/10 - 8*40; loud < want || !d.over {
		t.Errorf("%d samples at full level, want %d, over %v", loud, want, d.over)
	}
}

// Recordings at another rate keep level, pitch and length.
func TestPlaysAtAnotherRate(t *testing.T) {
	for _, rates := range [][2]int{{8000, 48000}, {48000, 16000}, {16000, 48000}, {44100, 48000}} {
		from, to := rates[0], rates[1]
		r := record(t, from).grow(3*from, func(i int) float32 {
			return float32(0.5 * math.Sin(2*math.Pi*440*float64(i)/float64(from)))
		})
		d := load(t, to, Stretch{r.path, int64(from) / 2, int64(from) * 5 / 2})
		sound := measure.Sound{Rate: to, Samples: d.turn(time.Minute)}
		middle := sound.Cut(200*time.Millisecond, 1800*time.Millisecond)
		if got := middle.Tone(440); math.Abs(got+9.03) > 0.1 {
			t.Errorf("%d Hz at %d Hz: %.2f dB, want -9.03", from, to, got)
		}
		if got := middle.MainFrequency(); math.Abs(got-440) > 0.5 {
			t.Errorf("%d Hz at %d Hz: %.1f Hz", from, to, got)
		}
		if d.Position() != 2*time.Second || !d.over {
			t.Errorf("%d Hz at %d Hz: over %v at %v", from, to, d.over, d.Position())
		}
	}
}

func TestFilesThatAreNotThere(t *testing.T) {
	r := record(t, 8000).grow(8000, count)
	gone := filepath.Join(t.TempDir(), "gone.wav")
	for _, of := range [][]Stretch{nil, {{gone, 0, 100}}, {{r.path, 100, 100}}, {{r.path, -5, 100}}} {
		if p, err := Open(Config{Stretches: of, Rate: 8000}, quiet()); err == nil {
			t.Errorf("%v opens as %v", of, p)
		}
	}
	d := load(t, 8000, Stretch{gone, 0, 800}, Stretch{r.path, 0, 1600})
	if d.Length() != 200*time.Millisecond || d.Err() == nil || !strings.Contains(d.Err().Error(), gone) {
		t.Errorf("of two files, one gone: %v, %v", d, d.Err())
	}
	late := load(t, 8000, Stretch{r.path, 0, 1600}, Stretch{r.path, 4000, 5600})
	if err := os.Remove(r.path); err != nil {
		t.Fatal(err)
	}
	late.turn(time.Minute)
	if !late.over || late.Err() == nil {
		t.Errorf("a file that went away meanwhile: over %v, %v", late.over, late.Err())
	}
}

func TestRunEndsByItselfAndByClose(t *testing.T) {
	r := record(t, 8000).grow(8000, count)
	p, err := Open(Config{Stretches: []Stretch{{r.path, 0, 1600}}, Rate: 8000}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	block := make([]float32, 160)
	for deadline, played := time.Now().Add(10*time.Second), false; !played; {
		select {
		case <-p.Done():
			played = true
		case <-ticker.C:
			p.ReadVoice(block)
			if time.Now().After(deadline) {
				t.Fatalf("not done at %v", p.Position())
			}
		}
	}
	p.Close()
	p, err = Open(Config{Stretches: []Stretch{{r.path, 0, 8000}}, Rate: 8000}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	p.Close() // nobody ever read it
	p.Close()
	<-p.Done()
	p.ReadVoice(block)
}

func TestReadVoiceDoesNotAllocate(t *testing.T) {
	r := record(t, 8000).grow(80000, steady(0.5))
	d := load(t, 8000, Stretch{r.path, 0, 40000}, Stretch{r.path, 40000, 80000})
	d.step()
	block := make([]float32, 160)
	if n := testing.AllocsPerRun(200, func() { d.ReadVoice(block) }); n != 0 { // runs dry in between
		t.Errorf("%v allocations", n)
	}
}
