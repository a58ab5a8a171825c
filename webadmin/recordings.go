package webadmin

import (
	"context"
	"io"
	"time"
)

// Recordings are those on the box's disk.
type Recordings interface {
	// Sessions are all of them, newest first, to be written as JSON.
	Sessions(ctx context.Context) (any, error)
	// Open opens one to be played or carried away.
	Open(session, file string) (io.ReadSeekCloser, RecordingInfo, error)
	// Zip writes recordings of a session, all if none is named, and its journal.
	Zip(w io.Writer, session string, files []string) error
	// Delete deletes recordings. What no producer has is not, unless the token says that a person was asked about just that: then
	// asked has the one to say it with.
	Delete(session string, files []string, token string) (asked *Undelivered, err error)
	// Peaks is the picture of a recording, in at most so many points; false while it is being drawn.
	Peaks(ctx context.Context, session, file string, points int) (peaks []Peak, done bool, err error)
}

// RecordingInfo is about a recording that was opened.
type RecordingInfo struct {
	File     string
	Type     string // as HTTP names it
	Modified time.Time
}

// Undelivered is what no producer has.
type Undelivered struct {
	Files []string
	Token string
}

// Peak is the lowest and highest sample of a point of a picture, in 127ths of full scale.
type Peak struct{ Min, Max int8 }

// Exporter makes a session into a project for an editor.
type Exporter interface {
	// Export writes it as a zip, once all of it is made, which takes a while.
	Export(ctx context.Context, w io.Writer, session string) error
}
