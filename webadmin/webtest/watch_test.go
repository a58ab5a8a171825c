package webtest

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestConsoleHoldsWhatWentWrong(t *testing.T) {
	p := open(t, `<script>console.error("spoke", {of: 1}); console.log("fine")</script><script>nothing.here()</script>
		<img src=/lost.png alt=""><script>Promise.reject(new Error("unkept"))</script>`)
	p.Expect("spoke", "nothing is not defined", "/lost.png", "unkept")
	p.WaitFor("document.readyState == 'complete'")
	all := p.Console()
	for _, want := range []string{"spoke", "nothing is not defined", "/lost.png", "unkept"} {
		if !slices.ContainsFunc(all, func(text string) bool { return strings.Contains(text, want) }) {
			t.Errorf("no %q on the console: %q", want, all)
		}
	}
	if len(all) != 4 || len(p.watch.surprises()) > 0 {
		t.Errorf("of the console %q the surprises are %q", all, p.watch.surprises())
	}
	p.watch.expected = p.watch.expected[:3]
	if got := p.watch.surprises(); len(got) != 1 {
		t.Errorf("surprises %q, want one", got)
	}
	p.Expect("unkept")
}

func TestRequestsAreAllThatThePageAsked(t *testing.T) {
	url := serve(t, `<link rel=stylesheet href=/style.css><body>hello`, map[string]http.HandlerFunc{
		"/style.css": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/css")
			io.WriteString(w, strings.Repeat("p { color: black }\n", 1000))
		},
		"/old": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusSeeOther) }})
	p := Start(t).Page(t, 800, 600, false)
	p.Open(url + "/old")
	all := p.Requests()
	var list []string
	for _, r := range all {
		list = append(list, fmt.Sprintf("%s %s %d", r.Method, strings.TrimPrefix(r.URL, url), r.Status))
	}
	if want := []string{"GET /old 303", "GET / 200", "GET /style.css 200"}; !slices.Equal(list, want) {
		t.Fatalf("requests %q, want %q", list, want)
	}
	if got := all[2].Bytes; got < 19000 || got > 19500 {
		t.Errorf("a style sheet of 19000 bytes counts as %d", got)
	}
}
