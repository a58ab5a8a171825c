package library

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"orionbox/audio/mp3"
	"orionbox/audio/wav"
	"orionbox/firmware/delivery"
	"orionbox/firmware/takes"
)

// look reads a session's folder. The error is that of a folder that cannot be read; all else is told as trouble.
func look(dir, box, name string) (folder, error) {
	f := folder{name: filepath.Base(dir), receipts: map[string]delivery.Receipt{}}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return f, err
	}
	f.read(dir, box, name)
	for _, e := range entries {
		f.take(dir, e)
	}
	return f, nil
}

// read takes in the journal.
func (f *folder) read(dir, box, name string) {
	past, err := takes.ReadAll(dir, time.Time{}, 1) // which reads no more than there is memory for
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.trouble = append(f.trouble, "it has no journal")
	case err != nil:
		f.trouble = append(f.trouble, err.Error())
	case len(past) > 0:
		f.log = past[0].Log
	}
	if bad := unread(f.log); bad != "" {
		f.trouble = append(f.trouble, bad)
	}
	if !slices.ContainsFunc(f.log.Entries, func(e takes.Entry) bool { return e.Kind == takes.KindSession }) {
		f.held = takes.InUse(dir) // asked only here, lest a repair finds the folder in use
	}
	f.tracks = takes.Tracks(f.log, box, name, f.name)
}

// take takes in one file.
func (f *folder) take(dir string, e fs.DirEntry) {
	path := filepath.Join(dir, e.Name())
	if of, ok := delivery.ReceiptOf(e.Name()); ok && isRecording(of) {
		r, err := delivery.ReadReceipt(filepath.Join(dir, of))
		if err != nil {
			f.trouble = append(f.trouble, err.Error())
		}
		f.receipts[of] = r
		return
	}
	if !isRecording(e.Name()) || !e.Type().IsRegular() {
		return
	}
	info, err := e.Info()
	if err != nil {
		return // it was deleted just now
	}
	file := file{name: e.Name(), bytes: info.Size(), modified: info.ModTime()}
	if t, known := f.track(file.name); !known || t.Open {
		if file.seconds, err = length(path, file.bytes, t.Bitrate, known); err != nil {
			f.trouble = append(f.trouble, err.Error())
		}
	}
	f.files = append(f.files, file)
}

func isRecording(name string) bool {
	_, err := takes.CheckFile(name)
	return err == nil
}

// length is that of a recording of which the journal does not tell it, in seconds. One that the journal knows still grows: then its
// bytes tell, without reading them.
func length(path string, bytes int64, bitrate int, known bool) (float64, error) {
	if !strings.HasSuffix(path, ".mp3") {
		r, err := wav.Open(path)
		if err != nil {
			return 0, err
		}
		return float64(r.Len()) / float64(r.Format().Rate), r.Close()
	}
	if known {
		if bitrate <= 0 {
			bitrate = mp3.DefaultBitrate
		}
		return float64(bytes) * 8 / 1000 / float64(bitrate), nil
	}
	r, err := mp3.Probe(path)
	if err != nil || r.Format.Rate <= 0 {
		return 0, err
	}
	return float64(r.Samples) / float64(r.Format.Rate), nil
}
