package main

import (
	"fmt"
	"testing"
	"time"

	"orionbox/firmware"
	"orionbox/webadmin/webtest"
)

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
