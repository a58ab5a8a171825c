package door

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// tight is a store on a disk of which a test says what is free.
type tight struct {
	store
	left atomic.Int64
}

func (s *tight) free() (int64, error) { return s.left.Load(), nil }

// The reserve of the hub's disk is not touched: who sends is told, and goes on when there is room.
func TestReserve(t *testing.T) {
	disk := &tight{}
	h, r := newHouse(t, Config{Reserve: 1000}), take(t, 4)
	disk.store, h.door.store = h.door.store, disk
	data := r.upload()
	full := func(a reply) {
		t.Helper()
		if a.status != 507 || !strings.Contains(a.text, "full") {
			t.Errorf("answered %d %s", a.status, a.text)
		}
	}
	create := []string{"Upload-Metadata", meta("session", testSession, "file", testTake), "Upload-Length", "5000"}
	disk.left.Store(5999)
	full(h.ask("alice", "POST", "/files/", nil, create...))
	disk.left.Store(6000)
	path := h.made("alice", testTake, "")
	full(h.ask("alice", "PATCH", path, data[:6000], "Content-Type", octets, "Upload-Offset", "0"))
	if h.offset("alice", path) != 0 {
		t.Error("something was taken in")
	}
	h.sent(204, "alice", path, 0, -1, data[:4000])
	// in the middle of what is sent
	body, feed := io.Pipe()
	req := h.request("alice", "PATCH", path, body, "Content-Type", octets, "Upload-Offset", "4000", "Upload-Length", "")
	answered := make(chan reply, 1)
	disk.left.Store(1 << 40)
	req.ContentLength = int64(len(data) - 4000)
	go func() {
		a, err := h.do(req)
		if err != nil {
			t.Error(err)
		}
		_ = body.Close()
		answered <- a
	}()
	if _, err := feed.Write(data[4000:8000]); err != nil {
		t.Fatal(err)
	}
	eventually(t, "some has come", func() bool {
		n, err := os.ReadFile(filepath.Join(h.cfg.Store, filepath.Base(path)))
		return err == nil && len(n) > 4000
	})
	disk.left.Store(500)
	go func() { // it stops when it is answered
		for from := 8000; from < len(data); from += 1000 {
			if _, err := feed.Write(data[from:min(from+1000, len(data))]); err != nil {
				return
			}
			<-time.After(20 * time.Millisecond) // as a slow network would
		}
	}()
	full(<-answered)
	disk.left.Store(1 << 40)
	offset := h.offset("alice", path)
	if offset < 4000 || offset >= len(data) {
		t.Errorf("%d bytes are there", offset)
	}
	h.sent(204, "alice", path, offset, len(data), data[offset:])
	h.must(200, "alice", "POST", path+"/whole", r.said().json())
}

// A disk that is full before its reserve is noticed, as one that is shared with others.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=128k"); err != nil {
		t.Logf("no small disk can be had (%v): only the limit of a file's size is tried, by TestFilesThatCannotGrow", err)
		return
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	filler := filepath.Join(dir, "filler")
	outOfSpace(t, filepath.Join(dir, "files"), func() {
		if err := os.WriteFile(filler, make([]byte, 1<<20), 0o600); err == nil {
			t.Fatal("the disk takes all")
		}
	}, func() {
		if err := os.Remove(filler); err != nil {
			t.Error(err)
		}
	})
}

// smallFiles is set in a process of its own, of which no file may grow for a while: the log of the test is one too.
const smallFiles = "ORIONBOX_TEST_SMALL_FILES"

// The same without a right to mount.
func TestFilesThatCannotGrow(t *testing.T) {
	if os.Getenv(smallFiles) == "" {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFilesThatCannotGrow$")
		child.Env = append(os.Environ(), smallFiles+"=1")
		if out, err := child.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	set := func(cur uint64) {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: cur, Max: limit.Max}); err != nil {
			t.Fatal(err)
		}
	}
	outOfSpace(t, filepath.Join(t.TempDir(), "files"), func() { set(22_000) }, func() { set(limit.Cur) })
}

