package webadmin

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// act is what is done to the box as a whole, once a person has said so on the page that asks.
type act struct {
	Name, Title string
	Button      string // what a person presses
	Word        string // to be typed by hand first, and then it is asked once more; empty: once is enough
	Back        bool   // the box comes back by itself
	Idle        bool   // not while a take runs
	do          func(context.Context) (string, error)
}

// statusHold is how long status is held to end the session.
const statusHold = 3 * time.Second

func (s *Site) systemActs() []act {
	return []act{
		{Name: "restart", Title: "Restart", Button: "Restart the box", Back: true, do: func(ctx context.Context) (string, error) {
			return "The box closes what is open, stops, and starts again.", s.parts.System.Restart(ctx)
		}},
		{Name: "off", Title: "Power off", Button: "Power off", do: func(ctx context.Context) (string, error) {
			return s.parts.Box.Press(ctx, "status", statusHold)
		}},
		{Name: "reset", Title: "Factory reset", Button: "Make this box as new", Word: "RESET", Back: true, Idle: true, do: func(ctx context.Context) (string, error) {
			return "The box stops, forgets its settings, and starts again as a new one. The recordings stay.", s.parts.System.Reset(ctx)
		}},
	}
}

// askPage asks whether to do it.
type askPage struct {
	frame
	Act   act
	Now   systemNow
	Facts SystemFacts
	Typed bool // the word was: this is the second question
}

func (s *Site) showAsk(c *gin.Context, status int, a act, why string) {
	s.ask(c, status, a, why, false)
}

func (s *Site) ask(c *gin.Context, status int, a act, why string, typed bool) {
	now, err := s.lookSystem(c.Request.Context())
	if err != nil {
		fail(c, err)
		return
	}
	page := askPage{frame: now.frame(a.Title), Act: a, Now: now, Facts: s.parts.System.Facts(), Typed: typed}
	page.Error = why
	render(c, status, "system_ask.html", page)
}

// gonePage is what is seen while the box stops.
type gonePage struct {
	frame
	Act   act
	Text  string
	Facts SystemFacts
}

// postAct does it, if all was said that is asked for.
func (s *Site) postAct(c *gin.Context, a act) {
	word, ok := form(c, "word")
	if !ok {
		return
	}
	sure, _ := form(c, "sure")
	switch {
	case a.Word != "" && strings.TrimSpace(word) != a.Word:
		s.ask(c, http.StatusBadRequest, a, "nothing was done: type the word "+a.Word+" to go on", false)
	case a.Word != "" && sure == "":
		s.ask(c, http.StatusOK, a, "", true)
	case sure != "yes":
		s.ask(c, http.StatusBadRequest, a, "nothing was done: confirm it here", false)
	default:
		s.carryOut(c, a)
	}
}

func (s *Site) carryOut(c *gin.Context, a act) {
	now, err := s.lookSystem(c.Request.Context())
	if err != nil {
		fail(c, err)
		return
	}
	facts := s.parts.System.Facts()
	s.log.Warn("asked on the page", "for", a.Name, "from", from(c).String())
	text, err := a.do(c.Request.Context())
	if err != nil {
		s.ask(c, http.StatusConflict, a, "nothing was done: "+err.Error(), false)
		return
	}
	render(c, http.StatusAccepted, "system_gone.html", gonePage{now.frame(a.Title), a, text, facts})
}
