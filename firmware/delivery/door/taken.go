package door

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
)

// Taken is what a producer's box says of a file that it has on its own disk, whole.
type Taken struct {
	SHA256 string `json:"sha256"`
}

// writeLimit is how long a box may take to accept the next bytes.
const writeLimit = 20 * time.Second

// download gives an upload to a producer of its room, or to its owner, as far as it has come. It takes no lock: what is there
// stays, while more is written behind it.
func (d *Door) download(g hub.Guest, w http.ResponseWriter, r *http.Request) error {
	info, err := d.info(r)
	if err != nil {
		return d.lost(r, g, err)
	}
	f, ours := d.registry.File(g.Room, keyOf(info))
	ours = ours && f.Upload == info.ID
	if info.MetaData[metaUser] != g.User && (g.Role != session.Producer || !ours) {
		return refuse(http.StatusForbidden, "only a producer's box may have the recordings of others")
	}
	if ours && f.Whole() && !f.Gone && !holds(info, f) {
		return d.lost(r, g, refuse(http.StatusNotFound, "some of it is lost"))
	}
	u, err := d.store.GetUpload(r.Context(), info.ID)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	out := &outgoing{ResponseWriter: w, control: http.NewResponseController(w), check: func() error { return d.stillWelcome(g) }}
	if err := d.store.AsServableUpload(u).ServeContent(r.Context(), out, r); err != nil && !out.begun {
		return refuse(http.StatusNotFound, "it cannot be read yet: %v", err)
	}
	return nil
}

// lost has a file that was whole sent once more when a producer finds that its upload is no longer there: a disk was changed, or
// is broken. It gives back why that was not found.
func (d *Door) lost(r *http.Request, g hub.Guest, why error) error {
	var not *fault
	f, known := d.fileOf(g.Room, r.PathValue("id"))
	if !errors.As(why, &not) || not.status != http.StatusNotFound || !known || !f.Whole() || f.Gone || g.Role != session.Producer {
		return why
	}
	d.log.Error("an upload that was whole is lost: its box is to send it again", "session", f.Session, "file", f.File, "of", f.Box)
	_, err := d.registry.ChangeFile(r.Context(), g.Room, f.TrackKey, func(now *hub.File) {
		if now.Upload == f.Upload && now.SHA256 == f.SHA256 && !now.Gone {
			now.Bytes, now.SHA256, now.Head, now.At = 0, "", 0, 0
		}
	})
	if err != nil {
		return err
	}
	return why
}

// outgoing gives a slow network time, a dead one not, and nothing to whom it was revoked.
type outgoing struct {
	http.ResponseWriter
	control *http.ResponseController
	check   func() error
	begun   bool
}

func (o *outgoing) Write(b []byte) (int, error) {
	o.begun = true
	if err := o.check(); err != nil {
		return 0, err
	}
	if err := o.control.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return 0, err
	}
	return o.ResponseWriter.Write(b)
}

// fileOf is what is known of an upload of a room.
func (d *Door) fileOf(room, upload string) (hub.File, bool) {
	files := d.registry.Files(room)
	i := slices.IndexFunc(files, func(f hub.File) bool { return f.Upload == upload })
	if i < 0 {
		return hub.File{}, false
	}
	return files[i], true
}

// taken notes that a producer has a file: from now on it is delivered.
func (d *Door) taken(g hub.Guest, w http.ResponseWriter, r *http.Request) error {
	var said Taken
	if err := read(r, &said); err != nil {
		return err
	}
	f, known := d.fileOf(g.Room, r.PathValue("id"))
	switch {
	case g.Role != session.Producer:
		return refuse(http.StatusForbidden, "only a producer's box takes recordings")
	case !known || !f.Whole():
		return refuse(http.StatusNotFound, "there is no such file, or it is not whole yet")
	case f.SHA256 != said.SHA256:
		return refuse(http.StatusUnprocessableEntity, "its SHA-256 is %s; what the box has is something else: fetch it again", f.SHA256)
	}
	f, err := d.registry.ChangeFile(r.Context(), g.Room, f.TrackKey, func(f *hub.File) {
		if !f.TakenBy(g.ID) && f.SHA256 == said.SHA256 {
			f.Taken = append(f.Taken, hub.Taken{By: g.ID, Name: g.Name, At: d.registry.Now()})
		}
	})
	if err != nil {
		return err
	}
	d.log.Info("file is delivered", "session", f.Session, "file", f.File, "of", f.Box, "to", g.User)
	select {
	case d.taking <- struct{}{}:
	default: // it is awake
	}
	say(w, http.StatusOK, f)
	return nil
}

// letGo deletes an upload that every producer of the room has, or that one has had for long. A box that was revoked is none: it may
// be lost, with all that is on it.
func (d *Door) letGo(ctx context.Context, room string, f hub.File) {
	producers := d.registry.Producers(room)
	has := slices.ContainsFunc(producers, f.TakenBy)
	missing := slices.ContainsFunc(producers, func(id string) bool { return !f.TakenBy(id) })
	old := d.registry.Now().Sub(f.At) > d.cfg.Keep
	if f.Gone || !f.Whole() || !has || missing && !old {
		return
	}
	free, err := hold(ctx, d.checking)
	if err != nil {
		return
	}
	defer free()
	if _, err := d.registry.ChangeFile(ctx, room, f.TrackKey, func(now *hub.File) { now.Gone = now.SHA256 == f.SHA256 }); err != nil {
		d.log.Warn("let go of a file", "file", f.File, "err", err) // the next tidy tries again
		return
	}
	d.drop(ctx, f.Upload)
}

// end tells of uploads that their box may send no more of, since it was revoked. What there is of them stays here.
func (d *Door) end(ctx context.Context) {
	for _, room := range d.registry.Rooms() {
		for _, f := range d.registry.Files(room) {
			ended := !d.registry.Admitted(hub.User(room, f.Box))
			if f.Gone || f.Whole() || f.Ended == ended {
				continue
			}
			if _, err := d.registry.ChangeFile(ctx, room, f.TrackKey, func(now *hub.File) { now.Ended = ended }); err != nil {
				d.log.Warn("end a file", "file", f.File, "err", err) // the next time tries again
			}
		}
	}
}

// drop deletes an upload.
func (d *Door) drop(ctx context.Context, id string) {
	u, err := d.store.GetUpload(ctx, id)
	if err == nil {
		err = d.store.AsTerminatableUpload(u).Terminate(ctx)
	}
	if err != nil && !errors.Is(err, handler.ErrNotFound) {
		d.log.Warn("delete an upload", "id", id, "err", err)
	}
}

// tidy lets go of what may go in all rooms, and of what a kill left of that.
func (d *Door) tidy(ctx context.Context) {
	for _, room := range d.registry.Rooms() {
		for _, f := range d.registry.Files(room) {
			if f.Gone {
				d.dropRest(ctx, room, f)
			} else {
				d.letGo(ctx, room, f)
			}
		}
	}
}

// dropRest deletes what a kill left of a file that is gone. What is not all there is on its way once more.
func (d *Door) dropRest(ctx context.Context, room string, f hub.File) {
	free, err := hold(ctx, d.checking)
	if err != nil {
		return
	}
	defer free()
	u, err := d.store.GetUpload(ctx, f.Upload)
	if err != nil {
		return // it is not there, for the most part
	}
	info, err := u.GetInfo(ctx)
	now, _ := d.registry.File(room, f.TrackKey)
	if err == nil && now.Gone && now.Upload == f.Upload && !info.SizeIsDeferred && info.Offset == info.Size {
		d.drop(ctx, f.Upload)
	}
}
