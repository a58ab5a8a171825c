package conf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"orionbox/firmware/session"
)

// Key describes a key of conn.conf, for a page or a manual.
type Key struct {
	Section string
	Name    string
	Default string // as it would be written; "None" = unset
	Allowed string
	Meaning string
	Secret  bool     // the value must not be shown
	Example string   // what docs/conn.conf.example shows, if not the default
	Choices []string // all that is allowed, where that is a list
}

// key is a Key and how its value gets into a Config. take checks the value first and leaves the Config alone on error; the
// error says what is wrong without repeating the value.
type key struct {
	Key
	take func(c *Config, value string) error
}

// group is a section that the box knows.
type group struct {
	name    string
	meaning string
	keys    []key
}

// known is every section and key, in the order of the example. Where the list of allowed values depends on the code, the
// texts are made from the same list that checks them.
var known = []group{
	{"ConnectionDetails", "The account at the SIP server and the conference to call. While user, password, server or call_no is missing the\nbox does not call; it records all the same.", []key{
		{Key{Name: "user", Example: "1001", Meaning: "Name or number at the SIP server.", Allowed: "text without spaces, as 1001"},
			func(c *Config, v string) error { return text(&c.ConnectionDetails.User, v, sipUser) }},
		{Key{Name: "password", Example: "its-password", Secret: true, Meaning: "Its password.", Allowed: "any text on one line; one that begins and ends with a quote goes into quotes once more"},
			func(c *Config, v string) error { return secret(&c.ConnectionDetails.Password, v, oneLine) }},
		{Key{Name: "server", Example: "sip.example.org", Meaning: "The SIP server.", Allowed: "host or host:port (port 5060 if not given), IPv6 as [::1]:5060"},
			func(c *Config, v string) error { return text(&c.ConnectionDetails.Server, v, hostMaybePort) }},
		{Key{Name: "call_no", Example: "600", Meaning: "The conference: its number, then for a PIN commas (a pause of 2 s each) and the digits to send, as 600,,1234#.", Allowed: "number, then commas and the digits 0-9 * # A-D"},
			func(c *Config, v string) error { return text(&c.ConnectionDetails.CallNo, v, callNumber) }},
		{Key{Name: "echo_no", Meaning: "A number that sends back what it hears, for the pre-flight (two short presses of status): *43 at FreePBX and at `orionbox conference`. Unset: no echo call.", Allowed: "a number"},
			func(c *Config, v string) error { return text(&c.ConnectionDetails.EchoNo, v, plainNumber) }},
		{Key{Name: "conn_string", Secret: true, Meaning: "The invite: one string in place of the four keys above and, if it is a full one, of ip_address, port, username, role, token and fingerprint. Where one of them is written out as well, it wins. `orionbox join` writes them all out.", Allowed: "a full invite, or base64 of user;password;server;call_no (call_no may be left out)"},
			func(c *Config, v string) error { return secret(&c.ConnectionDetails.ConnString, v, connStringError) }},
		{Key{Name: "transport", Default: "udp", Meaning: "How to reach the SIP server.", Allowed: list(transports), Choices: transports},
			func(c *Config, v string) error {
				return later(oneOf(&c.ConnectionDetails.Transport, v, transports), v, "tls")
			}},
		{Key{Name: "media_encryption", Default: "none", Meaning: "Encryption of the voice.", Allowed: list(encryptions), Choices: encryptions},
			func(c *Config, v string) error {
				return later(oneOf(&c.ConnectionDetails.MediaEncryption, v, encryptions), v, "srtp", "zrtp", "dtls")
			}},
	}},
	{"AudioSettings", "Sound devices (`orionbox devices` lists them) and where recordings go.", []key{
		{Key{Name: "mic", Default: "Default", Meaning: "The input that is recorded and heard in the conference.", Allowed: "Default, a device's name or stable id, null, file:PATH (a WAV file), room:PATH (the same, heard in step by all boxes of a machine)"},
			func(c *Config, v string) error { return text(&c.AudioSettings.Mic, v, soundDevice) }},
		{Key{Name: "speakers", Default: "Default", Meaning: "The output that plays the conference.", Allowed: "Default, a device's name or stable id, null, file:PATH (which is written)"},
			func(c *Config, v string) error { return text(&c.AudioSettings.Speakers, v, soundDevice) }},
		{Key{Name: "cues", Default: "words", Meaning: "What the box says in the headphones, and in no recording: take started, storage low, muted while you talk.", Allowed: list(cueKinds), Choices: cueKinds},
			func(c *Config, v string) error { return oneOf(&c.AudioSettings.Cues, v, cueKinds) }},
		{Key{Name: "recording_location", Default: "recordings", Meaning: "Folder of all recordings, made if missing. One without / in front is meant from the folder of this file.", Allowed: "a folder"},
			func(c *Config, v string) error { return text(&c.AudioSettings.RecordingLocation, v, folder) }},
		{Key{Name: "pre_roll", Default: "2", Meaning: "Seconds of sound before the press of Record that a take begins with.", Allowed: "0 to 10, as 2 or 1.5"},
			func(c *Config, v string) error { return seconds(&c.AudioSettings.PreRoll, v, 10*time.Second) }},
		{Key{Name: "reserve", Default: "500", Meaning: "Megabytes of the disk to leave free: a take ends cleanly before it would go below.", Allowed: "1 to 10000000"},
			func(c *Config, v string) error { return megabytes(&c.AudioSettings.Reserve, v, 1, 10_000_000) }},
	}},
	{"ChatSettings", "Who this box is, and the hub where the boxes meet.", []key{
		{Key{Name: "ip_address", Meaning: "Address of the hub.", Allowed: "an IP address or host name, without port"},
			func(c *Config, v string) error { return text(&c.ChatSettings.IPAddress, v, host) }},
		{Key{Name: "port", Default: "9000", Meaning: "Port of the hub.", Allowed: "1 to 65535"},
			func(c *Config, v string) error { return number(&c.ChatSettings.Port, v, 1, 65535) }},
		{Key{Name: "username", Meaning: "Name of the person at this box, shown to the others and part of file names. Unset: user of ConnectionDetails.", Allowed: "any text on one line, at most 64 characters"},
			func(c *Config, v string) error { return text(&c.ChatSettings.Username, v, personName) }},
		{Key{Name: "role", Default: "ARTIST", Meaning: "What this box does: an artist records and delivers, a producer marks, plays back and receives, a listener hears.", Allowed: list(roles), Choices: roles},
			func(c *Config, v string) error { return oneOf(&c.ChatSettings.Role, v, roles) }},
		{Key{Name: "token", Secret: true, Meaning: "This box's credential at the hub.", Allowed: "text without spaces"},
			func(c *Config, v string) error { return secret(&c.ChatSettings.Token, v, noSpaces) }},
		{Key{Name: "fingerprint", Meaning: "SHA-256 of the hub's certificate, so that no other is trusted.", Allowed: "64 hex digits, colons between them allowed"},
			func(c *Config, v string) error { return fingerprint(&c.ChatSettings.Fingerprint, v) }},
	}},
	{"HQRecordingSettings", "The studio recording: what the interface gives, on disk as MP3.", []key{
		{Key{Name: "width", Default: "2", Meaning: "Bytes a sample of the interface.", Allowed: numbers(widths), Choices: texts(widths)},
			func(c *Config, v string) error { return numberOf(&c.HQRecordingSettings.Width, v, widths) }},
		{Key{Name: "channels", Default: "2", Meaning: "Channels of the interface.", Allowed: numbers(channels), Choices: texts(channels)},
			func(c *Config, v string) error { return numberOf(&c.HQRecordingSettings.Channels, v, channels) }},
		{Key{Name: "rate", Default: "48000", Meaning: "Samples a second of the interface.", Allowed: numbers(rates), Choices: texts(rates)},
			func(c *Config, v string) error { return numberOf(&c.HQRecordingSettings.Rate, v, rates) }},
		{Key{Name: "bitrate", Default: "320", Meaning: "Of the MP3, in kbit a second, constant.", Allowed: numbers(bitrates), Choices: texts(bitrates)},
			func(c *Config, v string) error { return numberOf(&c.HQRecordingSettings.Bitrate, v, bitrates) }},
	}},
	{"LQRecordingSettings", "The voice in the conference, and its recording.", []key{
		{Key{Name: "codec", Default: "Default", Meaning: "Voice codec; Default offers opus, G722, PCMU, PCMA in this order.", Allowed: list(codecs), Choices: codecs},
			func(c *Config, v string) error { return oneOf(&c.LQRecordingSettings.Codec, v, codecs) }},
	}},
	{"Hardware", "Which GPIO line is which button and LED, and what else is wired to the computer.", hardwareKeys()},
	{"Delivery", "How studio recordings get to the producer.", []key{
		{Key{Name: "policy", Default: "live", Meaning: "live: while recording; end: when the session ends, the box then stays up until all is there; request: when the producer asks.", Allowed: list(policies), Choices: policies},
			func(c *Config, v string) error { return oneOf(&c.Delivery.Policy, v, policies) }},
		{Key{Name: "keep", Default: "yes", Meaning: "yes: recordings are never deleted. no: takes that a producer has are, the oldest first, when space is short.", Allowed: "yes, no", Choices: []string{"yes", "no"}},
			func(c *Config, v string) error { return yesNo(&c.Delivery.Keep, v) }},
	}},
	{"Hub", "For the box or server where the others meet.", []key{
		{Key{Name: "listen", Meaning: "Where the hub listens. Unset: on a producer's box, port of ChatSettings on every address; elsewhere, not.", Allowed: "host:port or :port"},
			func(c *Config, v string) error { return text(&c.Hub.Listen, v, listenAddress) }},
		{Key{Name: "nats_url", Secret: true, Meaning: "A NATS server or cluster of your own in place of the built-in one.", Allowed: "nats://, tls://, ws:// or wss:// addresses, commas between"},
			func(c *Config, v string) error { return secret(&c.Hub.NATSURL, v, natsURLs) }},
		{Key{Name: "store", Meaning: "Where received recordings go, and those on their way at the hub; a bucket is for the latter alone. Unset: the folder received in recording_location.", Allowed: "a folder, or s3://bucket"},
			func(c *Config, v string) error { return text(&c.Hub.Store, v, store) }},
	}},
	{"Admin", "The web page for setting up the box.", []key{
		{Key{Name: "listen", Default: ":8080", Meaning: "Where the page listens; off: nowhere.", Allowed: "host:port or :port, or off"},
			func(c *Config, v string) error { return text(&c.Admin.Listen, strings.ToLower(v), pageAddress) }},
		{Key{Name: "names", Meaning: "Names under which the page is opened, commas between. Its addresses, the computer's own name and orionbox.local need not be named.", Allowed: "host names"},
			func(c *Config, v string) error { return hostNames(&c.Admin.Names, v) }},
		{Key{Name: "certificate", Meaning: "Certificate of the page (PEM, with its chain), for TLS. Unset: none, for a studio's own network.", Allowed: "a file"},
			func(c *Config, v string) error { return text(&c.Admin.Certificate, v, folder) }},
		{Key{Name: "key", Meaning: "Its private key (PEM).", Allowed: "a file"},
			func(c *Config, v string) error { return text(&c.Admin.Key, v, folder) }},
		{Key{Name: "password_hash", Secret: true, Meaning: "Hash of the password of the page.", Allowed: "a bcrypt or argon2id hash"},
			func(c *Config, v string) error { return secret(&c.Admin.PasswordHash, v, passwordHash) }},
	}},
}

