package received

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"orionbox/firmware/takes"
)

// indexFile remembers how each chunk's file was written. It can be lost: what it says is found again from the files.
const indexFile = ".chunks.json"

// Written is a chunk's file as it was written: as long as the file is like that, nobody has changed it.
type Written struct {
	Chunk
	Bytes   int64     `json:"bytes"`
	SHA256  string    `json:"sha256"`            // in hex
	Changed time.Time `json:"changed"`           // when, by the file system
	Pending bool      `json:"pending,omitempty"` // it was about to get its name
}

// index is .chunks.json.
type index struct {
	V      int       `json:"v"`
	Chunks []Written `json:"chunks"`
}

// maxIndex is the longest index that is read, in bytes: there are some hundred for a chunk.
const maxIndex = 64 << 20

// parseIndex reads an index. Its names are used, so one that no box wrote is refused.
func parseIndex(data []byte) ([]Written, error) {
	var i index
	if err := json.Unmarshal(data, &i); err != nil {
		return nil, fmt.Errorf("read %s: %w", indexFile, err)
	}
	if i.V != 1 {
		return nil, fmt.Errorf("read %s: it is of version %d, this is 1", indexFile, i.V)
	}
	for _, w := range i.Chunks {
		if err := w.check(); err != nil {
			return nil, fmt.Errorf("read %s: %w", indexFile, err)
		}
	}
	return i.Chunks, nil
}

func (c Chunk) check() error {
	name, ok := takes.ParseChunkName(c.File)
	if !ok || filepath.Base(c.File) != c.File || takes.FileName(name.Artist) != name.Artist {
		return fmt.Errorf("%q is not the name of a chunk", c.File)
	}
	if err := checkTake(c.Take); err != nil {
		return err
	}
	if c.From < 0 || c.From >= c.To {
		return errors.New("a chunk of it is empty")
	}
	return nil
}

// Chunks are the chunks' files of the folder dir as they were written last, by whichever process.
func Chunks(dir string) ([]Written, error) {
	data, err := readSmall(filepath.Join(dir, indexFile), maxIndex)
	if err != nil {
		return nil, fmt.Errorf("read chunks: %w", err)
	}
	return parseIndex(data)
}

// loadIndex is nothing if it is lost.
func (f *Folder) loadIndex() ([]Written, error) {
	data, err := readSmall(f.path(indexFile), maxIndex)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	written, err := parseIndex(data)
	if err != nil {
		return nil, nil
	}
	return written, nil
}

func (f *Folder) saveIndex(written []Written) error {
	if written == nil {
		written = []Written{}
	}
	return f.writeJSON(indexFile, index{V: 1, Chunks: written})
}
