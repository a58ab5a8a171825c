package conf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with a file. It never holds a secret's value.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"` // from 1; 0 when it is about no line
	Section string `json:"section,omitempty"`
	Key     string `json:"key,omitempty"`
	Text    string `json:"text"` // what is wrong and what is allowed
	// Fatal problems make the file unfit to run with; the others are warnings.
	Fatal bool `json:"fatal"`
}

// String is "conn.conf:12: [ChatSettings] port: ...", which editors can jump to; a warning says so.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if !p.Fatal {
		b.WriteString("warning: ")
	}
	if p.Section != "" {
		fmt.Fprintf(&b, "[%s] ", p.Section)
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	return b.String()
}

// inOrder sorts by line, keeping the order within one.
func inOrder(ps []Problem) []Problem {
	slices.SortStableFunc(ps, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return ps
}
