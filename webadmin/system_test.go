package webadmin

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// busy is a Box in the state that the test says, which remembers presses.
type busy struct {
	take    string
	pressed []string
}

func (b *busy) Status(context.Context) (any, error) {
	return json.RawMessage(`{"name":"Al<ice","role":"ARTIST","version":"1.2","uptime_seconds":7260,"call":"in conference",` +
		`"take":{"state":"` + b.take + `","number":7},"hub":{"address":"10.0.0.1:9000","state":"connected"},` +
		`"board":{"model":"Raspberry Pi 4","temperature":61.5,"power":{"had_undervoltage":true},"time":{"known":true}}}`), nil
}

func (b *busy) Preflight(context.Context) (any, error) { return nil, nil }

func (b *busy) Press(_ context.Context, button string, hold time.Duration) (string, error) {
	b.pressed = append(b.pressed, button+" "+hold.String())
	return "finishing", nil
}

// computer is a System that remembers what was done to it.
type computer struct {
	done    []string
	refusal error
	lines   []LogLine
	after   int64
	least   slog.Level
}

func (p *computer) Facts() SystemFacts {
	return SystemFacts{Links: []SystemLink{{Name: "eth0", Up: true, Addresses: []string{"192.168.1.7/24"}}, {Name: "wlan0"}}, Folder: "/data/recordings",
		Size: 32e9, Free: 20e9, NewPage: "port 8080", Update: "apt install ./orionbox.deb"}
}

func (p *computer) Log(after int64, least slog.Level) []LogLine {
	p.after, p.least = after, least
	return p.lines
}

func (p *computer) Bundle(_ context.Context, w io.Writer) error {
	if p.refusal != nil {
		return p.refusal
	}
	_, err := io.WriteString(w, "packed")
	return err
}

func (p *computer) Restart(context.Context) error { return p.act("restart") }
func (p *computer) Reset(context.Context) error   { return p.act("reset") }

func (p *computer) act(what string) error {
	if p.refusal == nil {
		p.done = append(p.done, what)
	}
	return p.refusal
}

// visitor is a browser without scripts that has logged in.
type visitor struct {
	site   *Site
	cookie string
}

func arrive(t *testing.T, parts Parts) visitor {
	t.Helper()
	v := visitor{site: NewSite(parts, SiteConfig{Admin: &owner{password: testPassword}}, quiet())}
	answer := v.post("/login", url.Values{"password": {testPassword}}, "")
	v.cookie, _, _ = strings.Cut(answer.Header().Get("Set-Cookie"), ";")
	if answer.Code != http.StatusSeeOther || v.cookie == "" {
		t.Fatalf("login: %d %s", answer.Code, answer.Body)
	}
	return v
}

func (v visitor) get(path string) *httptest.ResponseRecorder {
	return v.do(httptest.NewRequest(http.MethodGet, path, nil))
}

// post sends a form, as if a page of that origin had it; empty: the box's own.
func (v visitor) post(path string, form url.Values, origin string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if origin != "" {
		request.Header.Set("Origin", origin)
		request.Header.Set("Sec-Fetch-Site", "cross-site")
	}
	return v.do(request)
}

func (v visitor) do(request *http.Request) *httptest.ResponseRecorder {
	request.Host = "localhost"
	request.Header.Set("Cookie", v.cookie)
	request.Header.Set("Accept", "text/html")
	answer := httptest.NewRecorder()
	v.site.ServeHTTP(answer, request)
	return answer
}

func wantPage(t *testing.T, answer *httptest.ResponseRecorder, status int, words ...string) {
	t.Helper()
	if answer.Code != status {
		t.Errorf("%d, want %d: %s", answer.Code, status, answer.Body)
	}
	for _, w := range words {
		if !strings.Contains(answer.Body.String(), w) {
			t.Errorf("%q is not in %s", w, answer.Body)
		}
	}
}

func TestSystemPageShowsTheComputer(t *testing.T) {
	p := &computer{lines: []LogLine{{3, "level=INFO msg=<b>"}, {5, "level=WARN msg=b"}}}
	v := arrive(t, Parts{Box: &busy{take: "idle"}, System: p})
	wantPage(t, v.get("/system?level=warn"), http.StatusOK, "Al&lt;ice", "1.2", "2 h 01 min", "in conference", "10.0.0.1:9000, connected", "Raspberry Pi 4", "62 °C",
		"was too weak", "not synchronised", "eth0", "192.168.1.7/24", "wlan0", "20.0 GB free of 32.0 GB", "msg=&lt;b&gt;", `data-after="5"`,
		`<option value="warn" selected>`, "apt install ./orionbox.deb", "/system/restart", "/system/off", "/system/reset")
	if p.after != 0 || p.least != slog.LevelWarn {
		t.Errorf("asked for lines after %d of %v", p.after, p.least)
	}
	if size := v.get("/system").Body.Len(); size > 100<<10 {
		t.Errorf("the page has %d bytes", size)
	}
}

func TestSystemPageOfABoxThatKnowsLittle(t *testing.T) {
	v := arrive(t, Parts{Box: &box{}, System: &computer{}})
	wantPage(t, v.get("/system"), http.StatusOK, "not known")
	without := arrive(t, Parts{Box: &box{}})
	wantPage(t, without.get("/system"), http.StatusNotFound, noSystem)
	wantPage(t, without.post("/system/restart", url.Values{"sure": {"yes"}}, ""), http.StatusNotFound)
}

