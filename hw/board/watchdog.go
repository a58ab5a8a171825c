package board

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrNoWatchdog is the error when the board has none.
var ErrNoWatchdog = errors.New("no watchdog")

// Watchdog restarts the computer when it is not kept alive: that is what it is for, so it is opened only when somebody
// asked for it. See the kernel's watchdog-api.rst.
type Watchdog struct {
	file *os.File
}

// OpenWatchdog opens the board's watchdog, which from then on wants KeepAlive more often than once in timeout, in whole
// seconds. A Pi's takes 15 s at most; one that cannot be set keeps its own time, which is seldom below 10 s. If the program
// ends without Close, the computer restarts.
func (b *Board) OpenWatchdog(timeout time.Duration) (*Watchdog, error) {
	file, err := os.OpenFile(filepath.Join(b.root, "dev/watchdog"), os.O_WRONLY, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("open watchdog: %w", ErrNoWatchdog)
	case errors.Is(err, syscall.EBUSY):
		return nil, fmt.Errorf("open watchdog: %w: systemd may have it (RuntimeWatchdogSec), which is as good", err)
	case err != nil:
		return nil, fmt.Errorf("open watchdog: %w", err)
	}
	w := &Watchdog{file}
	err = unix.IoctlSetPointerInt(int(file.Fd()), unix.WDIOC_SETTIMEOUT, int(timeout/time.Second))
	if err != nil && !errors.Is(err, syscall.ENOTTY) && !errors.Is(err, syscall.EOPNOTSUPP) {
		return nil, errors.Join(fmt.Errorf("set watchdog to %v: %w: use 15 s or less", timeout, err), w.Close())
	}
	return w, nil
}

// KeepAlive tells that all is well.
func (w *Watchdog) KeepAlive() error {
	if _, err := w.file.Write([]byte{0}); err != nil {
		return fmt.Errorf("keep watchdog quiet: %w", err)
	}
	return nil
}

// Close disarms the watchdog, by the letter that the kernel wants for it, and lets go of it.
func (w *Watchdog) Close() error {
	_, err := w.file.Write([]byte("V"))
	if err != nil {
		err = fmt.Errorf("disarm watchdog: %w", err)
	}
	return errors.Join(err, w.file.Close())
}
