package cue

import (
	"bytes"
	"embed"
	"strings"
	"sync"
	"time"

	"orionbox/audio/wav"
)

// clip names a line of words.txt and a file in clips.
type clip string

// comma is the clip that is nothing but its pause.
const comma clip = ","

//go:embed clips/*.wav
var files embed.FS

//go:embed words.txt
var words string

// vocabulary is the text of each clip.
var vocabulary = sync.OnceValue(func() map[clip]string {
	texts := map[clip]string{}
	for line := range strings.Lines(words) {
		name, text, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if ok && !strings.HasPrefix(line, "#") {
			texts[clip(name)] = text
		}
	}
	return texts
})

func (c clip) text() string {
	if c == comma {
		return ","
	}
	return vocabulary()[c]
}

// samples of the clip; none for the comma. Every other one has some, as a test shows.
func (c clip) samples() []float32 {
	data, err := files.ReadFile("clips/" + string(c) + ".wav")
	if err != nil {
		return nil
	}
	return decode(data)
}

// decode is the sound of a whole WAV file; none if it is no such file.
func decode(data []byte) []float32 {
	file, err := wav.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil
	}
	sound := make([]float32, file.Len())
	n, _ := file.ReadSamples(sound) // from memory, where nothing fails
	return sound[:n]
}

// The pauses of a voice that is in no hurry: within a number, between words, after a comma and a full stop.
const (
	withinPause = 15 * time.Millisecond
	wordPause   = 50 * time.Millisecond
	commaPause  = 170 * time.Millisecond
	stopPause   = 320 * time.Millisecond
)

// pause is what comes between the clip and the next word.
func (c clip) pause() time.Duration {
	switch text := c.text(); {
	case strings.HasSuffix(text, "."):
		return stopPause
	case strings.HasSuffix(text, ","):
		return commaPause
	}
	return wordPause
}

// Say speaks the words one after another, with the pauses of a sentence between them and none at the end. Its name is the
// text.
func Say(words ...Word) Sound {
	s := Sound{Rate: Rate}
	var texts []string
	var pause time.Duration
	for _, w := range words {
		for i, c := range w.spoken() {
			if i > 0 {
				pause = withinPause
			}
			s.Samples = append(s.Samples, make([]float32, samplesIn(pause, Rate))...)
			s.Samples = append(s.Samples, c.samples()...)
			texts, pause = append(texts, c.text()), c.pause()
		}
	}
	s.Name = sentence(texts)
	return s
}

// sentence joins texts; a comma stands close to what is before it.
func sentence(texts []string) string { return strings.ReplaceAll(strings.Join(texts, " "), " ,", ",") }