// outOfSpace brings a take to a hub whose disk is full for a while.
func outOfSpace(t *testing.T, dir string, fill, free func()) {
	h, r := newHouse(t, Config{Store: dir}), take(t, 2)
	data := r.upload()
	path := h.made("alice", testTake, "")
	h.sent(204, "alice", path, 0, -1, data[:20_000])
	fill()
	a := h.ask("alice", "PATCH", path, data[20_000:], "Content-Type", octets, "Upload-Offset", "20000", "Upload-Length", "")
	free()
	if a.status != 507 || !strings.Contains(a.text, "full") || strings.Contains(a.text, dir) {
		t.Errorf("answered %d %s", a.status, a.text)
	}
	if h.registry.refusals() != 0 {
		t.Error("a full disk is counted as somebody's fault")
	}
	offset := h.offset("alice", path)
	if offset < 20_000 {
		t.Fatalf("%d bytes are left of 20000", offset)
	}
	h.sent(204, "alice", path, offset, -1, data[offset:30_000])
	fill()
	a = h.ask("alice", "PATCH", path, data[30_000:], "Content-Type", octets, "Upload-Offset", "30000", "Upload-Length", strconv.Itoa(len(data)))
	free()
	if a.status != 507 {
		t.Errorf("answered %d %s", a.status, a.text)
	}
	length := len(data)
	if h.must(http.StatusOK, "alice", "HEAD", path, nil).header.Get("Upload-Length") != "" {
		length = -1 // it was said before the disk was full
	}
	offset = h.offset("alice", path)
	h.sent(204, "alice", path, offset, length, data[offset:])
	h.must(200, "alice", "POST", path+"/whole", r.said().json())
}

// What a power cut leaves of an upload goes on from there, or begins anew; never is it something else.
func TestPowerCuts(t *testing.T) {
	r := take(t, 2)
	data := r.upload()
	for name, c := range map[string]struct {
		cut   func(upload, info string) error
		least int // bytes that are still there
	}{
		".info is empty":        {func(_, info string) error { return os.Truncate(info, 0) }, -1},
		".info is cut":          {func(_, info string) error { return os.Truncate(info, 100) }, -1},
		".info is of zeros":     {func(_, info string) error { return os.WriteFile(info, make([]byte, 300), 0o600) }, -1},
		".info is missing":      {func(_, info string) error { return os.Remove(info) }, -1},
		"the upload is missing": {func(upload, _ string) error { return os.Remove(upload) }, -1},
		"the upload is empty":   {func(upload, _ string) error { return os.Truncate(upload, 0) }, 0},
		"the upload is short":   {func(upload, _ string) error { return os.Truncate(upload, 12_345) }, 12_345},
		"nothing":               {func(_, _ string) error { return nil }, 20_000},
	} {
		for _, declared := range []bool{false, true} {
			h := newHouse(t, Config{})
			path, length := h.made("alice", testTake, ""), -1
			if declared {
				length = len(data)
			}
			h.sent(204, "alice", path, 0, length, data[:20_000])
			h.stop()
			upload := filepath.Join(h.cfg.Store, filepath.Base(path))
			if err := c.cut(upload, upload+".info"); err != nil {
				t.Fatal(err)
			}
			h.start()
			if c.least < 0 {
				h.must(404, "alice", "HEAD", path, nil)
				h.made("alice", testTake, "")
			}
			if n := h.offset("alice", path); n != max(0, c.least) {
				t.Errorf("%s: %d bytes are there", name, n)
			}
			if c.least != 20_000 {
				h.sent(409, "alice", path, 20_000, -1, data[20_000:])
			}
			if length = len(data); declared && c.least >= 0 {
				length = -1
			}
			h.sent(204, "alice", path, max(0, c.least), length, data[max(0, c.least):])
			h.must(200, "alice", "POST", path+"/whole", r.said().json())
			if got := h.must(200, "carol", "GET", path, nil); got.text != string(data) {
				t.Errorf("%s: carol gets something else", name)
			}
		}
	}
}

// The bytes of an upload that a power cut has turned to zeros are found out, and it begins anew.
func TestZeros(t *testing.T) {
	h, r := newHouse(t, Config{}), take(t, 2)
	data := r.upload()
	path := h.made("alice", testTake, "")
	h.sent(204, "alice", path, 0, len(data), append(bytes.Clone(data[:20_000]), make([]byte, len(data)-20_000)...))
	h.must(422, "alice", "POST", path+"/whole", r.said().json())
	h.must(204, "alice", "DELETE", path, nil)
	h.whole("alice", testTake, r)
}

