package webadmin

import (
	"context"
	"io"
	"log/slog"
)

// System is the computer under a box, and the box as a program on it.
type System interface {
	// Facts are what no status tells.
	Facts() SystemFacts
	// Log is what the box's log says after the line of that number (0: all that is kept), of at least that level, the oldest
	// first, without secrets.
	Log(after int64, least slog.Level) []LogLine
	// Bundle writes what somebody needs who helps, as a .tar.gz without secrets. Nothing is written if it is refused.
	Bundle(ctx context.Context, w io.Writer) error
	// Restart has the box close its takes, stop, and start again.
	Restart(ctx context.Context) error
	// Reset has it start again as a new box, with all recordings. It is refused while a take runs.
	Reset(ctx context.Context) error
}

// SystemFacts are those of the computer. Bytes.
type SystemFacts struct {
	Links       []SystemLink
	Folder      string // of the recordings
	Size, Free  int64  // of its disk; 0, 0: not known
	SwitchesOff bool   // power off switches the computer off; else the box only stops
	NewPage     string // where the page is after a reset
	// Update is the command that puts a newer version on this computer. A box that can take one by its page has another way here.
	Update string
}

// SystemLink is a network interface.
type SystemLink struct {
	Name, Hardware string
	Up             bool
	Addresses      []string
}

// LogLine is a line of the log.
type LogLine struct {
	Seq  int64  `json:"seq"`
	Text string `json:"text"`
}
