// Package webtest owns the browser that tests look at the web page with: Debian's chromium without a window, driven by
// chromedp in the words a test needs.
//
//	test ── Page ── chromedp ──DevTools──► chromium ──SOCKS──► line ──► 127.0.0.1, and nowhere else
//
// The browser runs out of the lab, with a profile of its own, and dies with its test. A page fails its test for every
// error on the console and every request that failed, unless the test has said Expect. Only tests import this package.
package webtest

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"

	"orionbox/audio/audiotest/lab"
)

// Browser is a running chromium: one person, whose cookies all of its pages share.
type Browser struct {
	ctx    context.Context
	line   *line
	folder lab.Folder
}

// Start starts a browser of the test's own, about 0.3 s. It ends with the test.
func Start(t testing.TB) *Browser {
	t.Helper()
	b := &Browser{line: newLine(t), folder: lab.NewFolder(t, lab.Browser, "chromium")}
	process := lab.Start(t, lab.Browser, b.folder, []string{"HOME=" + b.folder.Inside, "TMPDIR=" + b.folder.Inside}, b.command()...)
	t.Cleanup(process.Stop) // in good order, or its children might still write where the folder is being cleared
	port := b.folder.Path("profile", "DevToolsActivePort")
	process.Wait(t, "chromium to be up", 30*time.Second, func() bool { return devTools(port) != "" })
	all, hangUp := remote.NewAllocator(context.Background(), devTools(port), remote.NoModifyURL)
	t.Cleanup(hangUp)
	var leave context.CancelFunc
	b.ctx, leave = chromedp.NewContext(all)
	t.Cleanup(leave)
	if err := chromedp.Do(b.ctx); err != nil {
		t.Fatalf("talk to chromium: %v", err)
	}
	return b
}

// command runs chromium. Its sandbox would need what a test has not got, and all it opens are pages of ours; a drawing
// process of its own would insist on one. Where it finds no mouse it says so to the page (pointer: none): the
// blink-settings are a mouse that can hover.
func (b *Browser) command() []string {
	return append([]string{"/usr/lib/chromium/chromium-headless-shell",
		"--user-data-dir=" + b.folder.Inside + "/profile", "--remote-debugging-port=0",
		"--proxy-server=socks5://" + b.line.addr(), "--proxy-bypass-list=<-loopback>"}, strings.Fields(`
		--no-sandbox --no-zygote --disable-gpu --in-process-gpu --disable-dev-shm-usage
		--no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-default-apps
		--disable-extensions --disable-breakpad --disable-hang-monitor --password-store=basic
		--disable-background-timer-throttling --disable-backgrounding-occluded-windows --disable-renderer-backgrounding
		--blink-settings=primaryPointerType=4,availablePointerTypes=4,primaryHoverType=2,availableHoverTypes=2
		--lang=en-US --hide-scrollbars --mute-audio --force-color-profile=srgb --font-render-hinting=none
		--enable-blink-features=ComputedAccessibilityInfo`)...)
}

// devTools is the address that chromium takes orders at, from the file that it writes once it does: port, path.
func devTools(file string) string {
	text, _ := os.ReadFile(file)
	port, path, whole := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if !whole {
		return ""
	}
	return "ws://127.0.0.1:" + port + path
}

// Cut breaks every connection of every page at once and refuses new ones, as where a server dies. What the page is told
// is what chromium makes of it; navigator.onLine stays true, for the browser's own network is up.
func (b *Browser) Cut() { b.line.setCut(true) }

// Mend lets connections be made again.
func (b *Browser) Mend() { b.line.setCut(false) }

// Refused are the hosts beyond this machine that somebody in the browser asked for, and was not given.
func (b *Browser) Refused() []string { return b.line.turnedAway() }
