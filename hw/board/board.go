// Package board owns what the computer tells of itself: which one it is, how warm, whether its power suffices, whether its
// time is to be trusted; and its watchdog. All of it is read from the kernel's files, and all of it may be missing: a PC
// has next to none. What is missing is not known, never an error.
package board

import (
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Board reads the kernel's files below a folder.
type Board struct {
	root   string
	born   time.Time
	kernel func() (status int, err error) // the clock's status bits, as adjtimex has them; nil = not asked
}

// New is the board whose files are below root: "/" for this one, another folder for a test. The kernel's clock has no file,
// and is asked for "/" alone.
func New(root string) *Board {
	b := &Board{root: root, born: time.Now()}
	if filepath.Clean(root) == "/" {
		b.kernel = clockStatus
	}
	return b
}

// State is all that can be known at a moment.
type State struct {
	Model       string   `json:"model,omitempty"`       // as "Raspberry Pi 4 Model B Rev 1.5"
	Temperature *float64 `json:"temperature,omitempty"` // of the processor, degrees Celsius
	Power       *Power   `json:"power,omitempty"`
	Time        Time     `json:"time"`
}

// State reads everything. It takes a handful of small files, and no longer than the firmware takes to answer.
func (b *Board) State() State {
	s := State{Model: b.Model(), Time: b.Time()}
	if t, ok := b.Temperature(); ok {
		s.Temperature = &t
	}
	if p, ok := b.Power(); ok {
		s.Power = &p
	}
	return s
}

// Model is the board's name; "" if it has none.
func (b *Board) Model() string {
	return line(b.read("proc/device-tree/model"))
}

// identities are where a computer says what tells it from others: a Raspberry Pi its serial number, any its Wi-Fi's address.
var identities = []string{"sys/firmware/devicetree/base/serial-number", "sys/class/net/wlan*/address"}

// Identity tells the board from others of its kind, and stays what it is; "" if nothing does.
func (b *Board) Identity() string {
	for _, pattern := range identities {
		for _, path := range b.match(pattern) {
			if text := line(b.read(path)); text != "" {
				return text
			}
		}
	}
	return ""
}

// line cuts what the device tree ends its strings with, and anything that is not for a line of text.
func line(data string) string {
	data, _, _ = strings.Cut(data, "\x00")
	data = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, data)
	return strings.TrimSpace(data)
}

const mostRead = 4096 // bytes; a page, which is what sysfs gives

// read is a file's text, or "" if there is none.
func (b *Board) read(path string) string {
	f, err := os.Open(filepath.Join(b.root, path))
	if err != nil {
		return ""
	}
	defer f.Close()
	data := make([]byte, mostRead)
	n, _ := f.Read(data) // what cannot be read is not known
	return string(data[:n])
}

// match is the files that a pattern names, below root and relative to it, sorted.
func (b *Board) match(pattern string) []string {
	found, err := filepath.Glob(filepath.Join(b.root, pattern))
	if err != nil {
		return nil // the patterns are ours, a root with brackets in it is not
	}
	var all []string
	for _, path := range found {
		if rel, err := filepath.Rel(b.root, path); err == nil {
			all = append(all, rel)
		}
	}
	return all
}
