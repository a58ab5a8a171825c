// Package webadmin owns the door to a running box: HTTP with JSON, on a unix socket for the command line and, with a
// login in front of it, for the web page. It knows nothing of how a box works; it asks the Box it was given.
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
}

// Error is a refusal that the caller can act on, with the HTTP status that tells its kind.
type Error struct {
	Status int
	Text   string
}

func (e *Error) Error() string { return e.Text }

// Reply is the answer to a press: Text says what happens now, Error why nothing does.
type Reply struct {
	Text  string `json:"text,omitempty"`
	Error string `json:"error,omitempty"`
}

// maxHold bounds how long a press can be held: no gesture of the panel is longer.
const maxHold = time.Minute

// New is the handler of the door's routes.
func New(box Box, log *slog.Logger) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(recovery(log))
	router.HandleMethodNotAllowed = true
	router.NoRoute(func(c *gin.Context) { fail(c, &Error{http.StatusNotFound, "no such route"}) })
	router.NoMethod(func(c *gin.Context) { fail(c, &Error{http.StatusMethodNotAllowed, "no such method for this route"}) })

	router.GET("/healthz", func(c *gin.Context) { c.String(http.StatusOK, "ok\n") })
	router.GET("/api/status", getStatus(box))
	router.POST("/api/press/:button", postPress(box))
	return router
}

func getStatus(box Box) gin.HandlerFunc {
	return func(c *gin.Context) {
		status, err := box.Status(c.Request.Context())
		if err != nil {
			fail(c, err)
			return
		}
		c.IndentedJSON(http.StatusOK, status)
	}
}

func postPress(box Box) gin.HandlerFunc {
	return func(c *gin.Context) {
		hold, err := parseHold(c.Query("hold"))
		if err != nil {
			fail(c, err)
			return
		}
		text, err := box.Press(c.Request.Context(), c.Param("button"), hold)
		if err != nil {
			fail(c, err)
			return
		}
		c.JSON(http.StatusOK, Reply{Text: text})
	}
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

// fail writes an error as the caller should see it: a refusal in its own words, anything else as it is.
func fail(c *gin.Context, err error) {
	status := http.StatusInternalServerError
	var refusal *Error
	if errors.As(err, &refusal) {
		status = refusal.Status
	}
	c.AbortWithStatusJSON(status, Reply{Error: err.Error()})
}

// recovery keeps the box going when a handler panics: the door may fail, the recording may not.
func recovery(log *slog.Logger) gin.HandlerFunc {
	return gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, cause any) {
		log.Error("request failed", "method", c.Request.Method, "path", c.Request.URL.Path, "cause", cause)
		fail(c, errors.New("the box could not answer; see its log"))
	})
}
