package webtest

import (
	_ "embed"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

//go:embed check.js
var check string

// Findings are what would hinder somebody who sees badly, hears the page read out, or has only a keyboard: "selector: what
// is wrong". Held are the page's language and title; a name of every control and link, its placeholder not counted; alt on
// every picture; headings that begin at h1 and skip no level; ids given once; text that stands out from its ground, by the
// formula of WCAG 2.1; a focus that shows; and that nothing is wider than the window.
//
// It judges what is to be seen now, in this colour scheme at this width. Text on a picture it cannot judge, and says so.
// It moves the focus and leaves none.
func (p *Page) Findings() []string {
	p.t.Helper()
	p.do("find the keyboard", chromedp.KeyEvent(kb.Tab)) // from here on a focus is one by key, which :focus-visible asks for
	var found []string
	p.Eval(check, &found)
	return found
}
