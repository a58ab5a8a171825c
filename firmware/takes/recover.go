package takes

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"orionbox/audio/mp3"
	"orionbox/audio/wav"
)

// Recover repairs what a power cut left in the sessions below root, or in root if that is a session itself: recordings that
// were not closed are made whole, and the journal tells so. No sound is deleted, and what is whole is not touched, so that a
// second run writes nothing. A session that is being recorded is left alone and stands in the report as in use.
//
// It goes on over every fault; the error joins them all, each with its file. When ctx ends it finishes the file that it is
// at and no other; the error is that of ctx then, the report tells of what was reached, and another run does the rest.
func Recover(ctx context.Context, root string, log *slog.Logger) (Report, error) {
	return recovery{repairMP3: repairMP3, repairWAV: repairWAV, now: time.Now, log: log}.run(ctx, root)
}

// sound is what the repair of a recording found; both formats' reports fit in.
type sound struct {
	samples  int64
	rate     int
	channels int
	trimmed  int64 // bytes
	mended   int   // frames of silence put in
	closed   bool
	foreign  bool
}

func repairMP3(path string) (sound, error) {
	r, err := mp3.Repair(path)
	if errors.Is(err, mp3.ErrForeign) {
		return sound{foreign: true}, nil
	}
	return sound{samples: r.Samples, rate: r.Format.Rate, channels: r.Format.Channels, trimmed: r.TrimmedBytes, mended: r.Mended, closed: r.Closed}, err
}

func repairWAV(path string) (sound, error) {
	r, err := wav.Repair(path)
	if errors.Is(err, wav.ErrForeign) {
		return sound{foreign: true}, nil
	}
	return sound{samples: r.Samples, rate: r.Format.Rate, channels: r.Format.Channels, trimmed: r.TrimmedBytes, closed: r.Closed}, err
}

// recovery is one run of Recover with what it needs.
type recovery struct {
	repairMP3, repairWAV func(path string) (sound, error)
	now                  func() time.Time
	log                  *slog.Logger
}

func (r recovery) run(ctx context.Context, root string) (Report, error) {
	report := Report{Root: root, Sessions: []SessionReport{}}
	folders, err := sessionFolders(root)
	if err != nil {
		return report, fmt.Errorf("recover: %w", err)
	}
	var errs []error
	for _, dir := range folders {
		if ctx.Err() != nil {
			break
		}
		s, err := r.session(ctx, dir)
		report.Sessions = append(report.Sessions, s)
		if err != nil {
			errs = append(errs, fmt.Errorf("recover %s: %w", dir, err))
		}
	}
	if err := ctx.Err(); err != nil {
		errs = append(errs, fmt.Errorf("recover: %w before all was looked at", err))
	}
	return report, errors.Join(errs...)
}

// sessionFolders is root itself if it is a session, else those in it.
func sessionFolders(root string) ([]string, error) {
	info, err := os.Stat(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; name the folder of the recordings", err)
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder", root)
	}
	if abs, err := filepath.Abs(root); err == nil && strings.HasPrefix(filepath.Base(abs), sessionPrefix) {
		return []string{root}, nil
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), sessionPrefix) {
			dirs = append(dirs, filepath.Join(root, e.Name()))
		}
	}
	return dirs, nil
}

// session repairs one folder: the recordings first, for they count, then the journal.
func (r recovery) session(ctx context.Context, dir string) (SessionReport, error) {
	report := SessionReport{Folder: filepath.Base(dir), Journal: JournalNone, Files: []FileReport{}}
	held, err := lockFolder(dir, false)
	if errors.Is(err, ErrInUse) {
		r.log.Warn("recover", "folder", dir, "err", err)
		report.InUse = true
		return report, nil
	}
	if err != nil {
		return report, err
	}
	defer held.Close() // read only: there is nothing that could fail to be written
	var errs []error
	if report.Files, err = r.recordings(ctx, dir); err != nil {
		errs = append(errs, err)
	}
	if ctx.Err() != nil { // a journal must not be told of half of the files
		report.Journal = JournalLeft
	} else if err := r.diary(dir, &report); err != nil {
		errs = append(errs, err)
	}
	return report, errors.Join(errs...)
}

func (r recovery) recordings(ctx context.Context, dir string) ([]FileReport, error) {
	files := []FileReport{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return files, err
	}
	var errs []error
	for _, e := range entries {
		if ctx.Err() != nil {
			break
		}
		name, ok := ParseName(e.Name())
		if !ok || !e.Type().IsRegular() {
			continue
		}
		f, err := r.recording(filepath.Join(dir, e.Name()), name)
		files = append(files, f)
		if err != nil {
			errs = append(errs, err)
		}
	}
	return files, errors.Join(errs...)
}

