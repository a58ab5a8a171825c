package board

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Time is whether the clock on the wall is to be trusted: names and journals carry it. The session's own clock does not
// need it.
type Time struct {
	Known        bool `json:"known"`          // whether Synchronised is
	Synchronised bool `json:"synchronised"`   // by a time server, since the computer started
	Hardware     bool `json:"hardware_clock"` // there is a clock that went on while the power was off
	// Set is by how much it was set, at once, since the program looked first. Nanoseconds.
	Set time.Duration `json:"set_ns"`
}

// stepped is how much further the clock on the wall has gone than the monotonic one, to the millisecond. How the kernel keeps
// them right by little and little both have alike.
func stepped(from, now time.Time) time.Duration {
	return (now.Round(0).Sub(from.Round(0)) - now.Sub(from)).Round(time.Millisecond)
}

// Time asks the kernel, and looks for the file that systemd-timesyncd leaves.
func (b *Board) Time() Time {
	t := Time{Hardware: b.hardwareClock(), Set: stepped(b.born, time.Now())}
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
