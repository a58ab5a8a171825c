package upkeep

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hidden stands where a secret stood.
const hidden = "***"

// shortSecret is a length in bytes. A shorter secret, such as a PIN, is hidden where it stands by itself: inside of other words
// and numbers it would spoil them, and tell nothing.
const shortSecret = 6

// Scrubber hides secrets in texts. The zero Scrubber hides none.
type Scrubber struct {
	long  *strings.Replacer
	short []string
}

// NewScrubber hides these, also as they stand in quotes, in JSON and in addresses.
func NewScrubber(secrets []string) Scrubber {
	var long, short []string
	for _, s := range secrets {
		for _, form := range forms(s) {
			switch {
			case form == "":
			case len(form) < shortSecret:
				short = append(short, form)
			default:
				long = append(long, form)
			}
		}
	}
	longestFirst(long)
	longestFirst(short)
	var pairs []string
	for _, s := range slices.Compact(long) {
		pairs = append(pairs, s, hidden)
	}
	return Scrubber{strings.NewReplacer(pairs...), slices.Compact(short)}
}

// longestFirst puts what holds another before it.
func longestFirst(all []string) {
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
}

// forms are the ways in which a text writes a secret.
func forms(secret string) []string {
	quoted := strconv.Quote(secret)
	all := []string{secret, quoted[1 : len(quoted)-1], url.QueryEscape(secret), url.PathEscape(secret)}
	for _, escape := range []bool{true, false} {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(escape)
		if encoder.Encode(secret) == nil {
			line := strings.TrimSpace(text.String())
			all = append(all, line[1:len(line)-1])
		}
	}
	return all
}

// Scrub is the text without the secrets.
func (s Scrubber) Scrub(text string) string {
	if s.long != nil {
		text = s.long.Replace(text)
	}
	for _, short := range s.short {
		text = hideAlone(text, short)
	}
	return text
}

// hideAlone hides a short secret where neither a letter nor a digit is beside it.
func hideAlone(text, secret string) string {
	if !strings.Contains(text, secret) {
		return text
	}
	var out strings.Builder
	for at := 0; ; {
		i := strings.Index(text[at:], secret)
		if i < 0 {
			return out.String() + text[at:]
		}
		start, end := at+i, at+i+len(secret)
		if alone(text, start, end) {
			out.WriteString(text[at:start] + hidden)
			at = end
			continue
		}
		_, size := utf8.DecodeRuneInString(text[start:])
		out.WriteString(text[at : start+size])
		at = start + size
	}
}

func alone(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	first, _ := utf8.DecodeRuneInString(text[start:])
	last, _ := utf8.DecodeLastRuneInString(text[:end])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return !(inWord(before) && inWord(first)) && !(inWord(last) && inWord(after))
}

func inWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
