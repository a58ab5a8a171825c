package board

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Time is whether the clock on the wall is to be trusted: names and journals carry it. The session's own clock does not
// need it.
type Time struct {
	Known        bool `json:"known"`          // whether Synchronised is
	Synchronised bool `json:"synchronised"`   // by a time server, since the computer started
	Hardware     bool `json:"hardware_clock"` // there is a clock that went on while the power was off
}

// Time asks the kernel, and looks for the file that systemd-timesyncd leaves.
func (b *Board) Time() Time {
	t := Time{Hardware: b.hardwareClock()}
	if b.kernel != nil {
		if status, err := b.kernel(); err == nil {
			t.Known, t.Synchronised = true, status&unix.STA_UNSYNC == 0
		}
	}
	if _, err := os.Stat(filepath.Join(b.root, "run/systemd/timesync/synchronized")); err == nil {
		t.Known, t.Synchronised = true, true
	} else if _, err := os.Stat(filepath.Join(b.root, "run/systemd/timesync")); err == nil {
		t.Known = true
	}
	return t
}

func clockStatus() (int, error) {
	var t unix.Timex // without modes it only reads
	_, err := unix.Adjtimex(&t)
	return int(t.Status), err
}

// hardwareClock looks for one that has kept the time: that of a Pi 5 is there without a battery as well, and then begins in
// 1970.
func (b *Board) hardwareClock() bool {
	for _, clock := range b.match("sys/class/rtc/rtc*") {
		if plausible(b.read(filepath.Join(clock, "since_epoch"))) {
			return true
		}
	}
	return false
}

const earliest = 1_735_689_600 // 2025-01-01: before this program was written, in seconds since 1970

func plausible(seconds string) bool {
	n, err := strconv.ParseInt(strings.TrimSpace(seconds), 10, 64)
	return err == nil && n >= earliest
}
