package logbook

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

func texts(lines []Line) (all []string) {
	for _, l := range lines {
		_, msg, _ := strings.Cut(l.Text, "msg=")
		all = append(all, fmt.Sprintf("%d %v %s", l.Seq, l.Level, msg))
	}
	return all
}

func want(t *testing.T, got []Line, wanted ...string) {
	t.Helper()
	if fmt.Sprint(texts(got)) != fmt.Sprint(wanted) {
		t.Errorf("%q, want %q", texts(got), wanted)
	}
}

func TestBookKeepsTheLastLines(t *testing.T) {
	var out strings.Builder
	book := New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo}), 3)
	log := slog.New(book)
	want(t, book.Lines(0, slog.LevelDebug))
	log.Info("a", "n", 1)
	log.Debug("not wanted")
	log.With("part", "hub").WithGroup("g").Warn("b", "n", 2)
	want(t, book.Lines(0, slog.LevelDebug), "1 INFO a n=1", "2 WARN b part=hub g.n=2")
	log.Error("c")
	log.Info("d")
	log.Info("e")
	want(t, book.Lines(0, slog.LevelDebug), "3 ERROR c", "4 INFO d", "5 INFO e")
	want(t, book.Lines(0, slog.LevelWarn), "3 ERROR c")
	want(t, book.Lines(4, slog.LevelInfo), "5 INFO e")
	want(t, book.Lines(5, slog.LevelInfo))
	want(t, book.Lines(99, slog.LevelInfo)) // of another life of the box
	if n := strings.Count(out.String(), "\n"); n != 5 || strings.Contains(out.String(), "not wanted") {
		t.Errorf("the real log has %d lines: %s", n, out.String())
	}
}

func TestBookIsBounded(t *testing.T) {
	book := New(slog.DiscardHandler, 2)
	if book.Enabled(t.Context(), slog.LevelError) {
		t.Error("a book wants what the log behind it does not")
	}
	log := slog.New(New(slog.NewTextHandler(&strings.Builder{}, nil), 0))
	log.Info("a book without a line")
	book = New(slog.NewTextHandler(&strings.Builder{}, nil), 2)
	slog.New(book).Info(strings.Repeat("ä", 5000))
	line := book.Lines(0, slog.LevelInfo)[0].Text
	if len(line) > mostLine+3 || !strings.HasSuffix(line, "ä...") {
		t.Errorf("%d bytes that end in %q", len(line), line[len(line)-9:])
	}
	if (*Book)(nil).Lines(0, slog.LevelDebug) != nil {
		t.Error("no book has lines")
	}
}

func TestBookIsWrittenByMany(t *testing.T) {
	book := New(slog.NewTextHandler(&strings.Builder{}, nil), 50)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			log := slog.New(book).With("writer", i)
			for n := range 100 {
				log.Info("x", "n", n)
				book.Lines(0, slog.LevelInfo)
			}
		})
	}
	all.Wait()
	lines := book.Lines(0, slog.LevelInfo)
	if len(lines) != 50 || lines[0].Seq != 751 || lines[49].Seq != 800 {
		t.Errorf("%d lines from %d to %d", len(lines), lines[0].Seq, lines[len(lines)-1].Seq)
	}
}
