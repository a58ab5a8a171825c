// Package hub owns what the boxes of a studio tell each other, and a box's side of it: who is there and what they do
// (presence), what was said once and must reach everybody (posts: markers, chat, notices), where the recordings lie on
// the session clock (tracks), and the exchanges that the session clock lives on.
//
//	box --beat, post, track, history--> hub --> stored, in order
//	box <---------- peers, posts, tracks ------ all boxes of the room
//
// Boxes never reach each other, nor what the hub has stored: a box asks the hub under its own name (Subject), the hub
// checks every word by the credential that came with it, and what it passes on is true. The server's side is in
// hub/server.
package hub

import (
	"orionbox/firmware/clock"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// Presence is what a box shows of itself: measured, not wished for.
type Presence struct {
	Call           bool         `json:"in_conference"`
	Recording      bool         `json:"recording"` // bytes of a take are reaching the disk
	Take           session.Take `json:"take"`
	Number         int          `json:"take_number"`
	MicMuted       bool         `json:"mic_muted"`
	SpeakersMuted  bool         `json:"speakers_muted"`
	Clipping       bool         `json:"clipping"`
	Delivering     bool         `json:"delivering"`
	StorageMinutes int          `json:"storage_minutes"` // of a take, until the disk is full
	Fault          string       `json:"fault,omitempty"` // the worst that a person at the box should mend
}

// PeerState is how much is known of a peer.
type PeerState string

// A peer is Unknown once three of its beats are missing, whatever it showed last; it is Absent only if it said so.
const (
	Present PeerState = "present"
	Unknown PeerState = "unknown"
	Absent  PeerState = "absent"
)

// Peer is a box of the room as the others see it.
type Peer struct {
	ID    string        `json:"id"`
	Name  string        `json:"name"`
	Role  session.Role  `json:"role"`
	State PeerState     `json:"state"`
	Since clock.Instant `json:"since"` // of the State
	Presence
}

// PostKind is what a post says.
type PostKind string

// The kinds of posts.
const (
	KindMarker  PostKind = "marker"
	KindChat    PostKind = "chat"
	KindNotice  PostKind = "notice"
	KindRequest PostKind = "request"
)

// The texts of KindNotice: what a person at another box wants to be told of.
const (
	NoticeJoined        = "joined"
	NoticeLeft          = "left"
	NoticeRecording     = "recording"
	NoticeStopped       = "stopped recording"
	NoticeMicMuted      = "microphone muted"
	NoticeMicLive       = "microphone live"
	NoticeSpeakersMuted = "speakers muted"
	NoticeSpeakersLive  = "speakers live"
)

// Post is something that was said once. A box fills in ID, Kind, At and what the kind needs; the hub the rest, from the
// credential.
type Post struct {
	ID     string        `json:"id"` // of the box's choice, unique; told twice, it counts once
	Kind   PostKind      `json:"kind"`
	At     clock.Instant `json:"at"`               // when it was said
	Text   string        `json:"text,omitempty"`   // of chat; of a notice one of the Notices
	Change *takes.Change `json:"change,omitempty"` // of a marker; its ID, Seq, By and Role are set from the post's
	Want   *Want         `json:"want,omitempty"`   // of a request
	Seq    int64         `json:"seq,omitempty"`    // the order of all posts
	By     string        `json:"by,omitempty"`     // id of the box
	Name   string        `json:"name,omitempty"`   // of the person
	Role   session.Role  `json:"role,omitempty"`
}

// Want is what a producer asks a box to deliver before all else.
type Want struct {
	takes.TrackKey
}

// The limits of what a box may say.
const (
	MaxText    = 2000      // characters of a chat line
	MaxMessage = 256 << 10 // bytes of any one message
)

// Beat is what a box sends every BeatEvery, and at once when its presence changes. Its answer tells the hub's time.
type Beat struct {
	Presence Presence `json:"presence"`
	Bye      bool     `json:"bye,omitempty"` // the box leaves
}

// BeatReply answers a beat: two readings of the hub's clock.
type BeatReply struct {
	Received clock.Instant `json:"received"`
	Sent     clock.Instant `json:"sent"`
	Clock    string        `json:"clock"`
	Error    string        `json:"error,omitempty"`
}

// PostReply answers a post or a track. An Error is final: the same again is refused again.
type PostReply struct {
	Seq   int64  `json:"seq,omitempty"`
	Error string `json:"error,omitempty"`
}

// HistoryRequest asks for what was posted after Seq, 0 for all, and for all peers and tracks.
type HistoryRequest struct {
	After int64 `json:"after"`
	Page  int   `json:"page,omitempty"` // how many pages of the answer are there already
}

// HistoryReply is a page of the answer. Peers, Tracks and Files come first, in a big room on several pages. With More, ask for
// the next Page, After the last post if there were any.
type HistoryReply struct {
	Posts  []Post        `json:"posts,omitempty"`
	More   bool          `json:"more,omitempty"`
	Peers  []Peer        `json:"peers,omitempty"`
	Tracks []takes.Track `json:"tracks,omitempty"`
	Files  []File        `json:"files,omitempty"`
	Error  string        `json:"error,omitempty"`
}

// PeersMessage is what the hub sends to the room every BeatEvery, and at once when somebody's presence has changed: only
// those who changed.
type PeersMessage struct {
	Peers []Peer `json:"peers,omitempty"`
}
