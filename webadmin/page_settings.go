package webadmin

import (
	"context"
	"encoding/base64"
	"errors"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// The page Settings: conn.conf as a form. Each field comes with the tag of the value that was shown, so that only what a person has
// changed here is written, and not over what somebody else has changed meanwhile.

func (s *Site) settingsRoutes(inside *gin.RouterGroup) {
	there := inside.Group("", present(s.parts.Settings != nil, noBox))
	there.GET("/settings", s.getSettings)
	there.POST("/settings", s.postSettings)
	there.POST("/settings/join", s.postJoin)
	there.POST("/settings/invite", s.postInvite)
	there.POST("/settings/preflight", s.postPreflight)
	there.POST("/settings/password", s.postPassword)
	there.POST("/settings/hear", present(s.parts.Ears != nil, noBox), s.postHear)
	there.POST("/settings/blink", present(s.parts.Panel != nil, noBox), s.postBlink)
	there.GET("/api/settings", get(func(c *gin.Context) (any, error) { return s.parts.Settings.Form(c.Request.Context()) }))
	there.POST("/api/settings", do(s.changeSettings))
}

// settingsPage is what the page shows.
type settingsPage struct {
	frame
	Form     SettingsForm
	Wrong    map[string]string // what was wrong with a key, by its ID
	Typed    map[string]string // what was typed there
	Host     bool              // invites can be made here
	Invite   *InviteReply      // that was just made
	QR       template.URL
	Findings []finding // of a pre-flight
}

// Shown is what stands in a key's field: where a form was refused, what was typed there.
func (p settingsPage) Shown(key Setting) string {
	if typed, changed := p.Typed[key.ID]; changed && len(p.Wrong) > 0 && !key.Secret {
		return typed
	}
	return key.Value
}

// finding is a check of a pre-flight.
type finding struct{ Name, Result, Text, Hint string }

func (s *Site) getSettings(c *gin.Context) { s.showSettings(c, http.StatusOK, settingsPage{}) }

func (s *Site) showSettings(c *gin.Context, status int, p settingsPage) {
	framed, err := s.frame(c, "Settings", "/settings")
	if err != nil {
		fail(c, err)
		return
	}
	framed.Error, framed.Done = p.Error, p.Done
	p.frame = framed
	if p.Form, err = s.parts.Settings.Form(c.Request.Context()); err != nil {
		p.Error = err.Error()
	}
	p.Host = s.parts.Host != nil
	render(c, status, "settings.html", p)
}

const savedText = "Saved. It holds from the next start of the box: see System, Restart."

// postSettings takes the fields of the form: what differs from what was shown is a change.
func (s *Site) postSettings(c *gin.Context) {
	if _, ok := form(c, ""); !ok {
		return
	}
	changes, typed := formChanges(c.Request.PostForm)
	if len(changes) == 0 {
		s.showSettings(c, http.StatusOK, settingsPage{frame: frame{Done: "Nothing was changed."}})
		return
	}
	wrong, err := s.parts.Settings.Change(c.Request.Context(), changes)
	switch {
	case err != nil:
		s.showSettings(c, statusOf(err), settingsPage{frame: frame{Error: err.Error() + ". Nothing was saved."}, Typed: typed})
	case len(wrong) > 0:
		s.showSettings(c, http.StatusBadRequest, settingsPage{frame: frame{Error: "Nothing was saved: see the marked fields."}, Wrong: wrong, Typed: typed})
	default:
		s.log.Info("settings changed on the page", "keys", slices.Sorted(maps.Keys(typed)))
		s.showSettings(c, http.StatusOK, settingsPage{frame: frame{Done: savedText}})
	}
}

// formChanges are the changes of a form. A secret that was left empty stays, unless it is to be removed.
func formChanges(values map[string][]string) (changes []SettingChange, typed map[string]string) {
	typed = map[string]string{}
	first := func(name string) string {
		if v := values[name]; len(v) > 0 {
			return v[0]
		}
		return ""
	}
	for name := range values {
		id, ok := strings.CutPrefix(name, "tag:")
		if !ok {
			continue
		}
		value, was := first("set:"+id), first("was:"+id)
		if _, secret := values["secret:"+id]; secret && value == "" && first("remove:"+id) == "" || value == was && first("remove:"+id) == "" {
			continue
		}
		typed[id] = value
		changes = append(changes, SettingChange{ID: id, Value: value, Tag: first(name)})
	}
	slices.SortFunc(changes, func(a, b SettingChange) int { return strings.Compare(a.ID, b.ID) })
	return changes, typed
}

func statusOf(err error) int {
	var refusal *Error
	if errors.As(err, &refusal) {
		return refusal.Status
	}
	return http.StatusInternalServerError
}

// changeSettings is the same for a program.
func (s *Site) changeSettings(c *gin.Context) (string, error) {
	var changes []SettingChange
	if err := read(c, &changes); err != nil {
		return "", err
	}
	wrong, err := s.parts.Settings.Change(c.Request.Context(), changes)
	if err != nil {
		return "", err
	}
	for _, id := range slices.Sorted(maps.Keys(wrong)) {
		return "", &Error{http.StatusBadRequest, id + ": " + wrong[id]}
	}
	return "saved; it holds from the next start of the box", nil
}

func (s *Site) postJoin(c *gin.Context) {
	text, ok := form(c, "invite")
	if !ok {
		return
	}
	done, err := s.parts.Settings.Join(c.Request.Context(), text)
	if err != nil {
		s.showSettings(c, statusOf(err), settingsPage{frame: frame{Error: err.Error() + ". Nothing was saved."}})
		return
	}
	s.showSettings(c, http.StatusOK, settingsPage{frame: frame{Done: done + ". It holds from the next start of the box."}})
}

// postInvite makes an invite, and shows it once.
func (s *Site) postInvite(c *gin.Context) {
	if s.parts.Host == nil {
		fail(c, &Error{http.StatusNotFound, noHub})
		return
	}
	if _, ok := form(c, ""); !ok {
		return
	}
	field := c.Request.PostForm.Get
	reply, err := s.parts.Host.Invite(c.Request.Context(), InviteRequest{Name: field("name"), Role: field("role"), User: field("user"), Password: field("password"), Hub: field("hub")})
	if err != nil {
		s.showSettings(c, statusOf(err), settingsPage{frame: frame{Error: err.Error()}})
		return
	}
	p := settingsPage{Invite: &reply}
	if png, err := s.parts.Settings.QR(reply.String); err == nil { // too long for a code: it can be pasted all the same
		p.QR = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png))
	}
	s.showSettings(c, http.StatusOK, p)
}