func TestLogIsFollowed(t *testing.T) {
	p := &computer{lines: []LogLine{{8, "a"}, {9, "b"}}}
	v := arrive(t, Parts{Box: &busy{}, System: p})
	wantPage(t, v.get("/system/log?after=7&level=error"), http.StatusOK, `{"last":9,"lines":[{"seq":8,"text":"a"},{"seq":9,"text":"b"}]}`)
	if p.after != 7 || p.least != slog.LevelError {
		t.Errorf("asked for lines after %d of %v", p.after, p.least)
	}
	if text := v.get("/system/log.txt").Body.String(); text != "a\nb\n" {
		t.Errorf("the whole log is %q", text)
	}
	p.lines = nil
	wantPage(t, v.get("/system/log?after=9"), http.StatusOK, `{"last":9,"lines":[]}`)
	for _, bad := range []string{"/system/log?after=x", "/system/log?after=-1", "/system/log?level=loud", "/system?level=loud"} {
		wantPage(t, v.get(bad), http.StatusBadRequest)
	}
}

func TestDiagnosticsAreAFile(t *testing.T) {
	p := &computer{}
	v := arrive(t, Parts{Box: &busy{}, System: p})
	answer := v.get("/system/diagnostics")
	wantPage(t, answer, http.StatusOK, "packed")
	if h := answer.Header(); h.Get("Content-Type") != "application/gzip" || !strings.HasPrefix(h.Get("Content-Disposition"), `attachment; filename="orionbox-2`) {
		t.Errorf("%v", answer.Header())
	}
	p.refusal = &Error{http.StatusServiceUnavailable, "one is being made"}
	answer = v.get("/system/diagnostics")
	wantPage(t, answer, http.StatusServiceUnavailable, "one is being made")
	if answer.Header().Get("Content-Disposition") != "" {
		t.Error("a refusal comes as a file")
	}
}

// TestNothingEndsUnasked holds that no act is done without its confirmation, nor for another page, nor without a login.
func TestNothingEndsUnasked(t *testing.T) {
	sure := url.Values{"sure": {"yes"}}
	for _, take := range []string{"idle", "recording"} {
		b, p := &busy{take: take}, &computer{}
		v := arrive(t, Parts{Box: b, System: p})
		says := map[string]string{"idle": "No take runs", "recording": "Take 7 runs"}[take]
		for _, name := range []string{"restart", "off", "reset"} {
			path := "/system/" + name
			wantPage(t, v.get(path), http.StatusOK, says)
			wantPage(t, v.post(path, nil, ""), http.StatusBadRequest, "nothing was done")
			wantPage(t, v.post(path, url.Values{"sure": {"no"}}, ""), http.StatusBadRequest, "nothing was done")
			wantPage(t, v.post(path, url.Values{"sure": {"yes"}, "word": {"RESET"}}, "https://else.example.org"), http.StatusForbidden)
			stranger := visitor{site: v.site}
			wantPage(t, stranger.post(path, sure, ""), http.StatusUnauthorized)
		}
		for _, form := range []url.Values{sure, {"word": {"reset"}}, {"word": {"reset"}, "sure": {"yes"}}, {"word": {""}, "sure": {"yes"}}} {
			wantPage(t, v.post("/system/reset", form, ""), http.StatusBadRequest, "nothing was done")
		}
		if len(p.done) > 0 || len(b.pressed) > 0 {
			t.Errorf("done unasked: %q, %q", p.done, b.pressed)
		}
	}
}

func TestWhatWasConfirmedIsDone(t *testing.T) {
	b, p := &busy{take: "recording"}, &computer{}
	v := arrive(t, Parts{Box: b, System: p})
	wantPage(t, v.post("/system/restart", url.Values{"sure": {"yes"}}, ""), http.StatusAccepted, "starts again")
	wantPage(t, v.post("/system/off", url.Values{"sure": {"yes"}}, ""), http.StatusAccepted, "finishing")
	if len(b.pressed) != 1 || b.pressed[0] != "status 3s" || len(p.done) != 1 || p.done[0] != "restart" {
		t.Errorf("pressed %q, done %q", b.pressed, p.done)
	}
}

func TestResetIsAskedTwice(t *testing.T) {
	b, p := &busy{take: "idle"}, &computer{}
	v := arrive(t, Parts{Box: b, System: p})
	wantPage(t, v.get("/system/reset"), http.StatusOK, "Type the word RESET", "/data/recordings", "conn.conf.before-reset", "port 8080")
	wantPage(t, v.post("/system/reset", url.Values{"word": {" RESET "}}, ""), http.StatusOK, "for the last time", "Make this box as new")
	if len(p.done) > 0 {
		t.Fatalf("done after one question: %q", p.done)
	}
	wantPage(t, v.post("/system/reset", url.Values{"word": {"RESET"}, "sure": {"yes"}}, ""), http.StatusAccepted, "The recordings stay")
	if len(p.done) != 1 || p.done[0] != "reset" {
		t.Errorf("done: %q", p.done)
	}
	p.refusal = &Error{http.StatusConflict, "refused: a take runs; end it first"}
	wantPage(t, v.post("/system/reset", url.Values{"word": {"RESET"}, "sure": {"yes"}}, ""), http.StatusConflict, "nothing was done: refused: a take runs")
	b.take = "recording"
	if page := v.get("/system/reset").Body.String(); strings.Contains(page, "<form method=\"post\" action=\"/system/reset\"") {
		t.Error("a box that records offers its reset")
	}
}
