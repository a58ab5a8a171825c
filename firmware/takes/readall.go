package takes

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Past is what a session's journal says.
type Past struct {
	Dir string // the session's folder
	Log Log
}

// maxRead is how many bytes of journals ReadAll reads in all. One evening's has about a megabyte; in memory it takes up to
// some times as much.
const maxRead = 48 << 20

// ReadAll reads the journals of the newest sessions below root, the newest first: at most so many of those that began at
// since or later, as their folders' names tell in since's time zone. One that is being recorded is among them. What cannot
// be read is left out, as is what would take too much memory; the error joins why. No root is no sessions.
func ReadAll(root string, since time.Time, most int) ([]Past, error) {
	folders, err := sessionFolders(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	var past []Past
	var errs []error
	left := int64(maxRead)
	for _, dir := range newest(folders, since, most) {
		log, err := readUpTo(dir, left)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		left -= log.Size
		past = append(past, Past{Dir: dir, Log: log})
	}
	return past, errors.Join(errs...)
}

// newest are the last folders by their names, the newest first.
func newest(folders []string, since time.Time, most int) []string {
	type begun struct {
		dir string
		at  time.Time
		n   int // of several in one second
	}
	var all []begun
	for _, dir := range folders {
		at, n, ok := BeganAt(filepath.Base(dir), since.Location())
		if ok && !at.Before(since.Truncate(time.Second)) {
			all = append(all, begun{dir, at, n})
		}
	}
	slices.SortFunc(all, func(a, b begun) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.n, a.n)) })
	var dirs []string
	for _, b := range all[:max(0, min(most, len(all)))] {
		dirs = append(dirs, b.dir)
	}
	return dirs
}

// BeganAt reads the name of a session's folder: when it began, in the zone that the box had then, and, of several in one second,
// its number, 0 for the first. False for the name of anything else.
func BeganAt(name string, zone *time.Location) (at time.Time, n int, ok bool) {
	if !sessionForm.MatchString(name) {
		return at, 0, false
	}
	stamp := strings.TrimPrefix(name, sessionPrefix)
	if suffix := stamp[len(stampForm):]; suffix != "" {
		n, _ = strconv.Atoi(suffix[1:]) // digits, and few enough
	}
	at, err := time.ParseInLocation(stampForm, stamp[:len(stampForm)], zone)
	return at, n, err == nil
}

// readUpTo is Read, for a journal that is not longer.
func readUpTo(dir string, most int64) (Log, error) {
	f, err := os.Open(filepath.Join(dir, journalName))
	if err != nil {
		return Log{}, fmt.Errorf("read journal: %w", err)
	}
	defer func() { _ = f.Close() }() // read only
	info, err := f.Stat()
	switch {
	case err != nil:
		return Log{}, fmt.Errorf("read journal: %w", err)
	case info.Size() > most:
		return Log{}, fmt.Errorf("read journal of %s: its %d bytes are more than there is memory for; newer sessions were read", dir, info.Size())
	}
	log, err := ReadJournal(io.LimitReader(f, most))
	if err != nil {
		return Log{}, fmt.Errorf("read journal of %s: %w", dir, err)
	}
	return log, nil
}
