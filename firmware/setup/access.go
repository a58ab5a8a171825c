package setup

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// The access point: its connection, and its name and password, which stay what they were at the first start.
const (
	apFile     = network + "/orionbox-ap.nmconnection"
	apName     = "ap-name"
	apPassword = "ap-password"
)

// point is the box's own Wi-Fi.
type point struct {
	ssid, password string
	on             bool // the box knows no other network
}

// always is done at each start.
func (c Config) always() ([]string, error) {
	if err := c.folders(); err != nil {
		return nil, err
	}
	p, err := c.point()
	if err != nil {
		return nil, err
	}
	changed, err := c.keep(apFile, access(p.ssid, p.password, p.on))
	if err != nil {
		return nil, err
	}
	var done []string
	if changed {
		done = append(done, "set the access point "+p.ssid+map[bool]string{true: ", on", false: ", off"}[p.on])
	}
	told, err := c.tell(p)
	if told {
		done = append(done, "write the label "+c.Label)
	}
	return done, err
}

func (c Config) point() (p point, err error) {
	if p.ssid, err = c.once(apName, nameLike, c.name()); err != nil {
		return p, err
	}
	if p.password, err = c.once(apPassword, passwordLike, newPassword()); err != nil {
		return p, err
	}
	joins, err := c.joins()
	p.on = !joins
	return p, err
}

var (
	nameLike     = regexp.MustCompile(`^orionbox-[0-9A-F]{4}$`)
	passwordLike = regexp.MustCompile(`^([a-z2-7]{4}-){2}[a-z2-7]{4}$`)
	notHex       = regexp.MustCompile(`[^0-9A-F]+`)
)

// name ends in the last four hex digits of what tells the board from others; a board that tells nothing gets any four.
func (c Config) name() string {
	digits := notHex.ReplaceAllString(strings.ToUpper(c.Board), "")
	if len(digits) < 4 {
		digits = digest([]byte(rand.Text()))
	}
	return "orionbox-" + strings.ToUpper(digits[len(digits)-4:])
}

// newPassword is 60 random bits that can be read out and typed on a phone: base32 has no 0, 1, 8 or 9.
func newPassword() string {
	text := strings.ToLower(rand.Text())
	return text[:4] + "-" + text[4:8] + "-" + text[8:12]
}

// once is what a file says. One that is missing, or that does not look like it, is made to say fresh.
func (c Config) once(name string, like *regexp.Regexp, fresh string) (string, error) {
	data, err := os.ReadFile(c.in(name))
	if text := strings.TrimSpace(string(data)); err == nil && like.MatchString(text) {
		return text, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return fresh, put(c.in(name), []byte(fresh+"\n"), secret)
}

// joins tells whether the box knows a network, by the set-up file or by hand.
func (c Config) joins() (bool, error) {
	paths, err := filepath.Glob(c.in(network + "/*.nmconnection"))
	if err != nil {
		return false, err
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err == nil && joins(string(data)) { // one that cannot be read is none for NetworkManager either
			return true, nil
		}
	}
	return false, nil
}

// keep writes a secret file if it does not say that already: a card is not worn by each start.
func (c Config) keep(name, text string) (changed bool, err error) {
	if now, err := os.ReadFile(c.in(name)); err == nil && string(now) == text {
		return false, os.Chmod(c.in(name), secret)
	}
	return true, put(c.in(name), []byte(text), secret)
}
