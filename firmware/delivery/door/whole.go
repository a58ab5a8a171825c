package door

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/tus/tusd/v2/pkg/handler"

	"orionbox/audio/mp3"
	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
)

// Whole is what a box says of a file of which all bytes are here. The last Head bytes of the upload belong at the start of the
// file, in place of those that were sent first: a take's first frame is written once more when its length is known.
type Whole struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	Head   int64  `json:"head"`
}

const maxHead = 4 << 10 // bytes; a frame of an MP3 has no more than 1441

func (said Whole) check() error {
	if said.Bytes <= 0 || said.Head < 0 || said.Head > maxHead || said.Head > said.Bytes || said.Bytes+said.Head < said.Bytes || hub.CheckSHA256(said.SHA256) != nil {
		return refuse(http.StatusBadRequest, "what is said of the file cannot be")
	}
	return nil
}

// whole compares a file with what its box says of it; if all is right, the room is told. To say it again changes nothing.
func (d *Door) whole(g hub.Guest, w http.ResponseWriter, r *http.Request) error {
	var said Whole
	if err := read(r, &said); err != nil {
		return err
	}
	if err := said.check(); err != nil {
		return err
	}
	info, err := d.info(r)
	if err != nil {
		return err
	}
	key := keyOf(info)
	f, known := d.registry.File(g.Room, key)
	if !known || f.Upload != info.ID || f.SHA256 != said.SHA256 || f.Gone || !holds(info, f) {
		if f, err = d.settle(r.Context(), g, key, info, said); err != nil {
			return err
		}
	}
	say(w, http.StatusOK, f)
	return nil
}

// holds tells whether all of a file that was found whole is still there.
func holds(info handler.FileInfo, f hub.File) bool { return info.Offset >= f.Bytes+f.Head }

func (d *Door) settle(ctx context.Context, g hub.Guest, key takes.TrackKey, info handler.FileInfo, said Whole) (hub.File, error) {
	if info.SizeIsDeferred || info.Offset != info.Size || info.Size != said.Bytes+said.Head {
		return hub.File{}, refuse(http.StatusConflict, "of %d bytes %d are here, of %d that were announced", said.Bytes+said.Head, info.Offset, info.Size)
	}
	free, err := hold(ctx, d.checking)
	if err != nil {
		return hub.File{}, err
	}
	defer free()
	if err := d.store.sync(ctx, info); err != nil {
		return hub.File{}, err
	}
	if err := d.compare(ctx, key, info.ID, said); err != nil {
		return hub.File{}, err
	}
	earlier := ""
	f, err := d.registry.ChangeFile(ctx, g.Room, key, func(f *hub.File) {
		if earlier = f.Upload; f.SHA256 != said.SHA256 {
			f.Taken = nil
		}
		f.Name, f.Upload, f.Bytes, f.SHA256, f.Head, f.Gone = g.Name, info.ID, said.Bytes, said.SHA256, said.Head, false
		f.At = d.registry.Now()
	})
	if err != nil {
		return f, err
	}
	d.log.Info("file is whole", "box", g.User, "session", key.Session, "file", key.File, "bytes", said.Bytes, "sha256", said.SHA256)
	if earlier != info.ID && earlier != "" {
		d.drop(ctx, earlier) // an earlier version of a journal
	}
	return f, nil
}

// compare reads an upload, in the order of the file, and holds it against what was said.
func (d *Door) compare(ctx context.Context, key takes.TrackKey, id string, said Whole) error {
	sum, start := sha256.New(), &prefix{limit: maxHead}
	if err := d.copyFile(ctx, io.MultiWriter(sum, start), id, said); err != nil {
		return err
	}
	if found := hex.EncodeToString(sum.Sum(nil)); found != said.SHA256 {
		return refuse(http.StatusUnprocessableEntity, "its SHA-256 is %s, not %s: it is not what the box has; send it again", found, said.SHA256)
	}
	return kind(key, start.data, said)
}

// copyFile writes the bytes of an upload as they stand in the file.
func (d *Door) copyFile(ctx context.Context, w io.Writer, id string, said Whole) error {
	u, err := d.store.GetUpload(ctx, id)
	if err != nil {
		return err
	}
	if err := d.copyRange(ctx, w, u, said.Bytes, said.Head); err != nil {
		return err
	}
	return d.copyRange(ctx, w, u, said.Head, said.Bytes-said.Head)
}

// copyRange writes n bytes of an upload from an offset on, whatever its store.
func (d *Door) copyRange(ctx context.Context, w io.Writer, u handler.Upload, from, n int64) error {
	if n <= 0 {
		return nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", from, from+n-1))
	to := &sink{header: http.Header{}, w: w}
	if err := d.store.AsServableUpload(u).ServeContent(ctx, to, r); err != nil {
		return fmt.Errorf("read what was sent: %w", err)
	}
	if to.status != http.StatusPartialContent || to.n != n {
		return fmt.Errorf("read what was sent: the store gave %d of %d bytes (%s)", to.n, n, strconv.Itoa(to.status))
	}
	return nil
}

// kind is an error if a file that is whole is none of those that boxes send.
func kind(key takes.TrackKey, start []byte, said Whole) error {
	if key.File == hub.JournalFile {
		if log, err := takes.ReadJournal(bytes.NewReader(start)); err != nil || len(log.Entries) == 0 {
			return refuse(http.StatusUnprocessableEntity, "it is no journal")
		}
		return nil
	}
	info, ok := mp3.ParseInfo(start)
	if !ok || info.Bytes != min(said.Bytes, 1<<32-1) {
		return refuse(http.StatusUnprocessableEntity, "it is no studio recording that was closed, or has another length than it tells")
	}
	return nil
}

// prefix keeps how something begins.
type prefix struct {
	limit int
	data  []byte
}

func (p *prefix) Write(b []byte) (int, error) {
	p.data = append(p.data, b[:min(len(b), p.limit-len(p.data))]...)
	return len(b), nil
}

// sink is an http.ResponseWriter that writes elsewhere.
type sink struct {
	header http.Header
	w      io.Writer
	status int
	n      int64
}

func (s *sink) Header() http.Header { return s.header }
func (s *sink) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
}

func (s *sink) Write(b []byte) (int, error) {
	s.WriteHeader(http.StatusOK)
	n, err := s.w.Write(b)
	s.n += int64(n)
	return n, err
}
