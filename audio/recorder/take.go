package recorder

import (
	"time"

	"orionbox/audio/pcm"
)

// take is a file that is being written.
type take struct {
	id      int64
	file    File
	samples int64     // written
	end     int64     // index of the sample frame after the last
	synced  time.Time // when it was last brought to the disk
	bytes   int64     // length that the disk has
	lost    int64     // sample frames of silence where sound was lost on its way
	filled  int64     // sample frames of silence where there was none
	gap     Event     // the gap that goes on, if it has Samples
	err     error
}

// write appends a frame and returns the gap that it ends, if it does.
func (t *take) write(f pcm.Frame, from origin) (gap Event, ended bool) {
	if t.err != nil {
		return Event{}, false
	}
	if t.err = t.file.WriteFrame(f); t.err != nil {
		return Event{}, false
	}
	t.samples += int64(f.Len())
	t.end = f.End()
	if from == captured || t.gap.Lost != (from == lost) {
		gap, ended = t.endGap()
	}
	if from != captured {
		t.silent(f, from)
	}
	return gap, ended
}

// silent goes on with the gap that f is in, or begins one.
func (t *take) silent(f pcm.Frame, from origin) {
	if t.gap.Samples == 0 {
		t.gap = Event{Kind: Gap, ID: t.id, Pos: f.Pos, Lost: from == lost}
	}
	t.gap.Samples += int64(f.Len())
	if from == lost {
		t.lost += int64(f.Len())
	} else {
		t.filled += int64(f.Len())
	}
}

func (t *take) endGap() (gap Event, ended bool) {
	gap, t.gap = t.gap, Event{}
	return gap, gap.Samples > 0
}

// sync brings the file to the disk if it has grown, and tells whether it had.
func (t *take) sync() bool {
	size := t.file.Size()
	if t.err != nil || size == t.bytes {
		return false
	}
	if t.err = t.file.Sync(); t.err != nil {
		return false
	}
	t.bytes = size
	return true
}

// close ends the file, whatever happened to it; the first error is the one that counts.
func (t *take) close() error {
	err := t.file.Close()
	if t.err == nil {
		t.err = err
	}
	t.bytes = t.file.Size()
	return t.err
}
