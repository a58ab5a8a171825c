package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"orionbox/firmware/hub"
)

// rosterFile lists the members beside the store: a damaged file of JetStream's loses credentials without a word, and
// nobody would know why a box is a stranger.
const rosterFile = "members.json"

// roster is who should have a credential that is stored here.
type roster struct {
	mu      sync.Mutex
	members []rosterLine
}

type rosterLine struct {
	Room    string `json:"room"`
	ID      string `json:"id"`
	Name    string `json:"name"`
	Own     bool   `json:"own,omitempty"`      // a hub's own box, which is let in anew at each start
	GivenUp bool   `json:"given_up,omitempty"` // nobody misses it any more
}

func (l rosterLine) user() string { return hub.User(l.Room, l.ID) }

// openRoster compares what was read from the store with who should be in it. A cluster looks after what it keeps itself.
func (s *Server) openRoster() {
	if s.store.shared() {
		return
	}
	members, err := readRoster(filepath.Join(s.cfg.Dir, rosterFile))
	if err != nil {
		s.log.Error("nobody can say whether all members are still known", "error", err)
	}
	s.roster.members = members
	if lost := s.lost(); len(lost) > 0 {
		s.log.Error("the hub's store was damaged: " + inviteAgain(lost))
	}
	s.keepRoster()
}

// readRoster reads who was listed; a file that is not there lists nobody.
func readRoster(name string) (members []rosterLine, err error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &members)
	}
	if err != nil {
		return nil, fmt.Errorf("read the list of members: %w", err)
	}
	return members, nil
}

// keepRoster lists who is in the store now, and who was.
func (s *Server) keepRoster() {
	if s.store.shared() {
		return
	}
	s.roster.mu.Lock()
	defer s.roster.mu.Unlock()
	now := s.registry.listed()
	for _, l := range s.roster.members {
		if _, known := s.registry.get(l.user()); !known {
			now = append(now, l)
		}
	}
	slices.SortFunc(now, func(a, b rosterLine) int { return strings.Compare(a.user(), b.user()) })
	data, err := json.MarshalIndent(now, "", "\t")
	if err == nil {
		err = writeFile(filepath.Join(s.cfg.Dir, rosterFile), data)
	}
	if err != nil {
		s.log.Warn("list the members", "error", err) // they are stored all the same
		return
	}
	s.roster.members = now
}

// lost are the members that the store has lost and that were not invited again.
func (s *Server) lost() []rosterLine {
	s.roster.mu.Lock()
	defer s.roster.mu.Unlock()
	return s.lostLocked()
}

func (s *Server) lostLocked() (lost []rosterLine) {
	here := s.registry.listed()
	for _, l := range s.roster.members {
		again := func(h rosterLine) bool { return h.user() == l.user() || h.Room == l.Room && h.Name == l.Name }
		if _, known := s.registry.get(l.user()); !known && !l.Own && !l.GivenUp && !slices.ContainsFunc(here, again) {
			lost = append(lost, l)
		}
	}
	return lost
}

// spoilt tells whether the store had a credential of a user, and has lost it: in the place of a damaged one JetStream stores
// no other, so its id is not given again.
func (s *Server) spoilt(user string) bool {
	_, known := s.registry.get(user)
	s.roster.mu.Lock()
	defer s.roster.mu.Unlock()
	return !known && slices.ContainsFunc(s.roster.members, func(l rosterLine) bool { return l.user() == user })
}

// giveUp has a lost member no longer missed, and tells whether there was one.
func (s *Server) giveUp(user string) bool {
	s.roster.mu.Lock()
	i := slices.IndexFunc(s.roster.members, func(l rosterLine) bool { return l.user() == user && !l.GivenUp })
	there := i >= 0
	if there {
		s.roster.members[i].GivenUp = true
	}
	s.roster.mu.Unlock()
	if there {
		s.keepRoster()
	}
	return there
}

// inviteAgain says what to do for members that are lost.
func inviteAgain(lost []rosterLine) string {
	var names []string
	for _, l := range lost {
		names = append(names, fmt.Sprintf("%s (%s, room %s)", l.Name, l.ID, l.Room))
	}
	return "it has lost members: invite " + strings.Join(names, ", ") + " again, or revoke who is not to come back"
}

// listed are those who may come in.
func (g *registry) listed() (all []rosterLine) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	for _, r := range g.records {
		if !r.Revoked {
			all = append(all, rosterLine{Room: r.Room, ID: r.ID, Name: r.Name, Own: r.Own != ""})
		}
	}
	return all
}
