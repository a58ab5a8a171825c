// Package gpio owns the lines of a GPIO chip, as buttons and LEDs are wired to them, through the kernel's character
// device (periph's gpioioctl). A line is asked for alone, so that one which is missing or taken keeps no other from working.
//
// periph's ways, and what is done about them: a chip is never closed, since its Close also closes file 0 of the program;
// chips are looked for once in the life of the program, so one that comes later is seen after a restart; an edge does not
// tell its direction, so the level is read after it.
package gpio

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"periph.io/x/conn/v3/gpio"
)

// Auto stands for the chip that a Raspberry Pi's header is wired to.
const Auto = "auto"

// headers are the labels of such chips, by model: Pi 5, Pi 4, all before. On a Pi 5 it need not be gpiochip0.
var headers = []string{"pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"}

// What goes wrong, told apart.
var (
	ErrNoChip = errors.New("no such chip")
	ErrNoLine = errors.New("no such line")
	ErrTaken  = errors.New("taken")
	ErrLost   = errors.New("lost")
)

// Spec is a line as written in the settings.
type Spec struct {
	Line      string // number on the chip, or the kernel's name for it, as GPIO17
	ActiveLow bool   // pressed or lit when the line is low
}

var lineName = regexp.MustCompile(`^[0-9A-Za-z._:/ +-]{1,32}$`) // 32: the kernel's limit

// ParseSpec reads `17`, `!17`, `GPIO17` or `!GPIO17`.
func ParseSpec(s string) (Spec, error) {
	name, low := strings.CutPrefix(strings.TrimSpace(s), "!")
	name = strings.TrimSpace(name)
	if !lineName.MatchString(name) {
		return Spec{}, fmt.Errorf("read line %.40q: use a number or a name, as 17 or GPIO17, with ! in front if active low", s)
	}
	return Spec{name, low}, nil
}

// String is what ParseSpec reads.
func (s Spec) String() string {
	if s.ActiveLow {
		return "!" + s.Line
	}
	return s.Line
}

// level is the electric level that means active, or not.
func (s Spec) level(active bool) gpio.Level { return gpio.Level(active != s.ActiveLow) }

// Chip is a GPIO chip that was found. It is never closed, and costs nothing.
type Chip struct {
	name, label, path string
	lines             []line
}

// line is what the chip tells of a line, and the way to it.
type line struct {
	number   int
	name     string
	consumer string // who had it when the chips were looked for
	pin      gpio.PinIO
	release  func()
}

// Open finds a chip by Auto, its name (gpiochip0), its device (/dev/gpiochip0) or its label (pinctrl-rp1).
func Open(name string) (*Chip, error) {
	chips, err := found()
	if err != nil {
		return nil, fmt.Errorf("open GPIO chip %s: %w: %w", name, ErrNoChip, err)
	}
	return choose(name, chips)
}

func choose(name string, chips []*Chip) (*Chip, error) {
	wanted := []string{name}
	if name == Auto {
		wanted = headers
	}
	for _, w := range wanted {
		if i := slices.IndexFunc(chips, func(c *Chip) bool { return w == c.name || w == c.label || w == c.path }); i >= 0 {
			return chips[i], nil
		}
	}
	if name == Auto && len(chips) == 1 {
		return chips[0], nil
	}
	return nil, fmt.Errorf("open GPIO chip %s: %w: set [Hardware] chip to %s, or to sim", name, ErrNoChip, names(chips))
}

// names is the chips for a message.
func names(chips []*Chip) string {
	var all []string
	for _, c := range chips {
		all = append(all, c.String())
	}
	return strings.Join(all, ", ")
}

// String is name and label, as in messages.
func (c *Chip) String() string {
	if c.label == "" || c.label == c.name {
		return c.name
	}
	return c.name + " (" + c.label + ")"
}

// find is the line by its name or number. A name of digits alone is a number.
func (c *Chip) find(spec Spec) (line, error) {
	n, err := strconv.Atoi(spec.Line)
	i := slices.IndexFunc(c.lines, func(l line) bool { return err == nil && l.number == n || err != nil && l.name == spec.Line })
	if i < 0 {
		return line{}, c.failed(spec, fmt.Errorf("%w: the chip has %d, 0 to %d", ErrNoLine, len(c.lines), len(c.lines)-1))
	}
	return c.lines[i], nil
}

// failed is an error that names line and chip.
func (c *Chip) failed(spec Spec, err error) error {
	return fmt.Errorf("line %s of %s: %w", spec.Line, c, err)
}