func (s *Site) postPreflight(c *gin.Context) {
	report, err := s.parts.Box.Preflight(c.Request.Context())
	if err != nil {
		s.showSettings(c, statusOf(err), settingsPage{frame: frame{Error: err.Error()}})
		return
	}
	var r struct {
		Good   bool
		Checks []finding
	}
	if err := recode(report, &r); err != nil {
		fail(c, err)
		return
	}
	p := settingsPage{frame: frame{Done: "Pre-flight: ready for a session."}, Findings: r.Checks}
	if !r.Good {
		p.frame = frame{Error: "Pre-flight: not ready for a session."}
	}
	s.showSettings(c, http.StatusOK, p)
}

// postPassword sets another password, for who knows the present one, and ends all other sessions.
func (s *Site) postPassword(c *gin.Context) {
	old, ok := form(c, "old")
	if !ok {
		return
	}
	password, again := c.Request.PostForm.Get("password"), c.Request.PostForm.Get("again")
	refuse := func(status int, why string) { s.showSettings(c, status, settingsPage{frame: frame{Error: why}}) }
	switch {
	case password != again:
		refuse(http.StatusBadRequest, "The two new passwords are not the same.")
	case !s.tryPassword(c, old):
		refuse(http.StatusUnauthorized, "That is not the present password, or it was tried too often: wait a little.")
	default:
		if err := s.cfg.Admin.Change(password); err != nil {
			refuse(http.StatusBadRequest, err.Error())
			return
		}
		s.logins.leaveAll()
		s.setCookie(c, s.logins.enter(from(c), s.cfg.Admin.Tag()), 0)
		s.showSettings(c, http.StatusOK, settingsPage{frame: frame{Done: "The password is another now; all other pages have to log in again."}})
	}
}

// postHear lets the person at the box hear the microphone.
func (s *Site) postHear(c *gin.Context) {
	if err := s.parts.Ears.Hear(c.Request.Context()); err != nil {
		s.showSettings(c, http.StatusConflict, settingsPage{frame: frame{Error: err.Error()}})
		return
	}
	s.showSettings(c, http.StatusOK, settingsPage{frame: frame{Done: "For five seconds the microphone was in the headphones. If it was not heard: look at the levels, and at what is muted."}})
}

// blinkFor is long enough for a panel with some LEDs more than a box has.
const blinkFor = 12 * time.Second

// postBlink lights the LEDs in turn, and names the buttons that are pressed meanwhile.
func (s *Site) postBlink(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), blinkFor)
	defer cancel()
	var found []finding
	err := s.parts.Panel.TestPanel(ctx, func(line any) {
		var f PanelFinding
		if recode(line, &f) == nil && f.Name != "" {
			found = append(found, finding{Name: f.Name, Result: either(f.Fault, "fault", "seen"), Text: f.Text})
		}
	})
	if err != nil && len(found) == 0 {
		s.showSettings(c, statusOf(err), settingsPage{frame: frame{Error: err.Error()}})
		return
	}
	s.showSettings(c, http.StatusOK, settingsPage{frame: frame{Done: "The LEDs were lit in turn; what was seen stands below."}, Findings: found})
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}
