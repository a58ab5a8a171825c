package takes

import "orionbox/firmware/clock"

// Track is one recording of one box, and where on the session clock it lies: enough to cut it without having it.
type Track struct {
	Box     string   `json:"box"` // id
	Name    string   `json:"name"`
	Session string   `json:"session"` // name of its folder on the box
	File    string   `json:"file"`
	Studio  bool     `json:"studio"` // a take; else the voice
	Take    int      `json:"take,omitempty"`
	Rate    int      `json:"rate"`              // sample frames a second
	Bitrate int      `json:"bitrate,omitempty"` // of a take, kbit/s
	Begin   int64    `json:"begin"`             // index in the box's stream of the file's first sample frame
	Samples int64    `json:"samples"`           // in the file, on the disk
	Bytes   int64    `json:"bytes"`
	Open    bool     `json:"open"` // still growing
	Line    Timeline `json:"line"`
}

// Point says that the sample frame Pos of a box's stream was captured at Hub.
type Point struct {
	Hub clock.Instant `json:"hub"`
	Pos int64         `json:"pos"`
}

// Timeline maps the session clock to the sample index of a stream: Points in order of both, straight lines between
// them and beyond. One that comes from elsewhere may be anything; Track.Check tells.
type Timeline []Point
