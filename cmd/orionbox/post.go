package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"orionbox/firmware/hub"
)

// postPrinter prints chat lines and notices, each with its local time, and the date where it changes.
type postPrinter struct {
	w    io.Writer
	json bool
	day  string
}

func newPostPrinter(w io.Writer, json bool) *postPrinter {
	return &postPrinter{w, json, dayOf(time.Now())}
}

func (p *postPrinter) all(posts []hub.Post) error {
	for _, post := range posts {
		if err := p.one(post); err != nil {
			return err
		}
	}
	return nil
}

func (p *postPrinter) one(post hub.Post) error {
	if p.json {
		return json.NewEncoder(p.w).Encode(post)
	}
	text := post.At.Time().Local().Format("15:04:05 ") + words(post) + "\n"
	if day := dayOf(post.At.Time()); day != p.day {
		text, p.day = "-- "+day+" --\n"+text, day
	}
	_, err := io.WriteString(p.w, text)
	return err
}

func dayOf(t time.Time) string { return t.Local().Format("Monday, 2 January 2006") }

// words is a post as a person reads it.
func words(post hub.Post) string {
	name, text := printable(cmp.Or(post.Name, post.By)), printable(post.Text)
	if post.Kind == hub.KindNotice {
		return fmt.Sprintf("* %s %s", name, cmp.Or(doing[post.Text], text))
	}
	return name + ": " + text
}

// doing says what a notice tells of the one who sent it.
var doing = map[string]string{
	hub.NoticeRecording: "is recording",
	hub.NoticeMicMuted:  "muted the microphone", hub.NoticeMicLive: "unmuted the microphone",
	hub.NoticeSpeakersMuted: "muted the speakers", hub.NoticeSpeakersLive: "unmuted the speakers",
}
