package invite

import (
	"bufio"
	"fmt"
	"io"

	"rsc.io/qr"
)

const (
	quiet  = 4 // modules of white around the code, as ISO/IEC 18004 wants
	pixels = 8 // a module of the PNG
	// ink is black on white by numbers (xterm's colours 16 and 231) which, unlike the plain 30 and 47, no theme changes: on a dark
	// theme the code would be white on black, which many phones do not read.
	ink   = "\x1b[38;5;16;48;5;231m"
	plain = "\x1b[0m"
)

// code draws s as small as can be, with as much error correction as that size has room for: nothing dirties a screen, but
// a code that does not fit on it cannot be read at all.
func code(s string) (*qr.Code, error) {
	best, err := qr.Encode(s, qr.L)
	if err != nil {
		return nil, fmt.Errorf("draw QR code of %d characters: %w", len(s), err)
	}
	for _, level := range []qr.Level{qr.M, qr.Q, qr.H} {
		if c, err := qr.Encode(s, level); err == nil && c.Size == best.Size {
			best = c
		}
	}
	best.Scale = pixels
	return best, nil
}

// PNG is the QR code of s as an image with its white border. It shows the secrets of an invite: it belongs in a file that
// only the owner reads.
func PNG(s string) ([]byte, error) {
	c, err := code(s)
	if err != nil {
		return nil, err
	}
	return c.PNG(), nil
}

// Terminal writes the QR code of s for a terminal, a column a module and a line for two, in black on white whatever the
// theme. A full invite takes about 70 columns and 35 lines.
func Terminal(w io.Writer, s string) error {
	c, err := code(s)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	for y := -quiet; y < c.Size+quiet; y += 2 {
		out.WriteString(ink)
		for x := -quiet; x < c.Size+quiet; x++ {
			out.WriteString(half(c.Black(x, y), c.Black(x, y+1)))
		}
		out.WriteString(plain + "\n")
	}
	return out.Flush()
}

// half is the character whose upper and lower half are inked or not.
func half(upper, lower bool) string {
	switch {
	case upper && lower:
		return "█"
	case upper:
		return "▀"
	case lower:
		return "▄"
	}
	return " "
}
