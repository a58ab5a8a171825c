package library

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"orionbox/audio/disk"
)

const (
	// perSecond is how many peaks are kept of a second of sound.
	perSecond = 100
	// unsettled is how many at the end of a recording that grows are left out: what was written in the last second may not be on
	// the disk yet, and a power cut would take it away.
	unsettled = perSecond
	// renewed is how old the picture of a recording that grows gets.
	renewed = 5 * time.Second
)

// Peaks is the picture of a recording in so many points, from its start to its end; fewer if it has not as many (100 a
// second), and all there are for 0 points. One that grows ends about a second before what is on the disk, and its picture may be
// five seconds old.
//
// The first time the recording is decoded, by one thread of the least precedence and for one picture at a time, which takes
// a minute or more an hour of a take; then it is kept in a hidden file beside it. Of one that grows only what has come since is
// decoded. A ctx that ends ends it, and the next call goes on from there. The error is ErrBadName, ErrNotFound, ctx's, or that of
// a file that cannot be decoded.
func (l *Library) Peaks(ctx context.Context, session, file string, points int) ([]Peak, error) {
	path, err := l.path(session, file)
	if err != nil {
		return nil, err
	}
	s, err := l.one(ctx, session)
	if err != nil {
		return nil, fmt.Errorf("draw %s: %w", file, err)
	}
	i := slices.IndexFunc(s.Recordings, func(r Recording) bool { return r.File == file })
	grows := i >= 0 && s.Recordings[i].Open
	p, err := l.peaks(ctx, path, grows)
	if err != nil {
		return nil, fmt.Errorf("draw %s: %w", file, err)
	}
	return Reduce(p, points), nil
}

// peaks are those that are kept, or made now.
func (l *Library) peaks(ctx context.Context, path string, grows bool) ([]Peak, error) {
	kept, info, err := keptPeaks(path)
	if err != nil || kept.serves(info, grows) {
		return kept.peaks, err
	}
	if err := l.drawing.enter(ctx); err != nil {
		return nil, err
	}
	defer l.drawing.leave()
	if kept, info, err = keptPeaks(path); err != nil || kept.serves(info, grows) { // made while this one waited
		return kept.peaks, err
	}
	old := kept.begins(info, grows)
	now := picture{bytes: info.Size(), modified: info.ModTime().UnixNano(), part: grows}
	quietly(func() { now.peaks, err = draw(ctx, path, old) })
	if err != nil && (ctx.Err() == nil || len(now.peaks) == len(old)) { // nothing was drawn that is worth keeping
		return nil, err
	}
	if grows {
		now.peaks = now.peaks[:max(len(old), len(now.peaks)-unsettled)]
	}
	if err != nil { // a beginning, which serves nobody
		now.part = true
		if grows {
			now.modified = 0
		}
	}
	l.keep(path, now, info)
	return now.peaks, err
}

// keptPeaks is the picture that is kept of a recording, an empty one if there is none that is sound, and what the recording is like.
func keptPeaks(path string) (picture, fs.FileInfo, error) {
	f, info, err := openFile(path)
	if err != nil {
		return picture{}, nil, err
	}
	if err := f.Close(); err != nil {
		return picture{}, nil, err
	}
	kept, _ := readPicture(peaksPath(path)) // one that is damaged is as good as none
	return kept, info, nil
}

// begins are the peaks that can be gone on from.
func (p picture) begins(info fs.FileInfo, grows bool) []Peak {
	if p.part && (grows && p.bytes <= info.Size() || p.bytes == info.Size() && p.modified == info.ModTime().UnixNano()) {
		return p.peaks
	}
	return nil
}

// serves tells whether a picture still is that of the recording.
func (p picture) serves(info fs.FileInfo, grows bool) bool {
	modified := info.ModTime().UnixNano()
	if grows {
		return p.part && p.bytes <= info.Size() && modified-p.modified >= 0 && modified-p.modified < int64(renewed)
	}
	return !p.part && p.version != 0 && p.bytes == info.Size() && p.modified == modified
}

// keep puts a picture beside its recording, unless that was deleted or written to meanwhile. One that cannot be kept is made
// again.
func (l *Library) keep(path string, p picture, of fs.FileInfo) {
	l.hands.Lock()
	defer l.hands.Unlock()
	now, err := os.Lstat(path)
	if err != nil || !p.part && !same(now, of) {
		return
	}
	if err := disk.Replace(peaksPath(path), p.marshal()); err != nil {
		l.log.Warn("keep picture", "file", filepath.Base(path), "err", err)
	}
}

// peaksPath is where the picture of a recording is kept.
func peaksPath(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".peaks")
}
