package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orionbox/firmware"
	"orionbox/firmware/takes"
	"orionbox/webadmin/webtest"
)

// pages are all that a person can open, what stands in each of them at once, and what its pictures are called.
var pages = []struct{ path, name, holds string }{
	{"/", "live", "bob"},
	{"/session", "session", "chorus"},
	{"/recordings", "recordings", "LQ_carol_"},
	{"/settings", "settings", "AudioSettings"},
	{"/system", "system", "Version"},
	{"/login", "login", "Password"},
}

// mostWeight is what a page may weigh with all that it loads, in bytes.
const mostWeight = 100_000

// evening has three people play, say something and cut it in pieces; it is carol's page that is opened, in mid-take.
func evening(t *testing.T) (*studio, *testPage) {
	t.Helper()
	s := newStudio(t, map[string]string{"carol": "PRODUCER", "alice": "ARTIST", "bob": "ARTIST"}, nil)
	site := s.openPage("carol")
	carol, alice, bob := s.boxes["carol"], s.boxes["alice"], s.boxes["bob"]
	for _, b := range []*testBox{alice, bob} {
		b.record()
	}
	carol.do("chat", "Ready when you are.")
	for _, name := range []string{"verse", "chorus"} {
		alice.talk(3 * time.Second)
		known := len(carol.markers())
		carol.press("segment")
		if !poll(5*time.Second, func() bool { return len(carol.markers()) > known }) {
			t.Fatal("no marker came of the press")
		}
		carol.do("marker", "rename", carol.markers()[known].ID, name)
	}
	carol.do("marker", "good", carol.markers()[1].ID)
	alice.do("chat", "Was the second one better?")
	carol.do("chat", "Much. Once more from the chorus.")
	bob.press("mic")
	carol.await("the room as it is to be seen", func(st firmware.Status) bool {
		p := present(st)
		return p["alice"].Recording && p["bob"].MicMuted && p["bob"].Recording
	})
	if !poll(10*time.Second, func() bool { return len(ask[[]takes.Chunk](carol, "chunks")) >= 6 }) {
		t.Errorf("chunks are\n%s", carol.do("chunks"))
	}
	return s, site
}

// TestEveryPageInABrowser judges each page as one has it who sees badly, has only a keyboard, a narrow telephone, a thin line
// or no scripts. To take the pictures in docs/page anew: ORIONBOX_WRITE_SHOTS=1 go test ./cmd/orionbox -run EveryPage
func TestEveryPageInABrowser(t *testing.T) {
	s, site := evening(t)
	browser := webtest.Start(t)
	site.enter(browser.Page(t, deskWidth, deskHeight, false))
	for _, at := range pages {
		for _, dark := range []bool{false, true} {
			for _, width := range []int{360, deskWidth} {
				site.judge(browser, at.path, at.holds, width, dark)
			}
		}
		site.readable(browser, at.path, at.holds)
	}
	if away := browser.Refused(); len(away) > 0 {
		t.Errorf("the pages asked for %q", away)
	}
	if os.Getenv("ORIONBOX_WRITE_SHOTS") != "" {
		for _, at := range pages {
			site.picture(browser, at.path, at.name, s.boxes["carol"].dir)
		}
	}
}

// judge opens a page and fails the test for whatever is wrong with it.
func (p *testPage) judge(b *webtest.Browser, path, holds string, width int, dark bool) {
	p.t.Helper()
	page := b.Page(p.t, width, deskHeight, dark)
	page.Open(p.url + path)
	page.WaitText("main", holds)
	for _, finding := range page.Findings() {
		p.t.Errorf("%s, %d wide, dark %v: %s", path, width, dark, finding)
	}
	weight := 0
	for _, r := range page.Requests() {
		weight += r.Bytes
		if !strings.HasPrefix(r.URL, p.url+"/") && !strings.HasPrefix(r.URL, "data:") {
			p.t.Errorf("%s asks for %s", path, r.URL)
		}
	}
	p.t.Logf("%s, %d wide: %d bytes in %d requests", path, width, weight, len(page.Requests()))
	if weight > mostWeight {
		p.t.Errorf("%s weighs %d bytes, want at most %d", path, weight, mostWeight)
	}
	leave(page)
}

// readable opens a page without scripts: what it is about stands there all the same.
func (p *testPage) readable(b *webtest.Browser, path, holds string) {
	p.t.Helper()
	page := b.Page(p.t, phoneWidth, phoneHeight, false)
	page.NoScript()
	page.Open(p.url + path)
	if text := page.Text("body"); !strings.Contains(text, holds) && page.URL() != p.url+"/settings" {
		p.t.Errorf("without scripts %s is\n%s", path, text)
	}
	leave(page)
}

// picture takes a page by day and night, on a telephone and at a desk.
func (p *testPage) picture(b *webtest.Browser, path, name, dir string) {
	p.t.Helper()
	for _, dark := range []bool{false, true} {
		for _, size := range []struct {
			name          string
			width, height int
		}{{"phone", phoneWidth, phoneHeight}, {"desktop", deskWidth, deskHeight}} {
			page := b.Page(p.t, size.width, size.height, dark)
			page.Open(p.url + path)
			arrive(page, "")
			page.Eval(fmt.Sprintf(plain, dir), nil)
			light := map[bool]string{false: "light", true: "dark"}[dark]
			file := filepath.Join("..", "..", "docs", "page", name+"-"+light+"-"+size.name+".png")
			page.Picture(file)
			leave(page)
		}
	}
}

// plain puts a box's usual folder in place of a test's.
const plain = `(() => {
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll(%[1]q, "/var/lib/orionbox");
	for (const field of document.querySelectorAll("input")) field.value = field.value.replaceAll(%[1]q, "/var/lib/orionbox");
})()`