// leds are the names of the LEDs, in the order of the panel, as package lamps has them.
var leds = []string{"record", "mic", "speakers", "call", "status", "peer1", "peer2", "peer3", "peer4"}

func hardwareKeys() []key {
	keys := []key{{Key{Name: "chip", Default: "auto", Meaning: "The GPIO chip; sim is a panel without hardware.", Allowed: "auto, sim, or a chip's name as gpiochip0"},
		func(c *Config, v string) error { return text(&c.Hardware.Chip, v, chipName) }}}
	for _, b := range session.Buttons {
		keys = append(keys, lineKey("button_"+string(b), "Line of the button "+string(b)+"."))
	}
	for _, l := range leds {
		keys = append(keys, lineKey("led_"+l, "Line of the LED "+l+"."))
	}
	for seat := range Seats {
		keys = append(keys, seatKey(seat))
	}
	return append(keys,
		key{Key{Name: "strip", Default: "none", Meaning: "SPI device of a strip of APA102 lights that shows the peers in colour, the first light for peer1.", Allowed: "a device as /dev/spidev0.0, or none"},
			func(c *Config, v string) error { return text(&c.Hardware.Strip, orNone(v), spiDevice) }},
		key{Key{Name: "strip_lights", Default: "8", Meaning: "Lights of the strip.", Allowed: "1 to 64"},
			func(c *Config, v string) error { return number(&c.Hardware.StripLights, v, 1, 64) }},
		key{Key{Name: "power_off", Default: "auto", Meaning: "Whether holding status switches the computer off in the end. auto: on a Raspberry Pi; elsewhere the box only stops.", Allowed: list(powerOffs), Choices: powerOffs},
			func(c *Config, v string) error { return oneOf(&c.Hardware.PowerOff, v, powerOffs) }},
		key{Key{Name: "watchdog", Default: "0", Meaning: "Seconds after which the computer's watchdog restarts it if the box hangs; 0: never. A Raspberry Pi's takes 15 at most.", Allowed: "0, or 5 to 60"},
			func(c *Config, v string) error { return wholeSeconds(&c.Hardware.Watchdog, v, 5, 60) }})
}

