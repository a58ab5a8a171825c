package webadmin

import (
	"context"

	"fmt"

	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// evil is a text that is to be read, and never obeyed.
const evil = `<script>alert("x")</script>`

// desk is a studio with two people in it: paula, whose box this is, and alice, who records.
type desk struct {
	studio
	chunks, chat []map[string]any
	looks        atomic.Int32
}

func newDesk() *desk {
	at := time.Date(2026, 11, 22, 20, 15, 1, 0, time.UTC)
	chunk := func(box string, number int, marker, title string, more map[string]any) map[string]any {
		c := map[string]any{"box": box, "name": strings.ToUpper(box), "session": "SESSION_" + box, "number": number, "marker": marker, "title": title,
			"start": at, "seconds": 12.5, "delivered": false}
		for key, value := range more {
			c[key] = value
		}
		return c
	}
	take := map[string]string{"file": "take.mp3"}
	return &desk{chunks: []map[string]any{
		chunk("alice", 1, "", "", map[string]any{"studio": take, "delivered": true}),
		chunk("paula", 1, "m1", evil, map[string]any{"verdict": "good"}),
		chunk("alice", 2, "m1", evil, map[string]any{"verdict": "good", "studio": take, "seconds": 47.3}),
		chunk("paula", 2, "m2", "verse", nil),
	}, chat: []map[string]any{
		{"id": "p1", "kind": "chat", "at": at, "by": "alice", "name": evil, "text": evil},
		{"id": "p2", "kind": "notice", "at": at, "by": "alice", "name": "ALICE", "text": "recording"},
	}}
}

func (d *desk) Chunks(_ context.Context, all bool) (any, error) {
	d.looks.Add(1)
	d.all = all
	return d.chunks, nil
}

func (d *desk) Markers(context.Context, bool) (any, error) {
	at := time.Date(2026, 11, 22, 20, 15, 1, 0, time.UTC)
	return []map[string]any{{"id": "m1", "by": "paula", "role": "PRODUCER", "at": at, "name": evil, "verdict": "good"},
		{"id": "m2", "by": "alice", "role": "ARTIST", "at": at, "name": "verse"}}, nil
}

func (d *desk) Chat(context.Context, int64, time.Duration) (any, error) { return d.chat, nil }

// roled is a box of a role, in a room with alice.
type roled struct {
	box
	role    string
	pressed string
}

func (r *roled) Status(context.Context) (any, error) {
	return map[string]any{"name": "PAULA", "role": r.role, "call": "in conference", "hub": map[string]string{"state": "connected"},
		"playing": map[string]any{"chunk": 1, "box": "paula", "title": evil, "to": "me", "position_seconds": 3, "length_seconds": 12.5},
		"peers": []map[string]any{{"id": "paula", "name": "PAULA", "role": r.role, "state": "present"},
			{"id": "alice", "name": "ALICE", "role": "ARTIST", "state": "present", "recording": true}}}, nil
}

func (r *roled) Press(_ context.Context, button string, _ time.Duration) (string, error) {
	r.pressed = button
	return "marker m3 set", nil
}

// desked is the page of a box of a role, and what a browser that has logged in sends to it.
func desked(role string) (*desk, *roled, *Site) {
	d, b := newDesk(), &roled{role: role}
	return d, b, NewSite(Parts{Box: b, Studio: d}, SiteConfig{Admin: &owner{}}, quiet())
}

// browse is one request by somebody who has logged in; with a form it is a post.
func browse(t *testing.T, s *Site, path string, form url.Values) (status int, page string) {
	t.Helper()
	request := httptest.NewRequest("GET", "http://localhost"+path, nil)
	if form != nil {
		request = httptest.NewRequest("POST", "http://localhost"+path, strings.NewReader(form.Encode()))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	request.AddCookie(&http.Cookie{Name: cookieName, Value: s.logins.enter(netip.Addr{}, s.cfg.Admin.Tag())})
	answer := httptest.NewRecorder()
	s.ServeHTTP(answer, request)
	return answer.Code, answer.Body.String()
}

// pickOf is what the form sends for the chunk or marker of that label.
func pickOf(t *testing.T, page, label string) string {
	t.Helper()
	found := regexp.MustCompile(`value="([^"]*)" data-title="[^"]*" aria-label="` + regexp.QuoteMeta(label)).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no row %q in %s", label, page)
	}
	return strings.ReplaceAll(found[1], "&amp;", "&")
}

func TestSessionFormsDoWhatTheySay(t *testing.T) {
	d, b, s := desked("PRODUCER")
	_, page := browse(t, s, "/session", nil)
	const alice, session = "ALICE 2", "SESSION_alice"
	for _, c := range []struct {
		route, row string
		fields     url.Values
		asked      func() any
		want       any
		says       string
	}{
		{"segment", "", nil, func() any { return b.pressed }, "segment", "marker m3 set"},
		{"rename", alice, url.Values{"name": {"chorus"}}, func() any { return d.mark }, MarkRequest{Op: "rename", Marker: "m1", Name: "chorus"}, "marker m1: rename"},
		{"judge", alice, url.Values{"op": {"good"}}, func() any { return d.mark }, MarkRequest{Op: "good", Marker: "m1"}, "marker m1: good"},
		{"judge", alice, url.Values{"op": {"no-good"}}, func() any { return d.mark }, MarkRequest{Op: "no-good", Marker: "m1"}, "marker m1: no-good"},
		{"judge", "Marker m2", url.Values{"op": {"delete"}}, func() any { return d.mark }, MarkRequest{Op: "delete", Marker: "m2"}, "marker m2: delete"},
		{"move", alice, url.Values{"by": {"-100"}}, func() any { return d.mark }, MarkRequest{Op: "move", Marker: "m1", By: -100 * time.Millisecond}, "marker m1: move"},
		{"play", alice, url.Values{"to": {"me"}}, func() any { return d.play }, PlayRequest{"alice/2", session, "me"}, "alice/2 plays"},
		{"play", "Marker m2", url.Values{"to": {"me"}}, func() any { return d.play }, PlayRequest{"m2", "", "me"}, "m2 plays"},
		{"stop", "", nil, func() any { return nil }, nil, "stopped"},
		{"seek", "", url.Values{"by": {"-5000"}}, func() any { return d.seek }, SeekRequest{-5 * time.Second, true}, "goes on"},
		{"request", alice, nil, func() any { return d.deliver }, DeliverRequest{"alice/2", session}, "alice/2 is asked for"},
		{"say", "", url.Values{"text": {"well <b>"}}, func() any { return d.said }, "well <b>", "sent"},
	} {
		form := url.Values{}
		for name, value := range c.fields {
			form[name] = value
		}
		if c.row != "" {
			form.Set("pick", pickOf(t, page, c.row))
		}
		status, answer := browse(t, s, "/session/"+c.route, form)
		if status != http.StatusOK || !strings.Contains(answer, `<p class="done" role="status">`+c.says+`</p>`) || c.asked() != c.want {
			t.Errorf("%s of %q: %d, asked %+v, want %+v and %q in %s", c.route, c.row, status, c.asked(), c.want, c.says, answer)
		}
		if checked := regexp.MustCompile(`aria-label="([^"]*)" checked`).FindStringSubmatch(answer); (checked == nil) != (c.row == "") ||
			checked != nil && !strings.HasPrefix(checked[1], c.row) {
			t.Errorf("%s of %q leaves selected %q", c.route, c.row, checked)
		}
	}
}

func TestSessionFormsSayWhyNot(t *testing.T) {
	d, _, s := desked("PRODUCER")
	_, page := browse(t, s, "/session", nil)
	unmarked := pickOf(t, page, "ALICE 1")
	for _, c := range []struct {
		route  string
		form   url.Values
		status int
		says   string
	}{
		{"play", url.Values{"pick": {unmarked}, "to": {"all"}}, http.StatusConflict, "only a PRODUCER plays to all"},
		{"play", url.Values{"to": {"me"}}, http.StatusConflict, errUnpicked.Text},
		{"request", url.Values{}, http.StatusConflict, errUnpicked.Text},
		{"judge", url.Values{"op": {"good"}}, http.StatusConflict, errUnpicked.Text},
		{"judge", url.Values{"pick": {unmarked}, "op": {"good"}}, http.StatusConflict, errUnmarked.Text},
		{"judge", url.Values{"pick": {"chunk=a/1&marker=gone"}, "op": {"good"}}, http.StatusConflict, "there is no such marker"},
		{"say", url.Values{}, http.StatusConflict, "there is nothing to say"},
		{"move", url.Values{"pick": {"chunk=a/1&marker=m1"}, "by": {"soon"}}, http.StatusBadRequest, "by must be milliseconds"},
		{"seek", url.Values{"by": {"9999999999"}}, http.StatusBadRequest, "by must be milliseconds"},
		{"play", url.Values{"pick": {"%zz"}}, http.StatusBadRequest, "read form"},
	} {
		status, answer := browse(t, s, "/session/"+c.route, c.form)
		if status != c.status || !strings.Contains(answer, `<p class="alert" role="alert">`+c.says) || strings.Contains(answer, `class="done"`) {
			t.Errorf("%s %v: %d %s, want %d %q", c.route, c.form, status, answer, c.status, c.says)
		}
	}
	if d.mark.Marker != "gone" {
		t.Errorf("what was refused by the page reached the box: %+v", d.mark)
	}
}

func TestSessionOfAll(t *testing.T) {
	d, _, s := desked("PRODUCER")
	if _, page := browse(t, s, "/session", nil); d.all || strings.Contains(page, "<td>SESSION_alice</td>") || !strings.Contains(page, `data-of="session"`) {
		t.Errorf("this session: all %v, %s", d.all, page)
	}
	if _, page := browse(t, s, "/session?all=1", nil); !d.all || !strings.Contains(page, "<td>SESSION_alice</td>") || !strings.Contains(page, `data-of="session-all"`) {
		t.Errorf("every session: all %v, %s", d.all, page)
	}
	if browse(t, s, "/session/stop", url.Values{"all": {"1"}}); !d.all {
		t.Error("a button of the page of every session answers with another")
	}
	if status, _ := browse(t, s, "/session?all=perhaps", nil); status != http.StatusBadRequest {
		t.Errorf("perhaps: %d", status)
	}
}

func TestSessionIsComplete(t *testing.T) {
	_, _, s := desked("PRODUCER")
	_, page := browse(t, s, "/session", nil)
	for _, want := range []string{"<caption>ALICE</caption>", "<caption>PAULA</caption>", "<td>over 40 s</td><td>open</td><td>good</td><td>no</td>",
		"<td>12.5 s</td><td>closed</td><td></td><td>yes</td>", `<td>closed</td><td>good</td><td>no take</td>`, `id="m/m2"`, "ALICE is recording",
		"paula/1 (&lt;script&gt;", "0:03 of 0:12"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing in %s", want, page)
		}
	}
	if strings.Contains(page, "<script>") || !strings.Contains(page, "&lt;script&gt;alert") {
		t.Errorf("a text is obeyed: %s", page)
	}
	if ids := regexp.MustCompile(` id="([^"]*)"`).FindAllString(page, -1); len(slices.Compact(slices.Sorted(slices.Values(ids)))) != len(ids) {
		t.Errorf("an id stands twice: %v", ids)
	}
}

