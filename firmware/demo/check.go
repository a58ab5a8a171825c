package demo

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"orionbox/audio/measure"
	"orionbox/audio/mp3"
	"orionbox/audio/pcm"
	"orionbox/audio/wav"
)

// How far a recording may be from what was played.
const (
	audible    = -45.0 // dBFS: a root note that can be heard
	inaudible  = -60.0 // dBFS: one that cannot
	rootOff    = 2.0   // Hz
	startSlack = 1.5   // seconds between a press and the sound it starts or ends with
)

// examine finds what each box left on disk and judges it.
func examine(cfg Config, dir string, played []player, took time.Duration) Receipt {
	r := Receipt{Seconds: took.Seconds(), Files: []File{}, Faults: []string{}}
	for _, p := range played {
		takes, voices := recordings(dir, p, "HQ_*.mp3"), recordings(dir, p, "LQ_*.wav")
		want := 0
		if p.role == "ARTIST" {
			want = 1
		}
		r.count(p, "studio take", len(takes), want)
		r.count(p, "voice recording", len(voices), 1)
		for _, path := range takes {
			r.add(judgeTake(load(dir, path, p, "studio take"), cfg, p, took))
		}
		for _, path := range voices {
			r.add(judgeVoice(load(dir, path, p, "voice"), cfg, played, took))
		}
	}
	r.OK = len(r.Faults) == 0
	return r
}

func (r *Receipt) count(p player, what string, found, want int) {
	if found != want {
		r.Faults = append(r.Faults, fmt.Sprintf("%s's box has %d of %d %ss", p.name, found, want, what))
	}
}

func (r *Receipt) add(f File) {
	for _, fault := range f.Faults {
		r.Faults = append(r.Faults, f.Path+": "+fault)
	}
	r.Files = append(r.Files, f)
}

func recordings(dir string, p player, pattern string) []string {
	found, _ := filepath.Glob(filepath.Join(dir, p.name, "SESSION_*", pattern)) // the pattern is ours and well formed
	return found
}

// judgeTake wants 320 kbps CBR of the own signal, and nobody else's, for the time between the presses and the pre-roll.
func judgeTake(f File, cfg Config, p player, took time.Duration) File {
	f.expect(f.Kbps == 320, "bit rate %d kbps, not 320", f.Kbps)
	f.expect(f.Rate == studio.Rate && f.Channels == studio.Channels, "format %s, not %s", f.Format, studio)
	f.expectLength(took+preRoll, startSlack)
	f.expect(f.LevelDB > audible, "level %.1f dBFS: no sound", f.LevelDB)
	if cfg.Mic != "" {
		return f
	}
	f.expect(math.Abs(f.MainFrequency-p.root) < rootOff, "main tone %.1f Hz, not %.0f Hz", f.MainFrequency, p.root)
	for name, level := range f.Tones {
		f.expect(name == p.name || level < inaudible, "holds %s's tone at %.1f dBFS", name, level)
	}
	return f
}

// judgeVoice wants to hear everybody, oneself included.
func judgeVoice(f File, cfg Config, played []player, took time.Duration) File {
	f.expectLength(took, 60) // the session lasts from joining to leaving: longer than the take by what that takes
	f.expect(f.LevelDB > audible, "level %.1f dBFS: no sound", f.LevelDB)
	if cfg.Mic != "" {
		return f
	}
	for _, p := range played {
		f.expect(f.Tones[p.name] > audible, "%s's tone is at %.1f dBFS: not heard", p.name, f.Tones[p.name])
	}
	return f
}

// expectLength wants at least d, and at most slack seconds more.
func (f *File) expectLength(d time.Duration, slack float64) {
	over := f.Seconds - d.Seconds()
	f.expect(over > -startSlack && over < slack, "lasts %.1f s, not %.1f s", f.Seconds, d.Seconds())
}

func (f *File) expect(ok bool, format string, args ...any) {
	if !ok {
		f.Faults = append(f.Faults, fmt.Sprintf(format, args...))
	}
}

// load reads a recording back and measures it.
func load(dir, path string, p player, kind string) File {
	f := File{Box: p.name, Role: p.role, Kind: kind, Tones: map[string]float64{}, Faults: []string{}}
	f.Path, _ = filepath.Rel(dir, path) // path was found below dir
	var sound measure.Sound
	info, err := os.Stat(path)
	if err == nil {
		f.Bytes = info.Size()
		sound, err = f.decode(path)
	}
	f.expect(err == nil, "cannot be read: %v", err)
	f.measure(sound)
	return f
}

// decode fills in the file's shape and returns its left channel and the right one added.
func (f *File) decode(path string) (measure.Sound, error) {
	if strings.HasSuffix(path, ".mp3") {
		report, err := mp3.Probe(path)
		if err != nil {
			return measure.Sound{}, err
		}
		f.shape("MP3", report.Format, report.Samples, report.Bitrate)
		file, err := mp3.Open(path)
		if err != nil {
			return measure.Sound{}, err
		}
		defer file.Close()
		return drain(file, report.Format)
	}
	file, err := wav.Open(path)
	if err != nil {
		return measure.Sound{}, err
	}
	defer file.Close()
	format := file.Format()
	f.shape("WAV", format, file.Len(), format.Rate*format.Channels*16/1000)
	return drain(file, format)
}

func (f *File) shape(name string, format pcm.Format, samples int64, kbps int) {
	f.Format, f.Rate, f.Channels = name+" "+format.String(), format.Rate, format.Channels
	f.Seconds = format.Duration(samples).Seconds()
	f.Kbps = kbps
}

// reader is a sound file that is read from start to end.
type reader interface {
	ReadSamples(dst []float32) (frames int, err error)
}

// drain reads all of it, mixed to one channel.
func drain(r reader, format pcm.Format) (measure.Sound, error) {
	sound := measure.Sound{Rate: format.Rate}
	block, mono := make([]float32, 4096*format.Channels), make([]float32, 4096)
	for {
		n, err := r.ReadSamples(block)
		pcm.Mono(mono, block[:n*format.Channels], format.Channels)
		sound.Samples = append(sound.Samples, mono[:n]...)
		if errors.Is(err, io.EOF) {
			return sound, nil
		}
		if err != nil {
			return sound, err
		}
	}
}

// measured is the part of a recording that its tones are read from: the middle, where everybody is in.
const measured = 4 * time.Second

func (f *File) measure(sound measure.Sound) {
	f.LevelDB = sound.Level()
	middle := sound.Duration() / 2
	part := sound.Cut(middle-measured/2, middle+measured/2)
	f.MainFrequency = part.MainFrequency()
	for _, p := range players {
		f.Tones[p.name] = part.Tone(p.root)
	}
}
