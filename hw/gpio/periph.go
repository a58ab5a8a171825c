package gpio

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/host/v3/gpioioctl"
)

// found is the chips of this machine.
func found() ([]*Chip, error) {
	mend := keepStdin()
	_, err := driverreg.Init()
	mend()
	if err != nil {
		return nil, fmt.Errorf("look for chips: %w", err)
	}
	var chips []*Chip
	for _, c := range gpioioctl.Chips {
		chips = append(chips, wrap(c))
	}
	if len(chips) == 0 {
		return nil, errors.New("this machine has none that may be opened: set [Hardware] chip to sim, or start the box again " +
			"once /dev/gpiochip* is there and its user is in the group gpio")
	}
	return chips, nil
}

// keepStdin undoes what periph does where two names lead to one chip, as on a Pi 5: it closes file 0 of the program,
// whose number the next file to be opened would get, and then perhaps lose.
func keepStdin() (mend func()) {
	kept, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return func() {} // there was no file 0
	}
	return func() {
		// the lowest free number is 0 if it was closed and nobody has it yet
		if again, err := unix.FcntlInt(uintptr(kept), unix.F_DUPFD, 0); err == nil && again != 0 {
			_ = unix.Close(again)
		}
		_ = unix.Close(kept)
	}
}

func wrap(c *gpioioctl.GPIOChip) *Chip {
	chip := &Chip{name: c.Name(), label: c.Label(), path: c.Path()}
	for _, l := range c.Lines() {
		chip.lines = append(chip.lines, line{l.Number(), l.Name(), l.Consumer(), l, l.Close})
	}
	return chip
}

// explain says what the kernel's answer means for the one who wired the line.
func explain(err error, l line) error {
	switch {
	case errors.Is(err, syscall.EBUSY) && l.consumer != "":
		return fmt.Errorf("%w by %s: use another line, or stop what has it", ErrTaken, l.consumer)
	case errors.Is(err, syscall.EBUSY):
		return fmt.Errorf("%w by another program or driver: use another line, or stop what has it", ErrTaken)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%w: put the box's user into the group gpio", err)
	}
	return err
}