func TestSessionOffersWhatTheRoleMay(t *testing.T) {
	offers := map[string][]string{"segment": {"PRODUCER", "ARTIST"}, "rename": {"PRODUCER", "ARTIST"}, "judge": {"PRODUCER", "ARTIST"}, "move": {"PRODUCER", "ARTIST"},
		"request": {"PRODUCER"}, "play": {"PRODUCER", "ARTIST", "LISTENER"}, "stop": {"PRODUCER", "ARTIST", "LISTENER"}, "say": {"PRODUCER", "ARTIST", "LISTENER"}}
	for _, role := range []string{"PRODUCER", "ARTIST", "LISTENER"} {
		_, _, s := desked(role)
		_, page := browse(t, s, "/session", nil)
		for route, roles := range offers {
			if got := strings.Contains(page, `action="/session/`+route+`"`); got != slices.Contains(roles, role) {
				t.Errorf("a %s is offered to %s: %v", role, route, got)
			}
		}
		if got := strings.Contains(page, `value="all"`); got != (role == "PRODUCER") {
			t.Errorf("a %s is offered to play to all: %v", role, got)
		}
		own, others := strings.Contains(pickOf(t, page, "Marker m1"), "marker=m1"), strings.Contains(pickOf(t, page, "Marker m2"), "marker=m2")
		if own != (role != "LISTENER") || others != (role == "PRODUCER") {
			t.Errorf("a %s may change its own marker %v, another's %v", role, own, others)
		}
	}
}

