package takes

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// FileState is what became of a recording.
type FileState string

// The states.
const (
	StateWhole    FileState = "whole"    // nothing was to be done
	StateRepaired FileState = "repaired" // it was not closed, now it is
	StateEmpty    FileState = "empty"    // cut before its first sound was on the disk
	StateForeign  FileState = "foreign"  // not written by a box: left as it is
	StateFailed   FileState = "failed"
	StateMissing  FileState = "missing" // the journal has its start; it was taken away, or never reached the disk
)

// JournalState is what became of a journal.
type JournalState string

// The states of a journal.
const (
	JournalNone    JournalState = "none" // and nothing to tell in one
	JournalWhole   JournalState = "whole"
	JournalMended  JournalState = "mended"  // its last line was cut
	JournalRebuilt JournalState = "rebuilt" // from the files
	JournalFailed  JournalState = "failed"
	JournalLeft    JournalState = "left" // not looked at: the repair was ended before
)

// Report tells what Recover found and did.
type Report struct {
	Root     string          `json:"root"`
	Sessions []SessionReport `json:"sessions"`
}

// SessionReport is about one folder.
type SessionReport struct {
	Folder  string       `json:"folder"`
	InUse   bool         `json:"in_use"` // being recorded: left alone
	Journal JournalState `json:"journal"`
	Files   []FileReport `json:"files"`
}

// FileReport is about one recording.
type FileReport struct {
	Name     string    `json:"name"`
	Studio   bool      `json:"studio"` // a take; else voice
	Take     int       `json:"take,omitempty"`
	State    FileState `json:"state"`
	Samples  int64     `json:"samples"` // sample frames
	Rate     int       `json:"rate"`
	Channels int       `json:"channels"`
	Bytes    int64     `json:"bytes"`
	Trimmed  int64     `json:"trimmed_bytes"`
	Mended   int       `json:"mended_frames"` // silence put in place of what was destroyed
	Error    string    `json:"error,omitempty"`
}

// Length is how long the recording plays.
func (f FileReport) Length() time.Duration {
	if f.Rate <= 0 {
		return 0
	}
	return time.Duration(float64(f.Samples) / float64(f.Rate) * float64(time.Second))
}

// entry is the journal's line about a recording that it did not know to be whole.
func (f FileReport) entry(now time.Time) Entry {
	kind := KindVoiceRecovered
	if f.Studio {
		kind = KindTakeRecovered
	}
	text := "was whole"
	if f.State == StateRepaired {
		text = "was not closed, " + f.repairs()
	}
	return Entry{Kind: kind, Time: now, Take: f.Take, File: f.Name, Samples: f.Samples, Rate: f.Rate, Bytes: f.Bytes, Text: text}
}

// repairs is what was done to the file, in words.
func (f FileReport) repairs() string {
	text := fmt.Sprintf("%d bytes trimmed", f.Trimmed)
	if f.Mended > 0 {
		text += fmt.Sprintf(", %d frames of silence put in", f.Mended)
	}
	return text
}

func missing(name string) FileReport {
	f := FileReport{Name: name, State: StateMissing}
	if r, ok := ParseName(name); ok {
		f.Studio, f.Take = r.Studio, r.Take
	}
	return f
}

func (s SessionReport) has(name string) bool {
	return slices.ContainsFunc(s.Files, func(f FileReport) bool { return f.Name == name })
}

// Count is how many recordings are in a state.
func (r Report) Count(state FileState) int {
	n := 0
	for _, s := range r.Sessions {
		for _, f := range s.Files {
			if f.State == state {
				n++
			}
		}
	}
	return n
}

// String is a table of all that was not whole, and a line that counts the rest.
func (r Report) String() string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, s := range r.Sessions {
		s.rows(table)
	}
	table.Flush() // into memory
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%s: %d sessions, %d recordings whole, %d repaired, %d failed, %d empty\n",
		r.Root, len(r.Sessions), r.Count(StateWhole), r.Count(StateRepaired), r.Count(StateFailed), r.Count(StateEmpty))
	return b.String()
}

func (s SessionReport) rows(table *tabwriter.Writer) {
	if s.InUse {
		fmt.Fprintf(table, "%s\t\tin use\tis being recorded; left alone\n", s.Folder)
	}
	if s.Journal != JournalWhole && s.Journal != JournalNone {
		fmt.Fprintf(table, "%s\t%s\t%s\t\n", s.Folder, journalName, s.Journal)
	}
	for _, f := range s.Files {
		if f.State != StateWhole {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", s.Folder, f.Name, f.State, f.words())
		}
	}
}

func (f FileReport) words() string {
	switch f.State {
	case StateRepaired:
		return fmt.Sprintf("%.3f s, %s", f.Length().Seconds(), f.repairs())
	case StateEmpty:
		return "no sound had reached the disk"
	case StateForeign:
		return "not written by a box; left as it is"
	case StateMissing:
		return "the journal has its start, the folder has no such file"
	}
	return f.Error
}
