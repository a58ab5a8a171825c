package takes

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	sessionPrefix = "SESSION_"
	stampForm     = "20060102_150405"
	journalName   = JournalName
	maxArtist     = 64 // bytes; a file name has room for 255
)

// FileName makes any text fit for a part of a file name on any system: letters, digits, `-`, `_` and dots within; every
// other run of signs is one `-`. It is never empty, never begins with a dot, and has at most 64 bytes.
func FileName(text string) string {
	var b strings.Builder
	for _, r := range text {
		fits := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '_' || r == '.'
		if !fits || r == utf8.RuneError {
			r = '-'
		}
		if last := lastByte(b.String()); r == '-' && last == '-' || r == '.' && last == '.' {
			continue
		}
		if b.Len()+utf8.RuneLen(r) > maxArtist {
			break
		}
		b.WriteRune(r)
	}
	name := strings.TrimRight(strings.TrimLeftFunc(b.String(), func(r rune) bool { return strings.ContainsRune("-.", r) || unicode.IsMark(r) }), "-.")
	if name == "" {
		return "box"
	}
	return name
}

func lastByte(s string) byte {
	if s == "" {
		return 0
	}
	return s[len(s)-1]
}

// JournalName is the name of a session's journal in its folder.
const JournalName = "journal.jsonl"

func sessionName(now time.Time) string { return sessionPrefix + now.Format(stampForm) }

// Recording is what a file's name tells.
type Recording struct {
	Studio bool // HQ, a take; else LQ, the voice
	Artist string
	Take   int // 0 for the voice
}

var (
	takeName  = regexp.MustCompile(`^HQ_(.+)_([0-9]{1,9})_[0-9]{6}\.mp3$`)
	voiceName = regexp.MustCompile(`^LQ_(.+)_[0-9]{6}(?:-[0-9]+)?\.wav$`)
)

// ParseName reads the name of a recording; ok is false for any other file.
func ParseName(path string) (r Recording, ok bool) {
	name := filepath.Base(path)
	if m := takeName.FindStringSubmatch(name); m != nil {
		n, _ := strconv.Atoi(m[2]) // digits, and few enough
		return Recording{Studio: true, Artist: m[1], Take: n}, true
	}
	if m := voiceName.FindStringSubmatch(name); m != nil {
		return Recording{Artist: m[1]}, true
	}
	return Recording{}, false
}

// ChunkName is what the name of a chunk's own file tells.
type ChunkName struct {
	Artist string
	Take   int
	Chunk  int // its number in the session
}

var chunkName = regexp.MustCompile(`^HQ_(.+)_([0-9]{1,9})-([0-9]{1,9})_[0-9]{6}\.mp3$`)

// ParseChunkName reads the name of a chunk that was cut out of a take into a file; ok is false for any other file, that of a
// take included.
func ParseChunkName(path string) (c ChunkName, ok bool) {
	m := chunkName.FindStringSubmatch(filepath.Base(path))
	if m == nil {
		return c, false
	}
	c.Artist = m[1]
	c.Take, _ = strconv.Atoi(m[2]) // digits, and few enough
	c.Chunk, _ = strconv.Atoi(m[3])
	return c, true
}

// File is the name of the chunk's file, for one that began at that time.
func (c ChunkName) File(began time.Time) string {
	return fmt.Sprintf("HQ_%s_%d-%d_%s.mp3", c.Artist, c.Take, c.Chunk, began.Format("150405"))
}

func takeFile(artist string, n int, now time.Time) string {
	return fmt.Sprintf("HQ_%s_%d_%s.mp3", artist, n, now.Format("150405"))
}

// voiceFile is the n-th voice recording of one second.
func voiceFile(artist string, n int, now time.Time) string {
	if n < 2 {
		return fmt.Sprintf("LQ_%s_%s.wav", artist, now.Format("150405"))
	}
	return fmt.Sprintf("LQ_%s_%s-%d.wav", artist, now.Format("150405"), n)
}
