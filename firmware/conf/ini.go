package conf

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLine is the longest line in bytes, maxFile the longest file: far above any real one, far below what could hurt.
const (
	maxLine = 64 << 10
	maxFile = 256 << 10
	// maxFaults is how many are told before a file is taken for something else altogether.
	maxFaults = 1000

	defaultSection = "DEFAULT"
	bom            = "\ufeff"
)

// line is a line of the file; text + end is what stands there, byte for byte.
type line struct{ text, end string }

// blank and comment tell what the line is wherever it stands.
func (l line) blank() bool { return strip(l.text) == "" }

func (l line) comment() bool {
	s := strip(l.text)
	return strings.HasPrefix(s, "#") || strings.HasPrefix(s, ";")
}

// section is a header and the options under it. Line numbers count from 0.
type section struct {
	name    string
	known   string // name in the known spelling
	line    int
	options []*option
}

// option is a key with its value, which goes from valueAt in its own line to the end of the line last.
type option struct {
	section *section
	key     string // lower case
	line    int
	last    int
	indent  string
	valueAt int // offset in bytes in the text of the key's line
	parts   []string
}

// raw is the value as ConfigParser gives it.
func (o *option) raw() string {
	return strings.TrimRightFunc(strings.Join(o.parts, "\n"), isSpace)
}

// document is a file in lines, and what was found in them.
type document struct {
	bom      bool
	lines    []line
	sections []*section
	faults   []Problem // of form, not of value: no edit is safe while there are any
	faulty   map[int]bool
}

// fault notes the first thing wrong with a line: what is not text needs no second complaint.
func (d *document) fault(at int, sec *section, key, format string, args ...any) {
	if d.faulty[at] || len(d.faults) >= maxFaults {
		return
	}
	d.faulty[at] = true
	p := Problem{Line: at + 1, Key: key, Text: fmt.Sprintf(format, args...), Fatal: true}
	if sec != nil {
		p.Section = sec.name
	}
	d.faults = append(d.faults, p)
}

// parse reads the text of a file. It never fails: what it cannot make sense of is a fault, and it goes on.
func parse(data string) *document {
	d := &document{faulty: map[int]bool{}}
	data, d.bom = strings.CutPrefix(data, bom)
	d.lines = splitLines(data)
	if strings.HasPrefix(data, "\xff\xfe") || strings.HasPrefix(data, "\xfe\xff") {
		d.fault(0, nil, "", "the file is UTF-16; save it as UTF-8")
		return d
	}
	d.checkBytes()
	d.scan()
	d.checkTwice()
	return d
}

// String is the file, byte for byte.
func (d *document) String() string {
	var b strings.Builder
	if d.bom {
		b.WriteString(bom)
	}
	for _, l := range d.lines {
		b.WriteString(l.text)
		b.WriteString(l.end)
	}
	return b.String()
}

// splitLines ends lines where Python's text files do: LF, CRLF, CR.
func splitLines(s string) []line {
	var lines []line
	for s != "" {
		i := strings.IndexAny(s, "\r\n")
		switch {
		case i < 0:
			return append(lines, line{text: s})
		case strings.HasPrefix(s[i:], "\r\n"):
			lines = append(lines, line{s[:i], s[i : i+2]})
			s = s[i+2:]
		default:
			lines = append(lines, line{s[:i], s[i : i+1]})
			s = s[i+1:]
		}
	}
	return lines
}

// scan follows ConfigParser with its default options (Python 3, Lib/configparser.py): a comment may stand inside a value,
// an empty line there belongs to it, and a deeper indent than the last key's or header's goes on with the value.
func (d *document) scan() {
	var sec *section
	var opt *option
	level := 0
	for i, l := range d.lines {
		value := strip(l.text)
		switch {
		case l.comment():
			continue
		case value == "":
			if opt != nil {
				opt.parts = append(opt.parts, "")
			}
			continue
		case opt != nil && indentOf(l.text) > level:
			opt.parts = append(opt.parts, value)
			opt.last = i
			continue
		}
		level = indentOf(l.text)
		if name, ok := header(value); ok {
			sec, opt = &section{name: name, known: canonical(name), line: i}, nil
			d.sections = append(d.sections, sec)
			continue
		}
		if sec == nil {
			d.fault(i, nil, "", "stands before the first [section]; put a section such as [%s] above it", known[0].name)
			continue
		}
		opt = d.option(i, sec)
	}
}

