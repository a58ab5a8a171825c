package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orionbox/firmware"
	"orionbox/firmware/takes"
	"orionbox/webadmin/webtest"
)

// pages are all that a person can open, at whose box, what stands in each of them at once, and what its pictures are called.
var pages = []struct{ of, path, name, holds string }{
	{"alice", "/", "live", "Recording take 2"},
	{"carol", "/session", "session", "chorus"},
	{"alice", "/recordings", "recordings", "HQ_alice_1_"},
	{"carol", "/settings", "settings", "AudioSettings"},
	{"carol", "/system?level=info", "system", "Version"},
	{"carol", "/login", "login", "Password"},
}

// mostWeight is what a page may weigh with all that it loads, in bytes.
const mostWeight = 100_000

// evening has three people play, say something and cut it in pieces; it ends in mid-take, with a page at
// carol's, the producer's, and one at alice's.
func evening(t *testing.T) (s *studio, sites map[string]*testPage) {
	t.Helper()
	s = newStudio(t, map[string]string{"carol": "PRODUCER", "alice": "ARTIST", "bob": "ARTIST"}, nil)
	sites = map[string]*testPage{"carol": s.openPage("carol"), "alice": s.openPage("alice")}
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
	alice.endTake()
	alice.record()
	bob.press("mic")
	carol.await("the room as it is to be seen", func(st firmware.Status) bool {
		p := present(st)
		return p["alice"].Recording && p["bob"].MicMuted && p["bob"].Recording
	})
	if !poll(10*time.Second, func() bool { return len(ask[[]takes.Chunk](carol, "chunks")) >= 6 }) {
		t.Errorf("chunks are\n%s", carol.do("chunks"))
	}
	return s, sites
}

// TestEveryPageInABrowser judges each page as one has it who sees badly, has only a keyboard, a narrow telephone, a thin line
// or no scripts. To take the pictures in docs/page anew: ORIONBOX_WRITE_SHOTS=1 go test ./cmd/orionbox -run EveryPage
func TestEveryPageInABrowser(t *testing.T) {
	s, sites := evening(t)
	browsers := map[string]*webtest.Browser{}
	for name, site := range sites {
		browsers[name] = webtest.Start(t) // one each: their cookies have the same host
		site.enter(browsers[name].Page(t, deskWidth, deskHeight, false))
	}
	for _, at := range pages {
		site, browser := sites[at.of], browsers[at.of]
		for _, dark := range []bool{false, true} {
			for _, width := range []int{360, deskWidth} {
				site.judge(browser, at.path, at.holds, width, dark)
			}
		}
		site.readable(browser, at.path, at.holds)
	}
	for name, browser := range browsers {
		if away := browser.Refused(); len(away) > 0 {
			t.Errorf("%s's pages asked for %q", name, away)
		}
	}
	if os.Getenv("ORIONBOX_WRITE_SHOTS") != "" {
		for _, at := range pages {
			sites[at.of].picture(browsers[at.of], at.path, at.name, strings.NewReplacer("DIR", s.boxes[at.of].dir, "MIC", "room:"+s.mic).Replace(plain))
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
	if text := page.Text("body"); !strings.Contains(text, holds) {
		p.t.Errorf("without scripts %s is\n%s", path, text)
	}
	leave(page)
}

// picture takes a page by day and night, on a telephone and at a desk.
func (p *testPage) picture(b *webtest.Browser, path, name, plain string) {
	p.t.Helper()
	for _, dark := range []bool{false, true} {
		for _, size := range []struct {
			name          string
			width, height int
		}{{"phone", phoneWidth, phoneHeight}, {"desktop", deskWidth, deskHeight}} {
			page := b.Page(p.t, size.width, size.height, dark)
			page.Open(p.url + path)
			arrive(page, "")
			page.Eval(plain, nil)
			light := map[bool]string{false: "light", true: "dark"}[dark]
			file := filepath.Join("..", "..", "docs", "page", name+"-"+light+"-"+size.name+".png")
			page.Picture(file)
			leave(page)
		}
	}
}

// plain puts a box's usual folder and microphone in place of a test's, and has the page stand still.
const plain = `(() => {
	if (typeof source !== "undefined") source.close();
	const usual = (text) => text.replaceAll("DIR", "/var/lib/orionbox").replaceAll("MIC", "Default");
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (texts.nextNode()) texts.currentNode.data = usual(texts.currentNode.data);
	for (const field of document.querySelectorAll("input")) field.value = usual(field.value);
	for (const part of document.querySelectorAll(".stay, .tools")) part.style.position = "static";
	return Promise.all([...document.images].map((picture) => {
		picture.loading = "eager"; // also where nobody has scrolled to
		return picture.decode();
	}));
})()`
