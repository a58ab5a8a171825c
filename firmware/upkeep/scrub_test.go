package upkeep

import (
	"encoding/json"
	"log/slog"
	"net/url"
	"strings"
	"testing"
)

func TestScrubHidesSecretsHoweverTheyAreWritten(t *testing.T) {
	secret := "pa\"ss <wörd>&\\1"
	s := NewScrubber([]string{secret, "7531#", "7531", "pa\"ss <wörd>&\\1 and more", ""})
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "said", secret)
	asJSON, err := json.Marshal(map[string]string{"password": secret})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{secret, "a" + secret + "b", log.String(), string(asJSON), url.QueryEscape(secret), url.PathEscape(secret)} {
		if got := s.Scrub(text); strings.Contains(got, "pa") && !strings.HasPrefix(got, "{\"password\":\"***") || !strings.Contains(got, hidden) {
			t.Errorf("%q becomes %q", text, got)
		}
	}
	for text, want := range map[string]string{
		"call 600,,7531#":               "call 600,,***",
		`digits="7531"`:                 `digits="***"`,
		"7531":                          "***",
		"7531 7531":                     "*** ***",
		"sent 7531, in":                 "sent ***, in",
		"17531 75312 x7531":             "17531 75312 x7531",
		"time=12:34:56.753":             "time=12:34:56.753",
		"said " + secret + " and more.": "said ***.",
		"":                              "",
	} {
		if got := s.Scrub(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if got := (Scrubber{}).Scrub("as it is"); got != "as it is" {
		t.Errorf("%q", got)
	}
}

func FuzzScrub(f *testing.F) {
	f.Add("sesame", "1234", "open sesame 1234")
	f.Add("ä", "#", "x#ä\xff")
	f.Fuzz(func(t *testing.T, long, short, text string) {
		got := NewScrubber([]string{long, short}).Scrub(text)
		if len(long) >= shortSecret && !strings.Contains(hidden, long) && !strings.Contains(long, "*") && !strings.Contains(short, "*") && strings.Contains(got, long) {
			t.Errorf("%q stands in %q", long, got)
		}
	})
}
