package takes

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"orionbox/audio/disk"
	"orionbox/firmware/clock"
)

// Kind is what a line of the journal tells.
type Kind string

// The kinds. A reader skips those that it does not know.
const (
	KindSession        Kind = "session" // Text is Opened, Closed or Recovered
	KindTakeStart      Kind = "take-start"
	KindTakeStop       Kind = "take-stop"
	KindTakeRecovered  Kind = "take-recovered"
	KindVoiceStart     Kind = "voice-start"
	KindVoiceStop      Kind = "voice-stop"
	KindVoiceRecovered Kind = "voice-recovered"
	KindGap            Kind = "gap"    // sound that was lost; silence keeps its place
	KindMarker         Kind = "marker" // Change; told twice, it counts once: first as it was made here, then with the hub's Seq. With the Text MarkerRefused the hub refused it
	KindCall           Kind = "call"
	KindClock          Kind = "clock"    // where the session clock and a stream stand
	KindDelivery       Kind = "delivery" // File has come to a producer, which Text names
	KindPeer           Kind = "peer"     // Text is what was noticed of another box
	KindPlay           Kind = "play"     // Text is which chunk was played to all, and what became of it; Hub is when, for it is in the voice recording
)

// KindDeleted is a line about a recording that a person had deleted: File, which had so many Bytes, and in Text who had it.
// It is written before the file goes, so one that is there still was not deleted after all.
const KindDeleted Kind = "deleted"

// KindTime is a line whose Text tells how far the box's clock, and so each Time, is to be trusted.
const KindTime Kind = "time"

// The texts of KindSession.
const (
	Opened    = "opened"
	Closed    = "closed"
	Recovered = "recovered"
)

// MarkerRefused is the text of a KindMarker line that tells that the hub refused the Change with that id: it does not count.
const MarkerRefused = "refused"

// Version is the version of the lines that are written. A later one only adds fields.
const Version = 1

// Entry is a line of the journal. Numbers that are 0 do not stand in it.
type Entry struct {
	V    int       `json:"v"`
	Kind Kind      `json:"kind"`
	Time time.Time `json:"time"` // of the box's clock, which may have been set in between
	// Session is the seconds since the session began, by the monotonic clock.
	Session float64 `json:"session"`
	Take    int     `json:"take,omitempty"`
	File    string  `json:"file,omitempty"`    // name in the session's folder
	Pos     int64   `json:"pos,omitempty"`     // index of a sample frame in the stream that is recorded
	Samples int64   `json:"samples,omitempty"` // a length in sample frames
	Rate    int     `json:"rate,omitempty"`    // sample frames a second
	Bytes   int64   `json:"bytes,omitempty"`
	Bitrate int     `json:"bitrate,omitempty"` // of a take, kbit/s; of its start
	Text    string  `json:"text,omitempty"`
	// Hub is when the sample frame Pos was captured, on the time line that Clock names: a hub's, or LocalClock before the
	// first word from a hub. A KindClock line tells it of the studio stream, or, with File, of that recording's.
	Hub     clock.Instant `json:"hub,omitempty"`
	Clock   string        `json:"clock,omitempty"`
	PPM     float64       `json:"ppm,omitempty"`      // of KindClock: by how much the stream is faster than its rate says, by Clock
	ErrorMS float64       `json:"error_ms,omitempty"` // of KindClock: how far Hub may be off, in milliseconds
	Change  *Change       `json:"change,omitempty"`   // of KindMarker
}

// LocalClock is the name of the time line of a box that has not heard from a hub: its own clock.
const LocalClock = "local"

// maxLine is the longest line that is read; one that is longer was not written by a box.
const maxLine = 64 << 10

// Log is what a journal says, as far as it can be read.
type Log struct {
	Entries []Entry
	Bad     int   // lines that are no entry
	Whole   int64 // bytes up to the end of the last whole line
	Size    int64 // bytes in all; what is beyond Whole is a line that was cut
}

// ReadJournal reads all that can be read: lines that are no entry are counted and skipped. A last line without an end counts
// if it is an entry. The error is the reader's own.
func ReadJournal(r io.Reader) (Log, error) {
	var log Log
	in := bufio.NewReaderSize(r, maxLine)
	for {
		text, err := in.ReadSlice('\n')
		log.Size += int64(len(text))
		tooLong := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			var rest []byte
			rest, err = in.ReadSlice('\n')
			log.Size += int64(len(rest))
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return log, err
		}
		log.take(text, tooLong, err != nil)
		if err != nil {
			return log, nil
		}
	}
}

// take reads one line, the last one if cut.
func (l *Log) take(text []byte, tooLong, cut bool) {
	if !cut {
		l.Whole = l.Size
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return
	}
	var e Entry
	if tooLong || json.Unmarshal(text, &e) != nil || e.V < 1 || e.Kind == "" {
		l.Bad++
		return
	}
	l.Entries = append(l.Entries, e)
}

// journal appends to a file. Who has it holds the lock on the folder.
type journal struct {
	file *os.File
	size int64 // up to the end of the last whole line
}

// newJournal makes a journal where there is none.
func newJournal(path string) (*journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return nil, err
	}
	if err := disk.SyncFolder(filepath.Dir(path)); err != nil {
		// Removed so that the next try finds no file in its way; there is nothing in it.
		return nil, errors.Join(err, file.Close(), os.Remove(path))
	}
	return &journal{file: file}, nil
}

// openJournal opens and reads a journal that may be damaged; before it is written to it must be mended.
func openJournal(path string) (*journal, Log, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, Log{}, err
	}
	log, err := ReadJournal(file)
	if err != nil {
		return nil, log, errors.Join(err, file.Close())
	}
	return &journal{file: file, size: log.Whole}, log, nil
}

// mend finishes or cuts off the last line, so that the next one stands alone.
func (j *journal) mend(log Log) error {
	if log.Whole == log.Size {
		return nil
	}
	tail := make([]byte, min(log.Size-log.Whole, maxLine))
	if _, err := j.file.ReadAt(tail, log.Whole); err != nil {
		return fmt.Errorf("mend journal: %w", err)
	}
	var e Entry
	if json.Unmarshal(tail, &e) != nil {
		if err := j.file.Truncate(log.Whole); err != nil {
			return fmt.Errorf("mend journal: %w", err)
		}
		return j.file.Sync()
	}
	j.size = log.Size
	return j.write([]byte{'\n'})
}

// append writes a line and brings it to the disk.
func (j *journal) append(e Entry) error {
	line, err := e.line()
	if err != nil {
		return err
	}
	return j.write(line)
}

func (j *journal) appendAll(entries []Entry) error {
	for _, e := range entries {
		if err := j.append(e); err != nil {
			return fmt.Errorf("write journal: %w", err)
		}
	}
	return nil
}

// line is the entry as it stands in a journal.
func (e Entry) line() ([]byte, error) {
	e.V = Version
	data, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	if len(data) >= maxLine {
		return nil, fmt.Errorf("line of %d bytes is too long", len(data))
	}
	return append(data, '\n'), nil
}

// write takes back what it could write of a line when the disk is full, so that the lines stay whole.
func (j *journal) write(data []byte) error {
	n, err := j.file.Write(data)
	if err != nil {
		if n > 0 {
			err = errors.Join(err, j.file.Truncate(j.size))
		}
		return err
	}
	j.size += int64(n)
	return j.file.Sync()
}

func (j *journal) close() error { return j.file.Close() }
