package conference

import (
	"fmt"
	"log/slog"
	"time"
)

// Config is what a conference needs to know. Listen and Users are required, the rest has defaults.
type Config struct {
	// Listen is host:port for UDP and TCP; port 0 lets the system choose.
	Listen string
	// Users maps each user to their password.
	Users map[string]string
	// Realm is the name that users see themselves authenticated to; default "orionbox".
	Realm string
	// Codec is the setting for media.Formats; default all, in the caller's order.
	Codec string
	// MediaTimeout ends a leg that nothing was heard from for so long; default 30 s.
	MediaTimeout time.Duration
	// HoldTimeout is the same for a leg that announced to send nothing; default 30 min.
	HoldTimeout time.Duration
	// MinSession is the shortest session interval taken (RFC 4028); default 90 s, the least the standard allows.
	MinSession time.Duration
	// NonceLife is how long a challenge can be answered; default 5 min.
	NonceLife time.Duration
	// MaxLegs bounds calls at a time; the next is answered 486. Default 100.
	MaxLegs int
	// MaxMessage bounds a SIP message in bytes; default 16384.
	MaxMessage int
	// UserAgent is the Server header; default "orionbox".
	UserAgent string
}

func (c Config) withDefaults() Config {
	byDefault(&c.Realm, "orionbox")
	byDefault(&c.MediaTimeout, 30*time.Second)
	byDefault(&c.HoldTimeout, 30*time.Minute)
	byDefault(&c.MinSession, 90*time.Second)
	byDefault(&c.NonceLife, 5*time.Minute)
	byDefault(&c.MaxLegs, 100)
	byDefault(&c.MaxMessage, 16384)
	byDefault(&c.UserAgent, "orionbox")
	return c
}

func byDefault[T comparable](field *T, value T) {
	var unset T
	if *field == unset {
		*field = value
	}
}

// String tells the settings without the passwords.
func (c Config) String() string {
	return fmt.Sprintf("listen %s, %d users, realm %q, codecs %q", c.Listen, len(c.Users), c.Realm, c.Codec)
}

// LogValue keeps passwords out of logs.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }
