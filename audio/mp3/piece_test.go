package mp3

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"orionbox/audio/pcm"
)

var someTags = Tags{Title: "Strophe 2 – größer", Artist: "Jörg 李 🎸", Album: "SESSION_20261122_201455", Track: 2, Date: "2026-11-22",
	Notes: []Note{{"TAKE", "1"}, {"CHUNK", "2"}}}

// cutTo writes a piece to a file.
func cutTo(t testing.TB, path string, from, to int64, tags Tags) (string, Info) {
	t.Helper()
	var out bytes.Buffer
	info, err := Cut(&out, path, from, to, tags)
	if err != nil {
		t.Fatalf("%d to %d: %v", from, to, err)
	}
	return write(t, "piece.mp3", out.Bytes()), info
}

// sameSound checks a piece against the whole, both decoded by ffmpeg. That forgets what to leave out at the start of a frame
// when it is to leave out something at its end too: so it cannot judge a piece that lies within one frame.
func sameSound(t *testing.T, piece string, whole []float32, from, to int64, channels int) {
	t.Helper()
	if withinAFrame(from, to) {
		return
	}
	got, want := ffmpeg(t, piece, channels), whole[from*int64(channels):to*int64(channels)]
	if len(got) != len(want) {
		t.Errorf("%d to %d: %d samples, want %d", from, to, len(got)/channels, to-from)
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d to %d: sample %d of the piece is %v, in the whole %v", from, to, i/channels, got[i], want[i])
			return
		}
	}
}

func TestAPieceHasTheVerySamplesOfTheWhole(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, cfg := range []Config{
		{Format: stereo48}, {Format: pcm.Format{Rate: 44100, Channels: 2}}, {Format: pcm.Format{Rate: 48000, Channels: 1}, Bitrate: 64},
		{Format: pcm.Format{Rate: 44100, Channels: 1}, Bitrate: 128}, {Format: pcm.Format{Rate: 96000, Channels: 2}}, {Format: pcm.Format{Rate: 44100, Channels: 2}, Bitrate: 64},
	} {
		full, _ := cfg.withDefaults()
		t.Run(full.header().String()+" of "+cfg.Format.String(), func(t *testing.T) {
			path := recordClosed(t, cfg, music(cfg.Format, 3*cfg.Format.Rate+77))
			channels := cfg.Format.Channels
			whole := ffmpeg(t, path, channels)
			n := int64(len(whole) / channels)
			bounds := [][2]int64{{0, n}, {0, 1}, {n - 1, n}, {0, n / 2}, {n / 2, n}, {n / 2, n/2 + 1}, {46, 47}, {47, 48}, {1152, 2304}, {20000, 20240}, {0, 3000}, {n - 3000, n}}
			for range 6 {
				from := random.Int64N(n - 1)
				bounds = append(bounds, [2]int64{from, from + 1 + random.Int64N(n-from)})
			}
			for _, b := range bounds {
				piece, info := cutTo(t, path, b[0], b[1], someTags)
				sameSound(t, piece, whole, b[0], b[1], channels)
				checkPiece(t, piece, info, b[1]-b[0])
			}
		})
	}
}

// withinAFrame tells it of a take of ours; a piece of less than 24 ms may.
func withinAFrame(from, to int64) bool {
	const own = encoderDelay + decoderDelay
	return (from+own)/SamplesPerFrame == (to+own-1)/SamplesPerFrame && (to+own)%SamplesPerFrame != 0
}

