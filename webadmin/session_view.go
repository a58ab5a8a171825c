package webadmin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"time"
)

// sessionSections are the templates of the page Session that change, in order.
var sessionSections = []string{"session-playing", "session-chunks", "session-markers", "session-chat"}

// sessionView is what the page Session shows: the room's work, as this box knows it.
type sessionView struct {
	live
	Playing   *playingView
	All       bool       `json:"-"` // of every session
	Musicians []musician `json:"-"`
	Marks     []markView `json:"-"`
	Posts     []postView `json:"-"`
	Picked    string     `json:"-"` // the row that the next button means
}

// playingView is what plays.
type playingView struct {
	Chunk            int
	Box, Name, Title string
	To               string
	Position         float64 `json:"position_seconds"`
	Length           float64 `json:"length_seconds"`
}

// musician is one box with its chunks.
type musician struct {
	Name   string // of the person, and the box's where a person has several
	Chunks []chunkView
}

// chunkView is a chunk as a row.
type chunkView struct {
	Number                 int
	Box, Name, Session     string
	Marker, Title, Verdict string
	Start                  time.Time
	Seconds                float64
	Studio                 *struct{ File string }
	Delivered              bool
	Open                   bool `json:"-"` // it grows
	Changeable             bool `json:"-"` // this box may change its marker
	Nth                    int  `json:"-"` // of those of its box's session that begin at this marker, or at none
}

// markView is a marker as a row.
type markView struct {
	ID, By, Role, Name, Verdict string
	At                          time.Time
	Changeable                  bool `json:"-"`
}

// postView is a line of the chat, or what a box tells of itself.
type postView struct {
	ID, Kind, Text, By, Name string
	At                       time.Time
}

// lookSession is what the page shows now: of this session, or with all of every one that is known.
func (s *Site) lookSession(ctx context.Context, all bool) (v sessionView, err error) {
	if s.parts.Box == nil || s.parts.Studio == nil {
		return v, errors.New(noBox)
	}
	if v, err = as[sessionView](s.parts.Box.Status(ctx)); err != nil {
		return v, err
	}
	v.All = all
	chunks, err := as[[]chunkView](s.parts.Studio.Chunks(ctx, all))
	if err != nil {
		return v, err
	}
	if v.Marks, err = as[[]markView](s.parts.Studio.Markers(ctx, all)); err != nil {
		return v, err
	}
	found, err := s.parts.Studio.Chat(ctx, 0, 0)
	if v.Posts, err = as[[]postView](newest(found, shownPosts), err); err != nil {
		return v, err
	}
	v.judge(chunks)
	v.Musicians = byMusician(chunks)
	return v, nil
}

// shownPosts is how many lines of the chat a page shows.
const shownPosts = 50

// newest are the last of a list.
func newest(list any, most int) any {
	if v := reflect.ValueOf(list); v.Kind() == reflect.Slice && v.Len() > most {
		return v.Slice(v.Len()-most, v.Len()).Interface()
	}
	return list
}

// judge tells of each chunk and marker what the box does not: which of them grow, and which this box may change.
func (v *sessionView) judge(chunks []chunkView) {
	by := map[string]string{}
	for i, m := range v.Marks {
		v.Marks[i].Changeable = v.mayChange(m.By)
		by[m.ID] = m.By
	}
	last, nth := map[string]int{}, map[[3]string]int{}
	for i, c := range chunks {
		last[c.Box] = i
		cut := [3]string{c.Session, c.Box, c.Marker}
		nth[cut]++
		chunks[i].Nth = nth[cut]
		chunks[i].Changeable = c.Marker != "" && v.mayChange(by[c.Marker])
	}
	for box, i := range last {
		chunks[i].Open = v.grows(box, chunks[i].Studio != nil)
	}
}

// grows tells whether the last chunk of a box goes on: with its take, or with its voice, which runs as long as the call.
func (v *sessionView) grows(box string, studio bool) bool {
	for _, p := range v.Peers {
		if p.ID == box {
			return p.State == "present" && (p.Recording || !studio && p.Call)
		}
	}
	return len(v.Peers) == 0 && (v.Recording || !studio && v.Call == "in conference") // a box alone has no peers, nor others' chunks
}

