package export

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"orionbox/firmware/received"
	"orionbox/firmware/takes"
)

// source is a folder with recordings and the journal that tells where they lie. Nothing else here knows how the folders of a
// producer are laid out:
//
//	received/SESSION_20261122_201455/alice/   artist.json, journal.jsonl, HQ_Alice_1_201733.mp3, ...
//	recordings/SESSION_20261122_201455/       journal.jsonl, LQ_Carol_201455.wav, HQ_Carol_1_201733.mp3, ...
type source struct {
	dir     string
	own     bool
	box     string // id at the hub; of the own session, which does not tell it, the person's name
	name    string // of the person
	session string // the box's own name of it
	log     takes.Log
	files   []string // recordings that are there
	note    string   // what is wrong with the folder
}

// sourcesOf reads the folders of a session, the own one first.
func sourcesOf(f Folders) ([]source, error) {
	var all []source
	if f.Own != "" {
		s, err := openSource(f.Own, true)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	if f.Received == "" {
		return all, nil
	}
	entries, err := os.ReadDir(f.Received)
	if err != nil {
		return nil, fmt.Errorf("read session: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() || e.Name()[0] == '.' {
			continue
		}
		s, err := openSource(filepath.Join(f.Received, e.Name()), false)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// openSource reads one folder. What is missing in it is noted; the error is the disk's.
func openSource(dir string, own bool) (source, error) {
	s := source{dir: dir, own: own, session: filepath.Base(dir)}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return s, fmt.Errorf("read session: %w", err)
	}
	for _, e := range entries {
		if r, ok := takes.ParseName(e.Name()); ok && e.Type().IsRegular() && (own || r.Studio) {
			s.files = append(s.files, e.Name())
			s.name = r.Artist
		}
	}
	if !own {
		s.readArtist()
	}
	if s.name == "" {
		s.name = s.session
	}
	if s.box == "" {
		s.box = s.name
	}
	s.log, err = takes.Read(dir)
	if err != nil {
		s.note = fmt.Sprintf("%s has no journal that can be read, so nothing tells where its recordings lie: %v", dir, err)
	}
	return s, nil
}

// readArtist takes in whose folder it is. Without that the names of the files tell as much as they can.
func (s *source) readArtist() {
	a, err := received.OwnerOf(s.dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.note = err.Error()
		}
		return
	}
	s.box, s.session = a.Box, a.Session
	if a.Name != "" {
		s.name = a.Name
	}
}
