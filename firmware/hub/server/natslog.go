package server

import (
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// natsLog passes on what the NATS server has to say. Its chatter is for debugging; what it kept a client from is a
// refusal; that a log-in was refused the doorman tells, who knows more.
type natsLog struct {
	log      *slog.Logger
	refusals *refusals
	user     func(cid uint64) string // of a connection
}

func (l *natsLog) Noticef(format string, v ...any) {
	l.log.Debug("nats", "says", fmt.Sprintf(format, v...))
}
func (l *natsLog) Debugf(format string, v ...any) { l.Noticef(format, v...) }
func (l *natsLog) Tracef(string, ...any)          {}                        // would tell what is said
func (l *natsLog) Fatalf(format string, v ...any) { l.Warnf(format, v...) } // whoever needs it finds out

func (l *natsLog) Warnf(format string, v ...any) {
	if strings.HasPrefix(format, "Websocket not configured with TLS") {
		return // it has the TLS of the hub's port in front of it
	}
	l.log.Warn("nats", "says", fmt.Sprintf(format, v...))
}

// connection is how the NATS server names one: cid, or wid for a WebSocket's.
var connection = regexp.MustCompile(`\b[cw]id:(\d+)`)

func (l *natsLog) Errorf(format string, v ...any) {
	said, _, _ := strings.Cut(fmt.Sprintf(format, v...), "proto=") // what follows was sent by nobody knows whom
	of := connection.FindStringSubmatch(said)
	switch {
	case strings.Contains(said, "authentication error"):
		l.Debugf("%s", said)
	case of != nil:
		l.refused(of[1], said)
	default:
		l.Warnf("%s", said)
	}
}

// refused tells of it on a goroutine of its own: the NATS server may hold the connection while it speaks, and would be
// asked for its user.
func (l *natsLog) refused(cid, said string) {
	id, _ := strconv.ParseUint(cid, 10, 64)
	if unsaid, tell := l.refusals.note("connection "+cid, time.Now()); tell {
		go func() { l.refusals.tell(l.user(id), said, unsaid) }()
	}
}
