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
	more := alone("ann", "ARTIST")
	delete(more, "AudioSettings.mic") // its tone
	box := newBox(t, "", "ann", boxTone, more).start()
	box.record()
	box.talk(4 * time.Second)
	box.press("segment")
	box.talk(2 * time.Second)
	box.endTake()
	take := box.only("HQ_*.mp3")
	box.stop() // of a session that goes on nothing is deleted
	site := box.withPage()()
	page := site.desk(webtest.Start(t))
	page.Open(site.url + "/recordings")
	const (
		one    = ".recording:has([value^=HQ_])"
		player = "document.querySelector('" + one + " audio')"
		doom   = "section:has([value^=HQ_]) form > .buttons button:last-child"
	)
	page.WaitText(one+" h3", "Take 1")
	page.WaitFor("document.querySelector('" + one + " img.wave').naturalWidth > 0")
	page.WaitFor("fetch(document.querySelector('" + one + " img.wave').src).then((r) => r.text()).then((svg) => svg.split('M').length > 50)")

	page.Eval(player+".focus()", nil)
	page.Press("Space")
	page.WaitFor(player + ".currentTime > 0.5")
	page.Click(one + " summary")
	page.Click(one + " li:nth-child(2) a[data-at]")
	page.WaitFor(player + ".currentTime >= Number(document.querySelector('" + one + " li:nth-child(2) [data-at]').dataset.at)")
	if !strings.HasSuffix(page.URL(), "/recordings") {
		t.Errorf("a chunk's link leads to %s", page.URL())
	}
	name, content := page.Download(one + " a[href$='download=1']")
	if data, err := os.ReadFile(take); err != nil || !strings.HasSuffix(take, name) || string(data) != string(content) {
		t.Errorf("%v, the download is %s of %d bytes", err, name, len(content))
	}

	page.Expect("(Bad Request)", "(Conflict)")
	page.Click(doom)
	page.WaitText("main [role=alert]", "Mark what is to be deleted")
	arrive(page, "Recordings")
	page.Click(one + " input[type=checkbox]")
	page.Click(doom)
	page.WaitText("#h-sure", "Delete for ever?")
	arrive(page, "Recordings")
	page.Click("button.danger")
	page.WaitText("#h-sure", "No producer has these")
	arrive(page, "Recordings")
	if _, err := os.Stat(take); err != nil {
		t.Errorf("one word was enough: %v", err)
	}
	page.Click("button.danger")
	page.WaitText("main [role=status]", "of SESSION_")
	if _, err := os.Stat(take); err == nil {
		t.Error("the take is still there")
	}
	leave(page)
	box.stop()
}
