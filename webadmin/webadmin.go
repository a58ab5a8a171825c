// Package webadmin owns the door to a running box: HTTP with JSON, on a unix socket for the command line and, with a
// login in front of it, for the web page. It knows nothing of how a box works; it asks the parts it was given.
package webadmin

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// Box is what the door opens on.
type Box interface {
	// Status is the state of the box, to be written as JSON.
	Status(ctx context.Context) (any, error)
	// Press presses a button for the given time and tells in words what came of it.
	Press(ctx context.Context, button string, hold time.Duration) (string, error)
	// Preflight looks at all that a session needs, which takes some seconds, and reports, to be written as JSON.
	Preflight(ctx context.Context) (any, error)
}

// Parts are what stands behind a door. One that is nil is not there: its routes say so.
type Parts struct {
	Box    Box    // nil for a hub alone
	Panel  Panel  // likewise
	Studio Studio // what all boxes of the room do; nil without a box
	Host   Host   // the hub that runs here; nil where none does

	Settings   Settings // these of the page alone
	Recordings Recordings
	Exporter   Exporter
	Ears       Ears
	System     System
}

// Error is a refusal that the caller can act on, with the HTTP status that tells its kind.
type Error struct {
	Status int
	Text   string
}

func (e *Error) Error() string { return e.Text }

// Reply is the answer to what was to be done: Text says what happens now, Error why nothing does.
type Reply struct {
	Text  string `json:"text,omitempty"`
	Error string `json:"error,omitempty"`
}

// maxHold bounds how long a press can be held: no gesture of the panel is longer.
const maxHold = time.Minute

// New is the handler of the door's routes.
func New(parts Parts, log *slog.Logger) http.Handler {
	router := newRouter(log)
	router.GET("/healthz", healthy)
	apiRoutes(router, parts)
	return router
}

func newRouter(log *slog.Logger) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(recovery(log))
	router.HandleMethodNotAllowed = true
	router.NoRoute(func(c *gin.Context) { fail(c, &Error{http.StatusNotFound, "no such route"}) })
	router.NoMethod(func(c *gin.Context) { fail(c, &Error{http.StatusMethodNotAllowed, "no such method for this route"}) })
	return router
}

func healthy(c *gin.Context) { c.String(http.StatusOK, "ok\n") }

func apiRoutes(router gin.IRouter, parts Parts) {
	box := router.Group("", present(parts.Box != nil, noBox))
	box.GET("/api/status", getStatus(parts.Box))
	box.POST("/api/press/:button", postPress(parts.Box))
	box.POST("/api/preflight", get(func(c *gin.Context) (any, error) { return parts.Box.Preflight(c.Request.Context()) }))
	panelRoutes(router.Group("/api/panel", present(parts.Panel != nil, noBox)), parts.Panel)
	studioRoutes(router.Group("", present(parts.Studio != nil, noBox)), parts.Studio)
	hostRoutes(router.Group("/api/hub", present(parts.Host != nil, noHub)), parts.Host)
}

// What is said when a part is asked for that is not there.
const (
	noBox = "no box runs here, only a hub; ask the socket of a box, which `orionbox run` starts"
	noHub = "no hub runs here; run this on the producer's box, or start one with `orionbox hub`"
)

// present lets a request through to a part that is there.
func present(is bool, words string) gin.HandlerFunc {
	return func(c *gin.Context) {
		if !is {
			fail(c, &Error{http.StatusNotFound, words})
		}
	}
}

func getStatus(box Box) gin.HandlerFunc {
	return get(func(c *gin.Context) (any, error) { return box.Status(c.Request.Context()) })
}

func postPress(box Box) gin.HandlerFunc {
	return do(func(c *gin.Context) (string, error) {
		hold, err := parseHold(c.Query("hold"))
		if err != nil {
			return "", err
		}
		return box.Press(c.Request.Context(), c.Param("button"), hold)
	})
}

func parseHold(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	hold, err := time.ParseDuration(text)
	if err != nil || hold < 0 || hold > maxHold {
		return 0, &Error{http.StatusBadRequest, "hold must be a time from 0s to " + maxHold.String() + ", such as 3s"}
	}
	return hold, nil
}

// recovery keeps the box going when a handler panics: the door may fail, the recording may not. http.ErrAbortHandler is meant, and
// cuts the connection, which gin's own recovery would not let it.
func recovery(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			switch cause := recover(); cause {
			case nil:
			case http.ErrAbortHandler:
				panic(cause)
			default:
				log.Error("request failed", "method", c.Request.Method, "path", c.Request.URL.Path, "cause", cause)
				fail(c, errors.New("the box could not answer; see its log"))
			}
		}()
		c.Next()
	}
}