// checkPiece asks our own readers, and others, what they make of a piece.
func checkPiece(t *testing.T, path string, info Info, samples int64) {
	t.Helper()
	if r, err := Probe(path); err != nil || !r.Closed || r.Samples != samples || info.Samples() != samples {
		t.Errorf("%d samples: probe says %v (%v), cut %d", samples, r, err, info.Samples())
	}
	before := read(t, path)
	if r, err := Repair(path); err != nil || !r.Closed || !bytes.Equal(read(t, path), before) {
		t.Errorf("repair: %v %v", r, err)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n, block := int64(0), make([]float32, 5000*r.Format().Channels)
	for err == nil {
		var read int
		read, err = r.ReadSamples(block)
		n += int64(read)
	}
	if n != samples || !errors.Is(err, io.EOF) {
		t.Errorf("our reader gives %d samples of %d (%v)", n, samples, err)
	}
	if info.Frames >= minFrames {
		validate(t, path)
	} else if info.Frames < 6 {
		t.Errorf("a piece of %d samples has %d frames only", samples, info.Frames)
	}
}

// Pieces that meet make the whole, in length and in each sample.
func TestPiecesThatMeetAreTheWhole(t *testing.T) {
	for _, rate := range []int{44100, 48000} {
		format := pcm.Format{Rate: rate, Channels: 2}
		path := recordClosed(t, Config{Format: format}, music(format, 2*rate))
		whole := ffmpeg(t, path, 2)
		var joined []float32
		cuts := []int64{0, 100, 5000, 6001, 30000, int64(rate), int64(2*rate) - 700, int64(2 * rate)}
		for i := range cuts[1:] {
			piece, _ := cutTo(t, path, cuts[i], cuts[i+1], Tags{})
			joined = append(joined, ffmpeg(t, piece, 2)...)
		}
		if len(joined) != len(whole) {
			t.Fatalf("%d Hz: %d samples, the whole has %d", rate, len(joined), len(whole))
		}
		for i := range whole {
			if joined[i] != whole[i] {
				t.Fatalf("%d Hz: sample %d differs", rate, i/2)
			}
		}
	}
}

// A frame is found where the rate of bits puts it, so nothing before it has to be read.
func TestFramesStandWhereTheyAreLookedFor(t *testing.T) {
	for _, channels := range []int{1, 2} {
		for _, rate := range []int{44100, 48000} {
			for _, kbps := range []int{64, 112, 160, 320} {
				cfg := Config{Format: pcm.Format{Rate: rate, Channels: channels}, Bitrate: kbps, Quality: 9}
				all := ends(t, read(t, recordClosed(t, cfg, music(cfg.Format, 10*rate))))
				full, _ := cfg.withDefaults()
				h, first := full.header(), int64(all[0])
				for n := range all {
					if at := int64(all[n]) - first; !near(at, h.place(int64(n))) {
						t.Fatalf("%v %d kbit/s: frame %d stands at %d, is looked for at %d", cfg.Format, kbps, n, at, h.place(int64(n)))
					}
				}
			}
		}
	}
}

func TestAPieceOfATakeThatGrows(t *testing.T) {
	for _, format := range []pcm.Format{stereo48, {Rate: 44100, Channels: 1}} {
		data := music(format, 2*format.Rate)
		f := record(t, Config{Format: format}, data)
		var early, late bytes.Buffer
		info, err := Cut(&early, f.path, 30000, 60000, someTags)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Cut(io.Discard, f.path, 30000, 1<<40, someTags); err != nil {
			t.Errorf("as far as it goes: %v", err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := Cut(&late, f.path, 30000, 60000, someTags); err != nil || !bytes.Equal(early.Bytes(), late.Bytes()) {
			t.Errorf("the piece is another when the take is closed: %v", err)
		}
		sameSound(t, write(t, "early.mp3", early.Bytes()), ffmpeg(t, f.path, format.Channels), 30000, 60000, format.Channels)
		if info.Samples() != 30000 {
			t.Errorf("%d samples", info.Samples())
		}
	}
}

// A power cut tears frames out of a take; repaired, it is cut like any other.
func TestAPieceOfARepairedTake(t *testing.T) {
	for _, format := range []pcm.Format{stereo48, {Rate: 44100, Channels: 2}} {
		data := interrupted(t, format, 3*format.Rate)
		all := ends(t, data)
		clear(data[all[39]+100 : all[42]+5])
		path := write(t, "torn.mp3", data[:len(data)-333])
		if _, err := Cut(io.Discard, path, 30000, 90000, Tags{}); err == nil || !strings.Contains(err.Error(), "repaired first") {
			t.Errorf("cut out of a torn take: %v", err)
		}
		if _, err := Repair(path); err != nil {
			t.Fatal(err)
		}
		whole := ffmpeg(t, path, format.Channels)
		n := int64(len(whole) / format.Channels)
		for _, b := range [][2]int64{{0, n}, {1000, 2000}, {30000, 90000}, {47000, 48000}, {n - 5000, n}} {
			piece, info := cutTo(t, path, b[0], b[1], someTags)
			sameSound(t, piece, whole, b[0], b[1], format.Channels)
			checkPiece(t, piece, info, b[1]-b[0])
		}
	}
}

// Bytes between the frames of a file that was closed are skipped by players, and so here.
func TestAPieceOfATakeWithBytesBetween(t *testing.T) {
	data := read(t, recordClosed(t, Config{Format: stereo48}, music(stereo48, 96000)))
	all := frames(t, data)
	sound := slicesJoin(all[1:30], []byte("something that is no sound at all"), all[30:])
	info, _ := ParseInfo(all[0])
	info.Bytes, info.MusicCRC = int64(960+len(sound)), crc16(0, sound)
	head, err := InfoFrame(info)
	if err != nil {
		t.Fatal(err)
	}
	path, clean := write(t, "between.mp3", append(head, sound...)), write(t, "clean.mp3", data)
	var a, b bytes.Buffer
	_, errA := Cut(&a, path, 20000, 70000, Tags{})
	_, errB := Cut(&b, clean, 20000, 70000, Tags{})
	if errA != nil || errB != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Errorf("%v %v, same: %v", errA, errB, bytes.Equal(a.Bytes(), b.Bytes()))
	}
}

func slicesJoin(a [][]byte, between []byte, b [][]byte) []byte {
	return append(append(bytes.Join(a, nil), between...), bytes.Join(b, nil)...)
}

func TestWhatCannotBeCut(t *testing.T) {
	path := recordClosed(t, Config{Format: stereo48}, music(stereo48, 48000))
	for _, b := range [][2]int64{{-1, 5}, {5, 5}, {6, 5}, {48000, 48001}, {1 << 62, math.MaxInt64}} {
		if _, err := Cut(io.Discard, path, b[0], b[1], Tags{}); err == nil || !strings.Contains(err.Error(), "48000 in all") {
			t.Errorf("%v: %v", b, err)
		}
	}
	for name, data := range map[string][]byte{"empty": nil, "text": []byte("this is no recording at all"), "tag": []byte("ID3\x04\x00\x00\x00\x00\x00\x10")} {
		if _, err := Cut(io.Discard, write(t, name, data), 0, 5, Tags{}); err == nil {
			t.Errorf("%s was cut", name)
		}
	}
	if _, err := Cut(io.Discard, filepath.Join(t.TempDir(), "none"), 0, 5, Tags{}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	full := errors.New("disk full")
	for room := range 40 {
		if _, err := Cut(&small{left: room * 2000, err: full}, path, 0, 48000, someTags); err != nil && !errors.Is(err, full) || err == nil && room < 20 {
			t.Errorf("with room for %d bytes: %v", room*2000, err)
		}
	}
}

// small is a disk with little room.
type small struct {
	left int
	err  error
}

func (s *small) Write(p []byte) (int, error) {
	if s.left -= len(p); s.left < 0 {
		return 0, s.err
	}
	return len(p), nil
}

// A recording by others whose frames lean on those before them cannot be cut without decoding.
func TestAFileWithAReservoirIsRefused(t *testing.T) {
	file, tag := byLAME(t, Config{Format: stereo48, Bitrate: 128, Quality: 7}, music(stereo48, 96000))
	copy(file, tag)
	if _, err := Cut(io.Discard, write(t, "theirs.mp3", file), 20000, 50000, Tags{}); !errors.Is(err, ErrForeign) {
		t.Error(err)
	}
}

// probed is what ffprobe tells of a file.
func probed(t *testing.T, path string) (seconds float64, tags map[string]string) {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-show_entries", "format=duration:format_tags", "-of", "json", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Format struct {
			Duration string
			Tags     map[string]string
		}
	}
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatal(err)
	}
	seconds, err = strconv.ParseFloat(said.Format.Duration, 64)
	if err != nil {
		t.Fatal(err)
	}
	return seconds, said.Format.Tags
}

