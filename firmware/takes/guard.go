package takes

import (
	"fmt"
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// Level is how much room the disk has.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Low  Level = "low"  // less than LowTime is left
	Full Level = "full" // at the reserve: a take must end
)

// LowTime is how long before the reserve is reached a person is told: long enough to finish the song and the one after.
const LowTime = 30 * time.Minute

// Guard judges a disk with free bytes, of which reserve shall stay, when recording takes bytesPerSecond; left is how long
// recording can go on.
func Guard(free, reserve, bytesPerSecond int64) (level Level, left time.Duration) {
	room := free - reserve
	if room <= 0 {
		return Full, 0
	}
	left = math.MaxInt64
	if bytesPerSecond > 0 && room/bytesPerSecond < int64(math.MaxInt64/time.Second) {
		left = time.Duration(float64(room) / float64(bytesPerSecond) * float64(time.Second))
	}
	if left < LowTime {
		return Low, left
	}
	return OK, left
}

// Free is how many bytes a user who is not root may still write to the disk that path is on.
func Free(path string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, fmt.Errorf("measure free space of %s: %w", path, err)
	}
	free := float64(s.Bavail) * float64(s.Frsize)
	if free >= math.MaxInt64 {
		return math.MaxInt64, nil
	}
	return int64(s.Bavail) * int64(s.Frsize), nil
}
