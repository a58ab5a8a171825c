package takes

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"orionbox/firmware/clock"
	"orionbox/firmware/session"
)

// Op is what is done to a marker.
type Op string

// The operations. Good and NoGood judge the chunk that begins at the marker, as its name names it.
const (
	Set    Op = "set" // a new marker
	Move   Op = "move"
	Rename Op = "rename"
	Delete Op = "delete"
	Good   Op = "good"
	NoGood Op = "no-good"
)

// Ops are all there are.
var Ops = []Op{Set, Move, Rename, Delete, Good, NoGood}

// Change is one thing done to one marker. All that was ever done, folded, is where the markers stand (Fold).
type Change struct {
	ID     string        `json:"id"`            // of the change; told twice, it counts once
	Seq    int64         `json:"seq,omitempty"` // its place among all changes, by the hub; 0 until the hub has it
	Marker string        `json:"marker"`        // id of the marker
	Op     Op            `json:"op"`
	At     clock.Instant `json:"at,omitempty"`    // of Set and Move: where the marker stands
	Clock  string        `json:"clock,omitempty"` // name of the hub's clock that At is by; empty from boxes that did not tell yet
	Name   string        `json:"name,omitempty"`  // of Set and Rename
	By     string        `json:"by"`              // id of the box that did it
	Role   session.Role  `json:"role"`            // and its role
}

// maxName is the longest name of a marker, in characters.
const maxName = 64

// Check is an error for a change that makes no sense by itself, whoever sent it.
func (c Change) Check() error {
	switch {
	case c.ID == "" || len(c.ID) > 64 || c.Marker == "" || len(c.Marker) > 64:
		return errors.New("check marker: its id is missing or too long")
	case (c.Op == Set || c.Op == Move) && c.At <= 0:
		return fmt.Errorf("check marker: a %s needs a place", c.Op)
	case utf8.RuneCountInString(c.Name) > maxName || !utf8.ValidString(c.Name):
		return fmt.Errorf("check marker: its name must be text of at most %d characters", maxName)
	case !clockName(c.Clock):
		return fmt.Errorf("check marker: its clock's name must be text of at most %d characters", maxClock)
	}
	for _, r := range c.Name {
		if unicode.IsControl(r) {
			return errors.New("check marker: its name holds control characters")
		}
	}
	for _, op := range Ops {
		if c.Op == op {
			return nil
		}
	}
	return fmt.Errorf("check marker: no such operation; there are %v", Ops)
}