func TestSessionSectionsAreThoseOfThePage(t *testing.T) {
	_, _, s := desked("PRODUCER")
	for _, of := range []string{"session", "session-all"} {
		now, err := s.sections(t.Context(), of)
		_, page := browse(t, s, "/session"+map[string]string{"session-all": "?all=1"}[of], nil)
		if err != nil || len(now) != len(sessionSections) {
			t.Fatalf("%s: %v, %v", of, now, err)
		}
		for name, html := range now {
			if !strings.Contains(page, `data-live="`+name+`"`) || !strings.Contains(page, html) {
				t.Errorf("%s: the section %s is not what the page shows: %s", of, name, html)
			}
		}
	}
}

func TestRowsKeepTheirNames(t *testing.T) {
	d, _, s := desked("PRODUCER")
	rows := func() []string {
		_, page := browse(t, s, "/session", nil)
		return regexp.MustCompile(`id="c/[^"]*"`).FindAllString(page, -1)
	}
	before := rows()
	for _, c := range d.chunks {
		c["start"], c["number"] = time.Now(), c["number"].(int)+1 // the clock is better known; a cut was made before
	}
	if after := rows(); len(before) != 4 || !slices.Equal(before, after) {
		t.Errorf("rows %v became %v", before, after)
	}
}

func TestChatIsTheNewest(t *testing.T) {
	d, _, s := desked("PRODUCER")
	for i := range 60 {
		d.chat = append(d.chat, map[string]any{"id": fmt.Sprint("q", i), "kind": "chat", "at": time.Now(), "text": "x"})
	}
	_, page := browse(t, s, "/session", nil)
	if n := strings.Count(page, `<li id="post-`); n != shownPosts || !strings.Contains(page, `id="post-q59"`) {
		t.Errorf("%d posts", n)
	}
}

