// Package conf owns conn.conf: reading it as Python's ConfigParser does, checking every value, and changing a value
// without disturbing a byte of what a person wrote around it.
//
// The desktop program whose place the box takes wrote conn.conf with ConfigParser, and people edit it by hand. So the
// file is kept as lines; a value is looked up in them, and an edit replaces its own lines only. All faults of a file are
// reported together, each with its line and what is allowed there, because a box without a screen gives one try at a time.
//
// What is read, precisely:
//   - `key = value` or `key: value`; keys in any case; the first of the two signs counts, the rest is value.
//   - A line whose first sign is `#` or `;` is a comment. There are no comments after a value: `rate = 48000 ; Hz` is a
//     wrong rate, as it is to ConfigParser, and the problem says why.
//   - A line indented deeper than its key's goes on with the value. Empty lines do not end it.
//   - `[DEFAULT]` gives a value to every section that lacks the key.
//   - One pair of quotes around a value is taken off; `None` and nothing at all mean unset.
//   - `%` is a plain character. ConfigParser would put other values in for `%(key)s` and read `%%` as `%`; neither is done
//     here, so that a password means what it says. A value that ConfigParser would read otherwise is warned of.
//   - Line ends may be LF, CRLF or CR; a byte order mark is accepted; both are kept.
package conf

import (
	"fmt"
	"log/slog"
	"time"
)

// Config is what conn.conf says, with defaults filled in and every value in its range. A value that was refused (see
// Problems) stands here as its default.
type Config struct {
	ConnectionDetails   ConnectionDetails
	AudioSettings       AudioSettings
	ChatSettings        ChatSettings
	HQRecordingSettings HQRecordingSettings
	LQRecordingSettings LQRecordingSettings
	Hardware            Hardware
	Delivery            Delivery
	Hub                 Hub
	Admin               Admin
}

// ConnectionDetails is the SIP account and the conference. Keys written out win over the same part of ConnString.
type ConnectionDetails struct {
	User            string
	Password        Secret
	Server          string // host or host:port, IPv6 in brackets
	CallNo          string // what to dial, then commas (pauses) and digits: "600,,1234#"
	ConnString      Secret // as written; already taken apart into the fields above and those of ChatSettings
	EchoNo          string // a number that sends back what it hears; empty = none
	Transport       string // udp, tcp
	MediaEncryption string // none
}

// Configured tells whether there is enough to register and dial.
func (c ConnectionDetails) Configured() bool { return len(c.missing()) == 0 }

func (c ConnectionDetails) missing() []string {
	var names []string
	for _, f := range []struct{ name, value string }{
		{"user", c.User}, {"password", string(c.Password)}, {"server", c.Server}, {"call_no", c.CallNo},
	} {
		if f.value == "" {
			names = append(names, f.name)
		}
	}
	return names
}

// AudioSettings names the sound devices and where recordings go.
type AudioSettings struct {
	Mic               string // Default, name, stable id, null, file:PATH
	Speakers          string // the same
	RecordingLocation string // folder; a relative one has been joined to the folder of conn.conf
	Cues              string // words, tones, off
	PreRoll           time.Duration
	Reserve           int64 // bytes of the disk that recordings leave free
}

// ChatSettings says who the box is to its peers and where the hub is.
type ChatSettings struct {
	IPAddress   string // of the hub; empty = unset
	Port        int
	Username    string // empty = unset, see Config.Name
	Role        string // ARTIST, PRODUCER, LISTENER
	Token       Secret
	Fingerprint string // SHA-256 of the hub's certificate, 64 lower-case hex digits; empty = unset
}

// HQRecordingSettings is the shape of the studio path.
type HQRecordingSettings struct {
	Width    int // bytes a sample of the interface: 2, 3, 4
	Channels int // 1, 2
	Rate     int // sample frames a second
	Bitrate  int // of the MP3, kbit/s
}

// LQRecordingSettings is the shape of the voice path.
type LQRecordingSettings struct {
	Codec string // Default, opus, G722, PCMU, PCMA
}

// Seats is how many LEDs a panel has for peers.
const Seats = 4

// Hardware says which GPIO line is which button or LED, and what else the computer is to do for the box.
type Hardware struct {
	Chip string // name, auto, sim
	// Lines maps button_NAME and led_NAME to a line number, with `!` in front if active low. What has no line is absent.
	Lines       map[string]string
	Peers       [Seats]string // whose LED each is, by name or id; empty = in the order in which they join
	Strip       string        // SPI device of an APA102 strip; empty = none
	StripLights int
	PowerOff    string        // auto, yes, no
	Watchdog    time.Duration // after which the computer restarts if the box hangs; 0 = never
}

// Delivery says when recordings are sent and whether delivered ones may go when space is short.
type Delivery struct {
	Policy string // live, end, request
	Keep   bool   // never delete, not even what was delivered
}

// Hub is the meeting place of the boxes.
type Hub struct {
	Listen  string // host:port; empty = unset
	NATSURL Secret // may carry a password
	Store   string // folder (joined like RecordingLocation) or s3://bucket; empty = unset
}

// Admin is the web page.
type Admin struct {
	Listen       string   // host:port, or off
	Names        []string // that the page is reached by, besides the computer's own
	Certificate  string   // PEM file; empty = no TLS
	Key          string   // PEM file
	PasswordHash Secret   // bcrypt or argon2id; empty = no password set yet
}

// Name is what the box's owner is called, in files and towards peers: username, else the SIP user, else "box".
func (c Config) Name() string {
	switch {
	case c.ChatSettings.Username != "":
		return c.ChatSettings.Username
	case c.ConnectionDetails.User != "":
		return c.ConnectionDetails.User
	}
	return "box"
}

// String is one line for a log; it holds no secret.
func (c Config) String() string {
	return fmt.Sprintf("%s (%s) user=%q server=%q call_no=%q transport=%s codec=%s mic=%q speakers=%q rate=%d channels=%d width=%d bitrate=%d recordings=%q",
		c.Name(), c.ChatSettings.Role, c.ConnectionDetails.User, c.ConnectionDetails.Server, digitsHidden(c.ConnectionDetails.CallNo),
		c.ConnectionDetails.Transport, c.LQRecordingSettings.Codec, c.AudioSettings.Mic, c.AudioSettings.Speakers,
		c.HQRecordingSettings.Rate, c.HQRecordingSettings.Channels, c.HQRecordingSettings.Width, c.HQRecordingSettings.Bitrate,
		c.AudioSettings.RecordingLocation)
}

// GoString keeps %#v as quiet as %v.
func (c Config) GoString() string { return "conf.Config{" + c.String() + "}" }

// LogValue implements slog.LogValuer.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }
