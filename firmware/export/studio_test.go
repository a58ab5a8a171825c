package export

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"orionbox/audio/mp3"
	"orionbox/audio/pcm"
	"orionbox/audio/wav"
	"orionbox/firmware/clock"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// evening is when the sessions of the tests begin.
var evening = time.Date(2026, 11, 22, 20, 14, 55, 0, time.UTC)

// bursts are what sounds in the room of all boxes: each one another, at a moment that tells it from its neighbours, and
// defined at every instant, so that each card can take it at its own.
type bursts struct{ seed uint64 }

const (
	burstEvery = 0.7  // s
	burstLasts = 0.05 // s
)

// add adds what sounds from begin on, in seconds of the session, to samples so far apart.
func (b bursts) add(samples []float32, begin, apart, level float64) {
	end := begin + float64(len(samples))*apart
	for k := max(0, int(begin/burstEvery)-1); float64(k)*burstEvery < end; k++ {
		r := rand.New(rand.NewPCG(b.seed, uint64(k)))
		start := burstEvery * (float64(k) + 0.8*r.Float64())
		var hz [4]float64
		for i := range hz {
			hz[i] = 400 + 2600*r.Float64()
		}
		first := max(0, int(math.Ceil((start-begin)/apart)))
		for n := first; n < len(samples); n++ {
			t := begin + float64(n)*apart - start
			if t >= burstLasts {
				break
			}
			v := 0.0
			for _, f := range hz {
				v += math.Sin(2 * math.Pi * f * t)
			}
			samples[n] += float32(level * v * math.Sin(math.Pi*t/burstLasts))
		}
	}
}

// box is one that records: its card runs ppm fast by the hub's clock, and its stream's frame 0 was at evening.
type box struct {
	id, name string
	ppm      float64
	rate     int
	clock    string // that its journal tells
	hears    bursts
}

// pos is the frame of the box's stream at so many seconds after evening.
func (b box) pos(seconds float64) int64 { return int64(math.Round(seconds * b.real())) }

func (b box) real() float64 { return float64(b.rate) * (1 + b.ppm/1e6) }

// hub is when a frame was captured, by the hub's clock.
func (b box) hub(pos int64) clock.Instant {
	return clock.InstantOf(evening).Add(time.Duration(float64(pos) / b.real() * 1e9))
}

// take is what a press of record makes: from and to in seconds after evening.
type take struct{ from, to float64 }

