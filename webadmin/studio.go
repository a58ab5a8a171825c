package webadmin

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
)

// Studio is what a box knows of all boxes of its room, and can tell them. What it returns is written as JSON.
type Studio interface {
	// Peers are the boxes of the room.
	Peers(ctx context.Context) (any, error)
	// Chunks are those of this session, or with all those of every session that is known.
	Chunks(ctx context.Context, all bool) (any, error)
	// Markers are where they stand now: those of this session, or with all every one that is known.
	Markers(ctx context.Context, all bool) (any, error)
	// Mark does something to a marker and tells in words what.
	Mark(ctx context.Context, request MarkRequest) (string, error)
	// Play plays a chunk, in place of what plays, and tells in words what it does.
	Play(ctx context.Context, request PlayRequest) (string, error)
	// StopPlaying ends what plays.
	StopPlaying(ctx context.Context) (string, error)
	// Seek has what plays go on elsewhere.
	Seek(ctx context.Context, request SeekRequest) (string, error)
	// Deliver asks another box for a take before all else, and tells in words what comes of it.
	Deliver(ctx context.Context, request DeliverRequest) (string, error)
	// Chat is what was said after the post of that number; if that is nothing, it waits for more, at most so long.
	Chat(ctx context.Context, after int64, wait time.Duration) (any, error)
	// Say writes a line to the room's chat.
	Say(ctx context.Context, text string) error
}

// MarkRequest is what is to be done to a marker.
type MarkRequest struct {
	Op     string        `json:"op"`              // set, move, rename, delete, good, no-good
	Marker string        `json:"marker"`          // its id; empty for a new one
	Name   string        `json:"name,omitempty"`  // of set and rename
	By     time.Duration `json:"by_ns,omitempty"` // nanoseconds; of move: from where it stands; of set: from now
}

// PlayRequest is what is to be played, and to whom.
type PlayRequest struct {
	Chunk   string `json:"chunk"`             // alice/3, 3, or a marker's id
	Session string `json:"session,omitempty"` // of the chunk's box; empty for this one
	To      string `json:"to"`                // me, all
}

// SeekRequest is where what plays is to go on.
type SeekRequest struct {
	At       time.Duration `json:"at_ns"`              // nanoseconds from the start of the chunk
	Relative bool          `json:"relative,omitempty"` // or from where it is
}

// DeliverRequest is what another box is asked for.
type DeliverRequest struct {
	What    string `json:"what"`              // a take, alice/take-2 or its file's name, or a chunk, which means the take that it is of
	Session string `json:"session,omitempty"` // of its box; empty for this one
}

// SayRequest is a line for the chat.
type SayRequest struct {
	Text string `json:"text"`
}

const (
	// MaxWait bounds how long a request for the chat may wait for more.
	MaxWait = 30 * time.Second
	// maxBy bounds how far a marker moves, and a seek: no session is longer.
	maxBy = 24 * time.Hour
)

func studioRoutes(r *gin.RouterGroup, studio Studio) {
	r.GET("/api/peers", get(func(c *gin.Context) (any, error) { return studio.Peers(c.Request.Context()) }))
	r.GET("/api/chunks", get(someOrAll(studio, Studio.Chunks)))
	r.GET("/api/markers", get(someOrAll(studio, Studio.Markers)))
	r.POST("/api/markers", do(postMarker(studio)))
	r.POST("/api/play", do(postPlay(studio)))
	r.POST("/api/play/stop", do(func(c *gin.Context) (string, error) { return studio.StopPlaying(c.Request.Context()) }))
	r.POST("/api/play/seek", do(postSeek(studio)))
	r.POST("/api/request", do(postRequest(studio)))
	r.GET("/api/chat", get(getChat(studio)))
	r.POST("/api/chat", do(postChat(studio)))
}

// someOrAll asks for what is of this session, or for all.
func someOrAll(studio Studio, look func(Studio, context.Context, bool) (any, error)) func(*gin.Context) (any, error) {
	return func(c *gin.Context) (any, error) {
		all, err := parseYes(c.Query("all"))
		if err != nil {
			return nil, err
		}
		return look(studio, c.Request.Context(), all)
	}
}

func postMarker(studio Studio) func(*gin.Context) (string, error) {
	return func(c *gin.Context) (string, error) {
		var request MarkRequest
		if err := read(c, &request); err != nil {
			return "", err
		}
		if request.By.Abs() > maxBy {
			return "", &Error{http.StatusBadRequest, "a marker moves by at most " + maxBy.String()}
		}
		return studio.Mark(c.Request.Context(), request)
	}
}

func postPlay(studio Studio) func(*gin.Context) (string, error) {
	return func(c *gin.Context) (string, error) {
		var request PlayRequest
		if err := read(c, &request); err != nil {
			return "", err
		}
		return studio.Play(c.Request.Context(), request)
	}
}

func postSeek(studio Studio) func(*gin.Context) (string, error) {
	return func(c *gin.Context) (string, error) {
		var request SeekRequest
		if err := read(c, &request); err != nil {
			return "", err
		}
		if request.At.Abs() > maxBy {
			return "", &Error{http.StatusBadRequest, "no chunk is longer than " + maxBy.String()}
		}
		return studio.Seek(c.Request.Context(), request)
	}
}

func postRequest(studio Studio) func(*gin.Context) (string, error) {
	return func(c *gin.Context) (string, error) {
		var request DeliverRequest
		if err := read(c, &request); err != nil {
			return "", err
		}
		return studio.Deliver(c.Request.Context(), request)
	}
}

func getChat(studio Studio) func(*gin.Context) (any, error) {
	return func(c *gin.Context) (any, error) {
		after, err := strconv.ParseInt(c.DefaultQuery("after", "0"), 10, 64)
		if err != nil || after < 0 {
			return nil, &Error{http.StatusBadRequest, "after must be the number (seq) of a post, or 0 for all"}
		}
		wait, err := time.ParseDuration(c.DefaultQuery("wait", "0s"))
		if err != nil || wait < 0 || wait > MaxWait {
			return nil, &Error{http.StatusBadRequest, "wait must be a time from 0s to " + MaxWait.String()}
		}
		return studio.Chat(c.Request.Context(), after, wait)
	}
}

func postChat(studio Studio) func(*gin.Context) (string, error) {
	return func(c *gin.Context) (string, error) {
		var request SayRequest
		if err := read(c, &request); err != nil {
			return "", err
		}
		return "sent", studio.Say(c.Request.Context(), request.Text)
	}
}

func parseYes(text string) (bool, error) {
	if text == "" {
		return false, nil
	}
	yes, err := strconv.ParseBool(text)
	if err != nil {
		return false, &Error{http.StatusBadRequest, "all must be true or false"}
	}
	return yes, nil
}
