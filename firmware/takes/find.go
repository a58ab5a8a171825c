package takes

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ChunkRef is how a person names a chunk: by its number, of a box or of whichever has it, or by the marker that it begins at.
type ChunkRef struct {
	Box    string // id or person's name; empty for any
	Number int    // 0 with a Marker
	Marker string // id
}

// ParseChunkRef reads `alice/3`, `3` or a marker's id.
func ParseChunkRef(text string) (ChunkRef, error) {
	text = strings.TrimSpace(text)
	slash := strings.LastIndexByte(text, '/')
	box, number := "", text
	if slash >= 0 {
		box, number = strings.TrimSpace(text[:slash]), text[slash+1:]
	}
	n, err := strconv.Atoi(number)
	switch {
	case text == "":
		return ChunkRef{}, errors.New("which chunk? name one as `orionbox chunks` shows it, such as alice/3 or 3, or by its marker's id")
	case slash < 0 && err != nil:
		return ChunkRef{Marker: text}, nil
	case err != nil || n < 1 || slash == 0:
		return ChunkRef{}, fmt.Errorf("%q names no chunk: write who and its number, such as alice/3, a number, or a marker's id", text)
	}
	return ChunkRef{Box: box, Number: n}, nil
}

// String is the name as a person writes it.
func (n ChunkRef) String() string {
	switch {
	case n.Marker != "":
		return n.Marker
	case n.Box != "":
		return n.Box + "/" + strconv.Itoa(n.Number)
	}
	return strconv.Itoa(n.Number)
}

// Ref is the name of a chunk that no other chunk of its room has, but for those of other sessions.
func (c Chunk) Ref() string { return c.Box + "/" + strconv.Itoa(c.Number) }

// FindChunk is the chunk of that name in a session of its box; with no session named, in the newest that has one. If several
// boxes have one, it is the box own's; if that has none the error names those to choose from. The id of a box goes before a
// person's name; neither minds upper and lower case.
func FindChunk(chunks []Chunk, name ChunkRef, session, own string) (Chunk, error) {
	var found []Chunk // one a box
	for _, c := range name.of(chunks) {
		if session != "" && c.Session != session || !name.fits(c) {
			continue
		}
		i := slices.IndexFunc(found, func(o Chunk) bool { return o.Box == c.Box })
		switch {
		case i < 0:
			found = append(found, c)
		case c.before(found[i]):
			found[i] = c
		}
	}
	if i := slices.IndexFunc(found, func(c Chunk) bool { return c.Box == own }); i >= 0 {
		return found[i], nil
	}
	switch len(found) {
	case 0:
		return Chunk{}, name.unknown(chunks, session)
	case 1:
		return found[0], nil
	}
	return Chunk{}, name.unclear(found)
}

// of are the chunks of the boxes that the name may mean.
func (n ChunkRef) of(chunks []Chunk) []Chunk {
	if n.Box == "" {
		return chunks
	}
	var byID, byName []Chunk
	for _, c := range chunks {
		switch {
		case strings.EqualFold(c.Box, n.Box):
			byID = append(byID, c)
		case strings.EqualFold(c.Name, n.Box):
			byName = append(byName, c)
		}
	}
	if len(byID) > 0 {
		return byID
	}
	return byName
}

func (n ChunkRef) fits(c Chunk) bool {
	if n.Marker != "" {
		return strings.EqualFold(c.Marker, n.Marker)
	}
	return c.Number == n.Number
}

// before tells that c is meant rather than another chunk of its box and name: that of the newer session, of one session the
// first.
func (c Chunk) before(o Chunk) bool {
	if c.Session == o.Session {
		return c.Number < o.Number
	}
	return cmp.Or(cmp.Compare(c.Start, o.Start), cmp.Compare(c.Session, o.Session)) > 0
}

func (n ChunkRef) unknown(chunks []Chunk, session string) error {
	inSession := func(c Chunk) bool { return session == "" || c.Session == session }
	switch {
	case session != "" && !slices.ContainsFunc(chunks, inSession):
		return fmt.Errorf("no chunk is known of the session %s; `orionbox chunks --all --json` tells which there are", session)
	case n.Marker != "":
		return fmt.Errorf("no chunk begins at a marker %q; `orionbox chunks` lists those that there are", n.Marker)
	case n.Box != "" && !slices.ContainsFunc(n.of(chunks), inSession):
		return fmt.Errorf("no chunk of a box or person %q is known; `orionbox chunks` lists those that there are", n.Box)
	}
	return fmt.Errorf("there is no chunk %s; `orionbox chunks` lists those that there are", n)
}

func (n ChunkRef) unclear(found []Chunk) error {
	var refs []string
	for _, c := range found {
		refs = append(refs, c.Ref())
	}
	slices.Sort(refs)
	return fmt.Errorf("%s may be %s: say which", n, strings.Join(refs, " or "))
}

var takeRef = regexp.MustCompile(`^(.+)/take[ -]?([0-9]{1,9})$`)

// FindTake is the take that a person means by `alice/take-2`, by its file's name, or by a chunk's name, which is that of the take
// that the chunk is of; in a session of its box, or with no session named, in the newest that has one.
func FindTake(tracks []Track, markers []Marker, text, session, own string) (Track, error) {
	text = strings.TrimSpace(text)
	var fits func(Track) bool
	if m := takeRef.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[2]) // digits, and few enough
		fits = func(t Track) bool {
			return t.Studio && t.Take == n && (strings.EqualFold(t.Box, m[1]) || strings.EqualFold(t.Name, m[1]))
		}
	} else if r, ok := ParseName(text); ok && r.Studio {
		fits = func(t Track) bool { return t.File == text }
	} else {
		return findTakeOf(tracks, markers, text, session, own)
	}
	var found []Track
	for _, t := range tracks {
		if fits(t) && (session == "" || t.Session == session) {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(a, b Track) int { return cmp.Or(cmp.Compare(b.Session, a.Session), cmp.Compare(a.Box, b.Box)) })
	if len(found) == 0 {
		return Track{}, fmt.Errorf("there is no take %s; `orionbox chunks` lists the chunks of those that there are", text)
	}
	if len(found) > 1 && found[0].Session == found[1].Session && found[0].Box != found[1].Box {
		return Track{}, fmt.Errorf("%s may be of %s or %s: name the box's id", text, found[0].Box, found[1].Box)
	}
	return found[0], nil
}

// findTakeOf is the take of a chunk.
func findTakeOf(tracks []Track, markers []Marker, text, session, own string) (Track, error) {
	name, err := ParseChunkRef(text)
	if err != nil {
		return Track{}, err
	}
	c, err := FindChunk(Chunks(tracks, markers), name, session, own)
	if err != nil {
		return Track{}, err
	}
	for _, t := range tracks {
		if c.Studio != nil && t.Key() == (TrackKey{c.Box, c.Session, c.Studio.File}) {
			return t, nil
		}
	}
	return Track{}, fmt.Errorf("no take ran in chunk %s", c.Ref())
}
