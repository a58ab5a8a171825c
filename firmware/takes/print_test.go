package takes

import (
	"errors"
	"os"
	"strings"
	"testing"

	"orionbox/firmware/session"
)

func TestPrintChunks(t *testing.T) {
	m := produced("p", 5000)
	m.Verdict = NoGood
	judged := produced("q", 9000)
	judged.Name, judged.Verdict = "", Good
	chunks := Chunks([]Track{take("ann", 12, 2000, 8000), voiceTrack("ann", 0, 10_000)}, []Marker{m, judged})
	var b strings.Builder
	if err := PrintChunks(&b, chunks); err != nil {
		t.Fatal(err)
	}
	clockAt := func(ms int64) string { return at(ms).Time().Local().Format("15:04:05.000") }
	want := `CHUNK  WHO  START         LENGTH   TITLE           STUDIO                  VOICE           SIZE     DELIVERED
1      ANN  ` + clockAt(0) + `  2.000 s  -               -                       0.000-2.000 s   0.06 MB  -
2      ANN  ` + clockAt(2000) + `  3.000 s  -               take 12, 0.000-3.000 s  2.000-5.000 s   0.22 MB  no
3      ANN  ` + clockAt(5000) + `  3.000 s  at p (no-good)  take 12, 3.000-6.000 s  5.000-8.000 s   0.22 MB  no
4      ANN  ` + clockAt(8000) + `  1.000 s  -               -                       8.000-9.000 s   0.03 MB  -
5      ANN  ` + clockAt(9000) + `  1.000 s  good            -                       9.000-10.000 s  0.03 MB  -
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// Who was invited twice has two boxes, and the name alone would not tell which chunk is meant.
func TestPrintChunksOfTwoBoxesOfOnePerson(t *testing.T) {
	first, second, other := take("ann", 1, 0, 1000), take("ann-2", 1, 2000, 3000), take("bob", 1, 0, 1000)
	first.Name, second.Name = "Ann", "Ann"
	var b strings.Builder
	if err := PrintChunks(&b, Chunks([]Track{first, second, other}, nil)); err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"1      ann  ", "1      ann-2  ", "1      BOB  "} {
		if !strings.Contains(b.String(), who) {
			t.Errorf("%q is missing in\n%s", who, b.String())
		}
	}
}

func TestPrintMarkers(t *testing.T) {
	m := marker("a", "ann", session.Artist, 1500)
	m.Verdict = Good
	var b strings.Builder
	if err := PrintMarkers(&b, []Marker{m, {ID: "p", By: "pat", Role: session.Producer, At: at(2500)}}); err != nil {
		t.Fatal(err)
	}
	want := "MARKER  TIME          WHO  ROLE      NAME  VERDICT\n" +
		"a       " + at(1500).Time().Local().Format("15:04:05.000") + "  ann  ARTIST    at a  good\n" +
		"p       " + at(2500).Time().Local().Format("15:04:05.000") + "  pat  PRODUCER  -     -\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestPrintToNobody(t *testing.T) {
	if err := PrintChunks(broken{}, nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("chunks: %v", err)
	}
	if err := PrintMarkers(broken{}, nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("markers: %v", err)
	}
}
