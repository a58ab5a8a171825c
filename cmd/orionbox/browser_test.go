package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"orionbox/firmware"
	"orionbox/webadmin/webtest"
)

// The page in a browser, at boxes that run. What the routes do is held by webadmin; here is what a person sees of it.

const (
	phoneWidth, phoneHeight = 390, 844
	deskWidth, deskHeight   = 1280, 900
)

// desk opens a page of a box at a desk, by day, logged in.
func (p *testPage) desk(b *webtest.Browser) *webtest.Page {
	p.t.Helper()
	page := b.Page(p.t, deskWidth, deskHeight, false)
	p.enter(page)
	return page
}

// enter logs in.
func (p *testPage) enter(page *webtest.Page) {
	p.t.Helper()
	page.Open(p.url + "/login")
	page.Type("#password", adminPassword)
	page.Click("button[type=submit]")
	arrive(page, "Live")
}

// arrive waits until a page is there, with all that it loads: its buttons then stay where they are.
func arrive(page *webtest.Page, title string) {
	page.WaitText("h1", title)
	page.WaitFor("document.readyState === 'complete'")
}

// soloPage is a box of its own, with a microphone that hears something and a page.
func soloPage(t *testing.T, more settings) (*testBox, *testPage) {
	t.Helper()
	all := also(simPanel, alone("ann", "ARTIST"), more)
	delete(all, "AudioSettings.mic") // its tone
	box := newBox(t, "", "ann", boxTone, all)
	return box, box.withPage()()
}

// leave closes what a page follows, so that a box may stop without its saying so.
func leave(pages ...*webtest.Page) {
	for _, page := range pages {
		page.Open("about:blank")
	}
}

// lone waits until an element is gone from the page, or hidden.
func lone(page *webtest.Page, selector string) {
	page.WaitFor(fmt.Sprintf("!document.querySelector(%q)?.checkVisibility()", selector))
}

// TestFirstVisitInABrowser takes the code of the box for a password, and then the password. It comes by a name, over plain
// HTTP, as a person in a studio does: browsers say less of themselves there than at 127.0.0.1.
func TestFirstVisitInABrowser(t *testing.T) {
	box := newBox(t, "", "ann", boxTone, also(simPanel, alone("ann", "ARTIST")))
	address := freeAddress(t)
	box.set("listen", address)
	box.start()
	url := "http://orionbox.local" + address[strings.LastIndex(address, ":"):]
	page := webtest.Start(t).Page(t, phoneWidth, phoneHeight, false)
	page.Expect("(Bad Request)", "(Unauthorized)")

	page.Open(url)
	page.WaitText("main", "This box has no password yet")
	first := func(code, again string) {
		t.Helper()
		page.Type("#code", code)
		page.Type("#password", adminPassword)
		page.Type("#again", again)
		page.Press("Enter")
	}
	first("AAAA-AAAA", adminPassword)
	page.WaitText("[role=alert]", "code")
	code, err := orionbox(t, "password", "--code", "-c", box.conf)
	if err != nil {
		t.Fatalf("the box has no code: %v\n%s", err, code)
	}
	first(strings.TrimSpace(code), adminPassword+"!")
	page.WaitText("[role=alert]", "the two passwords are not the same")
	first(strings.TrimSpace(code), adminPassword)
	arrive(page, "Live")

	page.Click("header form button")
	page.WaitText("main button", "Log in")
	page.Type("#password", "not the password")
	page.Click("button[type=submit]")
	page.WaitText("[role=alert]", "that is not the password")
	page.Open(url + "/settings")
	page.WaitText("main button", "Log in") // nobody has let this one in
	page.Type("#password", adminPassword)
	page.Press("Enter")
	arrive(page, "Live")
	leave(page)
	box.stop()
}

