package setup

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"orionbox/firmware/conf"
)

// tell writes the label, if it has something new to say.
func (c Config) tell(p point) (changed bool, err error) {
	if c.Label == "" {
		return false, nil
	}
	code, codeErr := c.Code() // without it the label still tells how to reach the box
	text := c.labelText(p, code)
	if now, err := os.ReadFile(c.Label); err == nil && string(now) == crlf(text) {
		return false, codeErr
	}
	return true, errors.Join(replaceOther(c.Label, text), codeErr)
}

// labelText is for a person who has the card in another computer.
func (c Config) labelText(p point, code string) string {
	name := "orionbox"
	if own, err := os.ReadFile(c.in(hostnameFile)); err == nil && label.MatchString(strings.TrimSpace(string(own))) {
		name = strings.TrimSpace(string(own))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "This card is that of the Orion box %s.\n\n", name)
	page := c.page()
	if page == "" {
		b.WriteString("Its web page is off.\n")
	} else {
		fmt.Fprintf(&b, "Its web page, from the same network: %s\n", fmt.Sprintf(page, name+".local"))
	}
	if code != "" {
		fmt.Fprintf(&b, "The page has no password yet. It asks the first visitor for this code: %s\n", code)
	}
	if p.on {
		fmt.Fprintf(&b, "\nThe box knows no Wi-Fi, so it makes its own:\n\n  network   %s\n  password  %s\n", p.ssid, p.password)
		if page != "" {
			fmt.Fprintf(&b, "  web page  %s\n", fmt.Sprintf(page, apAddress))
		}
	}
	return b.String()
}

// page is the form of the page's address, for the host's name; empty if there is no page.
func (c Config) page() string {
	set := conf.Defaults().Admin
	if f, err := conf.Load(c.Conf); err == nil {
		set = f.Config().Admin
	}
	_, port, err := net.SplitHostPort(set.Listen)
	switch {
	case err != nil:
		return ""
	case set.Certificate != "":
		return "https://%s:" + port
	}
	return "http://%s:" + port
}

// replaceOther writes a file for another computer, whose lines may end in its own way only, on a disk that may know no modes.
func replaceOther(path, text string) error {
	return put(path, []byte(crlf(text)), secret)
}

func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }
