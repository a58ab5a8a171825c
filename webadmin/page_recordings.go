package webadmin

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

func (s *Site) recordingRoutes(inside *gin.RouterGroup) {
	there := inside.Group("", present(s.parts.Recordings != nil, noBox))
	there.GET("/recordings", s.getRecordings)
	there.GET("/recordings/file/:session/:file", s.getRecording)
	there.GET("/recordings/wave/:session/:file", s.getWave)
	there.GET("/recordings/zip/:session", s.getZip)
	there.POST("/recordings/zip/:session", s.getZip)
	there.POST("/recordings/delete/:session", s.postDelete)
	there.POST("/recordings/export/:session", present(s.parts.Exporter != nil, noBox), s.postExport)
	there.GET("/api/recordings", get(func(c *gin.Context) (any, error) { return s.parts.Recordings.Sessions(c.Request.Context()) }))
}

// recorded is a session as the page shows it.
type recorded struct {
	Name       string
	Began      time.Time
	Seconds    float64
	Bytes      float64
	Open       bool
	Trouble    string
	Recordings []struct {
		File, Kind, Artist string
		Number             int
		Began              time.Time
		Seconds, Bytes     float64
		Open               bool
		AtHub              bool `json:"at_hub"`
		Delivered          []struct{ By string }
		Deleted            *time.Time
		Chunks             []struct {
			Number         int
			Title, Verdict string
			At, Seconds    float64
		}
	}
}

// recordingsPage is what the page shows.
type recordingsPage struct {
	frame
	Live     live
	Sessions []recorded
	Asked    *Undelivered // what is to be deleted though no producer has it
	Session  string       // of it
	Files    []string
}

func (s *Site) getRecordings(c *gin.Context) { s.showRecordings(c, http.StatusOK, recordingsPage{}) }

func (s *Site) showRecordings(c *gin.Context, status int, p recordingsPage) {
	now, err := s.look(c.Request.Context())
	if err != nil {
		fail(c, err)
		return
	}
	p.Title, p.Here, p.Name, p.Role, p.Live = "Recordings", "/recordings", now.Name, now.Role, now
	if p.Sessions, err = as[[]recorded](s.parts.Recordings.Sessions(c.Request.Context())); err != nil {
		p.Error = err.Error()
	}
	render(c, status, "recordings.html", p)
}

// getRecording plays a recording, or any part of it (RFC 9110, 14), or gives it away.
func (s *Site) getRecording(c *gin.Context) {
	f, info, err := s.parts.Recordings.Open(c.Param("session"), c.Param("file"))
	if err != nil {
		fail(c, err)
		return
	}
	defer f.Close()
	kind := "inline"
	if c.Query("download") != "" {
		kind = "attachment"
	}
	c.Header("Content-Type", info.Type)
	c.Header("Content-Disposition", mime.FormatMediaType(kind, map[string]string{"filename": info.File}))
	http.ServeContent(c.Writer, c.Request, "", info.Modified, patient{f, http.NewResponseController(c.Writer)})
}

const wavePoints = 600

// getWave draws a recording as a picture, or says that it is being drawn.
func (s *Site) getWave(c *gin.Context) {
	peaks, done, err := s.parts.Recordings.Peaks(c.Request.Context(), c.Param("session"), c.Param("file"), wavePoints)
	if err != nil {
		fail(c, err)
		return
	}
	c.Data(http.StatusOK, "image/svg+xml", []byte(wave(peaks, done)))
}

// wave is a picture of 600 by 255, in a colour that is seen on light and dark.
func wave(peaks []Peak, done bool) string {
	var text strings.Builder
	fmt.Fprintf(&text, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d 255" preserveAspectRatio="none">`, max(len(peaks), 1))
	if !done {
		text.WriteString(`<path d="M0 127h1" stroke="#7b8794" stroke-width="3" stroke-dasharray=".02 .02"/>`)
	}
	for i, p := range peaks {
		if i == 0 {
			text.WriteString(`<path stroke="#2f80c9" stroke-width="1" d="`)
		}
		fmt.Fprintf(&text, "M%d.5 %dV%d", i, 127-int(p.Max), 128-int(p.Min))
		if i == len(peaks)-1 {
			text.WriteString(`"/>`)
		}
	}
	text.WriteString(`</svg>`)
	return text.String()
}

// getZip packs recordings of a session: those that are named, or all. A browser that goes away ends it.
func (s *Site) getZip(c *gin.Context) {
	if _, ok := form(c, ""); !ok {
		return
	}
	session := c.Param("session")
	s.pack(c, session+".zip", func(to io.Writer) error { return s.parts.Recordings.Zip(to, session, c.Request.PostForm["file"]) })
}

// postExport makes a session into a project for an editor, and gives it away.
func (s *Site) postExport(c *gin.Context) {
	session := c.Param("session")
	s.pack(c, session+"-export.zip", func(to io.Writer) error { return s.parts.Exporter.Export(c.Request.Context(), to, session) })
}

// pack answers with a zip, or, as long as none has begun, with why there is none.
func (s *Site) pack(c *gin.Context, name string, write func(io.Writer) error) {
	to := &begun{c: c, name: name}
	if err := write(to); err != nil {
		if !to.begun {
			fail(c, err)
			return
		}
		s.log.Warn("pack recordings", "name", name, "err", err)
		panic(http.ErrAbortHandler) // or half a file would look whole
	}
}

// takesFor is how long a browser may take nothing of what it is sent.
const takesFor = 30 * time.Second

// patient is a recording that is sent for as long as somebody takes it.
type patient struct {
	io.ReadSeeker
	to *http.ResponseController
}

func (p patient) Read(b []byte) (int, error) {
	_ = p.to.SetWriteDeadline(time.Now().Add(takesFor)) // without it one that has gone is noticed later
	return p.ReadSeeker.Read(b)
}

// begun is an answer whose head is written with its first byte: until then it can be another.
type begun struct {
	c     *gin.Context
	name  string
	begun bool
}

func (b *begun) Write(p []byte) (int, error) {
	if !b.begun {
		b.begun = true
		b.c.Header("Content-Type", "application/zip")
		b.c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": b.name}))
	}
	_ = http.NewResponseController(b.c.Writer).SetWriteDeadline(time.Now().Add(takesFor)) // as for patient
	return b.c.Writer.Write(p)
}

// postDelete deletes what was marked: asked once for all, and once more for what no producer has.
func (s *Site) postDelete(c *gin.Context) {
	if _, ok := form(c, ""); !ok {
		return
	}
	session, fields := c.Param("session"), c.Request.PostForm
	files := fields["file"]
	switch {
	case len(files) == 0:
		s.showRecordings(c, http.StatusBadRequest, recordingsPage{frame: frame{Error: "Mark what is to be deleted."}})
		return
	case fields.Get("sure") == "":
		s.showRecordings(c, http.StatusOK, recordingsPage{Session: session, Files: files})
		return
	}
	asked, err := s.parts.Recordings.Delete(session, files, fields.Get("token"))
	switch {
	case err != nil:
		s.showRecordings(c, statusOf(err), recordingsPage{frame: frame{Error: err.Error()}})
	case asked != nil:
		s.showRecordings(c, http.StatusConflict, recordingsPage{Session: session, Files: files, Asked: asked})
	default:
		s.log.Info("recordings deleted on the page", "session", session, "files", files)
		s.showRecordings(c, http.StatusOK, recordingsPage{frame: frame{Done: fmt.Sprintf("%d recordings of %s are deleted.", len(files), session)}})
	}
}
