package main

import (
	"fmt"
	"strings"
	"testing"

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
