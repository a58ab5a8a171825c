package webtest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// Eval runs JavaScript in the page, awaits what it promises, and decodes the result into a pointer; nil drops it.
func (p *Page) Eval(js string, into any) {
	p.t.Helper()
	result, err := run(p, chromedp.Evaluate[[]byte](js, chromedp.EvalAwaitPromise))
	p.must("eval", err)
	if into != nil {
		p.must("eval: decode "+string(result), json.Unmarshal(result, into))
	}
}

// Wait waits until an element is there and visible.
func (p *Page) Wait(selector string) {
	p.t.Helper()
	p.do("wait for "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// WaitText waits until an element holds a text.
func (p *Page) WaitText(selector, text string) {
	p.t.Helper()
	p.WaitFor("document.querySelector(" + quote(selector) + ")?.textContent.includes(" + quote(text) + ")")
}

// WaitFor waits until a JavaScript expression, or what it promises, is true, also where the page changes meanwhile.
func (p *Page) WaitFor(js string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("(async () => Boolean(await ("+js+")))()", chromedp.EvalAwaitPromise))
		if holds {
			return
		}
		select {
		case <-ctx.Done():
			p.must("wait for "+js, errors.Join(ctx.Err(), err))
		case <-tick.C:
		}
	}
}

// quote makes a JavaScript string of a text.
func quote(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(text) // of a string it cannot fail
	return strings.TrimSpace(b.String())
}