func TestOthersReadTheTags(t *testing.T) {
	path := recordClosed(t, Config{Format: stereo48}, music(stereo48, 4*48000))
	long := strings.Repeat("größer 漢字 🎸 ", 40)
	for _, title := range []string{"verse 2", "Größe, Übermut & çedille", "漢字とかな 中文", "🎸🥁👩‍🎤", long, "a\x00b\nc", "\xff\xfe", ""} {
		tags := someTags
		tags.Title, tags.Artist = title, title
		piece, _ := cutTo(t, path, 10001, 106001, tags)
		seconds, got := probed(t, piece)
		want := map[string]string{"title": clean(title), "artist": clean(title), "album": tags.Album, "track": "2", "date": "2026-11-22", "TAKE": "1", "CHUNK": "2"}
		for key, text := range want {
			if got[key] != text {
				t.Errorf("%q: ffprobe reads %s %q, want %q", title, key, got[key], text)
			}
		}
		// ffprobe counts whole frames less delay and padding, or all frames: both within two frames
		if math.Abs(seconds-2) > 0.05 {
			t.Errorf("ffprobe says %.4f s", seconds)
		}
		validate(t, piece)
		checkTags(t, piece, tags)
	}
}

// checkTags reads them by ourselves.
func checkTags(t *testing.T, path string, want Tags) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := ReadTags(f)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := got.Bytes()
	b, _ := want.Bytes()
	if !bytes.Equal(a, b) {
		t.Errorf("we read %+v, want %+v", got, want)
	}
}

