package hub

import (
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/takes"
)

// Event is what a client tells of the room: one of the types below.
type Event any

// PeersChanged tells of those boxes that show something else than before, the own one included.
type PeersChanged struct{ Peers []Peer }

// Posted is a post of any box, the own ones included: each once, in the order of Seq.
type Posted struct{ Post }

// Tracked is a recording of any box as it stands now.
type Tracked struct{ takes.Track }

// Filed is a file of any box on its way to the producers, as it stands now.
type Filed struct{ File }

// Exchanged is a pair of readings of the hub's clock.
type Exchanged struct{ clock.Exchange }

// StateChanged tells that the way to the hub is another than before.
type StateChanged struct{ Status }

// Refused is a post of this box that will never be the room's, and why.
type Refused struct {
	Post
	Why string
}

// CaughtUp tells, after each connect, that all that was posted meanwhile has been told.
type CaughtUp struct{}

// State is how a client and its hub stand.
type State string

// The states. Refused needs a person (a new invite); Unreachable mends itself.
const (
	StateConnecting  State = "connecting"
	StateConnected   State = "connected"
	StateRefused     State = "refused"
	StateUnreachable State = "unreachable"
)

// Status is the way to the hub.
type Status struct {
	State       State     `json:"state"`
	Detail      string    `json:"detail,omitempty"` // what is wrong, and what to do
	Address     string    `json:"address"`
	Since       time.Time `json:"since"`         // of the State
	RoundTripMS float64   `json:"round_trip_ms"` // of the last answered beat, 0 before
	Waiting     int       `json:"waiting"`       // posts of this box that are not yet at the hub
}
