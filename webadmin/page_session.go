package webadmin

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
)

// The page Session: what was recorded, to be cut, judged, played and fetched, and what is said meanwhile. It is one form: a row
// is picked, a button says what is to be done to it. Scripts do the same by the API; without them the page is the answer.

// sessionPage is the page as a whole.
type sessionPage struct {
	frame
	Desk               sessionView
	Of                 string // what it asks /events for
	Unpicked, Unmarked string // what is said for want of a row, or of its marker
}

func (s *Site) sessionRoutes(r *gin.RouterGroup) {
	page := r.Group("/session", present(s.parts.Box != nil && s.parts.Studio != nil, noBox))
	page.GET("", s.getSession)
	for route, act := range sessionActs {
		page.POST(route, s.postSession(act))
	}
}

// sessionAct does what a form of the page asks for, and tells in words what.
type sessionAct func(ctx context.Context, parts Parts, f sessionForm) (string, error)

// sessionForm is what a form of the page says.
type sessionForm struct {
	pick     pick
	value    func(name string) string
	duration time.Duration // of the field by, which has milliseconds
}

// sessionActs are what the buttons of the page do, by their routes.
var sessionActs = map[string]sessionAct{
	"/segment": func(ctx context.Context, parts Parts, _ sessionForm) (string, error) {
		return parts.Box.Press(ctx, "segment", 0)
	},
	"/rename": func(ctx context.Context, parts Parts, f sessionForm) (string, error) {
		return f.mark(ctx, parts, MarkRequest{Op: "rename", Name: f.value("name")})
	},
	"/judge": func(ctx context.Context, parts Parts, f sessionForm) (string, error) {
		return f.mark(ctx, parts, MarkRequest{Op: f.value("op")})
	},
	"/move": func(ctx context.Context, parts Parts, f sessionForm) (string, error) {
		return f.mark(ctx, parts, MarkRequest{Op: "move", By: f.duration})
	},
	"/play": func(ctx context.Context, parts Parts, f sessionForm) (string, error) {
		if f.pick.Chunk == "" {
			return "", errUnpicked
		}
		return parts.Studio.Play(ctx, PlayRequest{Chunk: f.pick.Chunk, Session: f.pick.Session, To: f.value("to")})
	},
	"/stop": func(ctx context.Context, parts Parts, _ sessionForm) (string, error) {
		return parts.Studio.StopPlaying(ctx)
	},
	"/seek": func(ctx context.Context, parts Parts, f sessionForm) (string, error) {
		return parts.Studio.Seek(ctx, SeekRequest{At: f.duration, Relative: true})
	},
	"/request": func(ctx context.Context, parts Parts, f sessionForm) (string, error) {
		if f.pick.Chunk == "" {
			return "", errUnpicked
		}
		return parts.Studio.Deliver(ctx, DeliverRequest{What: f.pick.Chunk, Session: f.pick.Session})
	},
	"/say": func(ctx context.Context, parts Parts, f sessionForm) (string, error) {
		return "sent", parts.Studio.Say(ctx, f.value("text"))
	},
}

// What a button needs that was pressed too early; scripts say the same.
var (
	errUnpicked = &Error{http.StatusConflict, "select a chunk or a marker first"}
	errUnmarked = &Error{http.StatusConflict, "this begins at no marker that this box may change"}
)

// mark does something to the marker that was picked.
func (f sessionForm) mark(ctx context.Context, parts Parts, request MarkRequest) (string, error) {
	switch request.Marker = f.pick.Marker; {
	case f.pick.Chunk == "":
		return "", errUnpicked
	case request.Marker == "":
		return "", errUnmarked
	}
	return parts.Studio.Mark(ctx, request)
}

// readSession is what a form of the page says.
func readSession(c *gin.Context) (f sessionForm, err error) {
	err = c.Request.ParseForm()
	f.value = c.Request.PostForm.Get
	if err != nil {
		return f, &Error{http.StatusBadRequest, "read form: " + err.Error()}
	}
	if f.pick, err = parsePick(f.value("pick")); err != nil {
		return f, &Error{http.StatusBadRequest, "read form: " + err.Error()}
	}
	by, err := strconv.ParseInt(cmp.Or(f.value("by"), "0"), 10, 64)
	if err != nil || by < -maxBy.Milliseconds() || by > maxBy.Milliseconds() {
		return f, &Error{http.StatusBadRequest, "by must be milliseconds, of at most " + maxBy.String()}
	}
	f.duration = time.Duration(by) * time.Millisecond
	return f, nil
}

// postSession does what a form asks for, and answers with the page.
func (s *Site) postSession(act sessionAct) gin.HandlerFunc {
	return func(c *gin.Context) {
		var done string
		f, err := readSession(c)
		if err == nil {
			done, err = act(c.Request.Context(), s.parts, f)
		}
		if err != nil {
			done = ""
		}
		all, _ := parseYes(f.value("all"))
		s.showSession(c, all, f.pick.Row, done, err)
	}
}

func (s *Site) getSession(c *gin.Context) {
	all, err := parseYes(c.Query("all"))
	if err != nil {
		fail(c, err)
		return
	}
	s.showSession(c, all, "", "", nil)
}

// showSession writes the page, with what has come of the last button: words, or why not.
func (s *Site) showSession(c *gin.Context, all bool, picked, done string, why error) {
	v, err := s.lookSession(c.Request.Context(), all)
	if err != nil {
		fail(c, err)
		return
	}
	v.Picked = picked
	page := sessionPage{frame{Title: "Session", Here: "/session", Name: v.Name, Role: v.Role, Done: done}, v, "session",
		errUnpicked.Text, errUnmarked.Text}
	if all {
		page.Of = "session-all"
	}
	status := http.StatusOK
	if why != nil {
		page.Error, status = why.Error(), http.StatusInternalServerError
		if refusal := (*Error)(nil); errors.As(why, &refusal) {
			status = refusal.Status
		}
	}
	render(c, status, "session.html", page)
}
