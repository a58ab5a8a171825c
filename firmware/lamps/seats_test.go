package lamps

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
)

func someone(id string, state hub.PeerState, since int) hub.Peer {
	return hub.Peer{ID: id, Name: "Name of " + id, State: state, Since: clock.Instant(since)}
}

func ids(placed []hub.Peer) []string {
	var all []string
	for _, p := range placed {
		all = append(all, p.ID)
	}
	return all
}

func TestSeats(t *testing.T) {
	s := NewSeats([]string{"", "name of carl", ""})
	for _, step := range []struct {
		what  string
		peers []hub.Peer
		want  []string
	}{
		{"nobody", nil, []string{"", "", ""}},
		{"those who left long ago get none", []hub.Peer{someone("old", hub.Absent, 1)}, []string{"", "", ""}},
		{"in the order of joining", []hub.Peer{someone("bob", hub.Present, 20), someone("ann", hub.Present, 30), someone("old", hub.Absent, 1)}, []string{"bob", "", "ann"}},
		{"one is named, and one too many", []hub.Peer{someone("bob", hub.Present, 20), someone("ann", hub.Present, 30), someone("dave", hub.Present, 40), someone("carl", hub.Present, 50)},
			[]string{"bob", "carl", "ann"}},
		{"a seat is kept while nothing is known", []hub.Peer{someone("bob", hub.Unknown, 60), someone("ann", hub.Present, 30), someone("dave", hub.Present, 40), someone("carl", hub.Present, 50)},
			[]string{"bob", "carl", "ann"}},
		{"the one who waited gets that of one who left", []hub.Peer{someone("bob", hub.Absent, 70), someone("ann", hub.Present, 30), someone("dave", hub.Present, 40), someone("carl", hub.Present, 50)},
			[]string{"dave", "carl", "ann"}},
		{"who comes back waits", []hub.Peer{someone("bob", hub.Present, 80), someone("ann", hub.Present, 30), someone("dave", hub.Present, 40), someone("carl", hub.Absent, 81)},
			[]string{"dave", "carl", "ann"}},
		{"a name's seat is nobody else's", []hub.Peer{someone("bob", hub.Present, 80), someone("ann", hub.Absent, 90), someone("dave", hub.Present, 40)}, []string{"dave", "", "bob"}},
	} {
		placed := s.Place(step.peers)
		if got := ids(placed); !slices.Equal(got, step.want) {
			t.Errorf("%s: %q, want %q", step.what, got, step.want)
		}
	}
}

// TestANameThatIsThereTwice gives the seat to the one who is there: who was invited anew has another id.
func TestANameThatIsThereTwice(t *testing.T) {
	s := NewSeats([]string{"Carl"})
	old, anew := hub.Peer{ID: "carl", Name: "Carl", State: hub.Absent, Since: 9}, hub.Peer{ID: "carl-2", Name: "carl", State: hub.Present, Since: 5}
	for range 2 {
		if got := ids(s.Place([]hub.Peer{old, anew})); got[0] != "carl-2" {
			t.Errorf("the seat is %q's", got)
		}
		old, anew = anew, old
	}
}

// TestSeatsUnderRandomGuests holds for any comings and goings: nobody has two seats, nobody who is there lacks one that is
// free, and nobody loses a seat while here.
func TestSeatsUnderRandomGuests(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := NewSeats([]string{"", "", "p3", ""})
	states := []hub.PeerState{hub.Present, hub.Unknown, hub.Absent}
	guests := map[string]hub.Peer{}
	var before []string
	for step := range 5000 {
		id := fmt.Sprintf("p%d", r.IntN(8))
		guests[id] = someone(id, states[r.IntN(3)], step)
		var peers []hub.Peer
		for _, p := range guests {
			peers = append(peers, p)
		}
		now := ids(s.Place(peers))
		waiting := false
		for id, p := range guests {
			seats := 0
			for _, held := range now {
				if held == id {
					seats++
				}
			}
			if seats > 1 {
				t.Fatalf("step %d: %s has %d seats: %q", step, id, seats, now)
			}
			waiting = waiting || seats == 0 && p.State != hub.Absent && id != "p3"
		}
		for i, held := range now {
			free := held == "" || guests[held].State == hub.Absent
			if waiting && free && i != 2 {
				t.Fatalf("step %d: seat %d is free, and somebody waits: %q, %v", step, i, now, guests)
			}
			if before != nil && before[i] != "" && before[i] != held && guests[before[i]].State != hub.Absent {
				t.Fatalf("step %d: %s is here and lost seat %d: %q", step, before[i], i, now)
			}
		}
		before = now
	}
}
