package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sys/unix"

	"orionbox/firmware/clock"
)

// clockFile keeps the hub's time line for as long as the machine is up.
const clockFile = "clock.json"

// hubClock is the time all boxes of the hub share. It runs with the machine's time since boot, which no wall clock
// steps, and goes on through a hub's end and new start. Only a machine that was off begins a new time line, by the wall
// clock but never before what was stored by the old one; it has a new name.
type hubClock struct {
	name   string
	offset time.Duration // what the time is ahead of boot time
}

// timeline is a hubClock as it is kept.
type timeline struct {
	Boot   string        `json:"boot"` // of the machine
	Name   string        `json:"name"`
	Offset time.Duration `json:"offset_ns"`
}

func openClock(ctx context.Context, dir string, st *store, log *slog.Logger) (*hubClock, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil, fmt.Errorf("open the hub's clock: %w", err)
	}
	name := filepath.Join(dir, clockFile)
	kept, err := readTimeline(name)
	if err != nil {
		log.Error("a new session clock begins: places told by the old one are no longer known", "error", err)
	}
	this := strings.TrimSpace(string(boot))
	if kept.Boot != this {
		latest, err := st.latest(ctx)
		if err != nil {
			return nil, fmt.Errorf("open the hub's clock: %w", err)
		}
		kept = newTimeline(this, time.Now(), sinceBoot(), latest)
		data, err := json.Marshal(kept)
		if err == nil {
			err = writeFile(name, data)
		}
		if err != nil {
			return nil, fmt.Errorf("keep the hub's clock: %w", err)
		}
	}
	return &hubClock{kept.Name, kept.Offset}, nil
}

// readTimeline reads what is kept; a file that is not there is of no boot, and so is one that cannot be read.
func readTimeline(name string) (t timeline, err error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return timeline{}, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &t)
	}
	if err == nil && t.Name == "" {
		err = errors.New("it names no clock")
	}
	if err != nil {
		return timeline{}, fmt.Errorf("read %s: %w", name, err)
	}
	return t, nil
}

// newTimeline begins one: a machine without a battery for its clock may believe to be in the past, so it begins no
// earlier than a second after the latest that was stored.
func newTimeline(boot string, wall time.Time, sinceBoot time.Duration, latest clock.Instant) timeline {
	now := max(clock.InstantOf(wall), latest.Add(time.Second))
	return timeline{boot, newName(), time.Duration(now) - sinceBoot}
}

// now is the hub's time.
func (c *hubClock) now() clock.Instant { return clock.Instant(sinceBoot() + c.offset) }

// sinceBoot runs on while the machine sleeps.
func sinceBoot() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) // there since Linux 2.6.39
	return time.Duration(t.Nano())
}

// latest is the hub's time at which the last post was stored, by whichever hub; 0 if there is none.
func (st *store) latest(ctx context.Context) (clock.Instant, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	stream, err := st.js.Stream(ctx, postStream)
	if err != nil {
		return 0, err
	}
	msg, err := stream.GetLastMsgForSubject(ctx, postSubject+">")
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	at, err := strconv.ParseInt(msg.Header.Get(storedAt), 10, 64)
	if err != nil {
		return 0, nil // not ours
	}
	return clock.Instant(at), nil
}
