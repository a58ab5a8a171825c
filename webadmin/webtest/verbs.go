package webtest

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Open goes to an address and waits until the page with all it asked for has loaded. The list of requests begins anew.
func (p *Page) Open(url string) {
	p.t.Helper()
	p.watch.anew()
	p.do("open "+url, chromedp.Navigate(url))
}

// Reload is Open for where the page is already.
func (p *Page) Reload() {
	p.t.Helper()
	p.watch.anew()
	p.do("reload", chromedp.Reload())
}

// Click presses the mouse on an element once it is visible. It does not wait for what comes of it.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.do("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Type puts text in the place of what a field holds, key by key.
func (p *Page) Type(selector, text string) {
	p.t.Helper()
	field := chromedp.CSS(selector)
	typed := chromedp.KeyEvent(text)
	if text == "" {
		typed = chromedp.KeyEvent(kb.Delete)
	}
	p.do("type into "+selector, chromedp.Focus(field, chromedp.NodeVisible),
		chromedp.Evaluate[chromedp.Void]("document.activeElement.select?.()"), typed)
}

// Choose picks the option of a select by its value, and tells the page as a hand would.
func (p *Page) Choose(selector, value string) {
	p.t.Helper()
	p.do("choose in "+selector, chromedp.SetValue(chromedp.CSS(selector), value, chromedp.NodeVisible),
		chromedp.Evaluate[chromedp.Void](`for (const kind of ["input", "change"])
			document.querySelector(`+quote(selector)+`).dispatchEvent(new Event(kind, {bubbles: true}))`))
}

// Press presses a key where the focus is: "Enter", "Tab", "Escape", "ArrowLeft", "Space", "s", with Shift, Control, Alt or
// Meta held down: "Shift+Tab".
func (p *Page) Press(key string) {
	p.t.Helper()
	parts := strings.Split(key, "+")
	name := parts[len(parts)-1]
	if code, ok := keys[name]; ok {
		name = code
	}
	var held []chromedp.Modifier
	for _, part := range parts[:len(parts)-1] {
		held = append(held, modifiers[part])
	}
	p.do("press "+key, chromedp.KeyEvent(name, chromedp.KeyModifiers(held...)))
}

var keys = map[string]string{"Enter": kb.Enter, "Tab": kb.Tab, "Escape": kb.Escape, "Space": " ", "Backspace": kb.Backspace,
	"Delete": kb.Delete, "ArrowUp": kb.ArrowUp, "ArrowDown": kb.ArrowDown, "ArrowLeft": kb.ArrowLeft, "ArrowRight": kb.ArrowRight,
	"Home": kb.Home, "End": kb.End, "PageUp": kb.PageUp, "PageDown": kb.PageDown, "F1": kb.F1}

var modifiers = map[string]chromedp.Modifier{"Shift": chromedp.ModifierShift, "Control": chromedp.ModifierCtrl, "Alt": chromedp.ModifierAlt,
	"Meta": chromedp.ModifierMeta}

// Text is what one reads of an element once it is visible.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	text, err := run(p, chromedp.Text(chromedp.CSS(selector), chromedp.NodeVisible))
	p.must("read "+selector, err)
	return strings.TrimSpace(text)
}

// Value is what a field holds.
func (p *Page) Value(selector string) string {
	p.t.Helper()
	value, err := run(p, chromedp.Value(chromedp.CSS(selector)))
	p.must("read "+selector, err)
	return value
}

// URL is where the page is.
func (p *Page) URL() string {
	p.t.Helper()
	url, err := run(p, chromedp.Location())
	p.must("read the address", err)
	return url
}

// Screenshot writes a PNG of the whole page, as wide as the window and as high as it goes, and makes the folder for it.
func (p *Page) Screenshot(path string) {
	p.t.Helper()
	picture, err := run(p, chromedp.FullScreenshot(100))
	p.must("take a picture", err)
	p.must("keep a picture", os.MkdirAll(filepath.Dir(path), 0o755))
	p.must("keep a picture", os.WriteFile(path, picture, 0o644))
}