func TestTheSameTagsAreTheSameBytes(t *testing.T) {
	first, err := someTags.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if again, _ := someTags.Bytes(); !bytes.Equal(again, first) {
			t.Fatal("the order of the frames is left to chance")
		}
	}
	if none, err := (Tags{}).Bytes(); none != nil || err != nil {
		t.Errorf("no tags are %q, %v", none, err)
	}
}

func TestAnUnclosedFileWithATagIsRepaired(t *testing.T) {
	tag, _ := someTags.Bytes()
	bare := interrupted(t, stereo48, 48000)
	path, same := write(t, "tagged.mp3", append(bytes.Clone(tag), bare[:len(bare)-500]...)), write(t, "bare.mp3", bare[:len(bare)-500])
	a, err := Repair(path)
	b, errB := Repair(same)
	if err != nil || errB != nil || a != b || !bytes.Equal(read(t, path), append(tag, read(t, same)...)) {
		t.Errorf("%v %v, without a tag %v %v", a, err, b, errB)
	}
}

func FuzzReadTags(f *testing.F) {
	tag, _ := someTags.Bytes()
	f.Add(tag)
	f.Add([]byte("ID3\x03\x00\x00\x00\x00\x00\x15TIT2\x00\x00\x00\x05\x00\x00\x01\xff\xfea\x00"))
	f.Add([]byte("ID3\x04\x00\x10\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		tags, err := ReadTags(bytes.NewReader(data))
		if err != nil {
			return
		}
		// What was read, cleaned, is written and read as the same.
		first, err := tags.Bytes()
		if err != nil || first == nil {
			return
		}
		again, err := ReadTags(bytes.NewReader(first))
		if err != nil {
			t.Fatalf("%q: %v", first, err)
		}
		if second, _ := again.Bytes(); !bytes.Equal(first, second) {
			t.Fatalf("%q\nis read as %q", first, second)
		}
	})
}

func FuzzCut(f *testing.F) {
	h := Header{Bitrate: 64, Rate: 48000, Channels: 1}
	slot, _ := slotFrame(h)
	whole := append(slot, bytes.Repeat(h.silent(), 12)...)
	f.Add(whole, int64(100), int64(3000))
	tag, _ := someTags.Bytes()
	f.Add(append(tag, whole...), int64(0), int64(1<<40))
	f.Fuzz(func(t *testing.T, data []byte, from, to int64) {
		path := filepath.Join(t.TempDir(), "in.mp3")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		info, err := Cut(&out, path, from, to, Tags{})
		if err != nil {
			return
		}
		if got, ok := ParseInfo(out.Bytes()); !ok || got.Samples() > to-from || got.Bytes != int64(out.Len()) || info.Frames != got.Frames {
			t.Fatalf("%+v in %d bytes, for %d to %d", got, out.Len(), from, to)
		}
	})
}
