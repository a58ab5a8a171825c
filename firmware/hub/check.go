package hub

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"unicode"
	"unicode/utf8"

	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// The limits of what is told, in characters where it is text.
const (
	MaxName  = 64  // of a person
	maxID    = 64  // of a post
	maxFault = 500 // of a fault, and of the hub's reason
	maxCount = 1e9 // of takes and minutes
)

// CheckID is an error for what cannot be a box's id.
func CheckID(id string) error {
	if !idForm.MatchString(id) {
		return errors.New("a box's id is up to 32 small letters, digits and hyphens")
	}
	return nil
}

// CheckName is an error for what cannot be a person's name.
func CheckName(name string) error {
	if name == "" {
		return errors.New("the name is missing")
	}
	return checkText("the name", name, MaxName)
}

func checkRole(r session.Role) error {
	if r != session.Artist && r != session.Producer && r != session.Listener {
		return errors.New("no such role; there are ARTIST, PRODUCER and LISTENER")
	}
	return nil
}

// checkText holds people's words to one line of text; a tab may be in it.
func checkText(what, text string, limit int) error {
	switch {
	case !utf8.ValidString(text):
		return fmt.Errorf("%s is no text (UTF-8)", what)
	case utf8.RuneCountInString(text) > limit:
		return fmt.Errorf("%s is longer than %d characters", what, limit)
	}
	for _, r := range text {
		if breaksLine(r) {
			return fmt.Errorf("%s holds control characters; it must be one line", what)
		}
	}
	return nil
}

// breaksLine tells what a terminal or a web page would not show as part of a line.
func breaksLine(r rune) bool {
	return r != '\t' && unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
}

// Check is an error for a presence that no box shows.
func (p Presence) Check() error {
	known := []session.Take{session.Idle, session.Starting, session.Recording, session.Stopping, session.Failing}
	switch {
	case !slices.Contains(known, p.Take):
		return errors.New("check presence: no such state of a take")
	case p.Number < 0 || p.Number > maxCount || p.StorageMinutes < -1 || p.StorageMinutes > maxCount:
		return errors.New("check presence: a number is out of range")
	}
	return wrapCheck("presence", checkText("the fault", p.Fault, maxFault))
}

// Check is an error for a peer that cannot be.
func (p Peer) Check() error {
	if p.State != Present && p.State != Unknown && p.State != Absent {
		return errors.New("check peer: no such state")
	}
	if p.Take == "" { // of a box that has shown nothing yet
		p.Take = session.Idle
	}
	return wrapCheck("peer", errors.Join(CheckID(p.ID), CheckName(p.Name), checkRole(p.Role), p.Presence.Check()))
}

// Check is an error for a post that makes no sense by itself, whoever made it. The hub's parts are not looked at.
func (p Post) Check() error {
	switch {
	case p.ID == "" || checkText("the id", p.ID, maxID) != nil:
		return errors.New("check post: its id is missing or too long")
	case p.At <= 0:
		return errors.New("check post: the time it was made at is missing")
	case (p.Kind == KindMarker) != (p.Change != nil):
		return errors.New("check post: a marker, and only a marker, has a change")
	case (p.Kind == KindRequest) != (p.Want != nil):
		return errors.New("check post: a request, and only a request, has what is wanted")
	}
	switch p.Kind {
	case KindMarker:
		change := *p.Change
		change.ID = p.ID // the hub sets it, whatever stands there
		if !markerForm.MatchString(change.Marker) {
			return errors.New("check post: its marker's id must be 1 to 64 small letters, digits and hyphens")
		}
		return wrapCheck("post", change.Check())
	case KindRequest:
		return wrapCheck("post", CheckFileKey(p.Want.TrackKey))
	case KindNotice:
		if !slices.Contains(notices, p.Text) {
			return errors.New("check post: there is no such notice")
		}
		return nil
	case KindChat:
		if p.Text == "" {
			return errors.New("check post: there is nothing in it")
		}
		return wrapCheck("post", checkText("the text", p.Text, MaxText))
	}
	return errors.New("check post: no such kind; there are marker, chat, notice and request")
}

var (
	markerForm = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
	notices    = []string{NoticeJoined, NoticeLeft, NoticeRecording, NoticeStopped, NoticeMicMuted, NoticeMicLive,
		NoticeSpeakersMuted, NoticeSpeakersLive}
)

// CheckTold is Check for a post as the hub tells it: with its parts.
func (p Post) CheckTold() error {
	if err := p.Check(); err != nil {
		return err
	}
	if p.Seq <= 0 {
		return errors.New("check post: its place in the order is missing")
	}
	return wrapCheck("post", errors.Join(CheckID(p.By), CheckName(p.Name), checkRole(p.Role)))
}

// settled has the marker's change say what the post says.
func (p Post) settled() Post {
	if p.Change != nil {
		change := *p.Change
		change.ID, change.Seq, change.By, change.Role = p.ID, p.Seq, p.By, p.Role
		p.Change = &change
	}
	return p
}

// CheckTrack is an error for a track that cannot be. Session and File become names of files elsewhere: they must be plain.
func CheckTrack(t takes.Track) error {
	return errors.Join(wrapCheck("track", errors.Join(CheckID(t.Box), checkText("the name", t.Name, MaxName))), t.Check())
}

// wrapCheck says what was checked, if anything is wrong with it.
func wrapCheck(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("check %s: %w", what, err)
}
