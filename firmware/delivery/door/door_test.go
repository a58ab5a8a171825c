package door

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"orionbox/audio/mp3"
	"orionbox/audio/mp3/mp3test"
	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/hub/server"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

const (
	patience    = 30 * time.Second
	testSession = "SESSION_20260102_200000"
	testTake    = "HQ_alice_1_200003.mp3"
)

// registry is a real hub, of which a test may see what was refused, and which it may let fail.
type registry struct {
	*server.Server
	mu      sync.Mutex
	refused []string
	fail    error         // of each change
	half    bool          // the change is made all the same
	ahead   time.Duration // of the clock
}

func (r *registry) Refuse(who, why string, args ...any) {
	r.mu.Lock()
	r.refused = append(r.refused, why)
	r.mu.Unlock()
	r.Server.Refuse(who, why, args...)
}

func (r *registry) refusals() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.refused)
}

func (r *registry) Now() clock.Instant {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.Server.Now().Add(r.ahead)
}

func (r *registry) set(fail error, half bool, ahead time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail, r.half, r.ahead = fail, half, ahead
}

func (r *registry) ChangeFile(ctx context.Context, room string, k takes.TrackKey, change func(*hub.File)) (hub.File, error) {
	r.mu.Lock()
	fail, half := r.fail, r.half
	r.mu.Unlock()
	if fail != nil && !half {
		return hub.File{}, fail
	}
	f, err := r.Server.ChangeFile(ctx, room, k, change)
	return f, cmp.Or(fail, err)
}

// house is a hub with a files' door, which whoever is named may knock at.
type house struct {
	t        *testing.T
	cfg      Config
	dir      string
	listen   string
	registry *registry
	door     *Door
	client   *http.Client
	members  map[string]server.Credential
	stop     func()
}

var roles = map[string]session.Role{
	"alice": session.Artist, "bob": session.Artist, "carol": session.Producer, "dave": session.Producer, "leo": session.Listener,
	"eve": session.Producer, "ann": session.Artist, // of another room
}

func roomOf(name string) string {
	if name == "eve" || name == "ann" {
		return "601"
	}
	return "600"
}

func testLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
}

func newHouse(t *testing.T, cfg Config) *house {
	t.Helper()
	h := &house{t: t, cfg: cfg, dir: t.TempDir(), listen: "127.0.0.1:0", members: map[string]server.Credential{}}
	h.cfg.Store = cmp.Or(h.cfg.Store, filepath.Join(h.dir, "files"))
	h.cfg.Reserve = max(h.cfg.Reserve, 1)
	h.start()
	t.Cleanup(func() { h.stop() })
	return h
}

func (h *house) start() {
	h.t.Helper()
	s, err := server.New(server.Config{Listen: h.listen, Dir: filepath.Join(h.dir, "hub")}, testLog(h.t))
	if err != nil {
		h.t.Fatal(err)
	}
	h.registry = &registry{Server: s}
	if h.door, err = New(h.cfg, h.registry, testLog(h.t)); err != nil {
		h.t.Fatal(err)
	}
	s.Handle(hub.FilesPath+"/", h.door)
	secure, err := hub.TLSConfig(s.Fingerprint())
	if err != nil {
		h.t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: secure}
	h.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	h.listen = s.Addr()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	h.stop = func() {
		transport.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			h.t.Error(err)
		}
		h.stop = func() {}
	}
}

// member is the credential of somebody, who is invited if need be.
func (h *house) member(name string) server.Credential {
	h.t.Helper()
	c, known := h.members[name]
	if !known {
		var err error
		if c, err = h.registry.Invite(h.t.Context(), roomOf(name), name, roles[name]); err != nil {
			h.t.Fatal(err)
		}
		h.members[name] = c
	}
	return c
}

// reply is what somebody was answered.
type reply struct {
	status int
	text   string
	header http.Header
}

// request is one of somebody's; set has names and values of header fields.
func (h *house) request(who, method, path string, body io.Reader, set ...string) *http.Request {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, "https://"+h.listen+path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	if who != "" {
		c := h.member(who)
		r.SetBasicAuth(hub.User(roomOf(who), c.ID), c.Token)
	}
	r.Header.Set("Tus-Resumable", "1.0.0")
	for i := 0; i+1 < len(set); i += 2 {
		r.Header.Set(set[i], set[i+1])
	}
	return r
}

func (h *house) do(r *http.Request) (reply, error) {
	answer, err := h.client.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return reply{answer.StatusCode, string(text), answer.Header}, err
}

