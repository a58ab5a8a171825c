package door

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"orionbox/firmware/hub"
)

// knock is a request that is refused.
type knock struct {
	who, method, path string
	body              []byte
	set               []string // names and values of header fields
	status            int
}

// refusedAll tries all, and sees that each is answered with its status and in words, counted, and of no effect.
func (h *house) refusedAll(all map[string]knock) {
	h.t.Helper()
	for name, k := range all {
		h.t.Run(name, func(t *testing.T) {
			h := *h
			h.t = t
			if k.who != "" {
				h.member(k.who)
			}
			before, count := h.stands(), h.registry.refusals()
			a := h.ask(k.who, k.method, k.path, k.body, k.set...)
			if a.status != k.status {
				t.Errorf("answered %d %q, not %d", a.status, a.text, k.status)
			}
			if k.method != "HEAD" && len(strings.TrimSpace(a.text)) < 10 {
				t.Errorf("answered without a word of why: %q", a.text)
			}
			if strings.Contains(a.text, h.dir) {
				t.Errorf("the answer tells of the hub's disk: %s", a.text)
			}
			counted := h.registry.refusals() - count
			if probe := k.status == http.StatusNotFound || k.status == http.StatusConflict || k.status == http.StatusRequestedRangeNotSatisfiable; probe && counted != 0 || !probe && counted != 1 {
				t.Errorf("counted %d times", counted)
			}
			h.unchanged(before)
		})
	}
}

// laden is a house in which alice has a take that is whole, one of which some is there, and a journal.
func laden(t *testing.T) (h *house, full, half, journal string) {
	t.Helper()
	h, r := newHouse(t, Config{MaxBytes: 300_000}), take(t, 2)
	full = h.whole("alice", testTake, r)
	half = h.made("alice", "HQ_alice_2_200500.mp3", "")
	h.sent(http.StatusNoContent, "alice", half, 0, -1, r.data[:10_000])
	version := sumOf(testJournal)
	journal = h.made("alice", hub.JournalFile, version)
	h.sent(http.StatusNoContent, "alice", journal, 0, len(testJournal), testJournal)
	h.must(http.StatusOK, "alice", "POST", journal+"/whole", Whole{int64(len(testJournal)), version, 0}.json())
	return h, full, half, journal
}

func TestOthersFilesAreRefused(t *testing.T) {
	h, full, half, journal := laden(t)
	said, taken := take(t, 2).said().json(), fmt.Appendf(nil, `{"sha256":%q}`, take(t, 2).sum())
	more := []string{"Content-Type", octets, "Upload-Offset", "10000"}
	all := map[string]knock{
		"an artist patches":                  {"bob", "PATCH", half, []byte("more"), more, 403},
		"an artist heads":                    {"bob", "HEAD", half, nil, nil, 403},
		"an artist deletes":                  {"bob", "DELETE", half, nil, nil, 403},
		"an artist says whole":               {"bob", "POST", full + "/whole", said, nil, 403},
		"an artist fetches":                  {"bob", "GET", full, nil, nil, 403},
		"an artist fetches what grows":       {"bob", "GET", half, nil, nil, 403},
		"an artist fetches a journal":        {"bob", "GET", journal, nil, nil, 403},
		"an artist takes":                    {"bob", "POST", full + "/taken", taken, nil, 403},
		"the artist takes her own":           {"alice", "POST", full + "/taken", taken, nil, 403},
		"a producer patches":                 {"carol", "PATCH", half, []byte("more"), more, 403},
		"a producer deletes":                 {"carol", "DELETE", half, nil, nil, 403},
		"a producer heads":                   {"carol", "HEAD", half, nil, nil, 403},
		"a producer says whole":              {"carol", "POST", full + "/whole", said, nil, 403},
		"a producer takes something else":    {"carol", "POST", full + "/taken", fmt.Appendf(nil, `{"sha256":%q}`, sumOf(nil)), nil, 422},
		"a producer takes what grows":        {"carol", "POST", half + "/taken", taken, nil, 404},
		"another room's producer fetches":    {"eve", "GET", full, nil, nil, 403},
		"another room's producer takes":      {"eve", "POST", full + "/taken", taken, nil, 404},
		"another room's producer heads":      {"eve", "HEAD", full, nil, nil, 403},
		"another room's artist patches":      {"ann", "PATCH", half, []byte("more"), more, 403},
		"a listener fetches":                 {"leo", "GET", full, nil, nil, 403},
		"a listener takes":                   {"leo", "POST", full + "/taken", taken, nil, 403},
		"a listener patches":                 {"leo", "PATCH", half, []byte("more"), more, 403},
		"the artist deletes what is whole":   {"alice", "DELETE", full, nil, nil, 409},
		"the artist patches what is whole":   {"alice", "PATCH", full, []byte("more"), []string{"Content-Type", octets, "Upload-Offset", "5"}, 409},
		"the artist says another whole":      {"alice", "POST", full + "/whole", Whole{10, sumOf(nil), 0}.json(), nil, 409},
		"a file that is not there":           {"alice", "HEAD", hub.FilesPath + "/" + strings.Repeat("0", 32), nil, nil, 404},
		"a file that is not there, fetched":  {"carol", "GET", hub.FilesPath + "/" + strings.Repeat("0", 32), nil, nil, 404},
		"a file that is not there, as taken": {"carol", "POST", hub.FilesPath + "/" + strings.Repeat("0", 32) + "/taken", taken, nil, 404},
	}
	for who, role := range roles {
		if role != "ARTIST" {
			all["created by "+who] = knock{who, "POST", hub.FilesPath + "/", nil,
				[]string{"Upload-Defer-Length", "1", "Upload-Metadata", meta("session", testSession, "file", "HQ_"+who+"_1_200003.mp3")}, 403}
		}
	}
	h.refusedAll(all)
}

