package takes

import (
	"cmp"

	"orionbox/audio/mp3"
	"orionbox/firmware/clock"
)

// Chunk is what one box recorded between two cuts: a view, nothing is copied or encoded again.
type Chunk struct {
	Number    int           `json:"number"` // from 1, by time, in a session of a box
	Box       string        `json:"box"`    // id
	Name      string        `json:"name"`   // of the person
	Session   string        `json:"session"`
	Marker    string        `json:"marker,omitempty"` // id of the one that it begins at
	Title     string        `json:"title,omitempty"`  // that marker's name
	Verdict   Op            `json:"verdict,omitempty"`
	Start     clock.Instant `json:"start"`
	Seconds   float64       `json:"seconds"`          // to the next cut; either recording may cover less of it
	Studio    *Place        `json:"studio,omitempty"` // none: no take ran
	Voice     *Place        `json:"voice,omitempty"`
	Delivered bool          `json:"delivered"`
}

// Place is where in a recording a chunk lies: sample frames From up to To, not included, from the start of the file.
type Place struct {
	File  string `json:"file"`
	From  int64  `json:"from"`
	To    int64  `json:"to"`
	Bytes int64  `json:"bytes"` // that a copy of it would take: of a take in whole frames of MP3
	Rate  int    `json:"rate"`  // sample frames a second
}

// place is [from, to) of the stream, counted from the track's begin, as a place in its file; nil if that is empty.
func (t Track) place(from, to int64) *Place {
	p := Place{File: t.File, From: from, To: to, Rate: t.Rate}
	if t.Studio {
		for ; p.Rate > 48000; p.Rate /= 2 { // an MP3 ends there: the file has half the rate of the stream
			p.From, p.To = p.From/2, p.To/2
		}
	}
	if p.From >= p.To {
		return nil
	}
	p.Bytes = (p.To - p.From) * 2
	if t.Studio {
		p.Bytes = t.mp3Bytes((p.To+mp3.SamplesPerFrame-1)/mp3.SamplesPerFrame, p.Rate) - t.mp3Bytes(p.From/mp3.SamplesPerFrame, p.Rate)
	}
	return &p
}

// mp3Bytes is how long the first frames of a take are: at a constant rate of bits, some have a byte of padding to keep it.
func (t Track) mp3Bytes(frames int64, rate int) int64 {
	return frames * mp3.SamplesPerFrame / 8 * int64(cmp.Or(t.Bitrate, mp3.DefaultBitrate)) * 1000 / int64(rate)
}
