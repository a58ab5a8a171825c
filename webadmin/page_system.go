package webadmin

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// The page System: the computer, the log, and what is done to the box as a whole. What ends a session is asked first on a page of
// its own, which says what becomes of a take.

const noSystem = "this box does not tell of its computer"

func (s *Site) systemRoutes(r *gin.RouterGroup) {
	r = r.Group("/system", present(s.parts.Box != nil, noBox), present(s.parts.System != nil, noSystem))
	r.GET("", s.getSystem)
	r.GET("/log", s.getLog)
	r.GET("/log.txt", s.getLogText)
	r.GET("/diagnostics", s.getDiagnostics)
	for _, a := range s.systemActs() {
		r.GET("/"+a.Name, func(c *gin.Context) { s.showAsk(c, http.StatusOK, a, "") })
		r.POST("/"+a.Name, func(c *gin.Context) { s.postAct(c, a) })
	}
}

// systemNow is what the page shows of the box's status.
type systemNow struct {
	Name, Role, Version string
	Uptime              float64 `json:"uptime_seconds"`
	Call                string
	Phone               struct{ Reason string }
	Take                struct {
		State  string
		Number int
	}
	Hub   *struct{ Address, State, Detail string }
	Board *struct {
		Model       string
		Temperature *float64
		Power       *struct {
			Undervoltage, Throttled bool
			HadUndervoltage         bool `json:"had_undervoltage"`
			HadThrottling           bool `json:"had_throttling"`
		}
		Time struct {
			Known, Synchronised bool
			Hardware            bool `json:"hardware_clock"`
		}
	}
}

// Taking tells whether a take runs, or is asked for.
func (n systemNow) Taking() bool { return n.Take.State != "" && n.Take.State != "idle" }

func (s *Site) lookSystem(ctx context.Context) (systemNow, error) {
	return as[systemNow](s.parts.Box.Status(ctx))
}

// systemPage is the page as a whole.
type systemPage struct {
	frame
	Now    systemNow
	Facts  SystemFacts
	Time   time.Time
	Level  string
	Levels []logLevel
	Log    []LogLine
	After  int64 // number of the last line
}

// mostShown is how many lines of the log stand in the page; the file has all.
const mostShown = 100

func (s *Site) getSystem(c *gin.Context) {
	level, err := parseLevel(c.Query("level"))
	if err != nil {
		fail(c, err)
		return
	}
	now, err := s.lookSystem(c.Request.Context())
	if err != nil {
		fail(c, err)
		return
	}
	page := systemPage{frame: now.frame("System"), Now: now, Facts: s.parts.System.Facts(), Time: time.Now(), Level: level.Name, Levels: logLevels}
	page.Log = s.parts.System.Log(0, level.least)
	page.Log = page.Log[max(0, len(page.Log)-mostShown):]
	page.After = lastSeq(page.Log, 0)
	render(c, http.StatusOK, "system.html", page)
}

func (n systemNow) frame(title string) frame {
	return frame{Title: title, Here: "/system", Name: n.Name, Role: n.Role}
}

// logLevel is a choice of the page.
type logLevel struct {
	Name, Text string
	least      slog.Level
}

var logLevels = []logLevel{{"debug", "everything", slog.LevelDebug}, {"info", "what happens", slog.LevelInfo},
	{"warn", "warnings and errors", slog.LevelWarn}, {"error", "errors", slog.LevelError}}

func parseLevel(name string) (logLevel, error) {
	if name == "" {
		return logLevels[0], nil
	}
	for _, l := range logLevels {
		if l.Name == name {
			return l, nil
		}
	}
	return logLevel{}, &Error{http.StatusBadRequest, "level must be debug, info, warn or error"}
}

func lastSeq(lines []LogLine, none int64) int64 {
	if len(lines) == 0 {
		return none
	}
	return lines[len(lines)-1].Seq
}

// logReply is what an open page asks for again and again.
type logReply struct {
	Last  int64     `json:"last"` // to be asked after next
	Lines []LogLine `json:"lines"`
}

func (s *Site) getLog(c *gin.Context) {
	level, err := parseLevel(c.Query("level"))
	if err != nil {
		fail(c, err)
		return
	}
	after, err := strconv.ParseInt(c.DefaultQuery("after", "0"), 10, 64)
	if err != nil || after < 0 {
		fail(c, &Error{http.StatusBadRequest, "after must be the number (seq) of a line, or 0 for all"})
		return
	}
	lines := s.parts.System.Log(after, level.least)
	c.JSON(http.StatusOK, logReply{lastSeq(lines, after), append([]LogLine{}, lines...)})
}

func (s *Site) getLogText(c *gin.Context) {
	var text strings.Builder
	for _, line := range s.parts.System.Log(0, slog.LevelDebug) {
		text.WriteString(line.Text + "\n")
	}
	c.String(http.StatusOK, "%s", text.String())
}

const bundleLimit = 2 * time.Minute // for a browser to take it

func (s *Site) getDiagnostics(c *gin.Context) {
	name := "orionbox-" + time.Now().UTC().Format("20060102-150405") + ".tar.gz"
	c.Header("Content-Type", "application/gzip")
	c.Header("Content-Disposition", `attachment; filename="`+name+`"`)
	writer := http.NewResponseController(c.Writer)
	_ = writer.SetWriteDeadline(time.Now().Add(bundleLimit)) // without it a slow reader is noticed later
	defer func() { _ = writer.SetWriteDeadline(time.Time{}) }()
	err := s.parts.System.Bundle(c.Request.Context(), c.Writer)
	switch {
	case err == nil:
	case c.Writer.Written():
		s.log.Warn("diagnostics were cut", "err", err)
		panic(http.ErrAbortHandler) // or half a file would look whole
	default:
		c.Writer.Header().Del("Content-Disposition")
		c.Writer.Header().Del("Content-Type")
		fail(c, err)
	}
}
