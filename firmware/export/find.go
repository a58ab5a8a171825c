package export

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Folders are where the recordings of one session lie: at least one of the two.
type Folders struct {
	Session  string // its name
	Own      string // the box's own session: its journal, voice recordings and takes
	Received string // of a producer: a folder for each artist's session
}

// Last is the name that stands for the newest session.
const Last = "last"

// sessionPrefix is what the names of sessions' folders begin with.
const sessionPrefix = "SESSION_"

// Find finds a session by its name, by the path of its folder, or as Last. recordings is the folder of the box's own sessions
// and received that of the ones delivered to it; either may be empty.
func Find(recordings, received, session string) (Folders, error) {
	if strings.ContainsRune(session, filepath.Separator) {
		return findPath(recordings, received, filepath.Clean(session))
	}
	names, err := sessions(recordings, received)
	if err != nil {
		return Folders{}, err
	}
	if session == Last && len(names) > 0 {
		session = names[len(names)-1]
	}
	if !slices.Contains(names, session) {
		return Folders{}, fmt.Errorf("export: there is no session %q; %s", session, known(names))
	}
	return Folders{Session: session, Own: folderIn(recordings, session), Received: folderIn(received, session)}, nil
}

// findPath is a session by the path of its folder: a received one is told by the folders in it. Its other half is looked for
// where sessions are.
func findPath(recordings, received, path string) (Folders, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return Folders{}, fmt.Errorf("export: %w; name a session, or the folder of one", err)
	}
	name := filepath.Base(path)
	for _, e := range entries {
		if e.IsDir() {
			return Folders{Session: name, Own: folderIn(recordings, name), Received: path}, nil
		}
	}
	return Folders{Session: name, Own: path, Received: folderIn(received, name)}, nil
}

// sessions are the names of all sessions, by time.
func sessions(folders ...string) ([]string, error) {
	var names []string
	for _, dir := range folders {
		if dir == "" {
			continue
		}
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("find session: %w", err)
		}
		for _, e := range entries {
			if e.IsDir() && strings.HasPrefix(e.Name(), sessionPrefix) {
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// known tells which sessions there are, the newest first.
func known(names []string) string {
	const most = 10
	if len(names) == 0 {
		return "there are none at all; -c names a conn.conf with another recording_location, --from a received folder"
	}
	shown := slices.Clone(names[max(0, len(names)-most):])
	slices.Reverse(shown)
	text := "there are " + strings.Join(shown, ", ")
	if more := len(names) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d older ones", more)
	}
	return text
}

// folderIn is dir/name if that is there.
func folderIn(dir, name string) string {
	path := filepath.Join(dir, name)
	if info, err := os.Stat(path); dir == "" || err != nil || !info.IsDir() {
		return ""
	}
	return path
}
