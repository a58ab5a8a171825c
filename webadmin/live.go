package webadmin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
)

// The page Live: what the box and its peers do. It is made of sections, each a template; a page that is open gets those that
// have changed anew, so that what is shown is always what the server would show.

// live is what the sections are made of: of the box's status what people look at.
type live struct {
	Name, Role, Version, Session string
	Call                         string
	Recording                    bool
	Phone                        struct{ Reason, Detail, Codec string }
	Take                         struct {
		State   string
		Number  int
		File    string
		Seconds float64
		Bytes   float64
	}
	Audio struct {
		Mic, Speakers struct{ Name, State, Detail string }
		MicMuted      bool    `json:"mic_muted"`
		SpeakersMuted bool    `json:"speakers_muted"`
		PeakDB        float64 `json:"peak_db"`
		Clipped       bool
	}
	Storage struct {
		Level       string
		MinutesLeft float64 `json:"minutes_left"`
	}
	Hub      *struct{ Address, State, Detail string }
	Delivery struct {
		Outbox *struct {
			Waiting   []struct{ File string }
			Delivered int
			Left      float64 `json:"left_bytes"`
			Seconds   float64 `json:"seconds_left"`
			Rate      float64 `json:"bytes_per_second"`
			Sending   *struct {
				File  string
				Bytes float64
				Sent  float64 `json:"sent_bytes"`
			}
			Trouble string
		}
		Inbox *struct {
			Received int
			Arriving []struct{ Name, File string }
			Trouble  string
		}
	}
	Safe struct {
		Safe    bool
		Missing []string
	} `json:"safe_to_unplug"`
	Panel *struct {
		Chip  string
		LEDs  map[string]string
		Peers []string
	}
	Peers []struct {
		ID, Name, Role, State string
		Call                  bool `json:"in_conference"`
		Recording             bool
		MicMuted              bool `json:"mic_muted"`
		SpeakersMuted         bool `json:"speakers_muted"`
		Clipping, Delivering  bool
		StorageMinutes        int `json:"storage_minutes"`
		Fault                 string
	}
	Faults []struct{ ID, Severity, Text, Detail, Hint string }
}

// sections are the templates of the page that change, in order.
var sections = []string{"faults", "take", "call", "level", "panel", "peers", "delivery"}

// followed are the kinds of pages that follow the box, by what they ask /events for: their sections and what those are made of.
var followed = map[string]struct {
	sections []string
	look     func(s *Site, ctx context.Context) (any, error)
}{
	"":            {sections, func(s *Site, ctx context.Context) (any, error) { return s.look(ctx) }},
	"session":     {sessionSections, func(s *Site, ctx context.Context) (any, error) { return s.lookSession(ctx, false) }},
	"session-all": {sessionSections, func(s *Site, ctx context.Context) (any, error) { return s.lookSession(ctx, true) }},
}

// livePage is the page as a whole.
type livePage struct {
	frame
	Live live
}

func (s *Site) look(ctx context.Context) (l live, err error) {
	if s.parts.Box == nil {
		return l, errors.New(noBox)
	}
	return as[live](s.parts.Box.Status(ctx))
}

// as is what a page needs of what a part has found.
func as[T any](found any, err error) (needed T, _ error) {
	if err != nil {
		return needed, err
	}
	err = recode(found, &needed)
	return needed, err
}

// recode takes what the page needs out of what a part has told, by its JSON.
func recode(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

// sections renders each section of a kind of page as it is now.
func (s *Site) sections(ctx context.Context, of string) (map[string]string, error) {
	now, err := followed[of].look(s, ctx)
	if err != nil {
		return nil, err
	}
	made := map[string]string{}
	for _, name := range followed[of].sections {
		var text bytes.Buffer
		if err := templates.ExecuteTemplate(&text, name, now); err != nil {
			return nil, fmt.Errorf("show %s: %w", name, err)
		}
		made[name] = text.String()
	}
	return made, nil
}

func (s *Site) getLive(c *gin.Context) { s.showLive(c, "") }

func (s *Site) showLive(c *gin.Context, why string) {
	now, err := s.look(c.Request.Context())
	if err != nil {
		fail(c, err)
		return
	}
	status := http.StatusOK
	if why != "" {
		status = http.StatusConflict
	}
	render(c, status, "live.html", livePage{frame{Title: "Live", Here: "/", Name: now.Name, Role: now.Role, Error: why}, now})
}

// postButton is a press by a browser without scripts: the page is shown again.
func (s *Site) postButton(c *gin.Context) {
	if _, err := s.parts.Box.Press(c.Request.Context(), c.Param("button"), 0); err != nil {
		s.showLive(c, err.Error())
		return
	}
	c.Redirect(http.StatusSeeOther, "/")
}
