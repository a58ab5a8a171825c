package received

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"orionbox/audio/mp3"
	"orionbox/firmware/clock"
	"orionbox/firmware/takes"
)

// Chunk is what a chunk's file is cut out of, and what is written into it. Both ends make the same of the same take: there
// is nothing in it that two boxes know differently, such as the time of day.
type Chunk struct {
	File   string        `json:"file"`   // its name in the folder
	Take   string        `json:"take"`   // name of the take's file
	Number int           `json:"number"` // in the artist's session
	From   int64         `json:"from"`   // in sample frames of the take's file
	To     int64         `json:"to"`     // not included
	Start  clock.Instant `json:"start"`  // not written into the file, but for the time in its name
	Tags   mp3.Tags      `json:"tags"`
}

// Keys of the notes in a chunk's tags, for programs that read them.
const (
	noteTake    = "TAKE"    // number
	noteChunk   = "CHUNK"   // number
	noteSource  = "SOURCE"  // file of the take
	noteSamples = "SAMPLES" // from-to, of the take's file
)

// ChunkOf is the file that a chunk becomes; an error if it has no take, or names that no box gives.
func ChunkOf(c takes.Chunk) (Chunk, error) {
	if c.Studio == nil {
		return Chunk{}, fmt.Errorf("chunk %d: there is no take of it", c.Number)
	}
	take, err := takes.CheckFile(c.Studio.File)
	switch err = errors.Join(err, takes.CheckPerson(c.Box, c.Name), takes.CheckSession(c.Session)); {
	case err != nil:
		return Chunk{}, fmt.Errorf("chunk %d: %w", c.Number, err)
	case !take.Studio || c.Number < 1 || c.Number > maxNumber || c.Studio.From < 0 || c.Studio.From >= c.Studio.To:
		return Chunk{}, fmt.Errorf("chunk %d of %q: it is not a piece of a take", c.Number, c.Studio.File)
	}
	name := takes.ChunkName{Artist: take.Artist, Take: take.Take, Chunk: c.Number}
	return Chunk{File: name.File(c.Start.Time()), Take: c.Studio.File, Number: c.Number, From: c.Studio.From, To: c.Studio.To, Start: c.Start, Tags: tagsOf(c, take.Take)}, nil
}

// maxNumber is the highest number of a chunk that its file's name has room for.
const maxNumber = 999_999_999

func tagsOf(c takes.Chunk, take int) mp3.Tags {
	title := valid(c.Title)
	if strings.TrimSpace(title) == "" {
		title = fmt.Sprintf("%s %d-%d", valid(c.Name), take, c.Number)
	}
	return mp3.Tags{
		Title:  title,
		Artist: valid(c.Name),
		Album:  c.Session,
		Track:  c.Number,
		Date:   dateOf(c.Session),
		Notes: []mp3.Note{
			{Key: noteTake, Text: strconv.Itoa(take)},
			{Key: noteChunk, Text: strconv.Itoa(c.Number)},
			{Key: noteSource, Text: c.Studio.File},
			{Key: noteSamples, Text: fmt.Sprintf("%d-%d", c.Studio.From, c.Studio.To)},
		},
	}
}

// valid keeps a text the same when it is written to the index and read again.
func valid(text string) string { return strings.ToValidUTF8(text, "") }

// dateOf is the day on which a session began, by its name: SESSION_20261122_201501 was on 2026-11-22.
func dateOf(session string) string {
	day := strings.TrimPrefix(session, "SESSION_")[:8] // checked
	return day[:4] + "-" + day[4:6] + "-" + day[6:]
}

// same tells whether both are the same bytes.
func (c Chunk) same(d Chunk) bool {
	return c.Take == d.Take && c.From == d.From && c.To == d.To && c.Tags.Equal(d.Tags)
}

// write cuts the chunk out of the take at path, which must be whole.
func (c Chunk) write(w io.Writer, path string) error {
	r, err := mp3.Probe(path)
	if err != nil {
		return err
	}
	if !r.Closed {
		return fmt.Errorf("%s is not closed; what is cut out of it now may not be all", path)
	}
	_, err = mp3.Cut(w, path, c.From, c.To, c.Tags)
	return err
}

// WriteChunk writes the file that a chunk becomes, out of its take, a file that is whole: the same bytes wherever the take is.
func WriteChunk(w io.Writer, take string, c takes.Chunk) error {
	chunk, err := ChunkOf(c)
	if err == nil && filepath.Base(take) != chunk.Take {
		err = fmt.Errorf("it is a piece of %s, not of %s", chunk.Take, filepath.Base(take))
	}
	if err == nil {
		err = chunk.write(w, take)
	}
	if err != nil {
		return fmt.Errorf("write chunk: %w", err)
	}
	return nil
}

// ChunkSHA256 is the sum, in hex, of what WriteChunk writes.
func ChunkSHA256(take string, c takes.Chunk) (string, error) {
	h := sha256.New()
	if err := WriteChunk(h, take, c); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
