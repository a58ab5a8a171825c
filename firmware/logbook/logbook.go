// Package logbook owns the last lines of the box's own log, in memory, so that a person can read them on the web page of a
// box that has neither screen nor shell. It stands in front of the real log, which gets all lines as before.
package logbook

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
)

// mostLine is the longest line that is kept, in bytes; a longer one is cut. With the number of lines it bounds the memory.
const mostLine = 2048

// Line is a line of the log.
type Line struct {
	Seq   int64 // from 1, one more with each
	Level slog.Level
	Text  string // as slog's TextHandler writes it, without its end
}

// Book is a slog.Handler that keeps the last lines of what it hands on.
type Book struct {
	next slog.Handler
	text slog.Handler // writes into the ring
	ring *ring
}

// New is a book of so many lines in front of the log that is next. What that one does not want is not kept either.
func New(next slog.Handler, lines int) *Book {
	r := &ring{lines: make([]Line, 0, lines), most: lines}
	all := &slog.HandlerOptions{Level: slog.Level(-1 << 30)}
	return &Book{next: next, text: slog.NewTextHandler(r, all), ring: r}
}

// Enabled implements slog.Handler.
func (b *Book) Enabled(ctx context.Context, level slog.Level) bool { return b.next.Enabled(ctx, level) }

// Handle implements slog.Handler.
func (b *Book) Handle(ctx context.Context, r slog.Record) error {
	return errors.Join(b.next.Handle(ctx, r), b.ring.keep(r.Level, func() error { return b.text.Handle(ctx, r) }))
}

// WithAttrs implements slog.Handler.
func (b *Book) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Book{b.next.WithAttrs(attrs), b.text.WithAttrs(attrs), b.ring}
}

// WithGroup implements slog.Handler.
func (b *Book) WithGroup(name string) slog.Handler {
	return &Book{b.next.WithGroup(name), b.text.WithGroup(name), b.ring}
}

// Lines are those that are kept and came after the one of that number, 0 for all, of at least that level; the oldest first.
// A nil book has none.
func (b *Book) Lines(after int64, level slog.Level) []Line {
	if b == nil {
		return nil
	}
	return b.ring.read(after, level)
}

// ring is the lines; the one of number Seq stands at (Seq-1) modulo their number.
type ring struct {
	mu    sync.Mutex
	most  int
	seq   int64
	level slog.Level // of the line that is being written
	lines []Line
}

// keep takes in the line that write writes.
func (r *ring) keep(level slog.Level, write func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.level = level
	return write()
}

// Write is called by the text's handler under keep, once for each line.
func (r *ring) Write(line []byte) (int, error) {
	if r.most == 0 {
		return len(line), nil
	}
	text := bytes.TrimSuffix(line, []byte("\n"))
	if len(text) > mostLine {
		text = bytes.ToValidUTF8(text[:mostLine:mostLine], nil)
		text = append(text, "..."...)
	}
	kept := Line{r.seq + 1, r.level, string(text)}
	if len(r.lines) < r.most {
		r.lines = append(r.lines, kept)
	} else {
		r.lines[r.seq%int64(r.most)] = kept
	}
	r.seq++
	return len(line), nil
}

func (r *ring) read(after int64, level slog.Level) []Line {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []Line
	for seq := max(after, r.seq-int64(len(r.lines))); seq < r.seq; seq++ {
		if line := r.lines[seq%int64(r.most)]; line.Level >= level {
			found = append(found, line)
		}
	}
	return found
}
