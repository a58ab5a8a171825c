package conf

import (
	"errors"
	"fmt"
	"strings"
)

// Set gives a key a value, in memory; the empty value unsets it. Only the lines of that value change. It refuses a key that
// the box does not know, a value that is not allowed, and a file whose form is broken (see Problems): such a one is for a
// person to mend.
func (f *File) Set(section, name, value string) error {
	k, ok := findKey(canonical(section), strings.ToLower(name))
	if !ok {
		return fmt.Errorf("set [%s] %s: no such key; known: %s", section, name, choices(canonical(section)))
	}
	section = canonical(section)
	if len(f.doc.faults) > 0 {
		p := f.doc.faults[0]
		p.File = f.path
		return fmt.Errorf("set [%s] %s: mend the file by hand first: %s", section, k.Name, p)
	}
	if err := k.allows(value); err != nil {
		return fmt.Errorf("set [%s] %s: the value %w; allowed: %s", section, k.Name, err, k.Allowed)
	}
	if value == f.value(section, k.Name) {
		return nil
	}
	doc, err := edited(f.doc, section, k.Name, value)
	if err != nil {
		return fmt.Errorf("set [%s] %s: %w", section, k.Name, err)
	}
	f.use(doc)
	return nil
}

// choices is what could have been meant: the keys of a section, or the sections.
func choices(section string) string {
	if names := keyNames(section); names != nil {
		return list(names)
	}
	return list(sectionNames())
}

func (k key) allows(value string) error {
	if value == "" {
		return nil
	}
	if err := oneLine(value); err != nil {
		return err
	}
	scratch := Defaults()
	return k.take(&scratch, value)
}

// Get is what a key is set to as it stands in the file, quotes off; empty when it is not set. It may be a secret.
func (f *File) Get(section, name string) string {
	return f.value(canonical(section), strings.ToLower(name))
}

// value is what counts for a key now, quotes off, empty when unset.
func (f *File) value(section, key string) string {
	o := f.doc.lookup(section, key)
	if o == nil {
		return ""
	}
	v, _ := plain(o.raw())
	return v
}

// edited is a document with one value changed. It is read again from its text, and given back only if the reader finds the
// new value there and everything else as it was: so no trick of indent or quote can make an edit mean something else.
func edited(doc *document, section, key, value string) (*document, error) {
	lines := insert(doc, section, key, written(value))
	if o := doc.find(section, key); o != nil {
		lines = replace(doc, o, written(value))
	}
	again := parse((&document{bom: doc.bom, lines: lines}).String())
	o := again.find(section, key)
	if o == nil || len(again.faults) > 0 {
		return nil, errors.New("the file cannot be edited here; edit it by hand")
	}
	if got, _ := plain(o.raw()); got != value || !sameBut(doc, again, section, key) {
		return nil, errors.New("the file cannot be edited here; edit it by hand")
	}
	return again, nil
}

// written is a value as it must stand in the file to be read back.
func written(value string) string {
	if value == "" {
		return unset
	}
	if got, set := plain(strip(value)); set && got == value {
		return value
	}
	return `"` + value + `"`
}

// replace puts a value into the key's own line; what went on in further lines goes, comments between them stay.
func replace(doc *document, o *option, value string) []line {
	var lines []line
	for i, l := range doc.lines {
		switch {
		case i == o.line:
			prefix := l.text[:o.valueAt]
			if strings.HasSuffix(prefix, " =") || strings.HasSuffix(prefix, " :") {
				prefix += " "
			}
			lines = append(lines, line{prefix + value, l.end})
		case i > o.line && i <= o.last && !l.blank() && !l.comment():
		default:
			lines = append(lines, l)
		}
	}
	return lines
}

// insert adds a key below the last of its section, indented alike; a missing section is added at the end.
func insert(doc *document, section, key, value string) []line {
	lines := append([]line{}, doc.lines...)
	end := "\n"
	if len(lines) > 0 && lines[0].end != "" {
		end = lines[0].end
	}
	s := doc.section(section)
	if s == nil {
		if n := len(lines); n > 0 {
			lines[n-1].end = end
			if !lines[n-1].blank() {
				lines = append(lines, line{"", end})
			}
		}
		return append(lines, line{"[" + section + "]", end}, line{key + " = " + value, end})
	}
	at, indent := s.line, doc.indentBelow(s)
	if n := len(s.options); n > 0 {
		at, indent = s.options[n-1].last, s.options[n-1].indent
	}
	lines[at].end = end
	return append(lines[:at+1:at+1], append([]line{{indent + key + " = " + value, end}}, lines[at+1:]...)...)
}

// indentBelow is how deep a first key of s must stand, so that the header after s is not taken for more of its value.
func (d *document) indentBelow(s *section) string {
	for i, other := range d.sections {
		if other == s && i+1 < len(d.sections) {
			text := d.lines[d.sections[i+1].line].text
			return text[:strings.IndexByte(text, '[')]
		}
	}
	return ""
}

// sameBut tells whether two documents agree in every key and section but the one.
func sameBut(a, b *document, section, key string) bool {
	x, y := values(a, section, key), values(b, section, key)
	if len(x) != len(y) {
		return false
	}
	for k, v := range x {
		if got, ok := y[k]; !ok || got != v {
			return false
		}
	}
	return true
}

// values is all that ConfigParser would give for d, less one key. An added section counts as there before.
func values(d *document, section, key string) map[[2]string]string {
	all := map[[2]string]string{{section, ""}: ""}
	for _, s := range d.sections {
		name := s.known
		all[[2]string{name, ""}] = ""
		for _, o := range s.options {
			if name != section || o.key != key {
				all[[2]string{name, o.key}] = o.raw()
			}
		}
	}
	return all
}
