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

	"orionbox/firmware/export"
	"orionbox/webadmin"
)

// exporter makes a session into a project for an editor, on the disk of the recordings, and packs it.
type exporter struct {
	recordings, received string
	reserve              int64
	version              string
}

func (b *Box) exporter() exporter {
	set := b.cfg.Settings
	at := set.AudioSettings.RecordingLocation
	return exporter{at, Received(set.Hub.Store, at), set.AudioSettings.Reserve, b.cfg.Version}
}

// Export implements webadmin.Exporter. What was made is removed again.
func (e exporter) Export(ctx context.Context, w io.Writer, session string) (err error) {
	folders, err := export.Find(e.recordings, e.received, session)
	if err != nil {
		return &webadmin.Error{Status: http.StatusNotFound, Text: err.Error()}
	}
	dir, err := os.MkdirTemp(e.recordings, ".export-")
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if _, err := export.Run(ctx, export.Config{Folders: folders, Dir: dir, Reserve: e.reserve, Version: e.version}); err != nil {
		return &webadmin.Error{Status: http.StatusConflict, Text: err.Error()}
	}
	return pack(ctx, w, dir)
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
