package firmware

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"orionbox/firmware/library"
	"orionbox/webadmin"
)

// recordings is the library as the page shows it.
type recordings struct {
	lib     *library.Library
	mu      sync.Mutex
	drawing map[string]bool // by session and file
}

// newRecordings is the library of the box. Its hub and its outbox may come later than it.
func (b *Box) newRecordings() *recordings {
	set := b.cfg.Settings
	return &recordings{drawing: map[string]bool{}, lib: library.New(library.Config{
		Root: set.AudioSettings.RecordingLocation, Name: set.Name(), Box: b.direct.ID, Deleted: b.direct.Deleted,
	}, b.log.With("part", "library"))}
}

func (r *recordings) Sessions(ctx context.Context) (any, error) { return r.lib.Sessions(ctx) }

func (r *recordings) Open(session, file string) (io.ReadSeekCloser, webadmin.RecordingInfo, error) {
	f, info, err := r.lib.Open(session, file)
	return f, webadmin.RecordingInfo{File: info.File, Type: info.Type, Modified: info.Modified}, notThere(err)
}

func (r *recordings) Zip(w io.Writer, session string, files []string) error {
	return notThere(r.lib.Zip(w, session, files))
}

func (r *recordings) Delete(session string, files []string, token string) (*webadmin.Undelivered, error) {
	err := r.lib.Delete(session, files, library.Sure{Token: token})
	var undelivered *library.Undelivered
	if errors.As(err, &undelivered) {
		return &webadmin.Undelivered{Files: undelivered.Files, Token: undelivered.Token}, nil
	}
	return nil, notThere(err)
}

// soon is how long a page waits for a picture that is not drawn yet.
const soon = 500 * time.Millisecond

// Peaks has a picture drawn to its end, whoever waits for it: it takes a minute or more an hour of sound.
func (r *recordings) Peaks(ctx context.Context, session, file string, points int) ([]webadmin.Peak, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	peaks, err := r.lib.Peaks(ctx, session, file, points)
	if errors.Is(err, context.DeadlineExceeded) {
		r.draw(session, file)
		return nil, false, nil
	}
	made := make([]webadmin.Peak, len(peaks))
	for i, p := range peaks {
		made[i] = webadmin.Peak{Min: p.Min, Max: p.Max}
	}
	return made, true, notThere(err)
}

func (r *recordings) draw(session, file string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := session + "/" + file
	if r.drawing[key] {
		return
	}
	r.drawing[key] = true
	go func() {
		_, _ = r.lib.Peaks(context.Background(), session, file, 1) // what went wrong the next look tells
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.drawing, key)
	}()
}

// notThere gives errors of the library their HTTP status.
func notThere(err error) error {
	switch {
	case errors.Is(err, library.ErrNotFound), errors.Is(err, library.ErrBadName):
		return &webadmin.Error{Status: http.StatusNotFound, Text: err.Error()}
	case errors.Is(err, library.ErrInUse):
		return &webadmin.Error{Status: http.StatusConflict, Text: err.Error()}
	}
	return err
}
