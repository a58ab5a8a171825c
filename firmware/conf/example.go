package conf

import (
	"fmt"
	"strings"
)

const exampleHead = `# conn.conf: the settings of an Orion box.
#
# A line is ` + "`key = value` or `key: value`" + `; a key that is missing, empty or None has its default. A comment stands on a line of
# its own, with # or ; in front: after a value it would be part of the value. A line that is indented goes on with the value
# above. Quotes around a value are taken off; % is a plain character. ` + "`orionbox check`" + ` tells everything that is wrong.
`

// Example is a conn.conf with every key, its meaning, default and what is allowed. All keys are commented out, so that it
// is a file of defaults; docs/conn.conf.example is this text.
func Example() string {
	var b strings.Builder
	b.WriteString(exampleHead)
	for _, g := range known {
		fmt.Fprintf(&b, "\n%s\n[%s]\n", comment(g.meaning), g.name)
		for _, k := range g.keys {
			d := k.describe(g.name)
			fmt.Fprintf(&b, "\n%s\n%s\n%s\n", comment(d.Meaning), comment("Allowed: "+d.Allowed+". Default: "+d.Default+"."), "#"+k.Name+" = "+d.Default)
		}
	}
	return b.String()
}

// comment wraps text into comment lines of up to 110 characters.
func comment(text string) string {
	const width = 108
	var lines []string
	at := ""
	for _, word := range strings.Fields(text) {
		if at != "" && len(at)+1+len(word) > width {
			lines = append(lines, "# "+at)
			at = word
			continue
		}
		at = strings.TrimSpace(at + " " + word)
	}
	return strings.Join(append(lines, "# "+at), "\n")
}
