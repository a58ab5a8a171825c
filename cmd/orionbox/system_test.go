package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"orionbox/audio/audiotest"
	"orionbox/audio/audiotest/lab"
	"orionbox/firmware"
)

// webPage is a browser without scripts at the page of a box.
type webPage struct {
	t      *testing.T
	at     string
	client http.Client
}

const pagePassword = "open-sesame-page"

// withPage gives a box a page that has a password.
func withPage(t *testing.T, box *testBox, address string) *webPage {
	t.Helper()
	if err := firmware.SetPassword(box.conf, pagePassword); err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &webPage{t: t, at: "http://" + address, client: http.Client{Jar: jar, Timeout: 20 * time.Second}}
}

// login logs in as soon as the page is there.
func (p *webPage) login() {
	p.t.Helper()
	if !poll(20*time.Second, func() bool {
		answer, err := p.client.PostForm(p.at+"/login", url.Values{"password": {pagePassword}})
		return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	}) {
		p.t.Fatal("nobody can log in")
	}
}

// post sends a form and returns the page that comes of it.
func (p *webPage) post(path string, form url.Values, status int) string {
	p.t.Helper()
	answer, err := p.client.PostForm(p.at+path, form)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status {
		p.t.Fatalf("%s: %s, %v, %s", path, answer.Status, err, text)
	}
	return string(text)
}

// TestRestartAndPowerOffOnThePage has a box that records start again, by the same process, and then stop.
func TestRestartAndPowerOffOnThePage(t *testing.T) {
	address := fmt.Sprintf("127.0.0.1:%d", lab.NewPorts(t))
	box := newBox(t, "", "ann", boxTone, also(simPanel, alone("ann", "ARTIST"), settings{"Admin.listen": address, "Hardware.power_off": "no"}))
	page := withPage(t, box, address)
	box.start()
	page.login()
	box.record()
	sure := url.Values{"sure": {"yes"}, "word": {"RESET"}}
	page.post("/system/restart", nil, http.StatusBadRequest)
	if text := page.post("/system/reset", sure, http.StatusConflict); !strings.Contains(text, "a take runs") {
		t.Errorf("a reset while a take runs: %s", text)
	}
	box.await("the take to go on", func(s firmware.Status) bool { return s.Recording })
	page.post("/system/restart", sure, http.StatusAccepted)
	box.await("the box to start again", func(s firmware.Status) bool { return s.Take.Number == 0 })
	if audio := audiotest.Read(t, box.only("HQ_*.mp3")); len(audio) == 0 {
		t.Error("the take is empty")
	}
	page.login()
	page.post("/system/off", nil, http.StatusBadRequest)
	page.post("/system/off", sure, http.StatusAccepted)
	select {
	case <-box.gone:
	case <-time.After(20 * time.Second):
		t.Fatal("the box did not stop")
	}
	if box.exit != nil {
		t.Errorf("the box stopped with %v", box.exit)
	}
}
