package engine

import "sync/atomic"

// gate lets one source at a time into the input or the output: the device that was opened last, or the stand-in for it.
// Each holds a ticket. A device that will not close may call back long after it was given up: its ticket is void, and
// its samples are refused. All is wait-free.
type gate struct {
	issued  atomic.Uint64
	holder  atomic.Uint64
	knocked atomic.Uint64 // the newest ticket that was refused because it is not yet valid
	busy    atomic.Bool
}

// ticket issues a new ticket, not yet valid.
func (g *gate) ticket() uint64 { return g.issued.Add(1) }

// admit makes a ticket the only valid one.
func (g *gate) admit(ticket uint64) { g.holder.Store(ticket) }

// enter tells whether the holder of ticket may go in. It fails also in the moment when the one before is still inside.
// Who entered must leave.
func (g *gate) enter(ticket uint64) bool {
	if !g.busy.CompareAndSwap(false, true) {
		return false
	}
	holder := g.holder.Load()
	if holder == ticket {
		return true
	}
	if ticket > holder {
		g.knocked.Store(ticket)
	}
	g.busy.Store(false)
	return false
}

// waiting tells whether the holder of a ticket that is not yet valid has tried to enter since it was asked last.
func (g *gate) waiting(ticket uint64) bool { return g.knocked.CompareAndSwap(ticket, 0) }

func (g *gate) leave() { g.busy.Store(false) }