func TestStrangersAreRefused(t *testing.T) {
	h, full, half, _ := laden(t)
	bob := h.member("bob")
	if err := h.registry.Revoke(t.Context(), "600", bob.ID); err != nil {
		t.Fatal(err)
	}
	as := func(user, token string) string {
		r, _ := http.NewRequest("GET", "https://hub", nil)
		r.SetBasicAuth(user, token)
		return r.Header.Get("Authorization")
	}
	alice, carol := h.member("alice"), h.member("carol")
	user := hub.User("600", alice.ID)
	all := map[string]knock{}
	for name, header := range map[string]string{
		"nobody":                         "",
		"not basic":                      "Bearer " + alice.Token,
		"a broken header":                "Basic %%%",
		"no token":                       as(user, ""),
		"a wrong token":                  as(user, alice.ID+"."+strings.Repeat("A", 26)),
		"somebody else's token":          as(user, carol.Token),
		"her token and another's user":   as(hub.User("600", carol.ID), alice.Token),
		"her token in another room":      as(hub.User("601", alice.ID), alice.Token),
		"a box that was never invited":   as(hub.User("600", "mallory"), "mallory."+strings.Repeat("A", 26)),
		"one whose invite was revoked":   as(hub.User("600", bob.ID), bob.Token),
		"a user with a wildcard":         as("*.alice", alice.Token),
		"a user of ten thousand letters": as(strings.Repeat("x", 10_000), alice.Token),
	} {
		for _, method := range []string{"HEAD", "PATCH", "DELETE", "GET"} {
			all[name+" "+method] = knock{"", method, half, nil, []string{"Authorization", header, "Content-Type", octets, "Upload-Offset", "10000"}, 401}
		}
		all[name+" whole"] = knock{"", "POST", full + "/whole", take(t, 2).said().json(), []string{"Authorization", header}, 401}
		all[name+" taken"] = knock{"", "POST", full + "/taken", []byte(`{}`), []string{"Authorization", header}, 401}
		all[name+" create"] = knock{"", "POST", hub.FilesPath + "/", nil, []string{"Authorization", header, "Upload-Defer-Length", "1",
			"Upload-Metadata", meta("session", testSession, "file", "HQ_alice_3_200900.mp3")}, 401}
	}
	h.refusedAll(all)
}

