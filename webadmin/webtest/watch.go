package webtest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Request is one that a page made.
type Request struct {
	Method, URL string
	Status      int    // of HTTP; 0 while there is no answer
	Bytes       int    // that came over the line so far, headers counted
	Failed      string // why none came: "net::ERR_CONNECTION_REFUSED"
	id          network.RequestID
}

// watch collects what the browser tells of a page, in the order in which it happens.
type watch struct {
	mu       sync.Mutex
	console  []string
	expected []string
	requests []Request
}

// event is called from within chromedp's reading loop: it must not wait.
func (w *watch) event(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			w.console = append(w.console, words(e.Args))
		}
	case *runtime.EventExceptionThrown:
		w.console = append(w.console, thrown(e.ExceptionDetails))
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			w.console = append(w.console, strings.TrimSpace(e.Entry.Text+" "+e.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		w.asked(e)
	case *network.EventResponseReceived:
		w.on(e.RequestID, func(r *Request) { r.Status, r.Bytes = int(e.Response.Status), int(e.Response.EncodedDataLength) })
	case *network.EventDataReceived:
		w.on(e.RequestID, func(r *Request) { r.Bytes += int(e.EncodedDataLength) })
	case *network.EventLoadingFinished:
		w.on(e.RequestID, func(r *Request) { r.Bytes = int(e.EncodedDataLength) })
	case *network.EventLoadingFailed:
		w.on(e.RequestID, func(r *Request) { r.Failed = e.ErrorText })
	}
}

// asked takes a new request. One that was led elsewhere goes on under the same id, to its next address.
func (w *watch) asked(e *network.EventRequestWillBeSent) {
	if led := e.RedirectResponse; led != nil {
		w.on(e.RequestID, func(r *Request) { r.Status, r.Bytes = int(led.Status), int(led.EncodedDataLength) })
	}
	w.requests = append(w.requests, Request{Method: e.Request.Method, URL: e.Request.URL, id: e.RequestID})
}

func (w *watch) on(id network.RequestID, note func(*Request)) {
	for i := len(w.requests) - 1; i >= 0; i-- {
		if w.requests[i].id == id {
			note(&w.requests[i])
			return
		}
	}
}

func words(args []*runtime.RemoteObject) string {
	var all []string
	for _, a := range args {
		if a.Description != "" {
			all = append(all, a.Description)
			continue
		}
		all = append(all, strings.Trim(string(a.Value), `"`))
	}
	return strings.Join(all, " ")
}

func thrown(e *runtime.ExceptionDetails) string {
	if e.Exception != nil && e.Exception.Description != "" {
		return e.Text + " " + e.Exception.Description
	}
	return fmt.Sprintf("%s at %s:%d", e.Text, e.URL, e.LineNumber+1)
}

func (w *watch) anew() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = nil
}

func (w *watch) said() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.console) == 0 {
		return ""
	}
	return "\nthe console says:\n" + strings.Join(w.console, "\n")
}

// Requests are those the page has made since it was opened, in their order. What a stream carries counts as it comes.
func (p *Page) Requests() []Request {
	p.t.Helper()
	p.settle()
	p.watch.mu.Lock()
	defer p.watch.mu.Unlock()
	return slices.Clone(p.watch.requests)
}

// Console are the errors so far: what a script reported or did not catch, what the page's own policy forbade, and
// requests that failed or that were answered 400 and above.
func (p *Page) Console() []string {
	p.t.Helper()
	p.settle()
	p.watch.mu.Lock()
	defer p.watch.mu.Unlock()
	return slices.Clone(p.watch.console)
}

// Expect names texts; an error on the console that holds one of them is not the page's fault. It need not come.
func (p *Page) Expect(texts ...string) {
	p.watch.mu.Lock()
	defer p.watch.mu.Unlock()
	p.watch.expected = append(p.watch.expected, texts...)
}

// settle asks the page for something: what the browser told before its answer has been seen by then.
func (p *Page) settle() {
	p.t.Helper()
	p.do("ask the page", chromedp.Evaluate[chromedp.Void]("0"))
}

// judge fails the test for what stands on the console and was not expected.
func (p *Page) judge() {
	p.settle()
	for _, text := range p.watch.surprises() {
		p.t.Errorf("on the page's console: %s", text)
	}
}

func (w *watch) surprises() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.console), func(text string) bool {
		return slices.ContainsFunc(w.expected, func(part string) bool { return strings.Contains(text, part) })
	})
}
