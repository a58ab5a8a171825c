package firmware

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"orionbox/audio/device"
	"orionbox/firmware/takes"
	"orionbox/firmware/upkeep"
)

// pieces are the files of the diagnostics, those first that tell most.
func (b *Box) pieces() []upkeep.Piece {
	return []upkeep.Piece{
		{Name: "about.txt", Make: b.about},
		{Name: "status.json", Make: b.statusText},
		{Name: "log.txt", Make: b.logText},
		{Name: "conn.conf", Make: b.confText},
		{Name: "problems.txt", Make: b.problemsText},
		{Name: "computer.txt", Make: b.computerText},
		{Name: "devices.txt", Make: devicesText},
		{Name: "journal.jsonl", Make: b.journalText},
	}
}

func (b *Box) about(context.Context) ([]byte, error) {
	var kernel unix.Utsname
	err := unix.Uname(&kernel)
	text := fmt.Sprintf("orionbox %s, %s, %s/%s\ncomputer: %s\nkernel: %s %s\nmade: %s\n\nSecrets are left out (***).\n", b.cfg.Version, runtime.Version(),
		runtime.GOOS, runtime.GOARCH, cmp.Or(b.gear.board.Model(), "not known"), unix.ByteSliceToString(kernel.Release[:]), unix.ByteSliceToString(kernel.Machine[:]),
		time.Now().Format(time.RFC3339))
	return []byte(text), err
}

// askLimit is how long the box may take to tell its status: one that hangs is what the diagnostics are for.
const askLimit = 5 * time.Second

func (b *Box) statusText(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	status, err := b.Status(ctx)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(status, "", "  ")
}

func (b *Box) logText(context.Context) ([]byte, error) {
	var text bytes.Buffer
	for _, line := range b.cfg.Book.Lines(0, slog.LevelDebug) {
		fmt.Fprintln(&text, line.Text)
	}
	return text.Bytes(), nil
}

func (b *Box) confText(context.Context) ([]byte, error) {
	f, err := b.file()
	if err != nil {
		return nil, err
	}
	return []byte(f.Redacted()), nil
}

func (b *Box) problemsText(context.Context) ([]byte, error) {
	f, err := b.file()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, p := range f.Problems() {
		fmt.Fprintln(&text, p)
	}
	if text.Len() == 0 {
		text.WriteString("none\n")
	}
	return text.Bytes(), nil
}

func (b *Box) computerText(context.Context) ([]byte, error) {
	links, err := upkeep.Links()
	return upkeep.PrintComputer(links, b.disks()), err
}

// listLimit is how long a sound system may take to tell its devices.
const listLimit = 10 * time.Second

func devicesText(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	type list struct {
		devices []device.Info
		err     error
	}
	found := make(chan list, 1)
	go func() {
		devices, err := device.List()
		found <- list{devices, err}
	}()
	select {
	case l := <-found:
		return printDevices(l.devices), l.err
	case <-ctx.Done():
		return nil, fmt.Errorf("list devices: %w", context.Cause(ctx))
	}
}

func printDevices(devices []device.Info) []byte {
	if len(devices) == 0 {
		return []byte("none\n")
	}
	var text bytes.Buffer
	for _, d := range devices {
		fmt.Fprintf(&text, "%s\t%s\t%s\tmic: %t, speakers: %t, default: %t\n", d.ID, d.Name, d.System, d.Capture, d.Playback, d.Default)
	}
	return text.Bytes()
}

// journalText is the journal of the session that runs, or was the last.
func (b *Box) journalText(context.Context) ([]byte, error) {
	dir, err := upkeep.LastSession(b.cfg.Settings.AudioSettings.RecordingLocation, takes.JournalName)
	if err != nil {
		return nil, err
	}
	return upkeep.ReadTail(filepath.Join(dir, takes.JournalName))
}
