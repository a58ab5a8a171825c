package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"orionbox/firmware"
	"orionbox/webadmin/webtest"
)

// openPage gives a box of a studio a page: it starts anew, for where a page listens is read at the start.
func (s *studio) openPage(name string) *testPage {
	b := s.boxes[name]
	b.t.Helper()
	b.stop()
	page := b.withPage()()
	b.await("the room again", func(st firmware.Status) bool {
		return st.Clock.Synced && len(present(st)) == len(s.boxes) && st.Call == "in conference"
	})
	return page
}

// TestRoomInABrowser sees on a producer's page what an artist does, hears a chunk of it, and sees it delivered.
func TestRoomInABrowser(t *testing.T) {
	s := newStudio(t, map[string]string{"carol": "PRODUCER", "alice": "ARTIST"}, nil)
	alice, carol := s.boxes["alice"], s.boxes["carol"]
	site := s.openPage("carol")
	browser := webtest.Start(t)
	live, work := site.desk(browser), browser.Page(t, deskWidth, deskHeight, false)
	work.Open(site.url + "/session")

	const peers = "[data-live=peers]"
	live.WaitText(peers, "alice")
	alice.press("mic")
	live.WaitText(peers, "muted")
	alice.press("mic")
	alice.record()
	live.WaitText(peers, "recording")
	work.WaitText("[data-live=session-chat]", "alice is recording")
	alice.talk(3 * time.Second)
	work.Press("s")
	work.WaitText("[data-live=session-markers]", "carol")
	alice.talk(time.Second)
	alice.endTake()
	live.WaitFor("!document.querySelector('[data-live=peers]').textContent.includes('recording')")
	live.WaitText("[data-live=delivery]", "1 take received")
	carol.await("the take", func(st firmware.Status) bool { return st.Delivery.Inbox.Received == 1 })

	work.WaitText("[data-live=session-chunks]", "yes")
	work.Click(`input[aria-label="alice 2"]`)
	work.Click("[formaction='/session/play'][value=me]")
	work.WaitText("[data-live=session-playing]", "alice/2 plays to you")
	work.WaitFor("document.querySelector('#playing').value > 0")
	from := carol.await("it to play", func(st firmware.Status) bool { return st.Playing != nil }).Playing.Position
	carol.await("it to go on", func(st firmware.Status) bool { return st.Playing == nil || st.Playing.Position > from })
	work.Press("x")
	work.WaitText("[data-live=session-playing]", "Nothing plays")
	work.Type("#text", "that was it")
	work.Press("Enter")
	work.WaitText("[data-live=session-chat]", "that was it")

	alice.kill()
	live.WaitText(peers, "unknown")
	alice.start()
	live.WaitFor("!document.querySelector('[data-live=peers]').textContent.includes('unknown')")
	alice.stop()
	live.WaitText(peers, "absent")
	leave(live, work)
	carol.stop()
}

// TestDeliveryInABrowser follows on an artist's page how an earlier evening's take goes to the producer.
func TestDeliveryInABrowser(t *testing.T) {
	s := newStudio(t, map[string]string{"carol": "PRODUCER", "alice": "ARTIST"}, nil)
	alice := s.boxes["alice"]
	alice.longTake("alice", 1_500_000)
	site := s.openPage("alice")
	page := site.desk(webtest.Start(t))
	page.WaitFor("document.querySelector('#sending')?.value > 0") // behind the call it goes slowly enough to be seen
	var was int
	page.Eval("document.querySelector('#sending').value", &was)
	page.WaitFor(fmt.Sprintf("document.querySelector('#sending')?.value > %d", was))
	if !strings.Contains(page.Text("[data-live=delivery]"), "Not yet safe to unplug") {
		t.Errorf("amid its delivery the page says %s", page.Text("[data-live=delivery]"))
	}
	alice.awaitFor(2*time.Minute, "the delivery", func(st firmware.Status) bool { return st.Delivery.Outbox.Delivered == 1 })
	page.WaitText("[data-live=delivery]", "1 take delivered, 0 to be")
	page.WaitText("[data-live=delivery]", "Safe to unplug")
	leave(page)
	for _, b := range s.boxes {
		b.stop()
	}
}
