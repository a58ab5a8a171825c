package received

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"orionbox/audio/mp3"
	"orionbox/firmware/takes"
)

// seen is what was found out about a file, which holds as long as nobody touches it.
type seen struct {
	size    int64
	changed time.Time
	sum     string   // SHA-256 in hex, if it was asked for
	claimed bool     // it was looked whether it is ours
	ours    *Written // and is
}

// find looks at all files with the name of a chunk, and compares them with what was written.
func (f *Folder) find(written []Written, whole func(string) bool) (map[string]state, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, err
	}
	files := map[string]state{}
	for _, e := range entries {
		if _, ok := takes.ParseChunkName(e.Name()); !ok || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		info, err := e.Info()
		if missing(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s := state{was: slices.DeleteFunc(slices.Clone(written), func(w Written) bool { return w.File != e.Name() })}
		if info.Mode().IsRegular() {
			s.ours, err = f.recognize(info, s.was, whole)
		}
		if err != nil {
			return nil, err
		}
		if s.ours != nil && len(s.was) == 0 {
			s.was = []Written{*s.ours}
		}
		files[e.Name()] = s
	}
	return files, nil
}

// recognize is how a file was written that nobody has changed since. One that the index does not know may be ours still.
func (f *Folder) recognize(info fs.FileInfo, was []Written, whole func(string) bool) (*Written, error) {
	if len(was) == 0 {
		return f.claim(info, whole)
	}
	for _, w := range was {
		if w.Bytes != info.Size() {
			continue
		}
		if !w.Changed.Equal(info.ModTime()) {
			sum, err := f.sum(info)
			if err != nil {
				return nil, err
			}
			if sum != w.SHA256 {
				continue
			}
		}
		w.Changed, w.Pending = info.ModTime().UTC(), false
		return &w, nil
	}
	return nil, nil
}

// glance is what is known of a file as it is now.
func (f *Folder) glance(info fs.FileInfo) seen {
	s := f.seen[info.Name()]
	if s.size != info.Size() || !s.changed.Equal(info.ModTime()) {
		s = seen{size: info.Size(), changed: info.ModTime()}
	}
	return s
}

func (f *Folder) sum(info fs.FileInfo) (string, error) {
	s := f.glance(info)
	if s.sum == "" {
		var err error
		if s.sum, _, err = SHA256(f.path(info.Name())); err != nil {
			return "", err
		}
	}
	f.seen[info.Name()] = s
	return s.sum, nil
}

// claim proves a file to be ours by cutting anew what its tags tell: the same bytes come out, or it is somebody's.
func (f *Folder) claim(info fs.FileInfo, whole func(string) bool) (*Written, error) {
	if s := f.glance(info); s.claimed {
		return s.ours, nil
	}
	chunk, ok := f.told(info.Name())
	if !ok || !whole(chunk.Take) {
		return nil, nil
	}
	sum, err := f.sum(info)
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	s := f.glance(info)
	s.claimed = true
	if err := chunk.write(h, f.path(chunk.Take)); err == nil && hex.EncodeToString(h.Sum(nil)) == sum {
		s.ours = &Written{Chunk: chunk, Bytes: info.Size(), SHA256: sum, Changed: info.ModTime().UTC()}
	}
	f.seen[info.Name()] = s
	return s.ours, nil
}

// told is what the tags of a file tell of itself; ok is false if they are not ours.
func (f *Folder) told(file string) (c Chunk, ok bool) {
	in, err := os.Open(f.path(file))
	if err != nil {
		return c, false
	}
	defer in.Close() // read only
	tags, err := mp3.ReadTags(in)
	if err != nil {
		return c, false
	}
	c = Chunk{File: file, Take: tags.Note(noteSource), Number: tags.Track, Tags: tags}
	_, err = fmt.Sscanf(tags.Note(noteSamples), "%d-%d", &c.From, &c.To)
	return c, err == nil && c.check() == nil
}
