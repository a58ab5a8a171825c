package board

import (
	"path/filepath"
	"strconv"
	"strings"
)

// Power is what a Raspberry Pi's firmware has noticed: now, and at any time since it was switched on.
type Power struct {
	Undervoltage    bool `json:"undervoltage"` // below 4.63 V: the supply or its cable is too weak, and cards get corrupted
	Throttled       bool `json:"throttled"`    // slowed down, for heat or for want of power
	HadUndervoltage bool `json:"had_undervoltage"`
	HadThrottling   bool `json:"had_throttling"`
}

// Bits of get_throttled, as Raspberry Pi's documentation of vcgencmd numbers them. The frequency capped and the soft limit
// on temperature are both a slower processor.
const (
	bitUndervoltage = 1 << 0
	bitsThrottled   = 1<<1 | 1<<2 | 1<<3
	shiftSinceStart = 16
)

// Power asks the firmware, or, where it has no file, the kernel's voltage monitor, which knows the present undervoltage
// alone. Not ok: the board does not watch its power.
func (b *Board) Power() (p Power, ok bool) {
	// soc:firmware below soc up to the Pi 4; with its address in both names on a Pi 5
	for _, file := range b.match("sys/devices/platform/soc*/soc*:firmware/get_throttled") {
		if p, ok := parseThrottled(b.read(file)); ok {
			return p, true
		}
	}
	for _, monitor := range b.match("sys/class/hwmon/hwmon*") {
		if strings.TrimSpace(b.read(filepath.Join(monitor, "name"))) != "rpi_volt" {
			continue
		}
		if low, ok := parseAlarm(b.read(filepath.Join(monitor, "in0_lcrit_alarm"))); ok {
			return Power{Undervoltage: low, HadUndervoltage: low}, true
		}
	}
	return Power{}, false
}

// parseThrottled reads the bits, in hexadecimal with or without 0x.
func parseThrottled(text string) (p Power, ok bool) {
	bits, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(text), "0x"), 16, 32)
	if err != nil {
		return p, false
	}
	since := bits >> shiftSinceStart
	return Power{
		Undervoltage:    bits&bitUndervoltage != 0,
		Throttled:       bits&bitsThrottled != 0,
		HadUndervoltage: (bits|since)&bitUndervoltage != 0,
		HadThrottling:   (bits|since)&bitsThrottled != 0,
	}, true
}

func parseAlarm(text string) (alarm, ok bool) {
	switch strings.TrimSpace(text) {
	case "0":
		return false, true
	case "1":
		return true, true
	}
	return false, false
}
