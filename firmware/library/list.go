package library

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"orionbox/firmware/takes"
)

// known is a session as it was read, and what its folder was like then.
type known struct {
	stamp
	Session
}

// stamp changes when a file comes to a folder or goes from it, and when its journal grows.
type stamp struct {
	box     string
	folder  time.Time
	journal time.Time
	bytes   int64 // of the journal
}

// settledIn is how old a change must be for a later one to be sure to tell itself from it: no disk's times are coarser.
const settledIn = 2 * time.Second

// Sessions are all there are, the newest first. No root is no sessions; the error is that of a root that cannot be read, or of ctx.
// What is the matter with one session is told there. What is given is to be read only.
//
// A session that was read is kept, and read again only when a file has come or gone or its journal has grown: 200 sessions cost
// 200 looks at a folder then. Reading one for the first time costs as much as its journal is long. A file that somebody
// else changes in place shows no new length until then.
func (l *Library) Sessions(ctx context.Context) ([]Session, error) {
	if err := l.looking.enter(ctx); err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	defer l.looking.leave()
	entries, err := os.ReadDir(l.cfg.Root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	all, names := []Session{}, map[string]bool{}
	for _, e := range entries {
		if !e.IsDir() || takes.CheckSession(e.Name()) != nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("list sessions: %w", err)
		}
		if s, there := l.session(e.Name()); there {
			all = append(all, s)
			names[e.Name()] = true
		}
	}
	maps.DeleteFunc(l.known, func(name string, _ known) bool { return !names[name] })
	slices.SortFunc(all, func(a, b Session) int { return compareNames(b.Name, a.Name) })
	return all, nil
}

// compareNames orders sessions as they began; of those in one second the number tells.
func compareNames(a, b string) int {
	x, n, _ := takes.BeganAt(a, time.UTC)
	y, m, _ := takes.BeganAt(b, time.UTC)
	if x.Equal(y) {
		return n - m
	}
	return x.Compare(y)
}

// one is a session as Sessions gives it.
func (l *Library) one(ctx context.Context, name string) (Session, error) {
	if err := l.looking.enter(ctx); err != nil {
		return Session{}, err
	}
	defer l.looking.leave()
	s, there := l.session(name)
	if !there {
		return s, ErrNotFound
	}
	return s, nil
}

// session is one as it is kept, or read anew; false if it is gone. The caller is in the gate.
func (l *Library) session(name string) (Session, bool) {
	dir := filepath.Join(l.cfg.Root, name)
	now := l.stamp(dir)
	if k, ok := l.known[name]; ok && k.stamp == now {
		return k.Session, true
	}
	f, err := look(dir, now.box, l.cfg.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return Session{}, false
	}
	if err != nil {
		f.trouble = append(f.trouble, strings.TrimPrefix(err.Error(), "open "))
	}
	s := f.tell(time.Local)
	if delete(l.known, name); err == nil && !s.Open && now.settled(l.cfg.Now()) {
		l.known[name] = known{now, s}
	}
	return s, true
}

func (l *Library) stamp(dir string) stamp {
	s := stamp{box: l.cfg.Box()}
	if info, err := os.Stat(dir); err == nil {
		s.folder = info.ModTime()
	}
	if info, err := os.Stat(filepath.Join(dir, takes.JournalName)); err == nil {
		s.journal, s.bytes = info.ModTime(), info.Size()
	}
	return s
}

// settled tells that whatever changes from now on will show.
func (s stamp) settled(now time.Time) bool {
	return now.Sub(s.folder).Abs() >= settledIn && now.Sub(s.journal).Abs() >= settledIn
}
