package door

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"orionbox/firmware/hub"
)

// What is no recording, or not what its box says, is not whole.
func TestWhatIsNotWholeIsRefused(t *testing.T) {
	h, r := newHouse(t, Config{}), take(t, 2)
	try := func(name string, upload []byte, said Whole, status int) {
		t.Helper()
		path := h.made("alice", testTake, "")
		h.sent(204, "alice", path, 0, len(upload), upload)
		before, count := h.stands(), h.registry.refusals()
		a := h.ask("alice", "POST", path+"/whole", said.json())
		if a.status != status || len(a.text) < 20 {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
		if counted := h.registry.refusals() - count; counted != 1 && status != http.StatusConflict {
			t.Errorf("%s: counted %d times", name, counted)
		}
		h.unchanged(before)
		h.must(204, "alice", "DELETE", path, nil)
	}
	said := r.said()
	with := func(change func(*Whole)) Whole { s := said; change(&s); return s }
	open := append(bytes.Clone(r.data[:r.head]), r.data...) // an MP3 whose first frame tells nothing, as before it is closed
	copy(open, open[2*r.head:3*r.head])
	short := bytes.Clone(r.data[:len(r.data)-1000])
	for name, c := range map[string]struct {
		upload []byte
		said   Whole
		status int
	}{
		"fewer bytes than are here": {r.upload(), with(func(w *Whole) { w.Bytes-- }), 409},
		"more bytes than are here":  {r.upload(), with(func(w *Whole) { w.Bytes++ }), 409},
		"no head":                   {r.upload(), with(func(w *Whole) { w.Head = 0 }), 409},
		"another head":              {r.upload(), with(func(w *Whole) { w.Head, w.Bytes = w.Head-1, w.Bytes+1 }), 422},
		"a head that is all":        {r.upload(), with(func(w *Whole) { w.Head, w.Bytes = 0, w.Bytes+w.Head }), 422},
		"another sum":               {r.upload(), with(func(w *Whole) { w.SHA256 = sumOf(nil) }), 422},
		"one bit is wrong":          {append(r.upload()[:5000], append([]byte{r.data[5000] ^ 1}, r.upload()[5001:]...)...), said, 422},
		"it was not closed":         {open, Whole{int64(len(open)), sumOf(open), 0}, 422},
		"it is cut":                 {short, Whole{int64(len(short)), sumOf(short), 0}, 422},
	} {
		try(name, c.upload, c.said, c.status)
	}
	// what begins in pieces too short to tell is found out in the end
	path := h.made("alice", testTake, "")
	evil := []byte("\xff<html><script>alert(1)</script>")
	h.sent(204, "alice", path, 0, -1, evil[:1])
	h.sent(204, "alice", path, 1, len(evil), evil[1:])
	h.must(422, "alice", "POST", path+"/whole", Whole{int64(len(evil)), sumOf(evil), 0}.json())
	// a journal that is none
	for _, text := range []string{"<html>", "\n", "{}\n", "RIFF\x00\x00", strings.Repeat("x", 10_000)} {
		path := h.made("alice", hub.JournalFile, sumOf([]byte(text)))
		h.sent(204, "alice", path, 0, len(text), []byte(text))
		if a := h.ask("alice", "POST", path+"/whole", Whole{int64(len(text)), sumOf([]byte(text)), 0}.json()); a.status != 422 {
			t.Errorf("%q as a journal: %d %s", text, a.status, a.text)
		}
	}
	if f, known := h.registry.File("600", keyOfFile("alice", hub.JournalFile)); known {
		t.Errorf("the hub tells of a journal that is none: %+v", f)
	}
}

// A file that is longer than a header's 4 bytes tell, a head that is the file, and nothing else: kind does not need the bytes.
func TestKindOfALongTake(t *testing.T) {
	r := take(t, 2)
	if err := kind(keyOfFile("alice", testTake), r.data[:maxHead], Whole{Bytes: 5 << 30}); err == nil {
		t.Error("a short take is taken for a long one")
	}
	if err := kind(keyOfFile("alice", testTake), r.data[:maxHead], r.said()); err != nil {
		t.Error(err)
	}
}

// What was sent twice, or at once, comes to the same as what was sent once.
func TestDuplicatesChangeNothing(t *testing.T) {
	h, r := newHouse(t, Config{}), take(t, 4)
	h.member("carol")
	h.member("dave")
	path := h.made("alice", testTake, "")
	create := func() int {
		return h.ask("alice", "POST", hub.FilesPath+"/", nil, "Upload-Defer-Length", "1", "Upload-Metadata", meta("session", testSession, "file", testTake)).status
	}
	if status := create(); status != 409 {
		t.Errorf("made twice: %d", status)
	}
	data := r.upload()
	half := len(data) / 2
	h.sent(204, "alice", path, 0, -1, data[:half])
	h.sent(409, "alice", path, 0, -1, data[:half])
	if status := create(); status != 409 || h.offset("alice", path) != half {
		t.Errorf("made twice in the middle: %d, %d bytes are left", status, h.offset("alice", path))
	}
	h.sent(204, "alice", path, half, len(data), data[half:])
	h.sent(204, "alice", path, len(data), -1, nil)
	h.sent(409, "alice", path, half, -1, data[half:])
	first := h.must(200, "alice", "POST", path+"/whole", r.said().json())
	before := h.stands()
	if again := h.must(200, "alice", "POST", path+"/whole", r.said().json()); again.text != first.text {
		t.Errorf("whole twice: %s, then %s", first.text, again.text)
	}
	if status := create(); status != 409 {
		t.Errorf("made twice when it was whole: %d", status)
	}
	h.unchanged(before)
	taken := fmt.Appendf(nil, `{"sha256":%q}`, r.sum())
	h.must(200, "carol", "POST", path+"/taken", taken)
	once := h.file(testTake)
	h.must(200, "carol", "POST", path+"/taken", taken)
	if f := h.file(testTake); len(f.Taken) != 1 || f.Taken[0].At != once.Taken[0].At {
		t.Errorf("taken twice by carol: %+v", f.Taken)
	}
	if got := h.must(200, "dave", "GET", path, nil); got.text != string(data) {
		t.Error("dave gets something else")
	}
}

// together does something many times at once, and counts the answers.
func together(n int, do func(n int) int) map[int]int {
	var mu sync.Mutex
	var all sync.WaitGroup
	counts := map[int]int{}
	for n := range n {
		all.Go(func() {
			status := do(n)
			mu.Lock()
			defer mu.Unlock()
			counts[status]++
		})
	}
	all.Wait()
	return counts
}

func TestManyAtOnce(t *testing.T) {
	h, r := newHouse(t, Config{}), take(t, 4)
	data := r.upload()
	producers := []string{"carol", "dave"}
	for _, name := range append(producers, "alice") {
		h.member(name)
	}
	path := hub.FilesPath + "/" + hub.UploadID("600", keyOfFile("alice", testTake), "")
	ask := func(who, method, path string, body []byte, set ...string) int {
		a, err := h.do(h.request(who, method, path, bytes.NewReader(body), set...))
		if err != nil {
			return 0
		}
		return a.status
	}
	made := together(8, func(int) int {
		return ask("alice", "POST", hub.FilesPath+"/", nil, "Upload-Defer-Length", "1", "Upload-Metadata", meta("session", testSession, "file", testTake))
	})
	if made[201] != 1 || made[409] != 7 {
		t.Errorf("eight uploads at once: %v", made)
	}
	for round := 0; h.offset("alice", path) < len(data); round++ {
		from := h.offset("alice", path)
		n := min(len(data)-from, 30_000)
		together(4, func(int) int {
			return ask("alice", "PATCH", path, data[from:from+n], "Content-Type", octets, "Upload-Offset", strconv.Itoa(from))
		})
		if round > 100 {
			t.Fatal("two who send at once never come to an end")
		}
	}
	h.sent(204, "alice", path, len(data), len(data), nil)
	if n := together(4, func(int) int { return ask("alice", "POST", path+"/whole", r.said().json()) }); n[200] != 4 {
		t.Errorf("whole four times at once: %v", n)
	}
	if n := together(6, func(n int) int {
		return ask(producers[n%2], "POST", path+"/taken", fmt.Appendf(nil, `{"sha256":%q}`, r.sum()))
	}); n[200] != 6 {
		t.Errorf("taken by both, each three times at once: %v", n)
	}
	if f := h.file(testTake); len(f.Taken) != 2 || !f.TakenBy("carol") || !f.TakenBy("dave") || f.SHA256 != r.sum() {
		t.Errorf("the hub has %+v", f)
	}
}

// The same recording under two boxes is two recordings.
func TestOneRecordingOfTwoBoxes(t *testing.T) {
	h, r := newHouse(t, Config{}), take(t, 2)
	hers, his := h.whole("alice", testTake, r), h.whole("bob", testTake, r)
	h.must(200, "carol", "POST", hers+"/taken", fmt.Appendf(nil, `{"sha256":%q}`, r.sum()))
	h.door.tidy(t.Context())
	if f := h.file(testTake); !f.Gone {
		t.Errorf("hers: %+v", f)
	}
	if f, _ := h.registry.File("600", keyOfFile("bob", testTake)); f.Gone || len(f.Taken) > 0 || !f.Whole() {
		t.Errorf("his: %+v", f)
	}
	h.must(404, "carol", "GET", hers, nil)
	h.must(200, "carol", "GET", his, nil)
}

// A box whose invite is revoked while it sends may not go on. What was whole is the producers', and a new invite delivers all.
func TestRevokedInMidUpload(t *testing.T) {
	h, r := newHouse(t, Config{}), take(t, 4)
	full := h.whole("alice", "HQ_alice_2_200500.mp3", r)
	path, data := h.made("alice", testTake, ""), r.upload()
	body, feed := io.Pipe()
	req := h.request("alice", "PATCH", path, body, "Content-Type", octets, "Upload-Offset", "0")
	req.ContentLength = int64(len(data))
	answered := make(chan int, 1)
	go func() {
		a, err := h.do(req)
		if err != nil {
			t.Error(err)
		}
		answered <- a.status
		_ = body.Close()
	}()
	if _, err := feed.Write(data[:20_000]); err != nil {
		t.Fatal(err)
	}
	here := func() int64 {
		info, err := os.Stat(filepath.Join(h.cfg.Store, filepath.Base(path)))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	eventually(t, "some is there", func() bool { return here() >= 16_000 })
	if err := h.registry.Revoke(t.Context(), "600", h.member("alice").ID); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for sent, status := 20_000, 0; status == 0; sent += 100 { // it goes on, slowly, until it is stopped
		select {
		case status = <-answered:
			if status != 401 {
				t.Errorf("answered %d", status)
			}
		case <-tick.C:
			_, _ = feed.Write(data[sent : sent+100]) // it may have been stopped just now
		}
	}
	if n := here(); n > int64(len(data))/2 {
		t.Errorf("%d of %d bytes were let in", n, len(data))
	}
	h.must(401, "alice", "HEAD", path, nil)
	if got := h.must(200, "carol", "GET", full, nil); got.text != string(data) {
		t.Error("what was whole is not what was sent")
	}
	h.must(200, "carol", "POST", full+"/taken", fmt.Appendf(nil, `{"sha256":%q}`, r.sum()))
	delete(h.members, "alice")
	if again := h.member("alice"); again.ID == "alice" {
		t.Fatalf("the new invite has the old id %q", again.ID)
	}
	h.whole("alice", testTake, r)
	if f, known := h.registry.File("600", keyOfFile(h.member("alice").ID, testTake)); !known || f.SHA256 != r.sum() {
		t.Errorf("after a new invite the hub has %+v", f)
	}
}

// A producer who is revoked gets no more of what it is fetching.
func TestOutgoingEndsWhenRevoked(t *testing.T) {
	h := newHouse(t, Config{})
	c := h.member("carol")
	g := hub.Guest{Room: "600", User: hub.User("600", c.ID), ID: c.ID, Role: "PRODUCER"}
	w := httptest.NewRecorder()
	out := &outgoing{ResponseWriter: w, control: http.NewResponseController(deadlines{w}), check: func() error { return h.door.stillWelcome(g) }}
	if n, err := out.Write([]byte("one")); n != 3 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := h.registry.Revoke(t.Context(), "600", c.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is stopped", func() bool { _, err := out.Write(nil); return err != nil })
	if n, err := out.Write([]byte("two")); n != 0 || err == nil || w.Body.String() != "one" {
		t.Errorf("%d bytes more went out, %v", n, err)
	}
}

// deadlines is a connection as http.ResponseController wants it.
type deadlines struct{ http.ResponseWriter }

func (deadlines) SetWriteDeadline(time.Time) error { return nil }

// A store that does not answer: nothing is half so, and what was asked is done when it is asked again.
func TestChangesThatFail(t *testing.T) {
	for _, half := range []bool{false, true} {
		t.Run(fmt.Sprintf("half %v", half), func(t *testing.T) {
			h, r := newHouse(t, Config{}), take(t, 2)
			h.member("carol")
			path := hub.FilesPath + "/" + hub.UploadID("600", keyOfFile(h.member("alice").ID, testTake), "")
			create := func() int {
				return h.ask("alice", "POST", hub.FilesPath+"/", nil, "Upload-Defer-Length", "1", "Upload-Metadata", meta("session", testSession, "file", testTake)).status
			}
			twice := func(what string, want int, do func() int) {
				t.Helper()
				h.registry.set(errTest, half, 0)
				if status := do(); status != 503 {
					t.Errorf("%s while the store fails: %d", what, status)
				}
				h.registry.set(nil, false, 0)
				if status := do(); status != want {
					t.Errorf("%s when it is well again: %d", what, status)
				}
			}
			twice("create", 201, create)
			h.sent(204, "alice", path, 0, len(r.upload()), r.upload())
			twice("whole", 200, func() int { return h.ask("alice", "POST", path+"/whole", r.said().json()).status })
			if f := h.file(testTake); !f.Whole() || f.Bytes != int64(len(r.data)) {
				t.Errorf("the hub has %+v", f)
			}
			twice("taken", 200, func() int {
				return h.ask("carol", "POST", path+"/taken", fmt.Appendf(nil, `{"sha256":%q}`, r.sum())).status
			})
			h.registry.set(errTest, half, 0)
			h.door.tidy(t.Context()) // which fails to let go
			if _, err := os.Stat(filepath.Join(h.cfg.Store, filepath.Base(path))); err != nil {
				t.Error("it was deleted though the store did not say that it is gone")
			}
			h.registry.set(nil, false, 0)
			h.door.tidy(t.Context())
			if _, err := os.Stat(filepath.Join(h.cfg.Store, filepath.Base(path))); err == nil || !h.file(testTake).Gone {
				t.Error("it is not let go of when the store is well again")
			}
		})
	}
}
