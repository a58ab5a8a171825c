package webtest

import (
	"context"
	"fmt"
	"iter"
	"os"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// Upload gives a file to an input of type file, as from a disk of the person's.
func (p *Page) Upload(selector, name string, content []byte) {
	p.t.Helper()
	p.folder.Write(p.t, "uploads/"+name, string(content))
	p.do("upload to "+selector, chromedp.SetUploadFiles(chromedp.CSS(selector), []string{p.folder.Inside + "/uploads/" + name}))
}

// Download clicks on what leads to a file, waits until it has arrived whole, and returns it with the name that the server
// gave it.
func (p *Page) Download(selector string) (name string, content []byte) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	begin, progress := chromedp.BrowserEvents(ctx, browser.DownloadWillBegin), chromedp.BrowserEvents(ctx, browser.DownloadProgress)
	_, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{EventsEnabled: new(true),
		Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: p.folder.Inside + "/downloads"})
	p.must("be ready for a file", err)
	p.Click(selector)
	file, err := first(begin, func(browser.EventDownloadWillBegin) bool { return true })
	p.must("wait for a file from "+selector, err)
	end, err := first(progress, func(e browser.EventDownloadProgress) bool {
		return e.GUID == file.GUID && e.State != browser.DownloadProgressStateInProgress
	})
	if err == nil && end.State != browser.DownloadProgressStateCompleted {
		err = fmt.Errorf("it broke off after %.0f bytes", end.ReceivedBytes)
	}
	p.must("take "+file.SuggestedFilename, err)
	content, err = os.ReadFile(p.folder.Path("downloads", file.GUID))
	p.must("read "+file.SuggestedFilename, err)
	return file.SuggestedFilename, content
}

// first is the first event that is meant.
func first[E any](events iter.Seq2[E, error], meant func(E) bool) (E, error) {
	for event, err := range events {
		if err != nil || meant(event) {
			return event, err
		}
	}
	var none E
	return none, context.DeadlineExceeded
}
