package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"orionbox/audio/audiotest"
	"orionbox/firmware"
)

const adminPassword = "correct horse battery"

// testPage is the web page of a box, and a program that has logged in there.
type testPage struct {
	t    *testing.T
	url  string
	http *http.Client
}

// withPage gives a box that has not started a web page with a password.
func (b *testBox) withPage() (start func() *testPage) {
	b.t.Helper()
	address := freeAddress(b.t)
	b.set("listen", address)
	file := filepath.Join(b.dir, "password")
	if err := os.WriteFile(file, []byte(adminPassword+"\n"), 0o600); err != nil {
		b.t.Fatal(err)
	}
	if out, err := orionbox(b.t, "password", "-c", b.conf, "--password-file", file); err != nil {
		b.t.Fatalf("set password: %v\n%s", err, out)
	}
	return func() *testPage {
		b.start()
		jar, err := cookiejar.New(nil)
		if err != nil {
			b.t.Fatal(err)
		}
		p := &testPage{t: b.t.(*testing.T), url: "http://" + address, http: &http.Client{Jar: jar, Timeout: 20 * time.Second}}
		p.login()
		return p
	}
}

// login logs in, as soon as the page is there.
func (p *testPage) login() {
	p.t.Helper()
	if !poll(10*time.Second, func() bool {
		r, err := p.http.PostForm(p.url+"/login", url.Values{"password": {adminPassword}})
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == http.StatusOK && r.Request.URL.Path == "/"
	}) {
		p.t.Fatal("nobody can log in")
	}
}

func (p *testPage) get(path string) string {
	p.t.Helper()
	r, err := p.http.Get(p.url + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %s, %v\n%s", path, r.Status, err, text)
	}
	return string(text)
}