// orNone makes none unset.
func orNone(v string) string {
	if strings.EqualFold(v, "none") {
		return ""
	}
	return v
}

func seatKey(seat int) key {
	k := Key{Name: fmt.Sprintf("peer%d", seat+1), Meaning: "Whose LED it is. Unset: of whoever joins next.", Allowed: seatAllowed}
	return key{k, func(c *Config, v string) error { return text(&c.Hardware.Peers[seat], v, personName) }}
}

func lineKey(name, meaning string) key {
	return key{Key{Name: name, Default: "none", Meaning: meaning, Allowed: lineAllowed},
		func(c *Config, v string) error { return gpioLine(c, name, v) }}
}

// Keys is every key that the box knows, in the order of the example.
func Keys() []Key {
	var keys []Key
	for _, g := range known {
		for _, k := range g.keys {
			keys = append(keys, k.describe(g.name))
		}
	}
	return keys
}

func (k key) describe(section string) Key {
	d := k.Key
	d.Section = section
	d.Default = cmp.Or(d.Default, unset)
	d.Example = cmp.Or(d.Example, d.Default)
	return d
}

// Sections are the names of the sections that the box knows, in the order of the example, and what each is for.
func Sections() (names, meanings []string) {
	for _, g := range known {
		names, meanings = append(names, g.name), append(meanings, g.meaning)
	}
	return names, meanings
}

// canonical is the known spelling of a section's name, or the name itself. [default] is no [DEFAULT], as in ConfigParser.
func canonical(name string) string {
	for _, g := range known {
		if strings.EqualFold(strip(name), g.name) {
			return g.name
		}
	}
	return name
}

// findKey is the known key of a section by its canonical name.
func findKey(sectionName, name string) (key, bool) {
	for _, g := range known {
		if g.name != sectionName {
			continue
		}
		if i := slices.IndexFunc(g.keys, func(k key) bool { return k.Name == name }); i >= 0 {
			return g.keys[i], true
		}
	}
	return key{}, false
}

// sectionsOf is the sections that know the key.
func sectionsOf(name string) []string {
	var sections []string
	for _, g := range known {
		if _, ok := findKey(g.name, name); ok {
			sections = append(sections, g.name)
		}
	}
	return sections
}

func keyNames(sectionName string) []string {
	var names []string
	for _, g := range known {
		if g.name == sectionName {
			for _, k := range g.keys {
				names = append(names, k.Name)
			}
		}
	}
	return names
}

func sectionNames() []string {
	var names []string
	for _, g := range known {
		names = append(names, g.name)
	}
	return names
}