// TestOneLookForAllPagesOfAKind: two pages of the session cost one look a beat, a page that shows something else none at the
// chunks, and nobody none at all.
func TestOneLookForAllPagesOfAKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _, s := desked("PRODUCER")
		ctx, stop := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer stop()
		go s.beat.run(ctx)
		in10s := func() int {
			before := d.looks.Load()
			time.Sleep(10 * time.Second)
			return int(d.looks.Load() - before)
		}
		if n := in10s(); n != 0 {
			t.Errorf("nobody watches: %d looks", n)
		}
		_, leaveLive, _ := s.beat.follow("")
		if n := in10s(); n != 0 {
			t.Errorf("another page is open: %d looks", n)
		}
		_, leaveOne, _ := s.beat.follow("session")
		news, leaveTwo, _ := s.beat.follow("session")
		if n := in10s(); n < 19 || n > 22 || len((<-news)["session-chunks"]) == 0 {
			t.Errorf("two pages are open: %d looks in 20 beats", n)
		}
		leaveLive()
		leaveOne()
		leaveTwo()
		in10s()
		if n := in10s(); n != 0 {
			t.Errorf("all are closed: %d looks", n)
		}
	})
}

func TestScriptsMakeNoHTMLOfData(t *testing.T) {
	server := regexp.MustCompile(`^\s*(place|now)\.innerHTML = html;$`) // sections, which the server has made
	for _, name := range []string{"live.js", "session.js"} {
		text, err := staticFiles.ReadFile("static/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			for _, way := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "setHTML"} {
				if strings.Contains(line, way) && !(name == "live.js" && server.MatchString(line)) {
					t.Errorf("%s:%d: %s", name, i+1, line)
				}
			}
		}
	}
}

// TestScriptKnowsEveryForm: whatever a form of the page does without scripts, the script does by the API, whose routes are there.
func TestScriptKnowsEveryForm(t *testing.T) {
	_, _, s := desked("PRODUCER")
	text, err := staticFiles.ReadFile("static/session.js")
	if err != nil {
		t.Fatal(err)
	}
	for route := range sessionActs {
		if !strings.Contains(string(text), `"/session`+route+`":`) {
			t.Errorf("the script does not know %s", route)
		}
	}
	for _, api := range regexp.MustCompile(`\["(/api/[^"]*)"`).FindAllStringSubmatch(string(text), -1) {
		if !slices.Contains(s.Routes(), "POST "+strings.Replace(api[1], "/press/segment", "/press/:button", 1)) {
			t.Errorf("there is no %s", api[1])
		}
	}
}

func TestSessionWithoutLogin(t *testing.T) {
	d, _, s := desked("PRODUCER")
	for route := range sessionActs {
		answer := ask(s, "POST", "http://localhost/session"+route, "application/x-www-form-urlencoded", "op=good")
		if answer.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d", route, answer.Code)
		}
	}
	if answer := ask(s, "GET", "http://localhost/session", "", ""); answer.Code != http.StatusUnauthorized || d.looks.Load() != 0 {
		t.Errorf("the page: %d, %d looks", answer.Code, d.looks.Load())
	}
}

// BenchmarkSession is a beat of the page: an evening's 500 chunks.
func BenchmarkSession(b *testing.B) {
	d, _, s := desked("PRODUCER")
	for i := range 500 {
		c := map[string]any{}
		for key, value := range d.chunks[i%4] {
			c[key] = value
		}
		c["number"], c["marker"] = i, fmt.Sprint("x", i)
		d.chunks = append(d.chunks, c)
	}
	for b.Loop() {
		if _, err := s.sections(b.Context(), "session"); err != nil {
			b.Fatal(err)
		}
	}
}
