package hub

import "orionbox/firmware/clock"

// table is what is known of the boxes of the room.
type table map[string]Peer

// update takes in what the hub tells, and gives what is other than before.
func (t table) update(peers []Peer) (changed []Peer) {
	for _, p := range peers {
		if was, known := t[p.ID]; !known || was != p {
			t[p.ID] = p
			changed = append(changed, p)
		}
	}
	return changed
}

// lost makes all unknown that are not among those that the hub still tells of; who said goodbye stays absent.
func (t table) lost(at clock.Instant, still ...Peer) (changed []Peer) {
	told := map[string]bool{}
	for _, p := range still {
		told[p.ID] = true
	}
	for id, p := range t {
		if p.State == Present && !told[id] {
			p.State, p.Since = Unknown, max(at, p.Since)
			t[id] = p
			changed = append(changed, p)
		}
	}
	return changed
}
