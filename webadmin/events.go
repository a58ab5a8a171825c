package webadmin

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	beatEvery   = 500 * time.Millisecond // how often an open page learns what has changed
	lullEvery   = 5 * time.Second        // or that nothing has: so that it knows that the connection stands
	mostFollow  = 32                     // open pages
	patientWith = 10 * time.Second       // a page that does not take what it is sent
)

// beat looks at the box for all open pages of a kind together, and not at all while there are none.
type beat struct {
	look func(ctx context.Context, of string) (map[string]string, error)
	log  *slog.Logger
	wake chan struct{}

	mu   sync.Mutex
	open map[chan map[string]string]string // to the kind of the page
}

func newBeat(look func(ctx context.Context, of string) (map[string]string, error), log *slog.Logger) *beat {
	return &beat{look: look, log: log, wake: make(chan struct{}, 1), open: map[chan map[string]string]string{}}
}

func (b *beat) run(ctx context.Context) {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		case <-ticker.C:
		}
		if len(b.watched()) == 0 {
			ticker.Stop()
			select {
			case <-ctx.Done():
				return
			case <-b.wake:
				ticker.Reset(beatEvery)
			}
		}
		for of := range b.watched() {
			b.tell(ctx, of)
		}
	}
}

// watched are the kinds of the pages that are open.
func (b *beat) watched() map[string]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	kinds := map[string]bool{}
	for _, of := range b.open {
		kinds[of] = true
	}
	return kinds
}

// tell sends each open page of a kind what is to be seen. One that has not taken the last yet gets all of it with the next.
func (b *beat) tell(ctx context.Context, of string) {
	now, err := b.look(ctx, of)
	if err != nil {
		b.log.Debug("look at the box", "of", of, "err", err)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for follower, kind := range b.open {
		if kind != of {
			continue
		}
		select {
		case follower <- now:
		default:
			select {
			case <-follower: // what it did not take is old
			default:
			}
			follower <- now
		}
	}
}

// follow is what pages of a kind show now and whenever it was looked at; false: too many are open.
func (b *beat) follow(of string) (news chan map[string]string, leave func(), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.open) >= mostFollow {
		return nil, nil, false
	}
	news = make(chan map[string]string, 1)
	b.open[news] = of
	select {
	case b.wake <- struct{}{}:
	default:
	}
	return news, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.open, news)
	}, true
}

// getEvents sends an open page the sections that have changed, as server-sent events (HTML, 9.2): the name of the event is the
// section's, its data the HTML as a JSON string. An empty event tells that all is as before. The query of says which kind of page.
func (s *Site) getEvents(c *gin.Context) {
	kind, ok := followed[c.Query("of")]
	if !ok {
		fail(c, &Error{http.StatusNotFound, "no such page follows the box"})
		return
	}
	news, leave, ok := s.beat.follow(c.Query("of"))
	if !ok {
		fail(c, &Error{http.StatusServiceUnavailable, "too many pages are open"})
		return
	}
	defer leave()
	c.Header("Content-Type", "text/event-stream")
	c.Header("X-Accel-Buffering", "no")
	writer := http.NewResponseController(c.Writer)
	lull := time.NewTicker(lullEvery)
	defer lull.Stop()
	shown := map[string]string{}
	for {
		var text string
		select {
		case <-c.Request.Context().Done():
			return
		case <-lull.C:
			if token, err := c.Cookie(cookieName); err == nil && !s.logins.holds(token, s.cfg.Admin.Tag()) {
				return // logged out meanwhile
			}
			text = "event: beat\ndata:\n\n"
		case now := <-news:
			text = changed(kind.sections, shown, now)
		}
		if text == "" {
			continue
		}
		_ = writer.SetWriteDeadline(time.Now().Add(patientWith)) // without it a page that is gone is noticed later
		if _, err := c.Writer.WriteString(text); err != nil || writer.Flush() != nil {
			return
		}
	}
}

// changed is the events for the sections that are other than they were shown, which they then are.
func changed(sections []string, shown, now map[string]string) (text string) {
	for _, name := range sections {
		html, ok := now[name]
		if was, told := shown[name]; ok && (!told || was != html) {
			shown[name] = html
			data, err := json.Marshal(html)
			if err != nil {
				continue // never: it is a string
			}
			text += fmt.Sprintf("event: %s\ndata: %s\n\n", name, data)
		}
	}
	return text
}
