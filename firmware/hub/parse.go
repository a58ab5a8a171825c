package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"orionbox/firmware/takes"
)

// What comes from the network is parsed here, on both sides, and believed only then. Fields that are not known are
// skipped: a newer box may send them.

// maxReply is the most that a page of history may be, in bytes: all peers of a big room are in it.
const maxReply = 4 << 20

// ParseBeat reads what a box asks by AskBeat.
func ParseBeat(data []byte) (Beat, error) { return parse[Beat]("beat", data, MaxMessage) }

// ParseBeatReply reads the hub's answer to a beat.
func ParseBeatReply(data []byte) (BeatReply, error) {
	return parse[BeatReply]("answer to a beat", data, MaxMessage)
}

// ParsePost reads what a box asks by AskPost. The hub's parts of it are the sender's words: they mean nothing yet.
func ParsePost(data []byte) (Post, error) { return parse[Post]("post", data, MaxMessage) }

// ParseTold reads a post that the hub tells, the hub's parts included; its Change says the same as the post.
func ParseTold(data []byte) (Post, error) {
	p, err := ParsePost(data)
	if err == nil {
		err = p.CheckTold()
	}
	if err != nil {
		return Post{}, err
	}
	return p.settled(), nil
}

// ParsePostReply reads the hub's answer to a post or a track.
func ParsePostReply(data []byte) (PostReply, error) {
	return parse[PostReply]("answer to a post", data, MaxMessage)
}

// ParseTrack reads a track, asked or told.
func ParseTrack(data []byte) (takes.Track, error) {
	t, err := parse[checkedTrack]("track", data, MaxMessage)
	return takes.Track(t), err
}

// ParseHistoryRequest reads what a box asks by AskHistory.
func ParseHistoryRequest(data []byte) (HistoryRequest, error) {
	return parse[HistoryRequest]("question for history", data, MaxMessage)
}

// ParseHistoryReply reads a page of history. What is in it is to be checked one by one, so that a single bad post does
// not hide all others for ever.
func ParseHistoryReply(data []byte) (HistoryReply, error) {
	return parse[HistoryReply]("page of history", data, maxReply)
}

// ParsePeersMessage reads what the hub tells of peers; each is to be checked by itself.
func ParsePeersMessage(data []byte) (PeersMessage, error) {
	return parse[PeersMessage]("list of peers", data, maxReply)
}

type checkedTrack takes.Track

func (t checkedTrack) Check() error { return CheckTrack(takes.Track(t)) }

// Check is an error for a beat that no box sends. One that says goodbye need not show anything.
func (b Beat) Check() error {
	if b.Bye && b.Presence == (Presence{}) {
		return nil
	}
	return b.Presence.Check()
}

// Check is an error for an answer that tells no time.
func (r BeatReply) Check() error {
	if r.Error != "" {
		return checkText("the error", r.Error, maxFault)
	}
	if r.Received <= 0 || r.Sent < r.Received || r.Clock == "" {
		return errors.New("check answer: it tells no time")
	}
	return checkText("the clock", r.Clock, maxID)
}

// Check is an error for an answer that says neither yes nor no.
func (r PostReply) Check() error {
	if r.Seq < 0 {
		return errors.New("check answer: its place in the order is negative")
	}
	return checkText("the error", r.Error, maxFault)
}

// Check is an error for a question that has no answer.
func (r HistoryRequest) Check() error {
	if r.After < 0 || r.Page < 0 {
		return errors.New("check question for history: its place in the order is negative")
	}
	return nil
}

// Check looks at the page's own parts only.
func (r HistoryReply) Check() error { return checkText("the error", r.Error, maxFault) }

// Check finds nothing wrong: a list says nothing of its own.
func (m PeersMessage) Check() error { return nil }

type checker interface{ Check() error }

func parse[T checker](what string, data []byte, limit int) (T, error) {
	var v, none T
	switch {
	case len(data) > limit:
		return none, fmt.Errorf("parse %s: it has %d bytes, at most %d are allowed", what, len(data), limit)
	case !utf8.Valid(data):
		return none, fmt.Errorf("parse %s: it is no text (UTF-8)", what)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return none, fmt.Errorf("parse %s: %w", what, err)
	}
	if err := v.Check(); err != nil {
		return none, fmt.Errorf("parse %s: %w", what, err)
	}
	return v, nil
}
