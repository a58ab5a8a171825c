package firmware

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"orionbox/firmware/conf"
	"orionbox/firmware/hub/server"
	"orionbox/firmware/takes"
	"orionbox/firmware/upkeep"
	"orionbox/webadmin"
)

// LogLines is how many lines of the log a box keeps for its page.
const LogLines = 2000

// updateBy puts a newer version on a computer that got this one as a package. An appliance takes one by its page.
const updateBy = "apt install ./orionbox.deb"

// afterwards is what a box does once it has stopped.
type afterwards int

const (
	stay  afterwards = iota // stopped
	again                   // start again
	asNew                   // forget all but recordings, and start again
)

// caretaker is what was asked of the box as a whole.
type caretaker struct {
	mu     sync.Mutex
	then   afterwards
	bundle sync.Mutex // one at a time: each takes memory
}

// Restarts tells, once Run has returned, whether the box is to be started again.
func (b *Box) Restarts() bool {
	b.caretaker.mu.Lock()
	defer b.caretaker.mu.Unlock()
	return b.caretaker.then != stay
}

// leave has the box stop, and says what then.
func (b *Box) leave(ctx context.Context, then afterwards) error {
	b.caretaker.mu.Lock() // until then is said: Run asks for it once the box has stopped
	defer b.caretaker.mu.Unlock()
	if err := b.direct.Leave(ctx, then == asNew); err != nil {
		return asRefusal(err)
	}
	b.caretaker.then = then
	return nil
}

// renew makes the box that has stopped a new one, if that was asked for.
func (b *Box) renew() error {
	b.caretaker.mu.Lock()
	defer b.caretaker.mu.Unlock()
	if b.caretaker.then != asNew {
		return nil
	}
	b.log.Warn("factory reset: settings and memory go, recordings stay")
	return b.reset().Do()
}

func (b *Box) reset() upkeep.Reset {
	return upkeep.Reset{
		Conf:  b.cfg.Conf,
		Files: []string{b.dialogPath(), b.outboxPath(), CodePath(b.cfg.Settings.AudioSettings.RecordingLocation)},
		Hub:   b.hidden("hub"), HubFiles: server.Files(),
	}
}

// system is the box and its computer as the page's.
type system struct{ box *Box }

// Facts implements webadmin.System. What cannot be read is missing.
func (s system) Facts() webadmin.SystemFacts {
	folder := s.box.cfg.Settings.AudioSettings.RecordingLocation
	f := webadmin.SystemFacts{Folder: folder, SwitchesOff: s.box.switchesOff(), NewPage: "port " + conf.Defaults().Admin.Listen[1:], Update: updateBy}
	if disk, err := upkeep.DiskOf(folder); err == nil {
		f.Size, f.Free = disk.Size, disk.Free
	}
	links, _ := upkeep.Links()
	for _, l := range links {
		f.Links = append(f.Links, webadmin.SystemLink{Name: l.Name, Hardware: l.Hardware, Up: l.Up, Addresses: l.Addresses})
	}
	return f
}

// Log implements webadmin.System.
func (s system) Log(after int64, least slog.Level) []webadmin.LogLine {
	lines := s.box.cfg.Book.Lines(after, least)
	if len(lines) == 0 {
		return nil
	}
	scrubber := s.box.scrubber()
	shown := make([]webadmin.LogLine, len(lines))
	for i, l := range lines {
		shown[i] = webadmin.LogLine{Seq: l.Seq, Text: scrubber.Scrub(l.Text)}
	}
	return shown
}

// Restart implements webadmin.System.
func (s system) Restart(ctx context.Context) error { return s.box.leave(ctx, again) }

// Reset implements webadmin.System.
func (s system) Reset(ctx context.Context) error { return s.box.leave(ctx, asNew) }

// Bundle implements webadmin.System.
func (s system) Bundle(ctx context.Context, w io.Writer) error {
	if !s.box.caretaker.bundle.TryLock() {
		return &webadmin.Error{Status: http.StatusServiceUnavailable, Text: "diagnostics are being made already; try again in a minute"}
	}
	defer s.box.caretaker.bundle.Unlock()
	now := time.Now().Truncate(time.Second) // which archives round up
	name := fmt.Sprintf("orionbox-%s-%s", takes.FileName(s.box.cfg.Settings.Name()), now.UTC().Format("20060102-150405"))
	return upkeep.Bundle(ctx, w, name, now, s.box.pieces(), s.box.scrubber())
}

// scrubber hides all secrets that the box knows of: those it runs with, those that conn.conf has now, and its code.
func (b *Box) scrubber() upkeep.Scrubber {
	secrets := b.cfg.Settings.Secrets()
	if f, err := conf.Load(b.cfg.Conf); err == nil {
		secrets = append(secrets, f.Secrets()...)
	}
	code, err := ReadCode(CodePath(b.cfg.Settings.AudioSettings.RecordingLocation))
	if err == nil && code != "" {
		secrets = append(secrets, code, plainCode(code))
	}
	return upkeep.NewScrubber(secrets)
}

var errNoConf = errors.New("this box has no conn.conf")

// file is conn.conf as it is now.
func (b *Box) file() (*conf.File, error) {
	if b.cfg.Conf == "" {
		return nil, errNoConf
	}
	return conf.Load(b.cfg.Conf)
}

// disks are those of the recordings and of conn.conf.
func (b *Box) disks() (all []upkeep.Disk) {
	for _, folder := range []string{b.cfg.Settings.AudioSettings.RecordingLocation, filepath.Dir(b.cfg.Conf), "/"} {
		if d, err := upkeep.DiskOf(folder); err == nil {
			all = append(all, d)
		}
	}
	return all
}