// begin makes a session of the box, below a folder, as a box makes it.
func (b box) begin(t testing.TB, root string) *takes.Session {
	t.Helper()
	store := takes.New(takes.Config{Root: root, Artist: b.name}, quiet)
	s, err := store.Begin(evening)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func note(t testing.TB, s *takes.Session, e takes.Entry) {
	t.Helper()
	if e.Time.IsZero() && e.Hub != 0 {
		e.Time = e.Hub.Time()
	}
	if err := s.Note(e); err != nil {
		t.Fatal(err)
	}
}

// entry is a line about a frame of the studio stream.
func (b box) entry(kind takes.Kind, pos int64) takes.Entry {
	return takes.Entry{Kind: kind, Pos: pos, Rate: b.rate, Hub: b.hub(pos), Clock: b.clock}
}

// keepTime writes where the clocks stand, every ten seconds, each known to 20 us.
func (b box) keepTime(t testing.TB, s *takes.Session, to float64) {
	r := rand.New(rand.NewPCG(7, uint64(len(b.id))))
	for at := 0.0; at <= to; at += 10 {
		e := b.entry(takes.KindClock, b.pos(at))
		e.Hub, e.PPM, e.ErrorMS = e.Hub.Add(time.Duration(20e3*(2*r.Float64()-1))), b.ppm, 0.15
		note(t, s, e)
	}
}

// record makes a take as a box makes it: MP3, and the lines of the journal.
func (b box) record(t testing.TB, s *takes.Session, n int, of take) {
	t.Helper()
	begin, end := b.pos(of.from), b.pos(of.to)
	path, err := s.TakePath(n, b.hub(begin).Time())
	if err != nil {
		t.Fatal(err)
	}
	e := b.entry(takes.KindTakeStart, begin)
	e.File, e.Take, e.Bitrate = path, n, 64
	note(t, s, e)
	format := pcm.Format{Rate: b.rate, Channels: 1}
	f, err := mp3.Create(path, mp3.Config{Format: format, Bitrate: 64, Quality: 9})
	if err != nil {
		t.Fatal(err)
	}
	for pos := begin; pos < end; pos += int64(b.rate) {
		data := make([]float32, min(int64(b.rate), end-pos))
		b.hears.add(data, float64(pos)/b.real(), 1/b.real(), 0.1)
		if err := f.WriteFrame(pcm.Frame{Format: format, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	e = b.entry(takes.KindTakeStop, end)
	e.File, e.Take, e.Samples, e.Bytes = path, n, end-begin, f.Size()
	note(t, s, e)
}

// voice makes a recording of the conference, which hears everything late, and noise. It is a stream of its own.
func (b box) voice(t testing.TB, s *takes.Session, from, to, late float64) {
	t.Helper()
	path, err := s.VoicePath(evening.Add(time.Duration(from * 1e9)))
	if err != nil {
		t.Fatal(err)
	}
	format := pcm.Format{Rate: 8000, Channels: 1}
	b.rate = format.Rate
	begin, end := b.pos(from), b.pos(to)
	e := b.entry(takes.KindVoiceStart, begin)
	e.File = path
	note(t, s, e)
	f, err := wav.Create(path, format)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for pos := begin; pos < end; pos += int64(format.Rate) {
		data := make([]float32, min(int64(format.Rate), end-pos))
		b.hears.add(data, float64(pos)/b.real()-late, 1/b.real(), 0.05)
		for i := range data {
			data[i] += 0.002 * float32(r.NormFloat64())
		}
		if err := f.WriteFrame(pcm.Frame{Format: format, Data: data}); err != nil {
			t.Fatal(err)
		}
		e = b.entry(takes.KindClock, pos)
		e.File = path
		note(t, s, e)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	e = b.entry(takes.KindVoiceStop, end)
	e.File, e.Samples, e.Bytes = path, end-begin, f.Size()
	note(t, s, e)
}

// deliver brings a session to the producer's folder, as delivery does.
func (b box) deliver(t testing.TB, s *takes.Session, received, folder string) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(received, 0o755); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(received, folder)
	if err := os.Rename(s.Dir(), dir); err != nil {
		t.Fatal(err)
	}
	data, _ := json.Marshal(map[string]string{"box": b.id, "name": b.name, "session": s.String()})
	if err := os.WriteFile(filepath.Join(dir, "artist.json"), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// cut is the producer's marker, as it stands in a journal.
func cut(at float64, id, name string, role session.Role, by, clockName string) takes.Entry {
	i := clock.InstantOf(evening).Add(time.Duration(at * 1e9))
	return takes.Entry{Kind: takes.KindMarker, Hub: i, Clock: clockName,
		Change: &takes.Change{ID: "c" + id, Seq: int64(at), Marker: id, Op: takes.Set, At: i, Clock: clockName, Name: name, By: by, Role: role}}
}

// hubClock is the name of the clock of the hub of these tests.
const hubClock = "hub-1"

// world is a place with the folders of all boxes.
type world struct{ recordings, received, artists string }

func newWorld(t testing.TB) world {
	dir := t.TempDir()
	return world{filepath.Join(dir, "recordings"), filepath.Join(dir, "received"), filepath.Join(dir, "artists")}
}

// in is the producer's folder for the session of a name.
func (w world) in(s *takes.Session) string { return filepath.Join(w.received, s.String()) }

func carol() box {
	return box{id: "carol", name: "Carol", ppm: 12, rate: 48000, clock: hubClock, hears: bursts{1}}
}

func artistAt(name string, ppm float64) box {
	return box{id: fmt.Sprintf("%s-box", name), name: name, ppm: ppm, rate: 48000, clock: hubClock, hears: bursts{1}}
}