// option reads the line i as key and value; nil when it is neither.
func (d *document) option(i int, sec *section) *option {
	text := d.lines[i].text
	at := strings.IndexAny(text, "=:")
	if at < 0 {
		d.fault(i, sec, "", "has no `=` or `:`; write `key = value`, or `#` in front of a comment")
		return nil
	}
	key := strip(text[:at])
	if key == "" {
		d.fault(i, sec, "", "has no key in front of `%c`; write `key = value`", text[at])
		return nil
	}
	rest := text[at+1:]
	o := &option{section: sec, key: strings.ToLower(key), line: i, last: i, parts: []string{strip(rest)}}
	o.valueAt = len(text) - len(strings.TrimLeftFunc(rest, isSpace))
	o.indent = text[:len(text)-len(strings.TrimLeftFunc(text, isSpace))]
	sec.options = append(sec.options, o)
	return o
}

// header reads "[name]"; like ConfigParser it takes all up to the last bracket and ignores what follows.
func header(value string) (string, bool) {
	end := strings.LastIndexByte(value, ']')
	if value[0] != '[' || end < 2 {
		return "", false
	}
	return value[1:end], true
}

func (d *document) checkBytes() {
	size := 0
	for i, l := range d.lines {
		size += len(l.text) + len(l.end)
		switch {
		case strings.ContainsRune(l.text, 0):
			d.fault(i, nil, "", "holds a NUL byte; the file must be plain text, saved as UTF-8 (not UTF-16)")
		case !utf8.ValidString(l.text):
			d.fault(i, nil, "", "is not UTF-8; save the file as UTF-8")
		case len(l.text) > maxLine:
			d.fault(i, nil, "", "is %d bytes long; allowed: at most %d", len(l.text), maxLine)
		}
	}
	if size > maxFile {
		d.fault(-1, nil, "", "the file is %d bytes long; allowed: at most %d", size, maxFile)
	}
}

// checkTwice finds what stands twice. [DEFAULT] may be opened again, a key of it may not.
func (d *document) checkTwice() {
	sections := map[string]*section{}
	type place struct{ section, key string }
	options := map[place]*option{}
	for _, s := range d.sections {
		name := s.known
		if first, ok := sections[name]; !ok {
			sections[name] = s
		} else if name != defaultSection {
			d.fault(s.line, s, "", "the section stands in line %d already; put its keys together there", first.line+1)
		}
		for _, o := range s.options {
			if first, ok := options[place{name, o.key}]; ok {
				d.fault(o.line, s, o.key, "the key stands in line %d already; remove one of the two", first.line+1)
				continue
			}
			options[place{name, o.key}] = o
		}
	}
}

// all is every option for the key: those in the section itself, or in [DEFAULT] if it has none.
func (d *document) all(sectionName, key string) []*option {
	var found []*option
	for _, s := range d.sections {
		if s.known != sectionName {
			continue
		}
		for _, o := range s.options {
			if o.key == key {
				found = append(found, o)
			}
		}
	}
	if found == nil && sectionName != defaultSection {
		return d.all(defaultSection, key)
	}
	return found
}

// lookup is the option that counts for key, nil if there is none.
func (d *document) lookup(sectionName, key string) *option {
	if found := d.all(sectionName, key); found != nil {
		return found[len(found)-1]
	}
	return nil
}

// find is lookup without [DEFAULT].
func (d *document) find(sectionName, key string) *option {
	if o := d.lookup(sectionName, key); o != nil && o.section.known == sectionName {
		return o
	}
	return nil
}

// section is the last section of the name, nil if there is none.
func (d *document) section(name string) *section {
	for i := len(d.sections) - 1; i >= 0; i-- {
		if d.sections[i].known == name {
			return d.sections[i]
		}
	}
	return nil
}

// isSpace is what Python's str.strip takes off: Unicode's white space and the four separators of ASCII.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

func strip(s string) string { return strings.TrimFunc(s, isSpace) }

// indentOf counts the characters of white space at the start of a line.
func indentOf(text string) int {
	return utf8.RuneCountInString(text) - utf8.RuneCountInString(strings.TrimLeftFunc(text, isSpace))
}