func TestNamesThatAreNoneAreRefused(t *testing.T) {
	h, _, _, _ := laden(t)
	all := map[string]knock{}
	try := func(m string) {
		all[m] = knock{"bob", "POST", hub.FilesPath + "/", nil, []string{"Upload-Defer-Length", "1", "Upload-Metadata", m}, 422}
	}
	for _, file := range []string{"../../etc/passwd", "..", ".", "", "/etc/passwd", "HQ_../x_1_200003.mp3", "HQ_a/b_1_200003.mp3", `HQ_a\b_1_200003.mp3`,
		"HQ_bob_1_200003.mp3/..", "HQ_bob\x00_1_200003.mp3", "HQ_bob_1_200003.mp3\n", "LQ_bob_200003.wav", "HQ_bob_1-2_200003.mp3", "HQ_bob_1_200003.wav",
		"HQ_bob_1_200003.html", "index.html", ".HQ_bob_1_200003.mp3.part", "HQ_bob_1_200003.mp3.receipt.json", "artist.json", "journal.jsonl/../x",
		"HQ_" + strings.Repeat("b", 300) + "_1_200003.mp3"} {
		try(meta("session", testSession, "file", file))
		try(meta("session", testSession, "file", file, "version", "v1"))
	}
	for _, s := range []string{"", "..", "../..", "SESSION_20260102_200000/..", "SESSION_x", "session_20260102_200000", "SESSION_20260102_200000\x00", "/"} {
		try(meta("session", s, "file", "HQ_bob_1_200003.mp3"))
		try(meta("session", s, "file", hub.JournalFile, "version", "v1"))
	}
	for _, m := range []string{"", "file", "session !!!,file ???", meta("session", testSession), meta("file", "HQ_bob_1_200003.mp3"),
		meta("session", testSession, "file", hub.JournalFile), meta("session", testSession, "file", "HQ_bob_1_200003.mp3", "version", "v1"),
		meta("session", testSession, "file", hub.JournalFile, "version", strings.Repeat("v", 65)), strings.Repeat("x,", 4000)} {
		try(m)
	}
	h.refusedAll(all)
	// whose it is a box does not say
	h.must(http.StatusCreated, "bob", "POST", hub.FilesPath+"/", nil, "Upload-Defer-Length", "1",
		"Upload-Metadata", meta("session", testSession, "file", testTake, "box", "alice", "user", hub.User("600", "alice")))
	if f, known := h.registry.File("600", keyOfFile("bob", testTake)); !known || f.Name != "bob" || f.Upload == h.file(testTake).Upload {
		t.Errorf("bob's upload in alice's name became %+v", f)
	}
}

func TestPathsThatAreNoneAreRefused(t *testing.T) {
	h, full, half, _ := laden(t)
	id := strings.TrimPrefix(full, hub.FilesPath+"/")
	all := map[string]knock{}
	for _, at := range []string{"/..%2f..%2fhub%2fclock", "/%2e%2e%2f" + id, "/x%2f..%2f" + id, "/" + id + "%2f", "/%2f" + id, "/" + id + ".info", "/" + id + "%00", "/..%5c" + id,
		"/" + strings.ToUpper(id), "/" + id + id, "/" + id[:31], "/%252e%252e%252f" + id} {
		for _, method := range []string{"GET", "HEAD", "PATCH", "DELETE"} {
			all[method+" "+at] = knock{"alice", method, hub.FilesPath + at, nil, []string{"Content-Type", octets, "Upload-Offset", "0"}, 400}
			all[method+" as a producer "+at] = knock{"carol", method, hub.FilesPath + at, nil, []string{"Content-Type", octets, "Upload-Offset", "0"}, 400}
		}
		all["whole "+at] = knock{"alice", "POST", hub.FilesPath + at + "/whole", take(t, 2).said().json(), nil, 400}
	}
	for _, at := range []string{"/" + id, "/", "/" + id + "/whole/x", "/" + id + "/other", "/" + id + "/"} {
		all["POST to "+at] = knock{"alice", "POST", hub.FilesPath + at, nil, nil, 405}
	}
	delete(all, "POST to /") // which is where uploads are made
	for _, method := range []string{"PUT", "OPTIONS", "TRACE", "GET", "PATCH", "DELETE", "NONSENSE"} {
		all[method+" of none"] = knock{"alice", method, hub.FilesPath + "/", nil, nil, 405}
		if method != "GET" && method != "PATCH" && method != "DELETE" {
			all[method] = knock{"alice", method, full, nil, nil, 405}
		}
	}
	h.refusedAll(all)
	before := h.stands()
	for _, at := range []string{"/../etc/passwd", "/../../../../etc/passwd", "/./" + id, "//" + id, "/" + id + "/../" + id} {
		for _, method := range []string{"GET", "PATCH", "DELETE", "POST"} {
			if a := h.ask("alice", method, hub.FilesPath+at, nil); a.status < 300 || strings.Contains(a.text, "root:") {
				t.Errorf("%s %s: %d %s", method, at, a.status, a.text)
			}
		}
	}
	// what a request claims to be besides its method is of no matter
	h.must(405, "alice", "POST", half, nil, "X-HTTP-Method-Override", "DELETE")
	h.must(204, "alice", "PATCH", half, nil, "X-HTTP-Method-Override", "DELETE", "Content-Type", octets, "Upload-Offset", "10000")
	h.must(200, "alice", "HEAD", half, nil, "X-HTTP-Method-Override", "DELETE")
	h.unchanged(before)
}

