package mp3

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"orionbox/audio/pcm"
)

// frames are the frames of a file, the Info frame first.
func frames(t testing.TB, data []byte) (all [][]byte) {
	t.Helper()
	for len(data) > 0 {
		h, err := ParseHeader([4]byte(data))
		if err != nil || h.Size() > len(data) {
			t.Fatalf("frame %d: %v", len(all), err)
		}
		all = append(all, data[:h.Size()])
		data = data[h.Size():]
	}
	return all
}

func TestEachFrameStandsAlone(t *testing.T) {
	for _, cfg := range shapes() {
		path := recordClosed(t, cfg, music(cfg.Format, cfg.Format.Rate))
		all := frames(t, read(t, path))
		for i, f := range all {
			// main_data_begin, the first nine bits after the header, is how far the sound reaches back.
			if f[4] != 0 || f[5]&0x80 != 0 {
				t.Fatalf("%v: frame %d uses the bit reservoir", cfg.Format, i)
			}
			if cfg.Format.Rate == 48000 && cfg.Bitrate == 0 && len(f) != 960 {
				t.Fatalf("%v: frame %d has %d bytes", cfg.Format, i, len(f))
			}
		}
	}
}

// music is something with an edge: three tones and noise, with a pulse now and then.
func music(f pcm.Format, n int) []float32 {
	data, q := make([]float32, n*f.Channels), newQuantizer()
	for i := range n {
		at := float64(i) / float64(f.Rate)
		v := 0.2*math.Sin(2*math.Pi*220*at) + 0.15*math.Sin(2*math.Pi*1318.5*at) + 0.1*math.Sin(2*math.Pi*5274*at) + 0.05*q.noise()
		if i%(f.Rate/4) < 30 {
			v += 0.4
		}
		for c := range f.Channels {
			data[i*f.Channels+c] = float32(v)
		}
	}
	return data
}

// Pieces cut before any frame join to the whole, and each plays without a complaint, tone and level as they were.
func TestPiecesCutAtFrames(t *testing.T) {
	for _, rate := range []int{44100, 48000} {
		format := pcm.Format{Rate: rate, Channels: 2}
		whole := read(t, recordClosed(t, Config{Format: format}, tone(format, 997, 4*rate)))
		all := frames(t, whole)
		var joined []byte
		for i, bounds := range [][2]int{{0, 1}, {1, 31}, {31, 32}, {32, 100}, {100, len(all)}} {
			piece := bytes.Join(all[bounds[0]:bounds[1]], nil)
			joined = append(joined, piece...)
			if bounds[1]-bounds[0] < 20 {
				continue
			}
			path := write(t, fmt.Sprintf("piece%d.mp3", i), piece)
			sound := ffmpeg(t, path, 2)
			validate(t, path)
			if n := len(sound) / 2; n < (bounds[1]-bounds[0]-1)*SamplesPerFrame {
				t.Errorf("piece %v decodes to %d samples", bounds, n)
			}
			middle := sound[2*2*SamplesPerFrame : 2*10*SamplesPerFrame]
			if l := level(middle, 2, 0, 997, float64(rate)); math.Abs(l/0.25-1) > 0.02 {
				t.Errorf("piece %v: level %.4f", bounds, l)
			}
		}
		if !bytes.Equal(joined, whole) {
			t.Errorf("%d Hz: pieces do not join to the whole", rate)
		}
	}
}

// A piece with an Info frame of its own has exactly the samples that the Info frame names.
func TestAPieceWithItsOwnInfoFrame(t *testing.T) {
	whole := read(t, recordClosed(t, Config{Format: stereo48}, tone(stereo48, 997, 4*48000)))
	sound := bytes.Join(frames(t, whole)[51:101], nil)
	info := Info{
		Header: Header{Bitrate: 320, Rate: 48000, Channels: 2}, Frames: 50, Bytes: int64(960 + len(sound)),
		Delay: 700, Padding: 1000, MusicCRC: crc16(0, sound),
	}
	head, err := InfoFrame(info)
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, "chunk.mp3", append(head, sound...))
	if n := int64(len(ffmpeg(t, path, 2)) / 2); n != info.Samples() {
		t.Errorf("%d samples, want %d", n, info.Samples())
	}
	validate(t, path)
	if r, err := Repair(path); err != nil || !r.Closed || r.Samples != info.Samples() {
		t.Errorf("%v %v", r, err)
	}
}
