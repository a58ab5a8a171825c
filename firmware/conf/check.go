package conf

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// checker turns a document into a Config, collecting what is wrong with its values.
type checker struct {
	dir      string // of conn.conf; relative paths start here
	doc      *document
	cfg      Config
	problems []Problem
}

// check is pure: the same text gives the same Config and problems.
func check(dir string, doc *document) (Config, []Problem) {
	c := &checker{dir: dir, doc: doc, cfg: Defaults()}
	c.problems = append(c.problems, doc.faults...)
	c.names()
	for _, g := range known {
		for _, k := range g.keys {
			c.value(g.name, k)
		}
	}
	c.connString()
	c.sameLineTwice()
	c.joinPaths()
	return c.cfg, inOrder(c.problems)
}

// Defaults is the Config of an empty file.
func Defaults() Config {
	c := Config{Hardware: Hardware{Lines: map[string]string{}}}
	for _, g := range known {
		for _, k := range g.keys {
			if k.Default == "" {
				continue
			}
			if err := k.take(&c, k.Default); err != nil {
				panic(fmt.Sprintf("conf: default of [%s] %s %v", g.name, k.Name, err))
			}
		}
	}
	return c
}

func (c *checker) add(line int, section, key string, fatal bool, format string, args ...any) {
	c.problems = append(c.problems, Problem{Line: line + 1, Section: section, Key: key, Fatal: fatal, Text: fmt.Sprintf(format, args...)})
}

// names warns of sections and keys that the box does not know.
func (c *checker) names() {
	if c.doc.bom {
		c.add(0, "", "", false, "the file begins with a byte order mark; it is read and kept, but Python's ConfigParser refuses it")
	}
	for _, s := range c.doc.sections {
		name := s.known
		switch {
		case name != s.name:
			c.add(s.line, s.name, "", false, "read as [%s]; write it so", name)
		case name != defaultSection && keyNames(name) == nil:
			c.add(s.line, s.name, "", false, "unknown section, ignored and kept; known: %s", list(sectionNames()))
			continue
		}
		for _, o := range s.options {
			c.keyName(name, o)
		}
	}
}

func (c *checker) keyName(sectionName string, o *option) {
	at := sectionsOf(o.key)
	switch {
	case sectionName == defaultSection && at != nil:
	case sectionName == defaultSection:
		c.add(o.line, sectionName, o.key, false, "unknown key, ignored and kept")
	case slices.Contains(at, sectionName):
	case at != nil:
		c.add(o.line, sectionName, o.key, false, "ignored and kept: this key belongs to [%s]", strings.Join(at, "] or ["))
	default:
		c.add(o.line, sectionName, o.key, false, "unknown key, ignored and kept; known here: %s", list(keyNames(sectionName)))
	}
}

// value puts one key into the Config. Where it stands twice all its values are checked and the last counts, as the faults of
// form say already that it does not.
func (c *checker) value(sectionName string, k key) {
	for _, o := range c.doc.all(sectionName, k.Name) {
		if v, set := plain(o.raw()); set {
			c.take(sectionName, k, o.line, v)
		}
	}
}

func (c *checker) take(sectionName string, k key, line int, v string) {
	if strings.Contains(v, "%%") || strings.Contains(v, "%(") {
		c.add(line, sectionName, k.Name, false, "`%%` is read as it stands; Python's ConfigParser would read `%%%%` and `%%(name)s` as something else")
	}
	err := k.take(&c.cfg, v)
	switch {
	case err != nil && k.Secret:
		c.add(line, sectionName, k.Name, true, "%s; allowed: %s", err, k.Allowed)
	case err != nil:
		c.add(line, sectionName, k.Name, true, "%s %s; allowed: %s%s", shown(v), err, k.Allowed, hint(v))
	case !k.Secret && hint(v) != "":
		c.add(line, sectionName, k.Name, false, "is read as %s%s", shown(v), hint(v))
	}
}

