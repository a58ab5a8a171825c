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

// Example is a conn.conf with every key, its meaning, default and what is allowed; docs/conn.conf.example is this text. The
// account is made up, everything else stands at its default.
func Example() string {
	var b strings.Builder
	b.WriteString(exampleHead)
	for _, g := range known {
		fmt.Fprintf(&b, "\n\n%s\n[%s]\n", comment(g.meaning), g.name)
		above := ""
		for _, k := range g.keys {
			d := k.describe(g.name)
			about := comment(d.Meaning) + "\n" + comment(fmt.Sprintf("Allowed: %s. Default: %s.", d.Allowed, d.Default))
			switch d.Allowed { // those of many keys, told once
			case lineAllowed:
				about = comment(fmt.Sprintf("Buttons and LEDs. Allowed: %s. Default: %s.", d.Allowed, d.Default))
			case seatAllowed:
				about = comment(fmt.Sprintf("Whose LED is which. Unset: of whoever joins next. Allowed: %s. Default: %s.", d.Allowed, d.Default))
			}
			if about != above {
				fmt.Fprintf(&b, "\n%s\n", about)
			}
			fmt.Fprintf(&b, "%s = %s\n", d.Name, d.Example)
			above = about
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
