package demo

import (
	"context"
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
	"orionbox/firmware/takes"
)

// How far a recording may be from what was played.
const (
	audible    = -45.0 // dBFS: a root note that can be heard
	inaudible  = -60.0 // dBFS: one that cannot
	rootOff    = 2.0   // Hz
	startSlack = 1.5   // seconds between a press and the sound it starts or ends with
)

// examine finds what each box left on disk and judges it. After a stay there may be more than the demo's own.
func examine(ctx context.Context, cfg Config, at times, made []cut, chunks []takes.Chunk) Receipt {
	r := Receipt{Seconds: at.take.Seconds(), LastByteSeconds: at.lastByte.Seconds(), Files: []File{}, Faults: []string{},
		Arrivals: []Arrival{}, Deliveries: []Delivery{}, Alignments: []Alignment{}}
	for _, p := range players {
		own, voices := recordings(cfg.Out, p, "HQ_*_1_*.mp3"), recordings(cfg.Out, p, "LQ_*.wav")
		if p.role == artist {
			r.count(p, "studio take", len(own), 1)
		}
		r.count(p, "voice recording", len(voices), 1)
		for _, path := range own {
			r.add(judgeTake(load(cfg.Out, path, p, "studio take"), cfg, p, at))
		}
		for _, path := range voices {
			r.add(judgeVoice(load(cfg.Out, path, p, "voice"), cfg, at))
		}
	}
	r.Faults = append(r.Faults, judgePresses(cfg, made)...)
	for _, p := range players {
		r.addCuts(judgeCuts(cfg, p, made, chunks))
	}
	r.examineDeliveries(cfg, chunks)
	if exported, err := makeExport(ctx, cfg); err != nil {
		r.complain("export", []string{err.Error()})
	} else {
		r.align(cfg, made, chunks, exported)
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

func (r *Receipt) addCuts(c Cuts) {
	for _, fault := range c.Faults {
		r.Faults = append(r.Faults, c.Box+"'s box: "+fault)
	}
	r.Boxes = append(r.Boxes, c)
}

func recordings(dir string, p player, pattern string) []string {
	found, _ := filepath.Glob(filepath.Join(dir, p.name, "SESSION_*", pattern)) // the pattern is ours and well formed
	return found
}

// judgeTake wants 320 kbps CBR of the own signal, and nobody else's, for the time between the presses and the pre-roll.
func judgeTake(f File, cfg Config, p player, at times) File {
	f.expect(f.Kbps == 320, "bit rate %d kbps, not 320", f.Kbps)
	f.expect(f.Rate == studio.Rate && f.Channels == studio.Channels, "format %s, not %s", f.Format, studio)
	f.expectLength(at.take+preRoll, at.take+preRoll)
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
func judgeVoice(f File, cfg Config, at times) File {
	f.expectLength(at.take+preRoll, at.session)
	f.expect(f.LevelDB > audible, "level %.1f dBFS: no sound", f.LevelDB)
	if cfg.Mic != "" {
		return f
	}
	for _, p := range players {
		f.expect(f.Tones[p.name] > audible, "%s's tone is at %.1f dBFS: not heard", p.name, f.Tones[p.name])
	}
	return f
}

// expectLength wants a length from least to most, give or take what a press takes.
func (f *File) expectLength(least, most time.Duration) {
	f.expect(f.Seconds > least.Seconds()-startSlack && f.Seconds < most.Seconds()+startSlack,
		"lasts %.1f s, not %.1f to %.1f s", f.Seconds, least.Seconds(), most.Seconds())
}

func (f *File) expect(ok bool, format string, args ...any) {
	if !ok {
		f.Faults = append(f.Faults, fmt.Sprintf(format, args...))
	}
}

// load reads a recording back and measures it.
func load(dir, path string, p player, kind string) File {
	f := File{Box: p.name, Role: p.role, Kind: kind, LevelDB: measure.Silence, Tones: map[string]float64{}, Faults: []string{}}
	f.Path, _ = filepath.Rel(dir, path) // path was found below dir
	var middle measure.Sound
	info, err := os.Stat(path)
	if err == nil {
		f.Bytes = info.Size()
		middle, err = f.decode(path)
	}
	f.expect(err == nil, "cannot be read: %v", err)
	f.measure(middle)
	return f
}

// decode fills in the file's shape and level, and returns the part in its middle.
func (f *File) decode(path string) (measure.Sound, error) {
	if strings.HasSuffix(path, ".mp3") {
		file, err := mp3.Open(path)
		if err != nil {
			return measure.Sound{}, err
		}
		defer file.Close()
		report, err := mp3.Probe(path)
		if err != nil {
			return measure.Sound{}, err
		}
		f.shape("MP3", file, report.Bitrate)
		return f.listen(file)
	}
	file, err := wav.Open(path)
	if err != nil {
		return measure.Sound{}, err
	}
	defer file.Close()
	f.shape("WAV", file, file.Format().Rate*file.Format().Channels*16/1000)
	return f.listen(file)
}

// reader is a sound file that is read from start to end.
type reader interface {
	Format() pcm.Format
	Len() int64
	ReadSamples(dst []float32) (frames int, err error)
}

func (f *File) shape(name string, r reader, kbps int) {
	format := r.Format()
	f.Format, f.Rate, f.Channels = name+" "+format.String(), format.Rate, format.Channels
	f.Seconds = format.Duration(r.Len()).Seconds()
	f.Kbps = kbps
}

// measured is the part of a recording that its tones are read from: the middle, where everybody is in.
const measured = 4 * time.Second

// listen reads all of it, mixed to one channel, and keeps the middle.
func (f *File) listen(r reader) (middle measure.Sound, err error) {
	format, power := r.Format(), 0.0
	half := format.Samples(measured) / 2
	from, to, pos := r.Len()/2-half, r.Len()/2+half, int64(0)
	middle.Rate = format.Rate
	block, mono := make([]float32, 4096*format.Channels), make([]float32, 4096)
	for err == nil {
		var n int
		n, err = r.ReadSamples(block)
		pcm.Mono(mono, block[:n*format.Channels], format.Channels)
		for _, s := range mono[:n] {
			power += float64(s) * float64(s)
			if pos >= from && pos < to {
				middle.Samples = append(middle.Samples, s)
			}
			pos++
		}
	}
	f.LevelDB = max(measure.Silence, 10*math.Log10(power/float64(max(1, pos))))
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return middle, err
}

func (f *File) measure(middle measure.Sound) {
	f.MainFrequency = middle.MainFrequency()
	for _, p := range players {
		f.Tones[p.name] = middle.Tone(p.root)
	}
}
