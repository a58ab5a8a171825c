// Package door owns the hub's side of delivery: the tus server (tus.io, protocol 1.0.0) under hub.FilesPath, and who may do
// what there.
//
//	artist's box --POST, PATCH, HEAD, DELETE--> [guest] -> tusd -> store: a folder, or an S3 bucket
//	             --POST .../whole-----------------------> length, kind and SHA-256 are compared; the room is told
//	producer's box --GET, also while it grows--> [guest] -> store
//	               --POST .../taken----------------------> the room is told: delivered
//
// An upload is a box's own: its id follows from room, box, session and file, so that a box that has forgotten all finds it
// again, and nobody can make one for somebody else. Nothing that no producer has taken is ever deleted here.
package door

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"
	"github.com/tus/tusd/v2/pkg/memorylocker"
	expslog "golang.org/x/exp/slog"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
)

// Registry is the hub as the door needs it: *server.Server.
type Registry interface {
	Admit(user, token string) (hub.Guest, error)
	Admitted(user string) bool
	Producers(room string) []string
	Rooms() []string
	Files(room string) []hub.File
	File(room string, k takes.TrackKey) (hub.File, bool)
	ChangeFile(ctx context.Context, room string, k takes.TrackKey, change func(*hub.File)) (hub.File, error)
	Refuse(who, why string, args ...any)
	Now() clock.Instant
}

// Config says where files lie and how much of them there may be. Its zero values mean the defaults.
type Config struct {
	Store    string        // a folder, made if missing, or s3://bucket
	MaxBytes int64         // of one upload; 8 GiB, which are 58 hours of a take
	Reserve  int64         // bytes of the folder's disk that stay free; 500 MB
	Keep     time.Duration // how long what a producer has taken waits for the others; 30 days
}

// Door is the handler for hub.FilesPath.
type Door struct {
	cfg      Config
	registry Registry
	log      *slog.Logger
	store    store
	tus      *handler.UnroutedHandler
	routes   *http.ServeMux
	checking chan struct{} // held while a file is compared: one at a time is as much as a small machine should read
}

// New opens the store.
func New(cfg Config, registry Registry, log *slog.Logger) (*Door, error) {
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 8 << 30
	}
	if cfg.Reserve <= 0 {
		cfg.Reserve = 500e6
	}
	if cfg.Keep <= 0 {
		cfg.Keep = 30 * 24 * time.Hour
	}
	s, err := openStore(cfg.Store)
	if err != nil {
		return nil, fmt.Errorf("open store of files: %w", err)
	}
	d := &Door{cfg: cfg, registry: registry, log: log, store: s, routes: http.NewServeMux(), checking: make(chan struct{}, 1)}
	composer := handler.NewStoreComposer()
	s.useIn(composer)
	memorylocker.New().UseIn(composer)
	d.tus, err = handler.NewUnroutedHandler(handler.Config{
		StoreComposer: composer, BasePath: hub.FilesPath + "/", MaxSize: cfg.MaxBytes,
		DisableConcatenation: true, Cors: &handler.CorsConfig{Disable: true},
		PreUploadCreateCallback: d.mayCreate,
		NetworkTimeout:          20 * time.Second, AcquireLockTimeout: 10 * time.Second,
		Logger: expslog.New(expslog.NewTextHandler(io.Discard, nil)), // what matters of it the door says itself
	})
	if err != nil {
		return nil, fmt.Errorf("make tus server: %w", err)
	}
	d.route()
	return d, nil
}

func (d *Door) route() {
	at := hub.FilesPath + "/{id}"
	d.routes.Handle("POST "+hub.FilesPath+"/{$}", d.guarded(d.create))
	d.routes.Handle("HEAD "+at, d.guarded(d.owned(d.tusd(d.tus.HeadFile))))
	d.routes.Handle("PATCH "+at, d.guarded(d.owned(d.patch)))
	d.routes.Handle("DELETE "+at, d.guarded(d.owned(d.remove)))
	d.routes.Handle("GET "+at, d.guarded(d.download))
	d.routes.Handle("POST "+at+"/whole", d.guarded(d.owned(d.whole)))
	d.routes.Handle("POST "+at+"/taken", d.guarded(d.taken))
}

func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.routes.ServeHTTP(w, r) }

// Run tidies up until ctx ends.
func (d *Door) Run(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		d.tidy(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// String names the door and its store.
func (d *Door) String() string { return "files in " + d.store.String() }

// fault is why a request is not answered as was hoped: an HTTP status, and words for a person at the box.
type fault struct {
	status int
	text   string
}

func (f *fault) Error() string { return f.text }

func refuse(status int, format string, args ...any) error {
	return &fault{status, fmt.Sprintf(format, args...)}
}

// Trouble is the body of an answer that is no success.
type Trouble struct {
	Error string `json:"error"`
}

// answerer answers a request of a guest, or gives back why not.
type answerer func(g hub.Guest, w http.ResponseWriter, r *http.Request) error

// guarded lets those in who have a credential of the hub (HTTP basic authentication, RFC 7617), and tells all others, and
// those who want what they may not have, why not.
func (d *Door) guarded(next answerer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, token, _ := r.BasicAuth()
		g, err := d.registry.Admit(user, token)
		if err != nil {
			d.registry.Refuse(fmt.Sprintf("%.64q", user), "files: "+err.Error(), "from", r.RemoteAddr)
			say(w, http.StatusUnauthorized, Trouble{"this hub does not know this box's credential, or it was revoked: ask the producer for a new invite"})
			return
		}
		if err := next(g, w, r); err != nil {
			d.fail(g, w, r, err)
		}
	})
}

func (d *Door) fail(g hub.Guest, w http.ResponseWriter, r *http.Request, err error) {
	var f *fault
	if !errors.As(err, &f) {
		f = &fault{http.StatusServiceUnavailable, err.Error()}
		d.log.Warn("files", "box", g.User, "method", r.Method, "err", err)
	}
	if f.status < http.StatusInternalServerError && f.status != http.StatusNotFound && f.status != http.StatusConflict {
		d.registry.Refuse(g.User, "files: "+f.text, "method", r.Method)
	}
	say(w, f.status, Trouble{f.text})
}

func say(w http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		status, data = http.StatusInternalServerError, []byte(`{}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // whoever asked may have gone
}

// read takes the JSON of a request's body, which is short.
func read(r *http.Request, v any) error {
	decoder := json.NewDecoder(io.LimitReader(r.Body, 4<<10))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return refuse(http.StatusBadRequest, "read what was said: %v", err)
	}
	return nil
}

// tusd hands a request on to tusd, which wants the bare id for a path.
func (d *Door) tusd(f http.HandlerFunc) answerer {
	return func(_ hub.Guest, w http.ResponseWriter, r *http.Request) error {
		bare := r.Clone(r.Context())
		bare.URL.Path = strings.TrimPrefix(r.URL.Path, hub.FilesPath)
		bare.Header.Del("X-HTTP-Method-Override")
		d.tus.Middleware(f).ServeHTTP(w, bare)
		return nil
	}
}
