package director

import (
	"path/filepath"
	"sync/atomic"
	"time"

	"orionbox/audio/recorder"
	"orionbox/firmware/takes"
)

// recording is one start of a recorder, and the file that came of it.
type recording struct {
	folder *folder
	number int // of a take, as asked for; 0 for the voice
	rate   int
	asked  time.Time
	when   func(pos int64) (time.Time, bool) // the sample frame pos of the recorded stream was captured
	path   atomic.Pointer[string]            // set by the recorder's goroutine when the file has a name

	begun          bool // what follows is known
	begin          int64
	samples, bytes int64 // on the disk
	ended          bool
	line           takes.Timeline // by the box's own clock
	final          *takes.Track   // once it has ended: as the room was told
}

// file is the name of the file, empty before it has one.
func (r *recording) file() string {
	path := r.path.Load()
	if path == nil {
		return ""
	}
	return filepath.Base(*path)
}

// take is the number that the take's file has: a failed try may have used up the one that was asked for.
func (r *recording) take() int {
	if name, ok := takes.ParseName(r.file()); ok {
		return name.Take
	}
	return r.number
}

// track follows the recordings of one recorder. The recorder tells of them by the number of their start, so that a late
// word about one is never taken for another.
type track struct {
	recorder Recorder
	open     map[int64]*recording // started and not ended
	last     *recording
}

func newTrack(r Recorder) *track {
	return &track{recorder: r, open: map[int64]*recording{}, last: &recording{}}
}

// start begins a recording in the folder, which may still have to be made: the recorder's goroutine waits for it, and its
// sound waits in the ring.
func (t *track) start(r *recording, name func(*takes.Session) (string, error), open func(path string) (recorder.File, error)) {
	id := t.recorder.Start(func() (recorder.File, error) {
		s, err := r.folder.wait()
		if err != nil {
			return nil, err
		}
		path, err := name(s)
		if err != nil {
			return nil, err
		}
		r.path.Store(&path)
		return open(path)
	})
	t.open[id], t.last = r, r
}

// end forgets a recording that has ended.
func (t *track) end(id int64) { delete(t.open, id) }
