package delivery

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"orionbox/firmware/delivery/door"
	"orionbox/firmware/hub"
)

// WayConfig is how a box reaches the files' door of its hub.
type WayConfig struct {
	Room        string
	Token       string // the credential of the invite
	Address     string // host:port
	Fingerprint string // of the hub's certificate, as hub.TLSConfig takes it
}

// String says nothing secret.
func (c WayConfig) String() string { return "way to the files of " + c.Address }

// GoString is String.
func (c WayConfig) GoString() string { return c.String() }

// LogValue implements slog.LogValuer.
func (c WayConfig) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Way speaks to the files' door. Each method is one attempt; what the hub refuses is a *Refusal.
type Way struct {
	cfg    WayConfig
	id     string
	base   string
	client *http.Client
	pacer  *pacer
	least  atomic.Int64 // bytes that the hub would have at once, of a file that grows
}

// maxLeast bounds what a hub may wish, in bytes.
const maxLeast = 16 << 20

// Refusal is an answer that is no success, in the hub's words.
type Refusal struct {
	Status int
	Text   string
}

func (r *Refusal) Error() string { return r.Text }

// refused tells whether err is a refusal with one of the HTTP statuses, or with any if there are none.
func refused(err error, statuses ...int) bool {
	var r *Refusal
	if !errors.As(err, &r) {
		return false
	}
	return len(statuses) == 0 || slices.Contains(statuses, r.Status)
}

const (
	askLimit   = 15 * time.Second // for an answer that needs no work
	wholeLimit = 5 * time.Minute  // for one that needs a long file read
)

// NewWay dials nothing yet.
func NewWay(cfg WayConfig) (*Way, error) {
	id, _, err := hub.ParseToken(cfg.Token)
	if err != nil {
		return nil, fmt.Errorf("reach files: %w", err)
	}
	secure, err := hub.TLSConfig(cfg.Fingerprint)
	if err != nil {
		return nil, fmt.Errorf("reach files: %w", err)
	}
	p := newPacer()
	transport := &http.Transport{DialContext: p.dial, TLSClientConfig: secure, TLSHandshakeTimeout: askLimit,
		MaxIdleConns: 2, IdleConnTimeout: 30 * time.Second, ResponseHeaderTimeout: 0, DisableCompression: true,
		WriteBufferSize: 16 << 10, ReadBufferSize: 16 << 10}
	return &Way{cfg: cfg, id: id, base: "https://" + dialable(cfg.Address) + hub.FilesPath + "/", client: &http.Client{Transport: transport}, pacer: p}, nil
}

// dialable is where a hub that listens on every address is reached from its own machine.
func dialable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}

// Close lets go of idle connections.
func (w *Way) Close() { w.client.CloseIdleConnections() }

// String names the way.
func (w *Way) String() string { return w.cfg.String() }

// ask sends one request, with the tus version and the credential, and gives the answer if it is a success.
func (w *Way) ask(ctx context.Context, method, path string, body io.Reader, set func(http.Header, *http.Request)) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, w.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("ask the hub: %w", err)
	}
	r.SetBasicAuth(hub.User(w.cfg.Room, w.id), w.cfg.Token)
	r.Header.Set("Tus-Resumable", "1.0.0")
	if set != nil {
		set(r.Header, r)
	}
	answer, err := w.client.Do(r)
	if err != nil {
		if asked := (*url.Error)(nil); errors.As(err, &asked) { // it names a URL, which says nothing to a person
			err = asked.Err
		}
		return nil, fmt.Errorf("the hub's files at %s cannot be reached: %w", w.cfg.Address, err)
	}
	if answer.StatusCode >= 300 {
		return nil, refusal(answer)
	}
	return answer, nil
}

// maxTrouble is how much of a refusal is read, in bytes.
const maxTrouble = 4 << 10

// refusal reads why; tusd says it as text, the door as JSON.
func refusal(answer *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(answer.Body, maxTrouble)) // no words are words enough
	_ = answer.Body.Close()
	var trouble door.Trouble
	if json.Unmarshal(text, &trouble) != nil || trouble.Error == "" {
		trouble.Error = strings.TrimSpace(strings.TrimPrefix(string(text), "ERR_REFUSED: "))
	}
	switch {
	case trouble.Error != "":
	case answer.StatusCode == http.StatusUnauthorized: // to HEAD it cannot say so
		trouble.Error = "the hub does not know this box's invite, or it was revoked: ask the producer for a new one"
	default:
		trouble.Error = "the hub answers " + answer.Status
	}
	return &Refusal{answer.StatusCode, trouble.Error}
}

// done reads what is left of an answer, so that its connection can be used again.
func done(answer *http.Response) {
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxTrouble))
	_ = answer.Body.Close()
}