func (r recovery) recording(path string, name Recording) (FileReport, error) {
	f := FileReport{Name: filepath.Base(path), Take: name.Take, Studio: name.Studio}
	repair := r.repairWAV
	if name.Studio {
		repair = r.repairMP3
	}
	s, err := repair(path)
	f.Samples, f.Rate, f.Channels, f.Trimmed, f.Mended = s.samples, s.rate, s.channels, s.trimmed, s.mended
	if info, statErr := os.Stat(path); statErr == nil {
		f.Bytes = info.Size()
	}
	switch {
	case err != nil:
		f.State, f.Error = StateFailed, err.Error()
		r.log.Error("recover recording", "file", path, "err", err)
	case s.foreign:
		f.State = StateForeign
	case s.rate == 0 || s.samples == 0:
		f.State = StateEmpty
	case !s.closed:
		f.State = StateRepaired
		r.log.Info("recovered recording", "file", path, "samples", s.samples, "trimmed", s.trimmed, "mended", s.mended)
	default:
		f.State = StateWhole
	}
	return f, err
}

// diary brings the journal in step with the files.
func (r recovery) diary(dir string, report *SessionReport) error {
	j, log, state, err := adopt(dir, len(report.Files) > 0)
	report.Journal = state
	if err != nil || j == nil {
		return err
	}
	err = j.appendAll(missingLines(log.Entries, report, state, r.now()))
	return errors.Join(err, j.close())
}

// adopt opens the journal of a session that nobody records. One of which not a line can be read is put aside; where there is
// none a new one is made, if there are files to tell of.
func adopt(dir string, files bool) (*journal, Log, JournalState, error) {
	path := filepath.Join(dir, journalName)
	j, log, err := openJournal(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if !files {
			return nil, log, JournalNone, nil
		}
	case err != nil:
		return nil, log, JournalFailed, fmt.Errorf("open journal: %w", err)
	case len(log.Entries) > 0:
		state := JournalWhole
		if log.Whole != log.Size {
			state = JournalMended
		}
		if err := j.mend(log); err != nil {
			return nil, log, JournalFailed, errors.Join(err, j.close())
		}
		return j, log, state, nil
	case log.Size == 0:
		return j, log, JournalRebuilt, nil
	default:
		if err := errors.Join(j.close(), putAside(path)); err != nil {
			return nil, log, JournalFailed, fmt.Errorf("put damaged journal aside: %w", err)
		}
	}
	if j, err = newJournal(path); err != nil {
		return nil, log, JournalFailed, fmt.Errorf("rebuild journal: %w", err)
	}
	return j, log, JournalRebuilt, nil
}

// putAside gives a damaged journal a name that is free.
func putAside(path string) error {
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.damaged-%d", path, n)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			return os.Rename(path, aside)
		} else if err != nil {
			return err
		}
	}
}

// missingLines is what a journal has to be told of the files beside it; nothing, if it knows all.
func missingLines(entries []Entry, report *SessionReport, state JournalState, now time.Time) []Entry {
	started, ended, open := digest(entries)
	var lines []Entry
	for _, f := range report.Files {
		if f.State == StateWhole && ended[f.Name] || f.State == StateForeign || f.State == StateFailed || f.State == StateEmpty {
			continue
		}
		lines = append(lines, f.entry(now))
	}
	for _, name := range slices.Sorted(maps.Keys(started)) {
		if !ended[name] && !report.has(name) {
			report.Files = append(report.Files, missing(name))
		}
	}
	if len(lines) > 0 || open || state == JournalRebuilt {
		lines = append(lines, Entry{Kind: KindSession, Time: now, Text: Recovered})
	}
	return lines
}

// digest tells of which files a journal has the start and the end, and whether the session was left open.
func digest(entries []Entry) (started, ended map[string]bool, open bool) {
	started, ended = map[string]bool{}, map[string]bool{}
	for _, e := range entries {
		switch e.Kind {
		case KindTakeStart, KindVoiceStart:
			started[e.File] = true
		case KindTakeStop, KindVoiceStop, KindTakeRecovered, KindVoiceRecovered:
			ended[e.File] = true
		case KindSession:
			open = e.Text == Opened
		}
	}
	delete(started, "")
	return started, ended, open
}
