// Package export makes of a session what other programs open: a Reaper project, Audacity's labels, a set of WAVs of one
// length on the session clock, and a report that tells of each track where it lies and how far that is from what is heard.
//
//	journals --scene--> tracks, markers on one clock --+--> SESSION.rpp, labels.txt
//	takes (MP3), voice (WAV) --+--> media/*.wav         as recorded, which the project plays at its drift's rate
//	                           `--stretch--> wav/*.wav  resampled to the session clock: equal length, bext time reference
//	wav/*.wav --residual--> report.json
//
// It works on files alone; no box need run. What is missing is told and the rest made: a take that was not delivered yet is
// no reason to wait for the others. It takes nothing away: what is there already and is not an earlier export's is left
// alone, and nothing stands under its name before all is whole.
package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"orionbox/firmware/takes"
)

// Config says what to export and where to.
type Config struct {
	Folders  Folders
	Dir      string // new, empty, or an earlier export
	Rate     int    // of the WAV set; 48000 if 0
	Reserve  int64  // bytes of the disk to leave free: recordings may be growing on it
	Version  string
	Progress io.Writer // told what is being done, a line each; nobody if nil

	Zone *time.Location // that of times of day; this machine's if nil
	Now  func() time.Time
	Free func(dir string) (int64, error) // bytes left on the disk under a folder
}

func (c Config) withDefaults() (Config, error) {
	if c.Rate == 0 {
		c.Rate = 48000
	}
	if c.Rate < 8000 || c.Rate > 192000 {
		return c, fmt.Errorf("export: a rate of %d Hz is not offered: use 8000 to 192000, such as 44100 or 48000", c.Rate)
	}
	if c.Zone == nil {
		c.Zone = time.Local
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Free == nil {
		c.Free = takes.Free
	}
	if c.Progress == nil {
		c.Progress = io.Discard
	}
	return c, nil
}

// Run makes the export. On an error nothing new stands in the folder.
func Run(ctx context.Context, cfg Config) (Report, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return Report{}, err
	}
	s, err := read(cfg.Folders)
	if err != nil {
		return Report{}, err
	}
	if err := s.lay(cfg.Rate); err != nil {
		return Report{}, err
	}
	f, err := openFolder(cfg.Dir)
	if err != nil {
		return Report{}, err
	}
	report, err := cfg.make(ctx, s, f)
	if err != nil {
		return Report{}, errors.Join(fmt.Errorf("export %s: %w", cfg.Folders.Session, err), f.abort())
	}
	return report, f.close()
}

func (c Config) make(ctx context.Context, s *scene, f *folder) (Report, error) {
	lanes := s.lanes()
	if err := c.checkRoom(s, lanes); err != nil {
		return Report{}, err
	}
	if err := f.begin(); err != nil {
		return Report{}, err
	}
	if err := c.sound(ctx, s, lanes, f); err != nil {
		return Report{}, err
	}
	report := s.report(c, lanes)
	if err := c.listen(ctx, s, lanes, f, report.Tracks); err != nil {
		return Report{}, err
	}
	marks := s.marks(c.Zone)
	report.Regions, report.Points = len(marks.regions), len(marks.points)
	texts := map[string][]byte{
		projectName(s.folders.Session): []byte(project(s, lanes, marks, c.Now())),
		labelsName:                     []byte(labels(marks)),
	}
	return report, f.finish(&report, texts)
}

// checkRoom refuses what the disk has no room for, before it is begun.
func (c Config) checkRoom(s *scene, lanes []*lane) error {
	need := int64(16 << 20) // the project, and what a file system takes for itself
	for _, l := range lanes {
		need += s.frames * int64(l.channels) * setWidth
		for _, p := range l.pieces {
			need += p.frames * int64(p.format.Channels) * mediaWidth
		}
	}
	free, err := c.Free(existing(c.Dir))
	if err != nil {
		return err
	}
	if free-c.Reserve < need {
		return fmt.Errorf("it takes %s and the disk has %s left, of which recordings keep %s; name a folder on another disk",
			megabytes(need), megabytes(free), megabytes(c.Reserve))
	}
	return nil
}

// counted is a number of things in words.
func counted(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

func megabytes(n int64) string { return fmt.Sprintf("%d MB", (n+999_999)/1_000_000) }

// sound writes the WAVs, as many files at a time as there are processors.
func (c Config) sound(ctx context.Context, s *scene, lanes []*lane, f *folder) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wait sync.WaitGroup
	free := make(chan struct{}, runtime.NumCPU())
	for _, l := range lanes {
		fmt.Fprintf(c.Progress, "%s: %s\n", l.file, counted(len(l.pieces), "recording"))
		wait.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			if err := c.write(ctx, s, l, f); err != nil {
				stop(fmt.Errorf("%s: %w", l.file, err))
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}