// An upload that is lost after it was whole, with its disk, is sent once more, as soon as a producer misses it.
func TestWholeUploadThatIsLost(t *testing.T) {
	for name, lose := range map[string]func(upload string) error{
		"all of it":  func(upload string) error { return os.Remove(upload) },
		"its end":    func(upload string) error { return os.Truncate(upload, 10_000) },
		"its .info":  func(upload string) error { return os.Remove(upload + ".info") },
		"the folder": func(upload string) error { return os.RemoveAll(filepath.Dir(upload)) },
	} {
		t.Run(name, func(t *testing.T) {
			h, r := newHouse(t, Config{}), take(t, 2)
			data := r.upload()
			path := h.whole("alice", testTake, r)
			h.stop()
			if err := lose(filepath.Join(h.cfg.Store, filepath.Base(path))); err != nil {
				t.Fatal(err)
			}
			h.start()
			for _, who := range []string{"leo", "eve", "bob"} {
				if a := h.ask(who, "GET", path, nil); a.status != 403 && a.status != 404 || !h.file(testTake).Whole() {
					t.Errorf("%s: %d, %+v", who, a.status, h.file(testTake))
				}
			}
			h.must(404, "carol", "GET", path, nil)
			if f := h.file(testTake); f.Whole() {
				t.Errorf("it is still said to be whole: %+v", f)
			}
			from := 0
			if name == "its end" {
				from = h.offset("alice", path)
				h.must(409, "alice", "POST", path+"/whole", r.said().json())
				h.sent(204, "alice", path, from, -1, data[from:])
			} else {
				h.must(404, "alice", "HEAD", path, nil)
				h.made("alice", testTake, "")
				h.sent(204, "alice", path, 0, len(data), data)
			}
			h.must(200, "alice", "POST", path+"/whole", r.said().json())
			if got := h.must(200, "carol", "GET", path, nil); got.text != string(data) {
				t.Error("carol gets something else")
			}
			h.taken("carol", path, r)
		})
	}
}

// A hub that is stopped at any state of an upload goes on from it.
func TestHubIsStoppedAtEachState(t *testing.T) {
	h, r := newHouse(t, Config{}), take(t, 2)
	data := r.upload()
	again := func() { h.stop(); h.start() }
	path := h.made("alice", testTake, "")
	again()
	h.sent(204, "alice", path, 0, -1, data[:7000])
	again()
	h.sent(204, "alice", path, 7000, len(data), data[7000:9000])
	again()
	if got := h.must(200, "carol", "GET", path, nil); got.text != string(data[:9000]) {
		t.Error("what grows is not what was sent")
	}
	h.sent(204, "alice", path, 9000, -1, data[9000:])
	again()
	h.must(200, "alice", "POST", path+"/whole", r.said().json())
	again()
	h.must(200, "alice", "POST", path+"/whole", r.said().json())
	if got := h.must(200, "carol", "GET", path, nil); got.text != string(data) {
		t.Error("what is whole is not what was sent")
	}
	again()
	h.taken("carol", path, r)
	again()
	h.taken("carol", path, r)
	h.door.tidy(t.Context())
	if f := h.file(testTake); !f.Gone || h.stored(path) || len(f.Taken) != 1 || f.SHA256 != r.sum() {
		t.Errorf("in the end: %+v", f)
	}
}

// A sender that has gone without a word does not keep its upload locked.
func TestLockOfASenderThatIsGone(t *testing.T) {
	h, r := newHouse(t, Config{}), take(t, 2)
	data := r.upload()
	path := h.made("alice", testTake, "")
	body, feed := io.Pipe()
	req := h.request("alice", "PATCH", path, body, "Content-Type", octets, "Upload-Offset", "0")
	req.ContentLength = int64(len(data))
	ended := make(chan bool)
	go func() {
		_, _ = h.do(req) // it is broken off
		_ = body.Close()
		close(ended)
	}()
	if _, err := feed.Write(data[:20_000]); err != nil {
		t.Fatal(err)
	}
	eventually(t, "some has come", func() bool {
		n, err := os.ReadFile(filepath.Join(h.cfg.Store, filepath.Base(path)))
		return err == nil && len(n) > 10_000
	})
	n := h.offset("alice", path)
	h.sent(204, "alice", path, n, len(data), data[n:])
	h.must(200, "alice", "POST", path+"/whole", r.said().json())
	_ = feed.Close()
	<-ended
}
