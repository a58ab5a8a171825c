package takes

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"unicode"
	"unicode/utf8"

	"orionbox/firmware/clock"
)

// Track is one recording of one box, and where on the session clock it lies: enough to cut it without having it.
type Track struct {
	Box     string   `json:"box"` // id
	Name    string   `json:"name"`
	Session string   `json:"session"` // name of its folder on the box
	File    string   `json:"file"`
	Studio  bool     `json:"studio"` // a take; else the voice
	Take    int      `json:"take,omitempty"`
	Rate    int      `json:"rate"`              // sample frames a second of the stream; Begin, Samples and Line count those
	Bitrate int      `json:"bitrate,omitempty"` // of a take, kbit/s
	Begin   int64    `json:"begin"`             // index in the box's stream of the file's first sample frame
	Samples int64    `json:"samples"`           // in the file, on the disk
	Bytes   int64    `json:"bytes"`
	Open    bool     `json:"open"`            // still growing
	Clock   string   `json:"clock,omitempty"` // name of the hub's clock that Line is by; empty from boxes that did not tell yet
	Line    Timeline `json:"line"`
}

// TrackKey names a track among all of a room.
type TrackKey struct {
	Box     string `json:"box"`
	Session string `json:"session"`
	File    string `json:"file"`
}

// Key is the track's name.
func (t Track) Key() TrackKey { return TrackKey{t.Box, t.Session, t.File} }

// Point says that the sample frame Pos of a box's stream was captured at Hub.
type Point struct {
	Hub clock.Instant `json:"hub"`
	Pos int64         `json:"pos"`
}

// Timeline maps the session clock to the sample index of a stream: Points in order of both, straight lines between
// them and beyond. One that comes from elsewhere may be anything; Track.Check tells.
type Timeline []Point

// What a track may hold: more than any session needs, and little enough to reckon with.
const (
	maxPoints  = 4000
	maxIndex   = 1 << 53 // of a sample frame
	maxSamples = 1 << 40 // sample frames, and bytes, of a file: months
	maxID      = 64      // bytes
	maxPerson  = 128     // characters
	maxClock   = 64      // characters
	minRate    = 8000
	maxRate    = 192000
)

var sessionForm = regexp.MustCompile(`^` + sessionPrefix + `[0-9]{8}_[0-9]{6}(_[0-9]{1,6})?$`)

// Check is an error for a track that no box made, whoever sent it: one that passes can be cut, and its file and session are
// names that can stand in a folder.
func (t Track) Check() error {
	if err := errors.Join(CheckPerson(t.Box, t.Name), CheckSession(t.Session)); err != nil {
		return fmt.Errorf("check track: %w", err)
	}
	if !clockName(t.Clock) {
		return fmt.Errorf("check track: its clock's name must be text of at most %d characters", maxClock)
	}
	return errors.Join(t.checkFile(), t.Line.check())
}

// CheckPerson is an error for a box's id and a person's name that no box has.
func CheckPerson(box, name string) error {
	if len(box) > maxID || utf8.RuneCountInString(name) > maxPerson || !printable(box) || !printable(name) {
		return fmt.Errorf("whose it is must be text of at most %d characters", maxPerson)
	}
	return nil
}

// CheckSession is an error for what is not the name of a session's folder, whoever sent it.
func CheckSession(name string) error {
	if !sessionForm.MatchString(name) {
		return errors.New("its session is not the name of a session's folder")
	}
	return nil
}

// CheckFile reads the name of a recording, whoever sent it: what passes can stand in a folder.
func CheckFile(file string) (Recording, error) {
	name, ok := ParseName(file)
	if !ok || filepath.Base(file) != file || FileName(name.Artist) != name.Artist {
		return Recording{}, errors.New("its file is not the name of a recording")
	}
	return name, nil
}

func (t Track) checkFile() error {
	name, err := CheckFile(t.File)
	switch {
	case err != nil:
		return fmt.Errorf("check track: %w", err)
	case name.Studio != t.Studio || name.Take != t.Take:
		return errors.New("check track: its file is another take")
	case t.Rate < minRate || t.Rate > maxRate || t.Bitrate < 0 || t.Bitrate > 320:
		return fmt.Errorf("check track: %d samples a second, %d kbit/s: no such recording", t.Rate, t.Bitrate)
	case t.Begin < 0 || t.Begin > maxIndex || t.Samples < 0 || t.Samples > maxSamples || t.Bytes < 0 || t.Bytes > maxSamples:
		return errors.New("check track: its length is out of range")
	}
	return nil
}

func printable(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}

// clockName tells that s can be the name of a clock.
func clockName(s string) bool { return utf8.RuneCountInString(s) <= maxClock && printable(s) }

func (l Timeline) check() error {
	if len(l) > maxPoints {
		return fmt.Errorf("check track: its line has more than %d points", maxPoints)
	}
	for i, p := range l {
		switch {
		case !p.sound():
			return errors.New("check track: a point of its line is out of range")
		case i > 0 && (p.Hub <= l[i-1].Hub || p.Pos <= l[i-1].Pos):
			return errors.New("check track: its line runs backwards")
		}
	}
	return nil
}

// sound tells that a point can be true.
func (p Point) sound() bool { return p.Hub > 0 && p.Pos >= -maxIndex && p.Pos <= maxIndex }
