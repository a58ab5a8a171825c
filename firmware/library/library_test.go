package library

import (
	"errors"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"orionbox/audio/mp3"
	"orionbox/audio/pcm"
	"orionbox/audio/wav"
	"orionbox/firmware/clock"
	"orionbox/firmware/delivery"
	"orionbox/firmware/received"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

var (
	studioFormat = pcm.Format{Rate: 48000, Channels: 2}
	voiceFormat  = pcm.Format{Rate: 16000, Channels: 1}
	evening      = time.Date(2026, 11, 22, 20, 15, 1, 0, time.Local)
)

// growing is what mp3.File and wav.File have in common.
type growing interface {
	WriteFrame(pcm.Frame) error
	Sync() error
	Close() error
}

// room is a box's recordings in a folder of the test, and a clock that is turned by hand.
type room struct {
	*Library
	t       testing.TB
	root    string
	now     time.Time
	deleted map[string][]string // by session, what the outbox was told
}

func newRoom(t testing.TB) *room {
	r := &room{t: t, root: t.TempDir(), now: evening.AddDate(1, 0, 0), deleted: map[string][]string{}}
	r.Library = New(Config{
		Root: r.root, Box: func() string { return "ann" }, Name: "Ann", Now: func() time.Time { return r.now },
		Deleted: func(dir string, names []string) { r.deleted[filepath.Base(dir)] = names },
	}, quiet())
	return r
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (r *room) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// begin opens a session.
func (r *room) begin(at time.Time) *takes.Session {
	r.t.Helper()
	store := takes.New(takes.Config{Root: r.root, Artist: "Ann", Now: func() time.Time { return at }}, quiet())
	s, err := store.Begin(at)
	r.must(err)
	r.t.Cleanup(func() { _ = s.Close() })
	return s
}

// tone writes seconds of a 440 Hz tone of that level.
func tone(f growing, format pcm.Format, level float64, seconds float64) error {
	data := make([]float32, int(seconds*float64(format.Rate))*format.Channels)
	for i := range data {
		data[i] = float32(level * math.Sin(2*math.Pi*440*float64(i/format.Channels)/float64(format.Rate)))
	}
	return f.WriteFrame(pcm.Frame{Format: format, Data: data})
}

// startTake begins take n of a session with seconds of sound on the disk, the stream's sample pos on.
func (r *room) startTake(s *takes.Session, n int, at time.Time, pos int64, seconds float64) (string, *mp3.File) {
	r.t.Helper()
	path, err := s.TakePath(n, at)
	r.must(err)
	f, err := mp3.Create(path, mp3.Config{Format: studioFormat})
	r.must(err)
	r.must(errors.Join(tone(f, studioFormat, 0.5, seconds), f.Sync()))
	r.must(s.Note(takes.Entry{Kind: takes.KindTakeStart, Time: at, Take: n, File: path, Pos: pos, Rate: 48000, Bitrate: 320,
		Hub: clock.InstantOf(at), Clock: "hub"}))
	return path, f
}

func (r *room) stopTake(s *takes.Session, path string, f *mp3.File, n int, at time.Time, pos, samples int64) {
	r.t.Helper()
	r.must(f.Close())
	r.must(s.Note(takes.Entry{Kind: takes.KindTakeStop, Time: at, Take: n, File: path, Pos: pos, Samples: samples, Rate: 48000,
		Bytes: f.Size(), Hub: clock.InstantOf(at), Clock: "hub"}))
}

// take is a whole one of so many seconds.
func (r *room) take(s *takes.Session, n int, at time.Time, seconds float64) string {
	r.t.Helper()
	pos, samples := int64(at.Sub(evening).Seconds()*48000), int64(seconds*48000)
	path, f := r.startTake(s, n, at, pos, seconds)
	r.stopTake(s, path, f, n, at.Add(time.Duration(seconds*1e9)), pos+samples, samples)
	return path
}

// voice is a whole voice recording.
func (r *room) voice(s *takes.Session, at time.Time, seconds float64) string {
	r.t.Helper()
	path, err := s.VoicePath(at)
	r.must(err)
	f, err := wav.Create(path, voiceFormat)
	r.must(err)
	r.must(errors.Join(tone(f, voiceFormat, 0.25, seconds), f.Close()))
	samples := int64(seconds * 16000)
	r.must(s.Note(takes.Entry{Kind: takes.KindVoiceStart, Time: at, File: path, Rate: 16000, Hub: clock.InstantOf(at), Clock: "hub"}))
	end := at.Add(time.Duration(seconds * 1e9))
	r.must(s.Note(takes.Entry{Kind: takes.KindVoiceStop, Time: end, File: path, Pos: samples, Samples: samples, Rate: 16000,
		Bytes: f.Size(), Hub: clock.InstantOf(end), Clock: "hub"}))
	return path
}

func (r *room) end(s *takes.Session, at time.Time) {
	r.t.Helper()
	r.must(s.Note(takes.Entry{Kind: takes.KindSession, Time: at, Text: takes.Closed}))
	r.must(s.Close())
}

// mark sets a marker of the producer's.
func (r *room) mark(s *takes.Session, id, name string, at time.Time) {
	r.t.Helper()
	r.must(s.Note(takes.Entry{Kind: takes.KindMarker, Time: at, Clock: "hub", Change: &takes.Change{ID: "c" + id, Seq: 1, Marker: id,
		Op: takes.Set, At: clock.InstantOf(at), Clock: "hub", Name: name, By: "carol", Role: session.Producer}}))
}

// deliver puts a receipt beside a recording as a producer's box would have it.
func (r *room) deliver(path string) {
	r.t.Helper()
	sum, bytes, err := received.SHA256(path)
	r.must(err)
	r.must(writeReceipt(path, delivery.Receipt{Bytes: bytes, SHA256: sum, Upload: "u", Whole: &evening,
		Taken: []delivery.Taken{{By: "carol", Name: "Carol", At: evening}}}))
}

// friday is a session of a voice recording and two takes, the first of which is cut in two and delivered.
func (r *room) friday() (name string, files []string) {
	r.t.Helper()
	s := r.begin(evening)
	voice := r.voice(s, evening.Add(time.Second), 10)
	first := r.take(s, 1, evening.Add(2*time.Second), 3)
	second := r.take(s, 2, evening.Add(6*time.Second), 2)
	r.mark(s, "m1", "Verse", evening.Add(3*time.Second))
	r.end(s, evening.Add(12*time.Second))
	r.deliver(first)
	return s.String(), []string{filepath.Base(first), filepath.Base(second), filepath.Base(voice)}
}

// found is the only session there is.
func (r *room) found() Session {
	r.t.Helper()
	all, err := r.Sessions(r.t.Context())
	r.must(err)
	if len(all) != 1 {
		r.t.Fatalf("%d sessions", len(all))
	}
	return all[0]
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func bytesOf(t testing.TB, r io.ReadCloser) []byte {
	t.Helper()
	data, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return data
}
