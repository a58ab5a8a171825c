package board

import (
	"path/filepath"
	"strconv"
	"strings"
)

// Temperature is the processor's, in degrees Celsius; of several sensors its own, else the hottest. A Raspberry Pi slows
// down from 80, a box in the sun gets there.
func (b *Board) Temperature() (celsius float64, ok bool) {
	var own bool
	for _, zone := range b.match("sys/class/thermal/thermal_zone*") {
		t, read := parseTemperature(b.read(filepath.Join(zone, "temp")))
		if !read {
			continue
		}
		is := processor(b.read(filepath.Join(zone, "type")))
		if !ok || is && !own || is == own && t > celsius {
			celsius, own, ok = t, is, true
		}
	}
	return celsius, ok
}

// processor tells by a zone's type whether it is the processor's: cpu-thermal on a Pi, x86_pkg_temp on a PC.
func processor(kind string) bool {
	return strings.Contains(kind, "cpu") || strings.Contains(kind, "pkg_temp")
}

// parseTemperature reads thousandths of a degree. A sensor that says nonsense says nothing.
func parseTemperature(text string) (celsius float64, ok bool) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < -60_000 || n > 200_000 {
		return 0, false
	}
	return float64(n) / 1000, true
}