func TestUploadsOutOfRangeAreRefused(t *testing.T) {
	h, full, half, _ := laden(t)
	mine := meta("session", testSession, "file", "HQ_bob_1_200003.mp3")
	at := func(more ...string) []string { return append([]string{"Content-Type", octets}, more...) }
	h.refusedAll(map[string]knock{
		"too long":                         {"bob", "POST", hub.FilesPath + "/", nil, []string{"Upload-Metadata", mine, "Upload-Length", "300001"}, 413},
		"far too long":                     {"bob", "POST", hub.FilesPath + "/", nil, []string{"Upload-Metadata", mine, "Upload-Length", "9223372036854775807"}, 413},
		"longer than a number":             {"bob", "POST", hub.FilesPath + "/", nil, []string{"Upload-Metadata", mine, "Upload-Length", "92233720368547758070"}, 400},
		"of less than nothing":             {"bob", "POST", hub.FilesPath + "/", nil, []string{"Upload-Metadata", mine, "Upload-Length", "-1"}, 400},
		"of a length that is none":         {"bob", "POST", hub.FilesPath + "/", nil, []string{"Upload-Metadata", mine, "Upload-Length", "ten"}, 400},
		"of no length":                     {"bob", "POST", hub.FilesPath + "/", nil, []string{"Upload-Metadata", mine}, 400},
		"of two lengths":                   {"bob", "POST", hub.FilesPath + "/", nil, []string{"Upload-Metadata", mine, "Upload-Length", "5", "Upload-Defer-Length", "1"}, 400},
		"put together":                     {"bob", "POST", hub.FilesPath + "/", nil, []string{"Upload-Metadata", mine, "Upload-Concat", "final;" + full + " " + half}, 400},
		"in part":                          {"bob", "POST", hub.FilesPath + "/", nil, []string{"Upload-Metadata", mine, "Upload-Length", "5", "Upload-Concat", "partial"}, 400},
		"with a body":                      {"bob", "POST", hub.FilesPath + "/", []byte("RIFF"), at("Upload-Metadata", mine, "Upload-Length", "4"), 400},
		"of another protocol":              {"bob", "POST", hub.FilesPath + "/", nil, []string{"Upload-Metadata", mine, "Upload-Length", "4", "Tus-Resumable", "0.2.2"}, 412},
		"declared too long at last":        {"alice", "PATCH", half, nil, at("Upload-Offset", "10000", "Upload-Length", "300001"), 400},
		"declared shorter than it is":      {"alice", "PATCH", half, nil, at("Upload-Offset", "10000", "Upload-Length", "9999"), 400},
		"declared of less than nothing":    {"alice", "PATCH", half, nil, at("Upload-Offset", "10000", "Upload-Length", "-5"), 400},
		"sent from nowhere":                {"alice", "PATCH", half, []byte("more"), at(), 400},
		"sent from before the start":       {"alice", "PATCH", half, []byte("more"), at("Upload-Offset", "-1"), 400},
		"sent from behind the end":         {"alice", "PATCH", half, []byte("more"), at("Upload-Offset", "10001"), 409},
		"sent again":                       {"alice", "PATCH", half, []byte("more"), at("Upload-Offset", "0"), 409},
		"sent as something else":           {"alice", "PATCH", half, []byte("more"), []string{"Content-Type", "text/html", "Upload-Offset", "10000"}, 400},
		"whole, but it grows":              {"alice", "POST", half + "/whole", take(t, 2).said().json(), nil, 409},
		"made twice":                       {"alice", "POST", hub.FilesPath + "/", nil, []string{"Upload-Metadata", meta("session", testSession, "file", testTake), "Upload-Defer-Length", "1"}, 409},
		"made twice before it was whole":   {"alice", "POST", hub.FilesPath + "/", nil, []string{"Upload-Metadata", meta("session", testSession, "file", "HQ_alice_2_200500.mp3"), "Upload-Defer-Length", "1"}, 409},
		"whole said of what it is not":     {"alice", "POST", half + "/whole", []byte(`{"bytes":10000,"sha256":"` + sumOf(nil) + `","head":-1}`), nil, 400},
		"whole said in another language":   {"alice", "POST", half + "/whole", []byte("<html>"), nil, 400},
		"whole said in part":               {"alice", "POST", half + "/whole", []byte(`{"bytes":1`), nil, 400},
		"whole said of nothing":            {"alice", "POST", half + "/whole", nil, nil, 400},
		"whole said of no bytes":           {"alice", "POST", half + "/whole", []byte(`{"bytes":0,"sha256":"` + sumOf(nil) + `","head":0}`), nil, 400},
		"whole said with a long head":      {"alice", "POST", half + "/whole", []byte(`{"bytes":10000,"sha256":"` + sumOf(nil) + `","head":5000}`), nil, 400},
		"whole said with a short sum":      {"alice", "POST", half + "/whole", []byte(`{"bytes":10000,"sha256":"ab","head":0}`), nil, 400},
		"whole said of too much":           {"alice", "POST", half + "/whole", []byte(`{"bytes":99999999999999999999,"sha256":"` + sumOf(nil) + `","head":0}`), nil, 400},
		"whole said with more":             {"alice", "POST", half + "/whole", []byte(`{"bytes":10000,"sha256":"` + sumOf(nil) + `","head":0,"path":"/etc"}`), nil, 400},
		"whole said at great length":       {"alice", "POST", half + "/whole", append([]byte(`{"sha256":"`), bytes.Repeat([]byte("a"), 1<<20)...), nil, 400},
		"taken said in another language":   {"carol", "POST", full + "/taken", []byte("<html>"), nil, 400},
		"taken said of a list":             {"carol", "POST", full + "/taken", []byte(`["a"]`), nil, 400},
		"taken said at great length":       {"carol", "POST", full + "/taken", append([]byte(`{"sha256":"`), bytes.Repeat([]byte("a"), 1<<20)...), nil, 400},
		"taken said of nothing":            {"carol", "POST", full + "/taken", []byte(`{}`), nil, 422},
		"taken said of a null":             {"carol", "POST", full + "/taken", []byte(`null`), nil, 422},
		"fetched from behind the end":      {"carol", "GET", half, nil, []string{"Range", "bytes=10000-"}, 416},
		"fetched in a way that is unclear": {"carol", "GET", half, nil, []string{"Range", "bytes=zero-"}, 416},
	})
}

