package firmware

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"orionbox/firmware/export"
	"orionbox/firmware/takes"
	"orionbox/webadmin"
)

// exporter makes a session into a project for an editor, on the disk of the recordings, and packs it: one at a time, and never at
// the cost of a take.
type exporter struct {
	box  *Box
	busy sync.Mutex
}

const (
	exportPrefix = ".export-"
	exportMargin = 200_000_000 // bytes above the reserve that an export leaves free
	exportLooks  = 250 * time.Millisecond
)

// sweep removes what exports of an earlier run have left.
func (b *Box) sweep() {
	left, err := filepath.Glob(filepath.Join(b.cfg.Settings.AudioSettings.RecordingLocation, exportPrefix+"*"))
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		b.log.Error("remove what exports have left", "err", err)
	}
}

// Export implements webadmin.Exporter. What was made is removed again.
func (e *exporter) Export(ctx context.Context, w io.Writer, session string) (err error) {
	if !e.busy.TryLock() {
		return &webadmin.Error{Status: http.StatusServiceUnavailable, Text: "an export is being made: try again when it is done"}
	}
	defer e.busy.Unlock()
	set := e.box.cfg.Settings
	at := set.AudioSettings.RecordingLocation
	folders, err := export.Find(at, Received(set.Hub.Store, at), session)
	if err != nil {
		return &webadmin.Error{Status: http.StatusNotFound, Text: err.Error()}
	}
	dir, err := os.MkdirTemp(at, exportPrefix)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	floor := set.AudioSettings.Reserve + exportMargin
	making, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go mind(making, cancel, at, floor)
	if _, err := export.Run(making, export.Config{Folders: folders, Dir: dir, Reserve: floor, Version: e.box.cfg.Version}); err != nil {
		if cause := context.Cause(making); cause != nil && ctx.Err() == nil {
			err = cause
		}
		return &webadmin.Error{Status: http.StatusConflict, Text: err.Error()}
	}
	return pack(ctx, w, dir)
}

// mind ends an export before it takes the room that recordings need.
func mind(ctx context.Context, end context.CancelCauseFunc, dir string, floor int64) {
	ticker := time.NewTicker(exportLooks)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if free, err := takes.Free(dir); err == nil && free < floor {
				end(errors.New("the disk has no room for an export: recordings come first"))
				return
			}
		}
	}
}

// pack writes all files of a folder, as they are: sound gets no smaller.
func pack(ctx context.Context, w io.Writer, dir string) error {
	to := zip.NewWriter(w)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return packFile(to, path, filepath.ToSlash(name))
	})
	return errors.Join(err, to.Close())
}

func packFile(to *zip.Writer, path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	entry, err := to.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err == nil {
		_, err = io.Copy(entry, f)
	}
	return err
}