// post sends a form and returns the page that comes of it.
func (p *testPage) post(path string, form url.Values, status int) string {
	p.t.Helper()
	r, err := p.http.PostForm(p.url+path, form)
	if err != nil {
		p.t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != status {
		p.t.Fatalf("%s: %s, %v, %s", path, r.Status, err, text)
	}
	return string(text)
}

// agree waits until page, metrics and status tell of a fault, or of none, alike.
func (b *testBox) agree(p *testPage, since time.Time, id, words string) {
	b.t.Helper()
	b.awaitFor(time.Minute, id, func(s firmware.Status) bool { return faulty(s, id) })
	metric := fmt.Sprintf(`orionbox_fault{id="%s",`, id)
	if !poll(2*time.Second, func() bool { return strings.Contains(p.get("/metrics"), metric) && strings.Contains(p.get("/"), words) }) {
		b.t.Errorf("status tells of %s; metrics do %v, the page %v", id, strings.Contains(p.get("/metrics"), metric), strings.Contains(p.get("/"), words))
	}
	b.t.Logf("%s: status, metrics and page show it after %v", id, time.Since(since).Round(10*time.Millisecond))
}

// TestPageMetricsAndStatusAgree in each of the faults that an admin meets.
func TestPageMetricsAndStatusAgree(t *testing.T) {
	sound := audiotest.StartPulse(t)
	hub := newHub(t)
	hub.start()
	server := startConference(t, "alice")
	box := newBox(t, server, "alice", boxTone, also(simPanel, settings{"AudioSettings.mic": "Default", "AudioSettings.speakers": "Default"}))
	box.env = sound.Env()
	if out, err := orionbox(t, "join", hub.invite("alice", "ARTIST", server), "-c", box.conf, "--yes"); err != nil {
		t.Fatalf("join: %v\n%s", err, out)
	}
	page := box.withPage()()
	box.await("all to be well", func(s firmware.Status) bool {
		return s.Call == "in conference" && s.Hub != nil && s.Hub.State == "connected" && s.Audio.Mic.State == "ok"
	})
	at := time.Now()
	sound.Kill()
	box.agree(page, at, "no-microphone", "no input device")
	at = time.Now()
	hub.kill()
	box.agree(page, at, "hub-down", "the hub does not answer")
	box.stop()

	asterisk := newBox(t, server, "alice", boxTone, settings{"ConnectionDetails.password": "not-it"})
	page = asterisk.withPage()()
	asterisk.agree(page, time.Now(), "call-refused", "the SIP server refuses the call")
	asterisk.stop()

	full := newBox(t, "", "alice", boxTone, also(alone("alice", "ARTIST"), settings{"AudioSettings.reserve": "9999999"})) // more than any disk has
	page = full.withPage()()
	full.agree(page, time.Now(), "storage-full", "storage is at the reserve")
	full.stop()

	away := newBox(t, "127.0.0.1:9", "alice", boxTone, nil)
	page = away.withPage()()
	away.agree(page, time.Now(), "call-down", "not in the conference")
	away.stop()
}

// TestAnAttackedBoxLosesNothing records while strangers guess, flood and stall: the take has no gap.
func TestAnAttackedBoxLosesNothing(t *testing.T) {
	more := alone("ann", "ARTIST")
	delete(more, "AudioSettings.mic") // its tone
	box := newBox(t, "", "ann", boxTone, more)
	page := box.withPage()()
	box.record()
	address := strings.TrimPrefix(page.url, "http://")
	var slow []net.Conn
	for range 500 {
		if conn, err := net.Dial("tcp", address); err == nil {
			_, _ = conn.Write([]byte("POST /login HTTP/1.1\r\nHost: localhost\r\nX-")) // and no more
			slow = append(slow, conn)
		}
	}
	for _, conn := range slow {
		conn.Close()
	}
	stranger := &http.Client{Timeout: 10 * time.Second}
	for n := range 20 {
		if r, err := stranger.PostForm(page.url+"/login", url.Values{"password": {fmt.Sprint("guess ", n)}}); err == nil {
			r.Body.Close()
			if r.StatusCode != http.StatusUnauthorized {
				t.Errorf("a guess: %s", r.Status)
			}
		}
	}
	request, err := http.NewRequest(http.MethodPost, page.url+"/login", io.LimitReader(zeros{}, 1<<30))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := stranger.Do(request); err == nil {
		if r.Body.Close(); r.StatusCode < 400 {
			t.Errorf("a gigabyte: %s", r.Status)
		}
	}
	box.talk(time.Second)
	s := box.await("the page to be whole", func(firmware.Status) bool { return strings.Contains(page.get("/"), "Recording take 1") })
	if s.Take.Lost != 0 || faulty(s, "sound-lost") {
		t.Errorf("%d samples were lost", s.Take.Lost)
	}
	box.endTake()
	box.stop()
	wantNoGaps(t, audiotest.Read(t, box.only("HQ_*.mp3"))[0])
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestFirstVisitOfABox takes the code that the box has made, and after it the page knows the password.
func TestFirstVisitOfABox(t *testing.T) {
	box := newBox(t, "", "ann", boxTone, alone("ann", "ARTIST"))
	address := freeAddress(t)
	box.set("listen", address)
	box.start()
	visitor := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var code string
	if !poll(10*time.Second, func() bool {
		out, err := orionbox(t, "password", "--code", "-c", box.conf)
		code = strings.TrimSpace(out)
		return err == nil
	}) {
		t.Fatalf("the box has no code: %s", code)
	}
	if !poll(10*time.Second, func() bool {
		r, err := visitor.PostForm("http://"+address+"/setup", url.Values{"code": {code}, "password": {adminPassword}, "again": {adminPassword}})
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == http.StatusSeeOther && r.Header.Get("Location") == "/" && len(r.Cookies()) == 1
	}) {
		t.Fatal("the first password is not taken")
	}
	if out, err := orionbox(t, "password", "--code", "-c", box.conf); err == nil {
		t.Errorf("the code is still there: %s", out)
	}
	if text, err := os.ReadFile(box.conf); err != nil || !strings.Contains(string(text), "password_hash = $2a$") || strings.Contains(string(text), adminPassword) {
		t.Errorf("%v, conn.conf is\n%s", err, text)
	}
	box.stop()
}

// TestAPageThatCannotBeOpened is a fault, and the box records all the same.
func TestAPageThatCannotBeOpened(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	box := newBox(t, "", "ann", boxTone, also(simPanel, alone("ann", "ARTIST")))
	box.set("listen", taken.Addr().String())
	box.start()
	box.await("the fault", func(s firmware.Status) bool { return faulty(s, "page-down") })
	box.records()
	box.stop()
}

// TestHearAndExportOnThePage has the box's tone in the headphones for as long as was asked, and a session carried away as a
// project for an editor.
func TestHearAndExportOnThePage(t *testing.T) {
	more := alone("ann", "ARTIST")
	delete(more, "AudioSettings.mic") // its tone
	heard := filepath.Join(t.TempDir(), "heard.wav")
	more["AudioSettings.speakers"], more["AudioSettings.cues"] = "file:"+heard, "off"
	box := newBox(t, "", "ann", boxTone, more)
	page := box.withPage()()
	box.record()
	box.talk(time.Second)
	box.endTake()
	r, err := page.http.PostForm(page.url+"/settings/hear", nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Body.Close(); r.StatusCode != http.StatusOK {
		t.Errorf("hear yourself: %s", r.Status)
	}
	session := filepath.Base(filepath.Dir(box.only("HQ_*.mp3")))
	r, err = page.http.PostForm(page.url+"/recordings/export/"+session, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("export: %s, %v\n%.300s", r.Status, err, data)
	}
	packed, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range packed.File {
		names = append(names, f.Name)
	}
	for _, want := range []string{session + ".rpp", "labels.txt", "report.json"} {
		if !slices.Contains(names, want) {
			t.Errorf("the export lacks %s: %v", want, names)
		}
	}
	if left, err := filepath.Glob(filepath.Join(box.dir, "rec", ".export-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	box.stop()
	tone := 0
	sound := audiotest.Read(t, heard)[0]
	for at := time.Duration(0); at+100*time.Millisecond <= sound.Duration(); at += 100 * time.Millisecond {
		if sound.Cut(at, at+100*time.Millisecond).Tone(boxTone) > -20 {
			tone++
		}
	}
	if tone < 40 || tone > 55 {
		t.Errorf("the tone was heard for %d tenths of a second, want 50", tone)
	}
}
