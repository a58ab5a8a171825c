package lamps

import (
	"slices"
	"strings"

	"orionbox/firmware/hub"
)

// Seats is who has which LED among the peers: those who were given one by name, and the others in the order in which they
// joined. A seat is kept until its holder has left and somebody else needs it, so that no LED changes its meaning on stage.
type Seats struct {
	names []string // a seat's name; empty: for whoever comes
	ids   []string // of the holder; empty: nobody
}

// NewSeats are as many as there are names; an empty name is a seat for whoever comes.
func NewSeats(names []string) *Seats {
	return &Seats{names: names, ids: make([]string, len(names))}
}

// Len is how many seats there are.
func (s *Seats) Len() int { return len(s.ids) }

// Place seats the peers, which are all but the box's own, and returns them by seat; one with no ID is an empty seat.
func (s *Seats) Place(peers []hub.Peer) []hub.Peer {
	peers = slices.Clone(peers)
	slices.SortFunc(peers, sooner)
	byID := map[string]hub.Peer{}
	for _, p := range peers {
		byID[p.ID] = p
	}
	for _, p := range peers {
		s.seat(p, byID)
	}
	placed := make([]hub.Peer, len(s.ids))
	for i, id := range s.ids {
		placed[i] = byID[id]
	}
	return placed
}

// sooner orders peers by when they joined, and those who have left behind all others.
func sooner(a, b hub.Peer) int {
	switch {
	case (a.State == hub.Absent) != (b.State == hub.Absent):
		if a.State == hub.Absent {
			return 1
		}
		return -1
	case a.Since != b.Since:
		if a.Since < b.Since {
			return -1
		}
		return 1
	}
	return strings.Compare(a.ID, b.ID)
}

// seat gives p a seat if it is to have one. One that has left and has none needs none.
func (s *Seats) seat(p hub.Peer, byID map[string]hub.Peer) {
	if i := s.named(p); i >= 0 {
		if holder, taken := byID[s.ids[i]]; !taken || holder.State == hub.Absent {
			s.ids[i] = p.ID
		}
		return
	}
	if p.State == hub.Absent || slices.Contains(s.ids, p.ID) {
		return
	}
	if i := s.free(byID); i >= 0 {
		s.ids[i] = p.ID
	}
}

// named is the seat that is kept for p; -1 if none is.
func (s *Seats) named(p hub.Peer) int {
	return slices.IndexFunc(s.names, func(name string) bool {
		return name != "" && (strings.EqualFold(name, p.ID) || strings.EqualFold(name, p.Name))
	})
}

// free is a seat for whoever comes: one that nobody had, else one whose holder has left; -1 if there is none.
func (s *Seats) free(byID map[string]hub.Peer) int {
	left := -1
	for i, id := range s.ids {
		holder, known := byID[id]
		switch {
		case s.names[i] != "":
		case id == "" || !known:
			return i
		case holder.State == hub.Absent && left < 0:
			left = i
		}
	}
	return left
}
