package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"orionbox/webadmin/webtest"
)

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
