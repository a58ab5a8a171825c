package hub

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// BeatEvery is the time between two beats; after Missed of them without a word a peer is unknown.
const (
	BeatEvery = time.Second
	Missed    = 3
)

// What a box may ask of the hub.
const (
	AskBeat    = "beat"    // Beat -> BeatReply
	AskPost    = "post"    // Post -> PostReply
	AskTrack   = "track"   // takes.Track -> PostReply
	AskHistory = "history" // HistoryRequest -> HistoryReply
)

// What the hub tells a room.
const (
	TellPeers = "peers" // PeersMessage
	TellPost  = "post"  // Post
	TellTrack = "track" // takes.Track
	TellFile  = "file"  // File
)

// Path is where the hub's NATS server answers WebSockets, and FilesPath where tus answers.
const (
	Path      = "/nats"
	FilesPath = "/files"
)

// Ask is the subject by which box id of a room asks.
func Ask(room, id, what string) string { return "ask." + Token(room) + "." + id + "." + what }

// Tell is the subject by which the hub tells a room.
func Tell(room, what string) string { return "tell." + Token(room) + "." + what }

// Inbox is the prefix of the subjects that answers to box id of a room come by.
func Inbox(room, id string) string { return "_INBOX." + Token(room) + "." + id }

// User is the name by which box id of a room logs in.
func User(room, id string) string { return Token(room) + "." + id }

// Token is a room's name as part of a subject: what may not stand there is escaped, =XX in hex.
func Token(room string) string {
	var b strings.Builder
	for _, c := range []byte(room) {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String()
}

// Room is the room of a number to call: what stands before the first comma.
func Room(callNo string) string {
	number, _, _ := strings.Cut(callNo, ",")
	return number
}

var (
	idForm     = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
	secretForm = regexp.MustCompile(`^[A-Z2-7]{26,64}$`)
)

// ParseToken takes a credential apart: the box's id, a point, its secret.
func ParseToken(token string) (id, secret string, err error) {
	id, secret, _ = strings.Cut(token, ".")
	if !idForm.MatchString(id) || !secretForm.MatchString(secret) {
		return "", "", errors.New("the token is damaged: it is a name, a point and 26 capitals and digits; take it from the invite")
	}
	return id, secret, nil
}