// plain takes the quotes off a value and tells whether it is set at all.
func plain(raw string) (value string, set bool) {
	if raw == "" || raw == unset {
		return "", false
	}
	if q := raw[0]; len(raw) >= 2 && (q == '"' || q == '\'') && raw[len(raw)-1] == q {
		raw = raw[1 : len(raw)-1]
	}
	return raw, raw != ""
}

// shown is a value for a message, cut if long.
func shown(v string) string {
	const most = 60
	if r := []rune(v); len(r) > most {
		return strconv.Quote(string(r[:most])) + "..."
	}
	return strconv.Quote(v)
}

// hint explains the comment that is none.
func hint(v string) string {
	for _, sign := range []string{" #", " ;", "\t#", "\t;"} {
		if strings.Contains(v, sign) {
			return " (a comment after a value is part of the value; give it a line of its own)"
		}
	}
	return ""
}

// connString fills what is not written out, and says what is missing then.
func (c *checker) connString() {
	const sectionName = "ConnectionDetails"
	own := &c.cfg.ConnectionDetails
	if in, err := ParseInvite(string(own.ConnString)); err == nil { // else there is none, or it was refused as a value already
		if other := c.fill(in); len(other) > 0 {
			at := c.doc.lookup(sectionName, "conn_string").line
			c.add(at, sectionName, "conn_string", false, "says another %s than the keys written out, which win; remove one of the two", list(other))
		}
	}
	if missing := own.missing(); len(missing) > 0 {
		at := -1
		if s := c.doc.section(sectionName); s != nil {
			at = s.line
		}
		c.add(at, sectionName, "", false, "not configured: %s not set; the box records but does not call", list(missing))
	}
}

// fill takes from an invite what is not written out, and names what is, with another value.
func (c *checker) fill(in Invite) (other []string) {
	in.Each(func(k Key, value string) error {
		own, _ := findKey(k.Section, k.Name)
		filled := c.cfg
		err := own.take(&filled, value)
		switch {
		case err != nil: // not with the same checks on both sides
		case !c.written(k.Section, k.Name):
			c.cfg = filled
		case filled.ConnectionDetails != c.cfg.ConnectionDetails || filled.ChatSettings != c.cfg.ChatSettings:
			other = append(other, k.Name)
		}
		return err
	})
	return other
}

func (c *checker) written(section, key string) bool {
	o := c.doc.lookup(section, key)
	if o == nil {
		return false
	}
	_, set := plain(o.raw())
	return set
}

// sameLineTwice: two buttons on one GPIO line cannot be told apart.
func (c *checker) sameLineTwice() {
	const sectionName = "Hardware"
	taken := map[string]string{}
	for _, name := range keyNames(sectionName) {
		line, ok := c.cfg.Hardware.Lines[name]
		if !ok {
			continue
		}
		n := strings.TrimPrefix(line, "!")
		if first, ok := taken[n]; ok {
			c.add(c.doc.lookup(sectionName, name).line, sectionName, name, true, "line %s is taken by %s already; allowed: a line of its own, or none", n, first)
			continue
		}
		taken[n] = name
	}
}

// joinPaths makes relative paths start at the folder of conn.conf, so that they mean the same wherever the box is started.
func (c *checker) joinPaths() {
	join := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(c.dir, path)
	}
	a := &c.cfg.AudioSettings
	a.RecordingLocation = join(a.RecordingLocation)
	for _, device := range []*string{&a.Mic, &a.Speakers} {
		if prefix, path := soundFile(*device); prefix != "" {
			*device = prefix + join(path)
		}
	}
	c.cfg.Admin.Certificate, c.cfg.Admin.Key = join(c.cfg.Admin.Certificate), join(c.cfg.Admin.Key)
	if !strings.HasPrefix(c.cfg.Hub.Store, "s3:") {
		c.cfg.Hub.Store = join(c.cfg.Hub.Store)
	}
}
