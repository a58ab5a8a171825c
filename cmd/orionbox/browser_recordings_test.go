package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"orionbox/webadmin/webtest"
)

// TestRecordingsInABrowser looks at a take, hears it from several places, and deletes it.
func TestRecordingsInABrowser(t *testing.T) {
	box, site := soloPage(t, nil)
	box.record()
	box.talk(4 * time.Second)
	box.press("segment")
	box.talk(2 * time.Second)
	box.endTake()
	take := box.only("HQ_*.mp3")
	page := site.desk(webtest.Start(t))
	page.Open(site.url + "/recordings")
	page.WaitText(".recording h3", "Take 1")
	page.WaitFor("document.querySelector('img.wave').naturalWidth > 0")
	page.WaitFor("fetch(document.querySelector('img.wave').src).then((r) => r.text()).then((svg) => svg.split('M').length > 50)")

	page.Eval("void document.querySelector('audio').play()", nil)
	page.WaitFor("document.querySelector('audio').currentTime > 0.5")
	page.Click(".recording summary")
	page.Click(".recording li:nth-child(2) a[data-at]")
	page.WaitFor("document.querySelector('audio').currentTime >= Number(document.querySelector('li:nth-child(2) [data-at]').dataset.at)")
	if !strings.HasSuffix(page.URL(), "/recordings") {
		t.Errorf("a chunk's link leads to %s", page.URL())
	}
	name, content := page.Download(".recording a[href$='download=1']")
	if data, err := os.ReadFile(take); err != nil || !strings.HasSuffix(take, name) || string(data) != string(content) {
		t.Errorf("%v, the download is %s of %d bytes", err, name, len(content))
	}

	page.Expect("(Bad Request)", "(Conflict)")
	page.Click(".buttons button:last-child")
	page.WaitText("main [role=alert]", "Mark what is to be deleted")
	page.Click(".recording input[type=checkbox]")
	page.Click(".buttons button:last-child")
	page.WaitText("#h-sure", "Delete for ever?")
	page.Click("button.danger")
	page.WaitText("#h-sure", "No producer has these")
	if _, err := os.Stat(take); err != nil {
		t.Errorf("one word was enough: %v", err)
	}
	page.Click("button.danger")
	page.WaitText("main [role=status]", "1 recordings of SESSION_")
	if _, err := os.Stat(take); err == nil {
		t.Error("the take is still there")
	}
	leave(page)
	box.stop()
}