// byMusician puts the chunks of each box together, in the order of their first.
func byMusician(chunks []chunkView) (all []musician) {
	place, boxes := map[string]int{}, map[string]string{}
	for _, c := range chunks {
		i, known := place[c.Box]
		if !known {
			name := cmp.Or(c.Name, c.Box)
			if _, taken := boxes[name]; taken {
				name += " (" + c.Box + ")"
			}
			i, place[c.Box], boxes[name] = len(all), len(all), c.Box
			all = append(all, musician{Name: name})
		}
		all[i].Chunks = append(all[i].Chunks, c)
	}
	return all
}

// What the role of the box lets it do. The box itself refuses the rest; the page does not offer it.

// MayMark tells whether it may set markers.
func (v sessionView) MayMark() bool { return v.Role == "PRODUCER" || v.Role == "ARTIST" }

// MayAll tells whether it plays to all, and asks for takes.
func (v sessionView) MayAll() bool { return v.Role == "PRODUCER" }

// mayChange tells whether it may change the markers of a box.
func (v sessionView) mayChange(by string) bool { return v.MayAll() || v.MayMark() && v.own(by) }

// own tells whether an id is this box's. The status has no id: it is the peer of its name and role.
func (v sessionView) own(id string) bool {
	for _, p := range v.Peers {
		if p.ID == id {
			return p.Name == v.Name && p.Role == v.Role
		}
	}
	return len(v.Peers) == 0
}

// pick is the row that a button means: a chunk and the marker that it begins at, or a marker alone.
type pick struct {
	Row     string // id of its element
	Chunk   string // alice/3, or the marker's id
	Session string // of the chunk; empty for this one
	Marker  string // one that may be changed; empty if there is none
	Title   string
}

// Pick is the chunk as a form sends it. Its number changes with each cut before it, and its start as the clock becomes better
// known; the row is told by what stays: the marker, or how many without one come before.
func (c chunkView) Pick() pick {
	p := pick{Row: "c/" + c.Session + "/" + c.Box + "/" + c.Marker + "/" + strconv.Itoa(c.Nth),
		Chunk: c.Box + "/" + strconv.Itoa(c.Number), Session: c.Session, Title: c.Title}
	if c.Changeable {
		p.Marker = c.Marker
	}
	return p
}

// Pick is the marker as a form sends it.
func (m markView) Pick() pick {
	p := pick{Row: "m/" + m.ID, Chunk: m.ID, Title: m.Name}
	if m.Changeable {
		p.Marker = m.ID
	}
	return p
}

// Value is the pick as a query, which forms and scripts read alike.
func (p pick) Value() string {
	return url.Values{"row": {p.Row}, "chunk": {p.Chunk}, "session": {p.Session}, "marker": {p.Marker}}.Encode()
}

func parsePick(text string) (pick, error) {
	q, err := url.ParseQuery(text)
	return pick{Row: q.Get("row"), Chunk: q.Get("chunk"), Session: q.Get("session"), Marker: q.Get("marker")}, err
}

// Label is the chunk for who does not see the table.
func (c chunkView) Label() string {
	text := cmp.Or(c.Name, c.Box) + " " + strconv.Itoa(c.Number)
	if c.Title != "" {
		text += " " + c.Title
	}
	return text
}

// Length is how long the chunk is. One that grows is told in steps of ten seconds, so that not the whole table goes to every
// open page with each beat: the line may be thin, and a call needs it.
func (c chunkView) Length() string {
	if c.Open && c.Seconds < 10 {
		return "under 10 s"
	}
	if c.Open {
		return fmt.Sprintf("over %d s", int(c.Seconds)/10*10)
	}
	return fmt.Sprintf("%.1f s", c.Seconds)
}

// Sent tells whether a producer has the take; a voice recording stays on its box.
func (c chunkView) Sent() string {
	switch {
	case c.Studio == nil:
		return "no take"
	case c.Delivered:
		return "yes"
	}
	return "no"
}

// doing says what a notice tells of the one who sent it.
var doing = map[string]string{
	"recording":        "is recording",
	"microphone muted": "muted the microphone", "microphone live": "unmuted the microphone",
	"speakers muted": "muted the speakers", "speakers live": "unmuted the speakers",
}

// Notice is what a box tells of itself, in words; empty for what a person wrote.
func (p postView) Notice() string {
	if p.Kind != "notice" {
		return ""
	}
	return cmp.Or(doing[p.Text], p.Text)
}

// Who is the person who wrote it.
func (p postView) Who() string { return cmp.Or(p.Name, p.By) }