// What is refused as it comes: nothing of it stays, or no more than there may be.
func TestBytesThatMayNotBeAreRefused(t *testing.T) {
	h := newHouse(t, Config{MaxBytes: 100_000})
	mp3 := take(t, 4).data
	for name, start := range map[string][]byte{"WAV": []byte("RIFF\x24\x00\x00\x00WAVEfmt "), "HTML": []byte("<html><script>"), "zeros": make([]byte, 5000), "ID3": []byte("ID3\x04\x00\x00\x00\x00\x00\x00")} {
		path := h.made("alice", "HQ_alice_"+fmt.Sprint(len(start))+"_200003.mp3", "")
		count := h.registry.refusals()
		h.sent(422, "alice", path, 0, -1, start)
		if n := h.offset("alice", path); n != 0 || h.registry.refusals() != count+1 {
			t.Errorf("%s: %d bytes stayed, counted %d times", name, n, h.registry.refusals()-count)
		}
	}
	over := h.made("alice", testTake, "")
	if a := h.sent(413, "alice", over, 0, 1000, mp3[:2000]); a.text == "" {
		t.Error("no word of why")
	}
	if n := h.offset("alice", over); n != 0 {
		t.Errorf("%d bytes stayed of more than was declared", n)
	}
	h.must(204, "alice", "DELETE", over, nil)
	over = h.made("alice", testTake, "")
	r := h.request("alice", "PATCH", over, struct{ io.Reader }{bytes.NewReader(mp3)}, "Content-Type", octets, "Upload-Offset", "0") // in pieces, of no length
	r.ContentLength = -1
	if a, err := h.do(r); err == nil && a.status != 413 {
		t.Errorf("what is streamed beyond the limit is answered %d %s", a.status, a.text)
	}
	if n := h.offset("alice", over); n > 100_000 {
		t.Errorf("%d bytes stayed", n)
	}
}