// head asks how far an upload has come, and how long it will be: -1 if that is not said yet.
func (w *Way) head(ctx context.Context, id string) (offset, length int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	answer, err := w.ask(ctx, http.MethodHead, id, nil, nil)
	if err != nil {
		return 0, 0, err
	}
	done(answer)
	if offset, err = strconv.ParseInt(answer.Header.Get("Upload-Offset"), 10, 64); err != nil || offset < 0 {
		return 0, 0, errors.New("the hub does not tell how far the upload has come")
	}
	if length, err = strconv.ParseInt(answer.Header.Get("Upload-Length"), 10, 64); err != nil {
		length = -1
	}
	if least, err := strconv.ParseInt(answer.Header.Get(door.SliceHeader), 10, 64); err == nil && least >= 0 {
		w.least.Store(min(least, maxLeast))
	}
	return offset, length, nil
}

// create makes the upload of a file, of a length that will be told later.
func (w *Way) create(ctx context.Context, session, file, version string) error {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	answer, err := w.ask(ctx, http.MethodPost, "", nil, func(h http.Header, _ *http.Request) {
		h.Set("Upload-Defer-Length", "1")
		h.Set("Upload-Metadata", metadata("session", session, "file", file, "version", version))
	})
	if err == nil {
		done(answer)
	}
	return err
}

// metadata is pairs of names and values as tus has them; a value that is empty is left out.
func metadata(pairs ...string) string {
	var all []string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			all = append(all, pairs[i]+" "+base64.StdEncoding.EncodeToString([]byte(pairs[i+1])))
		}
	}
	return strings.Join(all, ",")
}

// patch sends bytes from an offset on, and gives the offset that the hub has then. length is that of the whole upload; -1 says
// nothing of it.
func (w *Way) patch(ctx context.Context, id string, offset, length int64, data io.Reader) (int64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	moving := watch(data, cancel)
	defer moving.stop()
	answer, err := w.ask(ctx, http.MethodPatch, id, moving, func(h http.Header, r *http.Request) {
		r.ContentLength = -1 // as much as goes in its time
		h.Set("Content-Type", "application/offset+octet-stream")
		h.Set("Upload-Offset", strconv.FormatInt(offset, 10))
		if length >= 0 {
			h.Set("Upload-Length", strconv.FormatInt(length, 10))
		}
	})
	if err != nil {
		return 0, err
	}
	done(answer)
	now, err := strconv.ParseInt(answer.Header.Get("Upload-Offset"), 10, 64)
	if err != nil || now < offset || now > offset+moving.read.Load() {
		return 0, errors.New("the hub does not tell how far the upload has come")
	}
	return now, nil
}

// remove deletes an upload, for it to be begun anew.
func (w *Way) remove(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	answer, err := w.ask(ctx, http.MethodDelete, id, nil, nil)
	if err == nil {
		done(answer)
	}
	return err
}

// whole has the hub compare a file.
func (w *Way) whole(ctx context.Context, id string, said door.Whole) (hub.File, error) {
	return w.tell(ctx, wholeLimit, id+"/whole", said)
}

// taken says that this box has a file.
func (w *Way) taken(ctx context.Context, id, sum string) (hub.File, error) {
	return w.tell(ctx, askLimit, id+"/taken", door.Taken{SHA256: sum})
}

func (w *Way) tell(ctx context.Context, limit time.Duration, path string, said any) (f hub.File, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	body, err := json.Marshal(said)
	if err != nil {
		return f, err
	}
	answer, err := w.ask(ctx, http.MethodPost, path, bytes.NewReader(body), nil)
	if err != nil {
		return f, err
	}
	defer done(answer)
	text, err := io.ReadAll(io.LimitReader(answer.Body, hub.MaxMessage))
	if err != nil {
		return f, fmt.Errorf("read the hub's answer: %w", err)
	}
	return hub.ParseFile(text)
}

// fetch gives n bytes of what an upload has from an offset on, fewer if it has not come so far; nil if that is nothing.
func (w *Way) fetch(ctx context.Context, id string, offset, n int64) (io.ReadCloser, error) {
	answer, err := w.ask(ctx, http.MethodGet, id, nil, func(h http.Header, _ *http.Request) {
		h.Set("Range", fmt.Sprintf("bytes=%d-%d", offset, offset+n-1))
	})
	switch {
	case refused(err, http.StatusRequestedRangeNotSatisfiable):
		return nil, nil
	case err != nil:
		return nil, err
	case offset > 0 && answer.StatusCode != http.StatusPartialContent:
		done(answer)
		return nil, errors.New("the hub does not give a part of an upload")
	}
	return answer.Body, nil
}
