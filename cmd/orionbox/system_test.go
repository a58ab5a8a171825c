package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"orionbox/audio/audiotest"
	"orionbox/firmware"
)

// TestRestartAndPowerOffOnThePage has a box that records start again, by the same process, and then stop.
func TestRestartAndPowerOffOnThePage(t *testing.T) {
	box := newBox(t, "", "ann", boxTone, also(simPanel, alone("ann", "ARTIST"), settings{"Hardware.power_off": "no"}))
	page := box.withPage()()
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
