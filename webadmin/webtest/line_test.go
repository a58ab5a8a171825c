package webtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A page with a stream of events, as a box has one.
const streaming = `<p id=state>waiting</p><p id=net></p><script>
	const events = new EventSource("/events");
	events.onopen = () => state.textContent = "connected";
	events.onerror = () => state.textContent = "lost";
	onoffline = () => net.textContent = "no network"; ononline = () => net.textContent = "network";
</script>`

func stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, "retry: 50\n\n")
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

func TestCutIsNoticedAndMended(t *testing.T) {
	url := serve(t, streaming, map[string]http.HandlerFunc{"/events": stream})
	b := Start(t)
	p, q := b.Page(t, 800, 600, false), b.Page(t, 390, 844, true)
	for _, page := range []*Page{p, q} {
		page.Open(url)
		page.WaitText("#state", "connected")
		page.Expect("net::ERR_")
	}
	b.Cut()
	p.WaitText("#state", "lost")
	q.WaitText("#state", "lost")
	b.Mend()
	p.WaitText("#state", "connected")
	q.WaitText("#state", "connected")
}

func TestOfflineIsNoticed(t *testing.T) {
	url := serve(t, streaming, map[string]http.HandlerFunc{"/events": stream})
	b := Start(t)
	p, q := b.Page(t, 800, 600, false), b.Page(t, 800, 600, false)
	for _, page := range []*Page{p, q} {
		page.Open(url)
		page.WaitText("#state", "connected")
	}
	p.Expect("net::ERR_")
	p.Offline(true)
	p.WaitText("#net", "no network")
	p.WaitFor("fetch('/').then(() => false, () => true)")
	p.Offline(false)
	p.WaitText("#net", "network")
	var status int
	p.Eval("fetch('/').then(r => r.status)", &status)
	q.Eval("fetch('/').then(r => r.status)", &status)
	if got := q.Text("#state"); status != http.StatusOK || got != "connected" {
		t.Errorf("the other page is %s, answered %d", got, status)
	}
}

// Nothing leaves this machine, neither by name nor by number, and the test is told.
func TestOnlyThisMachineIsReached(t *testing.T) {
	url := serve(t, `hello`, nil)
	b := Start(t)
	p := b.Page(t, 800, 600, false)
	p.Open(url)
	p.Expect("net::ERR_SOCKS")
	p.WaitFor("fetch('http://example.com/', {mode: 'no-cors'}).then(() => false, () => true)")
	p.WaitFor("fetch('http://192.0.2.1/', {mode: 'no-cors'}).then(() => false, () => true)")
	for _, host := range []string{"example.com", "192.0.2.1"} {
		if !slices.Contains(b.Refused(), host) {
			t.Errorf("%s is not among the refused: %v", host, b.Refused())
		}
	}
	requests := p.Requests()
	if last := requests[len(requests)-1]; last.URL != "http://192.0.2.1/" || last.Failed == "" {
		t.Errorf("last request %+v", last)
	}
}

// A wrong name leads to the server all the same, as with a DNS that was rebound.
func TestAnyTestNameLeadsHere(t *testing.T) {
	url := serve(t, `hello`, map[string]http.HandlerFunc{"/host": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host) }})
	p := Start(t).Page(t, 800, 600, false)
	at := strings.Replace(url, "127.0.0.1", "elsewhere.test", 1)
	p.Open(at + "/host")
	if got := p.Text("body"); "http://"+got != at {
		t.Errorf("asked for %s, want %s", got, at)
	}
}
