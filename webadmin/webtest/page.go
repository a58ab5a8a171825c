package webtest

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"orionbox/audio/audiotest/lab"
)

// patience is how long each verb of a page waits for what it needs.
const patience = 15 * time.Second

// phone is the width, in CSS pixels, below which a page is that of a telephone: touched, and laid out by its viewport.
const phone = 600

// Page is one tab. Each verb waits up to 15 s for what it needs and fails the test if that does not come. A selector is
// one of CSS; the first element that it finds counts.
type Page struct {
	t      testing.TB
	ctx    context.Context
	folder lab.Folder
	watch  watch
}

// Page opens an empty tab, of a size in CSS pixels, that prefers a dark or a light colour scheme, and reduced motion so
// that pictures of it are alike. It ends with the test, and only then are its console's errors judged.
func (b *Browser) Page(t testing.TB, width, height int, dark bool) *Page {
	t.Helper()
	ctx, leave := chromedp.NewContext(b.ctx)
	t.Cleanup(leave)
	p := &Page{t: t, ctx: ctx, folder: b.folder}
	p.must("open a tab", chromedp.Do(ctx))
	p.must("watch a tab", chromedp.Listen(ctx, p.watch.event))
	p.do("size a tab", viewport(width, height), prefer(dark))
	t.Cleanup(p.judge)
	return p
}

func viewport(width, height int) chromedp.Action[chromedp.Void] {
	if width < phone {
		return chromedp.EmulateViewport(int64(width), int64(height), chromedp.EmulatePortrait, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	return chromedp.EmulateViewport(int64(width), int64(height))
}

func prefer(dark bool) chromedp.Action[chromedp.Void] {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	return order(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
}

// NoScript turns JavaScript off for what is opened from now on. Eval and all that waits go on to work.
func (p *Page) NoScript() {
	p.t.Helper()
	p.do("turn scripts off", order(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
}

// Offline takes this page's network away as if the browser had none, navigator.onLine and its events included; other
// pages keep theirs. What is already connected may live on: see Browser.Cut for that.
func (p *Page) Offline(off bool) {
	p.t.Helper()
	p.do("take the network away",
		order(network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}),
		chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
			_, err := cdp.Call(ctx, tab, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
				MatchedNetworkConditions: []*network.Conditions{{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}}})
			return err
		}))
}

// order is a command of the DevTools protocol that has no answer.
func order[P any](command cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, command, params)
		return err
	})
}

// do runs actions within the page's patience.
func (p *Page) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	_, err := run(p, chromedp.Steps(actions...))
	p.must(what, err)
}

func run[T any](p *Page, action chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, action)
}

func (p *Page) must(what string, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %v%s", what, err, p.watch.said())
	}
}
