package door

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"

	"orionbox/audio/mp3"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// The names in an upload's metadata. A box says session, file and version; the door adds whose it is.
const (
	metaSession = "session"
	metaFile    = "file"
	metaVersion = "version"
	metaBox     = "box"
	metaUser    = "user"
)

type guestKey struct{}

// create makes an upload; mayCreate, which tusd asks, finds the guest in the context.
func (d *Door) create(g hub.Guest, w http.ResponseWriter, r *http.Request) error {
	if g.Role != session.Artist {
		return refuse(http.StatusForbidden, "only an artist's box delivers recordings; this one is a %s's", g.Role)
	}
	if r.ContentLength != 0 || r.Header.Get("Upload-Concat") != "" {
		return refuse(http.StatusBadRequest, "an upload is made empty: its bytes come by PATCH")
	}
	free, err := hold(r.Context(), d.creating)
	if err != nil {
		return err
	}
	defer free()
	return d.tusd(d.tus.PostFile)(g, w, r.WithContext(context.WithValue(r.Context(), guestKey{}, g)))
}

// hold waits until what is held by one at a time is free.
func hold(ctx context.Context, by chan struct{}) (free func(), err error) {
	select {
	case by <- struct{}{}:
		return func() { <-by }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// SliceHeader is how many bytes a box should send at once at the least, while a file grows.
const SliceHeader = "Orion-Slice"

func (d *Door) head(g hub.Guest, w http.ResponseWriter, r *http.Request) error {
	w.Header().Set(SliceHeader, strconv.FormatInt(d.store.slice(), 10))
	return d.tusd(d.tus.HeadFile)(g, w, r)
}

// mayCreate gives a new upload its id and its owner, or refuses it.
func (d *Door) mayCreate(event handler.HookEvent) (handler.HTTPResponse, handler.FileInfoChanges, error) {
	g, _ := event.Context.Value(guestKey{}).(hub.Guest)
	meta := event.Upload.MetaData
	key, version := takes.TrackKey{Box: g.ID, Session: meta[metaSession], File: meta[metaFile]}, meta[metaVersion]
	id := hub.UploadID(g.Room, key, version)
	if err := d.checkNew(event.Context, g, key, id, version, event.Upload.Size); err != nil {
		return handler.HTTPResponse{}, handler.FileInfoChanges{}, toTus(err)
	}
	if key.File != hub.JournalFile { // that one's last version counts until the next is whole
		if _, err := d.registry.ChangeFile(event.Context, g.Room, key, func(f *hub.File) {
			if !f.Whole() {
				f.Name, f.Upload = g.Name, id
			}
		}); err != nil {
			return handler.HTTPResponse{}, handler.FileInfoChanges{}, toTus(err)
		}
	}
	return handler.HTTPResponse{}, handler.FileInfoChanges{ID: id, MetaData: handler.MetaData{
		metaSession: key.Session, metaFile: key.File, metaVersion: version, metaBox: g.ID, metaUser: g.User}}, nil
}

func (d *Door) checkNew(ctx context.Context, g hub.Guest, key takes.TrackKey, id, version string, size int64) error {
	if err := hub.CheckFileKey(key); err != nil {
		return refuse(http.StatusUnprocessableEntity, "%v; only studio recordings and journals are taken", err)
	}
	if (key.File == hub.JournalFile) != (version != "") || len(version) > 64 {
		return refuse(http.StatusUnprocessableEntity, "a journal, and only a journal, goes by versions")
	}
	if _, err := d.store.GetUpload(ctx, id); err == nil {
		return refuse(http.StatusConflict, "it is here already: go on where it ends")
	}
	return d.room(size)
}

// room is an error if the disk has no room for so many bytes more.
func (d *Door) room(bytes int64) error {
	free, err := d.store.free()
	if err != nil {
		return err
	}
	if free-bytes < d.cfg.Reserve {
		return refuse(http.StatusInsufficientStorage, "the hub's disk is full (%d MB free, %d MB in reserve): free some there; nothing is lost, the box sends it then",
			free/1e6, d.cfg.Reserve/1e6)
	}
	return nil
}

// toTus is an error as tusd passes it on.
func toTus(err error) error {
	var f *fault
	if !errors.As(err, &f) {
		return handler.NewError("ERR_HUB", err.Error(), http.StatusServiceUnavailable)
	}
	return handler.NewError("ERR_REFUSED", f.text, f.status)
}

// owned lets only those on to an upload whose it is. What is not there is not found, whoever asks.
func (d *Door) owned(next answerer) answerer {
	return func(g hub.Guest, w http.ResponseWriter, r *http.Request) error {
		info, err := d.info(r)
		if err != nil {
			return err
		}
		if info.MetaData[metaUser] != g.User {
			return refuse(http.StatusForbidden, "it is another box's upload")
		}
		return next(g, w, r)
	}
}

func (d *Door) info(r *http.Request) (handler.FileInfo, error) {
	id := r.PathValue("id")
	if err := hub.CheckUpload(id); err != nil {
		return handler.FileInfo{}, refuse(http.StatusBadRequest, "%v", err)
	}
	u, err := d.store.GetUpload(r.Context(), id)
	if err == nil {
		return u.GetInfo(r.Context())
	}
	if errors.Is(err, handler.ErrNotFound) {
		err = refuse(http.StatusNotFound, "there is no such upload")
	}
	return handler.FileInfo{}, err
}

func keyOf(info handler.FileInfo) takes.TrackKey {
	return takes.TrackKey{Box: info.MetaData[metaBox], Session: info.MetaData[metaSession], File: info.MetaData[metaFile]}
}

// patch takes bytes in, as long as they may be what they claim to be, the disk has room, and the box is welcome.
func (d *Door) patch(g hub.Guest, w http.ResponseWriter, r *http.Request) error {
	if err := d.room(max(r.ContentLength, 0)); err != nil {
		return err
	}
	info, err := d.info(r)
	if err != nil {
		return err
	}
	b := &body{ReadCloser: r.Body, control: http.NewResponseController(w), check: func() error { return d.mayGoOn(g) }}
	if info.Offset == 0 && info.MetaData[metaFile] != hub.JournalFile {
		b.kind = isRecording
	}
	r = r.WithContext(context.WithValue(r.Context(), bodyKey{}, b))
	r.Body = b
	return d.tusd(d.tus.PatchFile)(g, w, r)
}

// mayGoOn is an error, as tusd passes it on, once a box is not to send more.
func (d *Door) mayGoOn(g hub.Guest) error {
	if err := d.stillWelcome(g); err != nil {
		return toTus(err)
	}
	if err := d.room(0); err != nil {
		return toTus(err)
	}
	return nil
}

func (d *Door) stillWelcome(g hub.Guest) error {
	if !d.registry.Admitted(g.User) {
		return refuse(http.StatusUnauthorized, "this box's invite was revoked: ask the producer for a new one")
	}
	return nil
}

// isRecording is an error if bytes are not how a take begins.
func isRecording(start [4]byte) error {
	if _, err := mp3.ParseHeader(start); err != nil {
		return handler.NewError("ERR_REFUSED", "it is not a studio recording: "+err.Error(), http.StatusUnprocessableEntity)
	}
	return nil
}

// checkEvery is after how many bytes, or a second, it is looked again whether more may come.
const checkEvery = 256 << 10

// body is what a box sends, until it may not go on.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	ended   atomic.Bool
	check   func() error
	kind    func(start [4]byte) error // nil once it is known
	begun   [4]byte
	have    int
	next    int // bytes until the next check
	last    time.Time
}

// end has nothing more come.
func (b *body) end() {
	if b != nil {
		b.ended.Store(true)
		_ = b.control.SetReadDeadline(time.Now()) // whoever reads just now
	}
}

func (b *body) Read(p []byte) (int, error) {
	if b.ended.Load() {
		return 0, errInterrupted
	}
	if b.next <= 0 || time.Since(b.last) > time.Second {
		if err := b.check(); err != nil {
			return 0, err
		}
		b.next, b.last = checkEvery, time.Now()
	}
	if b.kind != nil { // a start that comes in pieces is looked at as a whole
		p = p[:min(len(p), len(b.begun)-b.have)]
	}
	n, err := b.ReadCloser.Read(p)
	b.next -= n
	if b.kind == nil || n == 0 {
		return n, err
	}
	b.have += copy(b.begun[b.have:], p[:n])
	if b.have < len(b.begun) {
		return n, err
	}
	if bad := b.kind(b.begun); bad != nil {
		return 0, bad
	}
	b.kind = nil
	return n, err
}

// remove has a box begin anew, as when a power cut has changed the end of a recording that was sent already. What is whole is
// the producers'.
func (d *Door) remove(g hub.Guest, w http.ResponseWriter, r *http.Request) error {
	info, err := d.info(r)
	if err != nil {
		return err
	}
	free, err := hold(r.Context(), d.checking)
	if err != nil {
		return err
	}
	defer free()
	if f, known := d.registry.File(g.Room, keyOf(info)); known && f.Whole() && !f.Gone && f.Upload == info.ID {
		return refuse(http.StatusConflict, "it is whole: it stays until the producers have it")
	}
	return d.tusd(d.tus.DelFile)(g, w, r)
}