func (h *house) ask(who, method, path string, body []byte, set ...string) reply {
	h.t.Helper()
	a, err := h.do(h.request(who, method, path, bytes.NewReader(body), set...))
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

// must asks for what has to be answered with a status.
func (h *house) must(status int, who, method, path string, body []byte, set ...string) reply {
	h.t.Helper()
	a := h.ask(who, method, path, body, set...)
	if a.status != status {
		h.t.Fatalf("%s %s %s: %d %s, not %d", who, method, path, a.status, a.text, status)
	}
	return a
}

// meta is tus metadata.
func meta(pairs ...string) string {
	var all []string
	for i := 0; i+1 < len(pairs); i += 2 {
		all = append(all, pairs[i]+" "+base64.StdEncoding.EncodeToString([]byte(pairs[i+1])))
	}
	return strings.Join(all, ",")
}

// made makes an upload, and gives its path.
func (h *house) made(who, file, version string) string {
	h.t.Helper()
	m := meta("session", testSession, "file", file)
	if version != "" {
		m += "," + meta("version", version)
	}
	h.must(http.StatusCreated, who, "POST", hub.FilesPath+"/", nil, "Upload-Defer-Length", "1", "Upload-Metadata", m)
	return hub.FilesPath + "/" + hub.UploadID(roomOf(who), keyOfFile(h.member(who).ID, file), version)
}

func keyOfFile(box, file string) takes.TrackKey {
	return takes.TrackKey{Box: box, Session: testSession, File: file}
}

const octets = "application/offset+octet-stream"

// sent sends bytes; length is that of the whole, -1 says nothing of it.
func (h *house) sent(status int, who, path string, offset, length int, data []byte) reply {
	h.t.Helper()
	set := []string{"Content-Type", octets, "Upload-Offset", strconv.Itoa(offset)}
	if length >= 0 {
		set = append(set, "Upload-Length", strconv.Itoa(length))
	}
	return h.must(status, who, "PATCH", path, data, set...)
}

func (h *house) offset(who, path string) int {
	h.t.Helper()
	n, err := strconv.Atoi(h.must(http.StatusOK, who, "HEAD", path, nil).header.Get("Upload-Offset"))
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// recording is a take as a box has it in the end, and how long its first frame is.
type recording struct {
	data []byte
	head int
}

func (r recording) sum() string { return sumOf(r.data) }

// upload is what is sent of it.
func (r recording) upload() []byte { return append(bytes.Clone(r.data), r.data[:r.head]...) }

func (r recording) said() Whole {
	return Whole{Bytes: int64(len(r.data)), SHA256: r.sum(), Head: int64(r.head)}
}

func (w Whole) json() []byte {
	data, _ := json.Marshal(w) // it can always be written
	return data
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

var recorded sync.Map // by seconds

// take is a take of some seconds.
func take(t *testing.T, seconds int) recording {
	t.Helper()
	if r, known := recorded.Load(seconds); known {
		return r.(recording)
	}
	path := filepath.Join(t.TempDir(), testTake)
	mp3test.Hiss(t, path, seconds, nil)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, err := mp3.ParseHeader([4]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	r := recording{data, head.Size()}
	recorded.Store(seconds, r)
	return r
}

var testJournal = []byte(`{"v":1,"kind":"session","time":"2026-01-02T20:00:00Z","session":0,"text":"opened"}` + "\n")

// whole brings a take of somebody's to the hub, all of it.
func (h *house) whole(who, file string, r recording) string {
	h.t.Helper()
	path := h.made(who, file, "")
	h.sent(http.StatusNoContent, who, path, 0, len(r.upload()), r.upload())
	h.must(http.StatusOK, who, "POST", path+"/whole", r.said().json())
	return path
}

// file is what the hub knows of a file of alice's.
func (h *house) file(name string) hub.File {
	f, _ := h.registry.File("600", keyOfFile("alice", name))
	return f
}

// stands is all that the hub has: uploads, by their names, and what is known of them.
func (h *house) stands() map[string]string {
	h.t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(h.cfg.Store)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(h.cfg.Store, e.Name()))
		if err != nil {
			h.t.Fatal(err)
		}
		all[e.Name()] = sumOf(data)
	}
	for _, room := range []string{"600", "601"} {
		for _, f := range h.registry.Files(room) {
			all[fmt.Sprint(room, f.TrackKey)] = fmt.Sprintf("%+v", f)
		}
	}
	return all
}

// unchanged tells whether all stands as it stood.
func (h *house) unchanged(before map[string]string) {
	h.t.Helper()
	if now := h.stands(); !maps.Equal(before, now) {
		h.t.Errorf("what was there has changed:\n%v\n%v", before, now)
	}
}

func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !so(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("not in %v: %s", patience, what)
		}
	}
}

var errTest = errors.New("the store does not answer")
