package phone

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Config is what the phone needs to know. Zero values of the times mean the defaults named.
type Config struct {
	// User is the account, "1001" or "1001@domain" if the domain is not the server's name.
	User, Password string
	// Server is host, host:port or [ipv6]:port. Without a port SRV records are asked first, then 5060 is used.
	Server string
	// CallNo is the number, then optionally a comma and what is sent as digits once the call is up: "600,,1234#".
	// Each comma is a pause of 2 s.
	CallNo string
	// Transport is "udp" (default) or "tcp".
	Transport string
	// Codec is a codec's name or "Default".
	Codec string
	// StatePath is the file that remembers the dialog over a crash; empty for none.
	StatePath string
	UserAgent string

	Expires        time.Duration // of the registration asked for; 300 s
	AttemptTimeout time.Duration // without any word from the server; 5 s
	RingTimeout    time.Duration // until somebody answers; 60 s
	MediaTimeout   time.Duration // without a packet before the call counts as dead; 30 s
	KeepAlive      time.Duration // between signs of life to the server; 15 s
	SessionExpires time.Duration // of the session timer asked for, at least 90 s; 1800 s

	// Wait between attempts: First doubles up to Cap; Slow when a person is needed.
	First, Cap, Slow time.Duration // 1 s, 30 s, 60 s
}

// String names the account; password and digits stay out of it, and so out of logs.
func (c Config) String() string {
	return fmt.Sprintf("phone %s at %s over %s", c.User, c.Server, c.Transport)
}

// LogValue does the same for slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// authUser is the name that digest authentication uses.
func (c Config) authUser() string {
	user, _, _ := strings.Cut(c.User, "@")
	return user
}

// missing names the first setting without which there is nobody to call, "" if all are there.
func (c Config) missing() string {
	switch "" {
	case c.User:
		return "user"
	case c.Server:
		return "server"
	case c.CallNo:
		return "call_no"
	}
	return ""
}

func (c Config) defaults() Config {
	or := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	or(&c.Expires, 300*time.Second)
	or(&c.AttemptTimeout, 5*time.Second)
	or(&c.RingTimeout, time.Minute)
	or(&c.MediaTimeout, 30*time.Second)
	or(&c.KeepAlive, 15*time.Second)
	or(&c.SessionExpires, 1800*time.Second)
	or(&c.First, time.Second)
	or(&c.Cap, 30*time.Second)
	or(&c.Slow, time.Minute)
	c.SessionExpires = max(c.SessionExpires, minSessionExpires)
	if c.Transport == "" {
		c.Transport = "udp"
	}
	if c.UserAgent == "" {
		c.UserAgent = "orionbox"
	}
	return c
}
