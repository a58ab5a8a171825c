package webtest

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
)

const good = `<style>:root { color-scheme: light dark } .on { background: #0a5; } .on b { color: #000 }
		.faint { opacity: .9 } .dark { background: rgb(0 0 0 / .9); color: oklch(0.9 0 0) }
		::placeholder { color: inherit }</style>
	<h1>Box</h1><h2>Session</h2><h3>Take</h3><h2>Peers</h2>
	<label for=name>Name</label> <input id=name value=Ann> <label>How <select><option>loud</select></label>
	<textarea aria-label=Chat placeholder="say it"></textarea><button>Go</button><button aria-label=Play>▶</button>
	<button disabled style="color:#eee">Not now</button><img alt="" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
	<p class=on><b>on green</b><p class=faint>nearly<p class=dark>dark<p style="color:#888; font-size:24px">large and grey
	<p hidden style="color:white">not to be seen<a href=/>home</a><details><summary>More</summary><p>of it</details>`

func TestGoodPageHasNoFindings(t *testing.T) {
	url := serve(t, good, nil)
	b := Start(t)
	for _, dark := range []bool{false, true} {
		p := b.Page(t, 390, 844, dark)
		p.Open(url)
		for _, finding := range p.Findings() {
			t.Errorf("dark %v: %s", dark, finding)
		}
	}
}

func TestEachFaultIsFound(t *testing.T) {
	b := Start(t)
	for _, bad := range []struct{ body, want string }{
		{`<input id=x>`, "#x: no accessible name"},
		{`<select id=x><option>a</select>`, "#x: no accessible name"},
		{`<textarea id=x placeholder=Name></textarea>`, "#x: named by its placeholder alone"},
		{`<p><button></button>`, "body > p > button: no accessible name"},
		{`<a id=x href=/><img alt="" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" width=9 height=9></a>`, "#x: no accessible name"},
		{`<img id=x src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">`, "#x: no alt"},
		{`<h1>a</h1><h3 id=x>b</h3>`, "#x: h3 after h1"},
		{`<h2 id=x>b</h2>`, "#x: h2 after no heading"},
		{`<i id=x>a</i><i id=x>b</i>`, "#x: id given more than once"},
		{`<p id=x style="color:#777">a`, "#x: text has contrast 4.48, wants 4.5"},
		{`<p id=x style="color:#000; background:#000">a`, "#x: text has contrast 1.00, wants 4.5"},
		{`<p id=x style="font-size:24px; color:#999">a`, "#x: text has contrast 2.85, wants 3"},
		{`<div style="opacity:.4"><p id=x>a</div>`, "#x: text has contrast 2.85, wants 4.5"},
		{`<input id=x aria-label=a style="background:#fff; color:#ccc" value=b>`, "#x: text has contrast 1.61, wants 4.5"},
		{`<style>#x::placeholder { color: #ccc }</style><input id=x aria-label=a placeholder=b style="background:#fff">`, "#x: placeholder has contrast 1.61, wants 4.5"},
		{`<p id=x style="background:linear-gradient(#fff, #000)">a`, "#x: text on a picture: contrast is not known"},
		{`<button id=x style="outline:none">a</button>`, "#x: focus does not show"},
		{`<button id=x style="outline:none" onfocus="blur()">a</button>`, "#x: takes no focus"},
		{`<div style="width:2000px">a</div>`, "html: 2000 px wide in a window of 800"},
		{`<script>document.documentElement.lang = ""</script>`, "html: no lang"},
		{`<script>document.title = ""</script>`, "html: no title"},
	} {
		p := b.Page(t, 800, 600, false)
		p.Open(serve(t, `<body style="margin:0">`+bad.body, nil))
		if got := p.Findings(); !slices.Equal(got, []string{bad.want}) {
			t.Errorf("%s\n%q, want %q", bad.body, got, bad.want)
		}
	}
}

// The strict policy that our own page has keeps foreign scripts out, not the check.
func TestFindingsUnderAStrictPolicy(t *testing.T) {
	url := serve(t, "", map[string]http.HandlerFunc{"/strict": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, `<!doctype html><html lang=en><title>Try</title><h1>a</h1><input id=x><script>bad()</script>`)
	}})
	p := Start(t).Page(t, 800, 600, false)
	p.Open(url + "/strict")
	if got := fmt.Sprint(p.Findings()); got != "[#x: no accessible name]" {
		t.Error(got)
	}
	if got := p.Console(); len(got) != 1 {
		t.Errorf("console %q, want the script that was kept out", got)
	}
	p.Expect("Content Security Policy")
}
