package webadmin

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"

	"github.com/gin-gonic/gin"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

var templates = template.Must(template.New("").Funcs(words).ParseFS(templateFiles, "templates/*.html"))

// statics are what a page loads, and anybody may.
func statics() http.FileSystem {
	sub, err := fs.Sub(staticFiles, "static")
	if err != nil {
		panic(err) // the folder is in the program
	}
	return onlyFiles{http.FS(sub)}
}

// onlyFiles lists no folder.
type onlyFiles struct{ http.FileSystem }

func (o onlyFiles) Open(name string) (http.File, error) {
	f, err := o.FileSystem.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || info.IsDir() {
		f.Close()
		return nil, fs.ErrNotExist
	}
	return f, nil
}

// render writes a page, whole or not at all.
func render(c *gin.Context, status int, name string, data any) {
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, name, data); err != nil {
		fail(c, err)
		return
	}
	c.Data(status, "text/html; charset=utf-8", page.Bytes())
}

// frame is what stands around every page.
type frame struct {
	Title, Here string // Here is the page's path
	Name, Role  string // of the box
	Error       string // why what was asked for last did not come about; empty: it did
	Done        string // what did
}

// tab is a page as the navigation shows it.
type tab struct{ Path, Text string }

var tabs = []tab{{"/", "Live"}, {"/session", "Session"}, {"/recordings", "Recordings"}, {"/settings", "Settings"}, {"/system", "System"}}

// frame is that of a page of the box that runs.
func (s *Site) frame(c *gin.Context, title, here string) (frame, error) {
	now, err := s.look(c.Request.Context())
	return frame{Title: title, Here: here, Name: now.Name, Role: now.Role}, err
}

// loginView is what the page of the login shows.
type loginView struct {
	Title string
	First bool   // no password was chosen yet
	Error string // why the last try has failed
}

func (s *Site) getLogin(c *gin.Context) { s.showLogin(c, http.StatusOK, "") }

func (s *Site) showLogin(c *gin.Context, status int, why string) {
	render(c, status, "login.html", loginView{Title: "Log in", First: !s.cfg.Admin.Set(), Error: why})
}

func (s *Site) postLogin(c *gin.Context) {
	if !s.cfg.Admin.Set() {
		s.showLogin(c, http.StatusConflict, "choose a password first")
		return
	}
	password, ok := form(c, "password")
	if !ok {
		return
	}
	tag := s.cfg.Admin.Tag() // before it is checked: one that is changed meanwhile lets nobody in
	if !s.tryPassword(c, password) {
		s.log.Warn("login refused", "from", from(c).String())
		s.showLogin(c, http.StatusUnauthorized, "that is not the password, or it was tried too often: wait a little")
		return
	}
	s.letIn(c, tag)
}

func (s *Site) letIn(c *gin.Context, tag string) {
	s.log.Info("login", "from", from(c).String())
	s.setCookie(c, s.logins.enter(from(c), tag), 0)
	c.Redirect(http.StatusSeeOther, "/")
}

// postSetup sets the first password. Whoever guesses the code is as slow as one who guesses a password.
func (s *Site) postSetup(c *gin.Context) {
	code, ok := form(c, "code")
	if !ok {
		return
	}
	password, _ := form(c, "password")
	again, _ := form(c, "again")
	switch {
	case !s.logins.may(from(c)):
		s.showLogin(c, http.StatusTooManyRequests, "it was tried too often: wait a little")
	case password != again:
		s.showLogin(c, http.StatusBadRequest, "the two passwords are not the same")
	default:
		if err := s.cfg.Admin.Choose(code, password); err != nil {
			s.showLogin(c, http.StatusBadRequest, err.Error())
			return
		}
		s.letIn(c, s.cfg.Admin.Tag())
	}
}

func (s *Site) postLogout(c *gin.Context) {
	if token, err := c.Cookie(cookieName); err == nil {
		s.logins.leave(token)
	}
	s.setCookie(c, "", -1)
	c.Redirect(http.StatusSeeOther, "/login")
}

// form is a field of a form; false if there is none, and the sender was told.
func form(c *gin.Context, name string) (string, bool) {
	if err := c.Request.ParseForm(); err != nil {
		fail(c, &Error{http.StatusBadRequest, "read form: " + err.Error()})
		return "", false
	}
	return c.Request.PostForm.Get(name), true
}