// TestSettingsInABrowser sees a change in conn.conf, beside the comments that stood there, and none of what was wrong.
func TestSettingsInABrowser(t *testing.T) {
	box, site := soloPage(t, settings{"AudioSettings.pre_roll": "2"})
	text := strings.Replace(readAll(t, box.conf), "pre_roll = 2", "# as the drummer likes it\npre_roll = 2\n; and no more", 1)
	if err := os.WriteFile(box.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	page := site.desk(webtest.Start(t))
	page.Expect("(Bad Request)")
	page.Open(site.url + "/settings")
	field := `[name="set:AudioSettings.pre_roll"]`
	if got := page.Value(field); got != "2" {
		t.Errorf("the page shows a pre-roll of %s", got)
	}
	page.Type(field, "3")
	page.Choose(`[name="set:AudioSettings.cues"]`, "tones")
	page.Click("#settings .stay button")
	page.WaitText("main [role=status]", "Saved")
	saved := readAll(t, box.conf)
	for _, want := range []string{"# as the drummer likes it\npre_roll = 3\n", "cues = tones\n", "; and no more\n"} {
		if !strings.Contains(saved, want) {
			t.Errorf("no %q in conn.conf:\n%s", want, saved)
		}
	}

	page.Type(field, "a while")
	page.Choose(`[name="set:AudioSettings.cues"]`, "off")
	page.Click("#settings .stay button")
	page.WaitText("main [role=alert]", "Nothing was saved")
	page.Wait(field + "[aria-invalid=true]")
	if got := page.Value(field); got != "a while" {
		t.Errorf("of what was typed the page shows %q", got)
	}
	if got := page.Value(`[name="set:AudioSettings.cues"]`); got != "off" {
		t.Errorf("of what was chosen beside it the page shows %q", got)
	}
	var about string
	page.Eval(fmt.Sprintf("document.querySelector(%q).closest('div').querySelector('.wrong').textContent", field), &about)
	if about == "" {
		t.Error("the page does not say what is wrong")
	}
	if now := readAll(t, box.conf); now != saved {
		t.Errorf("a bad value was saved:\n%s", now)
	}
	box.stop()
}

// TestRecordInABrowser presses Record and Segment, with scripts and without, and looks for the take on the disk.
func TestRecordInABrowser(t *testing.T) {
	box, site := soloPage(t, nil)
	page := site.desk(webtest.Start(t))
	page.Click("[data-press=record]")
	page.WaitText("[data-live=take]", "Recording take 1")
	page.WaitText("[data-live=take]", "HQ_ann_1_")
	grown(t, box, page)
	page.Click("[data-press=segment]")
	page.WaitFor("/^marker .* set$/.test(document.querySelector('#said').textContent)")
	if n := len(box.markers()); n != 1 {
		t.Errorf("%d markers, want one", n)
	}
	page.Click("[data-press=record]")
	page.WaitText("[data-live=take]", "Not recording")

	page.NoScript()
	page.Open(site.url + "/")
	page.Wait("noscript")
	page.Click("[data-press=record]")
	arrive(page, "Live")
	box.await("take 2", func(s firmware.Status) bool { return s.Recording && s.Take.Number == 2 })
	page.Reload()
	page.WaitText("[data-live=take]", "Recording take 2")
	known := len(box.markers()) // one of the press, one of the end of take 1
	page.Click("[data-press=segment]")
	if !poll(10*time.Second, func() bool { return len(box.markers()) == known+1 }) {
		t.Errorf("markers %+v, want one more than %d", box.markers(), known)
	}
	page.Wait("noscript")
	page.Click("[data-press=record]")
	box.await("the end of take 2", func(s firmware.Status) bool { return s.Take.State == "idle" })
	box.stop()
	if n := len(box.files("HQ_ann_*.mp3")); n != 2 {
		t.Errorf("%d takes on the disk, want 2", n)
	}
}

// grown waits until the take has grown twice, as the page tells, and looks whether the file has.
func grown(t *testing.T, box *testBox, page *webtest.Page) {
	t.Helper()
	const shown = "document.querySelector('[data-live=take] p + p').textContent"
	size := fileSize(t, box.only("HQ_*.mp3"))
	for range 2 {
		var now string
		page.Eval(shown, &now)
		page.WaitFor(fmt.Sprintf("%s !== %q", shown, now))
	}
	if !poll(10*time.Second, func() bool { return fileSize(t, box.only("HQ_*.mp3")) > size }) {
		t.Errorf("the page tells that a take grows that has %d bytes still", size)
	}
}

// TestLostBoxInABrowser kills the box under an open page, and starts it again: the page says so, and comes back.
func TestLostBoxInABrowser(t *testing.T) {
	box, site := soloPage(t, nil)
	browser := webtest.Start(t)
	page := site.desk(browser)
	page.Expect("ERR_", "(Unauthorized)")
	page.WaitText("[data-live=take]", "Not recording")
	box.kill()
	page.Wait("#lost") // within the patience of a page, 15 s
	box.start()
	page.WaitText("main button", "Log in") // the box has forgotten who was in
	page.Type("#password", adminPassword)
	page.Press("Enter")
	arrive(page, "Live")
	lone(page, "#lost")

	browser.Cut() // and now the line alone: who was in still is
	page.Wait("#lost")
	browser.Mend()
	lone(page, "#lost")
	box.press("record")
	page.WaitText("[data-live=take]", "Recording take 1")
	box.endTake()
	leave(page)
	box.stop()
}
