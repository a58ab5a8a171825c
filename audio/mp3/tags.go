package mp3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/bogem/id3v2/v2"
)

// Tags is what a file tells people of itself. It is written as ID3v2.4 in UTF-8, which players and sound editors of the
// last ten years read; what is empty is left out.
type Tags struct {
	Title  string `json:"title,omitempty"`
	Artist string `json:"artist,omitempty"`
	Album  string `json:"album,omitempty"`
	Track  int    `json:"track,omitempty"` // number within the album
	Date   string `json:"date,omitempty"`  // of the recording: 2026, 2026-11 or 2026-11-22
	Notes  []Note `json:"notes,omitempty"` // in their order, each key once
}

// Note is a field of one's own (TXXX).
type Note struct {
	Key  string `json:"key"`
	Text string `json:"text"`
}

// Note is the text of one of the notes, or nothing.
func (t Tags) Note(key string) string {
	for _, n := range t.Notes {
		if n.Key == key {
			return n.Text
		}
	}
	return ""
}

// maxText is the most of a text that is kept, in characters: some players stop at 250 bytes, none needs more.
const maxText = 250

// clean is a text as a tag can hold it: a zero would end it, a line's end break the list it stands in.
func clean(text string) string {
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "")))
	if runes := []rune(text); len(runes) > maxText {
		text = strings.TrimSpace(string(runes[:maxText]))
	}
	return text
}

// id3Head is the length of the header of a tag (ID3v2.4 structure, 3.1).
const id3Head = 10

// Bytes is the tag as it stands before the first frame of a file, nothing if all is empty. The same tags are the same bytes
// everywhere: so each frame is made alone, since the library writes several in no certain order.
func (t Tags) Bytes() ([]byte, error) {
	var body bytes.Buffer
	for _, text := range []struct{ id, text string }{
		{"TIT2", t.Title}, {"TPE1", t.Artist}, {"TALB", t.Album}, {"TRCK", number(t.Track)}, {"TDRC", t.Date},
	} {
		if text.text = clean(text.text); text.text != "" {
			add(&body, text.id, id3v2.TextFrame{Encoding: id3v2.EncodingUTF8, Text: text.text})
		}
	}
	for _, n := range t.Notes {
		add(&body, "TXXX", id3v2.UserDefinedTextFrame{Encoding: id3v2.EncodingUTF8, Description: clean(n.Key), Value: clean(n.Text)})
	}
	if body.Len() == 0 {
		return nil, nil
	}
	if body.Len() >= 1<<28 {
		return nil, errors.New("write tags: they are too long")
	}
	n := body.Len() // in four times seven bits (6.2)
	head := []byte{'I', 'D', '3', 4, 0, 0, byte(n >> 21 & 0x7f), byte(n >> 14 & 0x7f), byte(n >> 7 & 0x7f), byte(n & 0x7f)}
	return append(head, body.Bytes()...), nil
}

// add appends one frame: what a tag of that frame alone has behind its header.
func add(body *bytes.Buffer, id string, frame id3v2.Framer) {
	var alone bytes.Buffer
	tag := id3v2.NewEmptyTag()
	tag.AddFrame(id, frame)
	_, _ = tag.WriteTo(&alone) // into memory
	body.Write(alone.Bytes()[id3Head:])
}

func number(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// id3Length is how many bytes of a tag r begins with, 0 if there is none.
func id3Length(r io.ReaderAt) (int64, error) {
	var head [id3Head]byte
	n, err := r.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	size := head[6:]
	if n < id3Head || !bytes.HasPrefix(head[:], []byte("ID3")) || (size[0]|size[1]|size[2]|size[3])&0x80 != 0 {
		return 0, nil
	}
	length := id3Head + (int64(size[0])<<21 | int64(size[1])<<14 | int64(size[2])<<7 | int64(size[3]))
	if head[5]&0x10 != 0 { // a footer follows (3.4)
		length += id3Head
	}
	return length, nil
}

// maxTag is the longest tag that is read, in bytes; longer ones hold pictures.
const maxTag = 1 << 20

// ReadTags reads the tags that a file begins with; none is no error.
func ReadTags(r io.ReaderAt) (Tags, error) {
	length, err := id3Length(r)
	if err != nil || length == 0 || length > maxTag {
		return Tags{}, err
	}
	data := make([]byte, length)
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, length), data); err != nil {
		return Tags{}, fmt.Errorf("read tags: %w", err)
	}
	tag, err := id3v2.ParseReader(bytes.NewReader(data), id3v2.Options{Parse: true})
	if err != nil {
		return Tags{}, fmt.Errorf("read tags: %w", err)
	}
	return tagsOf(tag), nil
}

func tagsOf(tag *id3v2.Tag) Tags {
	t := Tags{Title: text(tag, "TIT2"), Artist: text(tag, "TPE1"), Album: text(tag, "TALB"), Date: text(tag, "TDRC")}
	first, _, _ := strings.Cut(text(tag, "TRCK"), "/")
	t.Track, _ = strconv.Atoi(first)
	for _, f := range tag.GetFrames("TXXX") {
		if n, ok := f.(id3v2.UserDefinedTextFrame); ok {
			t.Notes = append(t.Notes, Note{n.Description, n.Value})
		}
	}
	return t
}

func text(tag *id3v2.Tag, id string) string {
	f, _ := tag.GetLastFrame(id).(id3v2.TextFrame)
	return f.Text
}

// Equal tells whether both are written as the same bytes.
func (t Tags) Equal(u Tags) bool {
	a, errA := t.Bytes()
	b, errB := u.Bytes()
	return errA == nil && errB == nil && bytes.Equal(a, b)
}
