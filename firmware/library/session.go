package library

import (
	"time"

	"orionbox/firmware/delivery"
	"orionbox/firmware/takes"
)

// Kind is what a recording is of.
type Kind string

// The kinds.
const (
	Take  Kind = "take"  // studio, MP3
	Voice Kind = "voice" // the whole session, WAV
)

// Session is what a folder holds, as far as that is known.
type Session struct {
	Name       string      `json:"name"` // of the folder
	Began      time.Time   `json:"began"`
	Seconds    float64     `json:"seconds"` // to the last thing that is known of it
	Bytes      int64       `json:"bytes"`   // of the recordings
	Open       bool        `json:"open"`    // being recorded, by its journal
	Recordings []Recording `json:"recordings"`
	Trouble    string      `json:"trouble,omitempty"` // why not all is known
}

// Recording is a file, or a take that was deleted to make room since a producer has it.
type Recording struct {
	File    string    `json:"file"`
	Kind    Kind      `json:"kind"`
	Artist  string    `json:"artist"`           // as the file's name has it
	Number  int       `json:"number,omitempty"` // of a take
	Began   time.Time `json:"began"`
	Seconds float64   `json:"seconds"` // 0 if it is not known
	Bytes   int64     `json:"bytes"`
	Open    bool      `json:"open"` // still growing
	Chunks  []Chunk   `json:"chunks"`

	AtHub     bool             `json:"at_hub"`    // whole, and compared
	Delivered []delivery.Taken `json:"delivered"` // to whom and when; a voice recording is delivered to nobody
	Deleted   *time.Time       `json:"deleted,omitempty"`
}

// Chunk is a piece of a recording, from one cut to the next.
type Chunk struct {
	Number  int       `json:"number"` // in the session, as everywhere
	Title   string    `json:"title,omitempty"`
	Verdict takes.Op  `json:"verdict,omitempty"`
	Began   time.Time `json:"began"`
	At      float64   `json:"at"`      // seconds from the start of the file
	Seconds float64   `json:"seconds"` // that this recording covers of it
}
