package strip

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
)

// From linux/spi/spidev.h: _IOW('k', 1, __u8) and _IOW('k', 4, __u32).
const (
	spiSetMode  = 0x40016b01
	spiSetSpeed = 0x40046b04
)

// port is a spidev of the kernel, written to and never read, which is all that a strip needs. periph has one of its own,
// but importing it also brings in a second driver for GPIO lines, which takes the names of the first.
type port struct {
	file *os.File
}

func openPort(path string) (*port, error) {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return &port{file}, nil
}

// Connect sets how the bytes go out; see spi.Port.
func (p *port) Connect(f physic.Frequency, mode spi.Mode, bits int) (spi.Conn, error) {
	if bits != 8 {
		return nil, fmt.Errorf("set up %s: %d bits a word is not possible", p, bits)
	}
	if err := p.set(spiSetMode, int(mode&spi.Mode3)); err != nil {
		return nil, err
	}
	return p, p.LimitSpeed(f)
}

// LimitSpeed sets the clock; see spi.Port.
func (p *port) LimitSpeed(f physic.Frequency) error {
	return p.set(spiSetSpeed, int(f/physic.Hertz))
}

// set passes a small number, of which the kernel takes the low byte or the low four.
func (p *port) set(request uint, value int) error {
	if err := unix.IoctlSetPointerInt(int(p.file.Fd()), request, value); err != nil {
		return fmt.Errorf("set up %s: %w: is it an SPI device?", p, err)
	}
	return nil
}

// Tx writes w; see conn.Conn.
func (p *port) Tx(w, r []byte) error {
	if len(r) != 0 {
		return errors.New("a strip tells nothing")
	}
	_, err := p.file.Write(w)
	return err
}

// TxPackets is not needed by a strip; see spi.Conn.
func (p *port) TxPackets([]spi.Packet) error { return errors.New("packets are not possible") }

// Duplex is one way; see conn.Conn.
func (p *port) Duplex() conn.Duplex { return conn.Half }

func (p *port) String() string { return p.file.Name() }
func (p *port) Close() error   { return p.file.Close() }
