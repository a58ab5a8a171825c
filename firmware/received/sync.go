package received

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"orionbox/audio/mp3"
	"orionbox/firmware/takes"
)

// Report is what Sync did to a folder, by the names of files.
type Report struct {
	Chunks  []Written // all that stand now
	Wrote   []string
	Moved   []string // their new names
	Removed []string
	Aside   []string // the names of files that somebody had changed, and that are in the way of none now
	Waiting int      // chunks whose take is not here whole
}

// Sync brings the chunks' files in step with the chunks: of those that are of this folder, and whose takes are here whole.
// A file that somebody has changed since is never replaced or removed: as long as its chunk is the same it stays, else it
// gets a name that ends in _edited. Of a take that is not here nothing is touched.
//
// It goes on over what it cannot cut and joins the errors; a full disk ends it. Whenever it ends, by the power too, nothing is
// lost, and the next one does the rest.
func (f *Folder) Sync(ctx context.Context, chunks []takes.Chunk) (Report, error) {
	f.syncing.Lock()
	defer f.syncing.Unlock()
	s := syncer{Folder: f, whole: f.wholes()}
	err := s.run(ctx, chunks)
	if err != nil {
		err = fmt.Errorf("cut chunks in %s: %w", f.dir, err)
	}
	return s.report, err
}

// syncer is one run.
type syncer struct {
	*Folder
	whole  func(take string) bool
	loaded []Written
	stand  map[string][]Written // by name: what may be there
	report Report
}

func (s *syncer) run(ctx context.Context, chunks []takes.Chunk) error {
	wanted, err := s.wanted(chunks)
	errs := []error{err, s.sweep()}
	if s.loaded, err = s.loadIndex(); err != nil {
		return errors.Join(append(errs, err)...)
	}
	files, err := s.find(s.loaded, s.whole)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	s.stand = standing(files)
	for _, step := range plan(wanted, files, s.whole) {
		if err = ctx.Err(); err == nil {
			err = s.do(step, files[step.chunk.File].ours)
		}
		if err != nil {
			errs = append(errs, err)
		}
		if hopeless(err) {
			break
		}
	}
	return errors.Join(append(errs, s.save())...)
}

// standing is what the index says of the files that are there.
func standing(files map[string]state) map[string][]Written {
	stand := map[string][]Written{}
	for name, file := range files {
		if file.ours != nil {
			stand[name] = []Written{*file.ours}
		} else if len(file.was) > 0 {
			stand[name] = file.was
		}
	}
	return stand
}

// hopeless tells that no other step will do better.
func hopeless(err error) bool {
	for _, why := range []error{unix.ENOSPC, unix.EDQUOT, unix.EFBIG, unix.EROFS, unix.EIO, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, why) {
			return true
		}
	}
	return false
}

// wanted are the chunks of this folder, each once.
func (s *syncer) wanted(chunks []takes.Chunk) ([]Chunk, error) {
	var all []Chunk
	var errs []error
	known := map[int]bool{}
	for _, c := range chunks {
		if c.Studio == nil || c.Box != s.owner.Box || c.Session != s.owner.Session || known[c.Number] {
			continue
		}
		known[c.Number] = true
		chunk, err := ChunkOf(c)
		switch {
		case err != nil:
			errs = append(errs, err)
		case !s.whole(chunk.Take):
			s.report.Waiting++
		default:
			all = append(all, chunk)
		}
	}
	return all, errors.Join(errs...)
}

// wholes tells which takes are here whole, and looks at each once.
func (f *Folder) wholes() func(take string) bool {
	known := map[string]bool{}
	return func(take string) bool {
		whole, asked := known[take]
		if asked {
			return whole
		}
		if _, err := size(f.path(take)); err == nil && checkTake(take) == nil {
			r, err := mp3.Probe(f.path(take))
			whole = err == nil && r.Closed && r.Samples > 0
		}
		known[take] = whole
		return whole
	}
}

// sweep removes what a run that was cut off had begun.
func (s *syncer) sweep() error {
	entries, err := os.ReadDir(s.dir)
	errs := []error{err}
	for _, e := range entries {
		name, begun := strings.CutSuffix(strings.TrimPrefix(e.Name(), "."), ".tmp")
		if _, ok := takes.ParseChunkName(name); ok && begun && e.Name() == hidden(name) {
			errs = append(errs, s.hands.remove(s.path(e.Name())))
		}
	}
	return errors.Join(errs...)
}