// A length that lies: what came counts, and the rest can be sent.
func TestContentLengthThatLies(t *testing.T) {
	h, data := newHouse(t, Config{}), take(t, 2).upload()
	path := h.made("alice", testTake, "")
	raw := func(length int, body []byte) {
		conn, err := tls.Dial("tcp", h.listen, h.client.Transport.(*http.Transport).TLSClientConfig)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		r := h.request("alice", "PATCH", path, nil)
		fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: hub\r\nAuthorization: %s\r\nTus-Resumable: 1.0.0\r\nContent-Type: %s\r\nUpload-Offset: %d\r\nContent-Length: %d\r\n\r\n",
			path, r.Header.Get("Authorization"), octets, h.offset("alice", path), length)
		_, _ = conn.Write(body) // the hub may end it as soon as it finds out
		_ = conn.CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
	}
	raw(5000, data[:3000])
	eventually(t, "what came is there", func() bool { return h.offset("alice", path) == 3000 })
	raw(1000, data[3000:9000])
	eventually(t, "what was announced is there", func() bool { return h.offset("alice", path) == 4000 })
	h.sent(204, "alice", path, 4000, len(data), data[4000:])
	h.must(200, "alice", "POST", path+"/whole", take(t, 2).said().json())
}

func TestHugeHeadersAreRefused(t *testing.T) {
	h, full, _, _ := laden(t)
	before := h.stands()
	h.must(431, "alice", "HEAD", full, nil, "Upload-Metadata", strings.Repeat("x", 1<<20))
	h.must(431, "alice", "POST", hub.FilesPath+"/", nil, "Upload-Defer-Length", "1", "Upload-Metadata", strings.Repeat("file YQ==,", 10_000))
	h.unchanged(before)
}

func FuzzWhatIsSaid(f *testing.F) {
	for _, s := range []string{`{"bytes":1,"sha256":"` + sumOf(nil) + `","head":0}`, `{}`, `null`, `[]`, `{"bytes":-1}`, `{"sha256":5}`, `{"bytes":1e3}`, `{"head":9223372036854775807,"bytes":9223372036854775807}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := http.NewRequest("POST", "https://hub", bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		var said Whole
		if read(r, &said) != nil || said.check() != nil {
			return
		}
		if said.Bytes <= 0 || said.Head < 0 || said.Bytes+said.Head <= 0 || said.Head > said.Bytes || hub.CheckSHA256(said.SHA256) != nil {
			t.Errorf("believed %+v", said)
		}
	})
}

func FuzzWhatIsTaken(f *testing.F) {
	for _, s := range []string{`{"sha256":"` + sumOf(nil) + `"}`, `{}`, `null`, `"a"`, `{"sha256":null}`, `{"sha256":"a"} {"sha256":"b"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := http.NewRequest("POST", "https://hub", bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		var said Taken
		if read(r, &said) == nil && len(said.SHA256) > 4<<10 {
			t.Errorf("believed %d letters", len(said.SHA256))
		}
	})
}
