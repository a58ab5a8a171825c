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
	"slices"
	"strings"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"
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
	Dir      string        // a folder of the hub's own, for what is on its way to a bucket
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
	checking chan struct{} // held while a file is compared, or deleted: one at a time is as much as a small machine should read
	taking   chan struct{} // wakes Run: somebody has taken a file
	creating chan struct{} // held while an upload is made: one that is there already would be cut to nothing
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
	s, err := openStore(cfg.Store, cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("open store of files: %w", err)
	}
	d := &Door{cfg: cfg, registry: registry, log: log, store: s, routes: http.NewServeMux(), checking: make(chan struct{}, 1), creating: make(chan struct{}, 1), taking: make(chan struct{}, 1)}
	composer := handler.NewStoreComposer()
	s.useIn(composer)
	composer.UseLocker(&locks{held: map[string]*holder{}})
	d.tus, err = handler.NewUnroutedHandler(handler.Config{
		StoreComposer: composer, BasePath: hub.FilesPath + "/", MaxSize: cfg.MaxBytes,
		DisableConcatenation: true, Cors: &handler.CorsConfig{Disable: true},
		PreUploadCreateCallback:          d.mayCreate,
		GracefulRequestCompletionTimeout: 30 * time.Second, // for a part that is on its way to a bucket
		NetworkTimeout:                   readLimit, AcquireLockTimeout: 10 * time.Second,
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
	d.routes.Handle("HEAD "+at, d.guarded(d.owned(d.head)))
	d.routes.Handle("PATCH "+at, d.guarded(d.owned(d.patch)))
	d.routes.Handle("DELETE "+at, d.guarded(d.owned(d.remove)))
	d.routes.Handle("GET "+at, d.guarded(d.download))
	d.routes.Handle("POST "+at+"/whole", d.guarded(d.owned(d.whole)))
	d.routes.Handle("POST "+at+"/taken", d.guarded(d.taken))
	d.routes.Handle("/", d.guarded(nothing))
}

// nothing is what else there is at the door.
func nothing(_ hub.Guest, _ http.ResponseWriter, r *http.Request) error {
	return refuse(http.StatusMethodNotAllowed, "the hub's files know no %.10q of %.100q", r.Method, r.URL.Path)
}

func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.routes.ServeHTTP(w, r) }

// Run lets go of what may go until ctx ends.
func (d *Door) Run(ctx context.Context) error {
	tidies, ends := time.NewTicker(10*time.Minute), time.NewTicker(10*time.Second)
	defer tidies.Stop()
	defer ends.Stop()
	d.tidy(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ends.C:
			d.end(ctx)
		case <-tidies.C:
			d.tidy(ctx)
		case <-d.taking:
			d.tidy(ctx)
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

// readLimit is how long a box may take to send the next bytes, or a body that is short.
const readLimit = 20 * time.Second

// guarded lets those in who have a credential of the hub (HTTP basic authentication, RFC 7617), and tells all others, and
// those who want what they may not have, why not.
func (d *Door) guarded(next answerer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 { // until tusd, which reads long bodies, sets its own
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readLimit)) // every connection of a hub has one
		}
		user, token, _ := r.BasicAuth()
		g, err := d.registry.Admit(user, token)
		if err != nil {
			d.registry.Refuse(fmt.Sprintf("%.64q", user), "files: "+err.Error(), "from", r.RemoteAddr)
			hangUp(w, r)
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
	d.count(g, r, f.status, f.text)
	hangUp(w, r)
	say(w, f.status, Trouble{f.text})
}

// hangUp has who sends what is refused told at once: by default net/http first takes in some more of it.
func hangUp(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPatch {
		w.Header().Set("Connection", "close")
	}
}

// count notes what was refused. What is not there, or not where it was thought to be, is how boxes find out about that.
func (d *Door) count(g hub.Guest, r *http.Request, status int, text string) {
	if status >= http.StatusBadRequest && status < http.StatusInternalServerError && status != http.StatusNotFound && status != http.StatusConflict {
		d.registry.Refuse(g.User, "files: "+text, "method", r.Method)
	}
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
	return func(g hub.Guest, w http.ResponseWriter, r *http.Request) error {
		bare := r.Clone(r.Context())
		bare.URL.Path = strings.TrimPrefix(r.URL.Path, hub.FilesPath)
		bare.Header.Del("X-HTTP-Method-Override")
		a := &answer{ResponseWriter: w, to: r}
		d.tus.Middleware(f).ServeHTTP(a, bare)
		d.heed(g, r, a)
		return nil
	}
}

// cutOff are tusd's errors that tell of a network, not of a box.
var cutOff = []string{"ERR_UNEXPECTED_EOF", "ERR_UPLOAD_INTERRUPTED", "ERR_READ_TIMEOUT", "ERR_CONNECTION_RESET"}

// heed takes note of what tusd has refused.
func (d *Door) heed(g hub.Guest, r *http.Request, a *answer) {
	code, text, _ := strings.Cut(strings.TrimSpace(string(a.text)), ": ")
	switch {
	case slices.Contains(cutOff, code):
		d.log.Debug("upload was cut off", "box", g.User, "why", text)
	case a.status == http.StatusInsufficientStorage:
		d.log.Warn("files", "box", g.User, "method", r.Method, "err", text)
	case a.status >= http.StatusInternalServerError:
		d.log.Warn("files", "box", g.User, "method", r.Method, "err", code+": "+text)
	default:
		d.count(g, r, a.status, text)
	}
}

// answer remembers what tusd answers, if that is short.
type answer struct {
	http.ResponseWriter
	to     *http.Request
	status int
	text   []byte
}

func (a *answer) WriteHeader(status int) {
	if a.status = status; status >= http.StatusBadRequest {
		hangUp(a.ResponseWriter, a.to)
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	a.text = append(a.text, b[:min(len(b), 256-min(256, len(a.text)))]...)
	return a.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
