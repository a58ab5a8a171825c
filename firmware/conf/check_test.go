package conf

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// account is the part that a file needs not to be warned of.
const account = "[ConnectionDetails]\nuser = 1001\npassword = s3cret\nserver = sip.example.org\ncall_no = 600\n"

func TestEveryFaultIsNamed(t *testing.T) {
	f, problems := Parse("conn.conf", []byte(strings.Join([]string{
		"stray = 1",                        // 1
		"[ConnectionDetails]",              // 2
		"user = 10 01",                     // 3
		"password",                         // 4
		"server = sip.example.org:70000",   // 5
		"call_no = six hundred",            // 6
		"transport = tls",                  // 7
		"media_encryption = srtp",          // 8
		"[audiosettings]",                  // 9
		"pre_roll = 11",                    // 10
		"reserve = 0",                      // 11
		"recording_location = ~/music",     // 12
		"[ChatSettings]",                   // 13
		"ip_address = 300.1.1",             // 14
		"port = 9000 ; the default",        // 15
		"role = DRUMMER",                   // 16
		"fingerprint = abc",                // 17
		"token = a b",                      // 18
		"[HQRecordingSettings]",            // 19
		"width = 5",                        // 20
		"channels = two",                   // 21
		"rate = 22050",                     // 22
		"rate = 48000",                     // 23
		"bitrate = 321",                    // 24
		"[LQRecordingSettings]",            // 25
		"codec = speex",                    // 26
		"role = ARTIST",                    // 27
		"[Hardware]",                       // 28
		"chip = a b",                       // 29
		"button_record = 17",               // 30
		"led_record = !17",                 // 31
		"button_mic = 1024",                // 32
		"[Delivery]",                       // 33
		"policy = sometimes",               // 34
		"keep = maybe",                     // 35
		"[Hub]",                            // 36
		"listen = here",                    // 37
		"nats_url = http://x:hunter2@host", // 38
		"store = s3:bucket",                // 39
		"[Admin]",                          // 40
		"listen = :65536",                  // 41
		"password_hash = hunter2",          // 42
		"[Nonsense]",                       // 43
		"x = 1",                            // 44
		"[Admin]",                          // 45
		"listening = :80",                  // 46
	}, "\n")))
	want := []struct {
		line    int
		section string
		key     string
		fatal   bool
		text    string
	}{
		{1, "", "", true, "before the first [section]"},
		{2, "ConnectionDetails", "", false, "not configured: user, password, server, call_no not set"},
		{3, "ConnectionDetails", "user", true, `"10 01" holds a space; allowed: text`},
		{4, "ConnectionDetails", "", true, "has no `=` or `:`"},
		{5, "ConnectionDetails", "server", true, "port is out of range; allowed: host"},
		{6, "ConnectionDetails", "call_no", true, "allowed: number"},
		{7, "ConnectionDetails", "transport", true, `"tls" is not supported yet; allowed: udp, tcp`},
		{8, "ConnectionDetails", "media_encryption", true, "not supported yet; allowed: none"},
		{9, "audiosettings", "", false, "read as [AudioSettings]"},
		{10, "AudioSettings", "pre_roll", true, `"11" is out of range; allowed: 0 to 10`},
		{11, "AudioSettings", "reserve", true, "allowed: 1 to"},
		{12, "AudioSettings", "recording_location", true, "~"},
		{14, "ChatSettings", "ip_address", true, "allowed: an IP address"},
		{15, "ChatSettings", "port", true, "a comment after a value"},
		{16, "ChatSettings", "role", true, "allowed: ARTIST, PRODUCER, LISTENER"},
		{17, "ChatSettings", "fingerprint", true, "allowed: 64 hex"},
		{18, "ChatSettings", "token", true, "holds a space"},
		{20, "HQRecordingSettings", "width", true, "allowed: 2, 3, 4"},
		{21, "HQRecordingSettings", "channels", true, "not a whole number; allowed: 1, 2"},
		{22, "HQRecordingSettings", "rate", true, `"22050" is not one of`},
		{23, "HQRecordingSettings", "rate", true, "stands in line 22 already"},
		{24, "HQRecordingSettings", "bitrate", true, "256, 320"},
		{26, "LQRecordingSettings", "codec", true, "allowed: Default, opus, G722, PCMU, PCMA"},
		{27, "LQRecordingSettings", "role", false, "belongs to [ChatSettings]"},
		{29, "Hardware", "chip", true, "allowed: auto, sim"},
		{31, "Hardware", "led_record", true, "taken by button_record"},
		{32, "Hardware", "button_mic", true, "allowed: a line's number, 0 to 1023"},
		{34, "Delivery", "policy", true, "allowed: live, end, request"},
		{35, "Delivery", "keep", true, "allowed: yes, no"},
		{37, "Hub", "listen", true, "allowed: host:port"},
		{38, "Hub", "nats_url", true, "allowed: nats://"},
		{39, "Hub", "store", true, "s3://bucket"},
		{41, "Admin", "listen", true, "the port is out of range"},
		{42, "Admin", "password_hash", true, "is no hash"},
		{43, "Nonsense", "", false, "unknown section, ignored and kept; known: ConnectionDetails"},
		{45, "Admin", "", true, "stands in line 40 already"},
		{46, "Admin", "listening", false, "unknown key, ignored and kept; known here: listen, names, certificate, key, password_hash"},
	}
	for i, p := range problems {
		if i >= len(want) {
			t.Errorf("too many: %s", p)
			continue
		}
		w := want[i]
		if p.Line != w.line || p.Section != w.section || p.Key != w.key || p.Fatal != w.fatal || !strings.Contains(p.Text, w.text) || p.File != "conn.conf" {
			t.Errorf("problem %d is\n%s (fatal %v)\nwant line %d [%s] %s fatal %v with %q", i, p, p.Fatal, w.line, w.section, w.key, w.fatal, w.text)
		}
		if strings.Contains(p.String(), "hunter2") {
			t.Errorf("a secret is told: %s", p)
		}
	}
	if len(problems) < len(want) {
		t.Errorf("%d problems, want %d", len(problems), len(want))
	}
	if err := fatal(problems); err == nil || strings.Count(err.Error(), "\n")+1 != 32 {
		t.Errorf("Fatal joins %v", err)
	}
	if got := f.Config().HQRecordingSettings.Channels; got != 2 {
		t.Errorf("a refused value left %d, want the default", got)
	}
}

func TestGoodValues(t *testing.T) {
	at := func(f *File) Config { return f.Config() }
	for _, c := range []struct {
		section, key, value string
		got                 func(Config) any
		want                any
	}{
		{"ConnectionDetails", "server", "[::1]:5061", func(c Config) any { return c.ConnectionDetails.Server }, "[::1]:5061"},
		{"ConnectionDetails", "server", "::1", nil, nil},
		{"ConnectionDetails", "server", "10.0.0.1", func(c Config) any { return c.ConnectionDetails.Server }, "10.0.0.1"},
		{"ConnectionDetails", "server", "a b", nil, nil},
		{"ConnectionDetails", "server", "host:", nil, nil},
		{"ConnectionDetails", "server", "-host", nil, nil},
		{"ConnectionDetails", "call_no", "600,,1234#", func(c Config) any { return c.ConnectionDetails.CallNo }, "600,,1234#"},
		{"ConnectionDetails", "call_no", "+49891234", func(c Config) any { return c.ConnectionDetails.CallNo }, "+49891234"},
		{"ConnectionDetails", "call_no", ",,1", nil, nil},
		{"ConnectionDetails", "call_no", "600,x", nil, nil},
		{"ConnectionDetails", "password", "50% ; off # = x", func(c Config) any { return string(c.ConnectionDetails.Password) }, "50% ; off # = x"},
		{"ConnectionDetails", "password", `""quoted""`, func(c Config) any { return string(c.ConnectionDetails.Password) }, `"quoted"`},
		{"ConnectionDetails", "transport", "TCP", func(c Config) any { return c.ConnectionDetails.Transport }, "tcp"},
		{"AudioSettings", "mic", "file:song.wav", func(c Config) any { return c.AudioSettings.Mic }, "file:/etc/box/song.wav"},
		{"AudioSettings", "mic", "file:/song.wav", func(c Config) any { return c.AudioSettings.Mic }, "file:/song.wav"},
		{"AudioSettings", "mic", "file:", nil, nil},
		{"AudioSettings", "mic", "WASAPI: Recording Device 7", func(c Config) any { return c.AudioSettings.Mic }, "WASAPI: Recording Device 7"},
		{"AudioSettings", "recording_location", "takes", func(c Config) any { return c.AudioSettings.RecordingLocation }, "/etc/box/takes"},
		{"AudioSettings", "recording_location", "None", func(c Config) any { return c.AudioSettings.RecordingLocation }, "/etc/box/recordings"},
		{"AudioSettings", "pre_roll", "1.5", func(c Config) any { return c.AudioSettings.PreRoll }, 1500 * time.Millisecond},
		{"AudioSettings", "pre_roll", "0", func(c Config) any { return c.AudioSettings.PreRoll }, time.Duration(0)},
		{"AudioSettings", "pre_roll", "10", func(c Config) any { return c.AudioSettings.PreRoll }, 10 * time.Second},
		{"AudioSettings", "pre_roll", "1e1", nil, nil},
		{"AudioSettings", "pre_roll", "-1", nil, nil},
		{"AudioSettings", "pre_roll", "NaN", nil, nil},
		{"AudioSettings", "reserve", "750", func(c Config) any { return c.AudioSettings.Reserve }, int64(750_000_000)},
		{"ChatSettings", "ip_address", `"127.0.0.1"`, func(c Config) any { return c.ChatSettings.IPAddress }, "127.0.0.1"},
		{"ChatSettings", "role", "Producer", func(c Config) any { return c.ChatSettings.Role }, "PRODUCER"},
		{"ChatSettings", "port", "65536", nil, nil},
		{"ChatSettings", "port", "99999999999999999999", nil, nil},
		{"ChatSettings", "fingerprint", strings.Repeat("AB:", 31) + "AB", func(c Config) any { return c.ChatSettings.Fingerprint }, strings.Repeat("ab", 32)},
		{"HQRecordingSettings", "rate", "96000", func(c Config) any { return c.HQRecordingSettings.Rate }, 96000},
		{"HQRecordingSettings", "rate", "", func(c Config) any { return c.HQRecordingSettings.Rate }, 48000},
		{"LQRecordingSettings", "codec", "pcmu", func(c Config) any { return c.LQRecordingSettings.Codec }, "PCMU"},
		{"Hardware", "button_mic", "! 017", func(c Config) any { return c.Hardware.Lines["button_mic"] }, "!17"},
		{"Hardware", "button_mic", "!GPIO17", func(c Config) any { return c.Hardware.Lines["button_mic"] }, "!GPIO17"},
		{"Hardware", "peer2", "Ann Lee", func(c Config) any { return c.Hardware.Peers }, [Seats]string{"", "Ann Lee"}},
		{"Hardware", "strip", "/dev/spidev0.0", func(c Config) any { return c.Hardware.Strip }, "/dev/spidev0.0"},
		{"Hardware", "strip", "NONE", func(c Config) any { return c.Hardware.Strip }, ""},
		{"Hardware", "watchdog", "15", func(c Config) any { return c.Hardware.Watchdog }, 15 * time.Second},
		{"Hardware", "power_off", "YES", func(c Config) any { return c.Hardware.PowerOff }, "yes"},
		{"AudioSettings", "cues", "Tones", func(c Config) any { return c.AudioSettings.Cues }, "tones"},
		{"ConnectionDetails", "echo_no", "*43", func(c Config) any { return c.ConnectionDetails.EchoNo }, "*43"},
		{"Hardware", "button_mic", "17 18", nil, nil},
		{"Hardware", "watchdog", "61", nil, nil},
		{"Hardware", "watchdog", "0.5", nil, nil},
		{"Hardware", "watchdog", "4", nil, nil},
		{"Hardware", "strip", "spidev0.0", nil, nil},
		{"Hardware", "power_off", "maybe", nil, nil},
		{"Hardware", "strip_lights", "0", nil, nil},
		{"AudioSettings", "cues", "loud", nil, nil},
		{"ConnectionDetails", "echo_no", "600,1234#", nil, nil},
		{"Hardware", "button_mic", "none", func(c Config) any { return len(c.Hardware.Lines) }, 0},
		{"Delivery", "keep", "Off", func(c Config) any { return c.Delivery.Keep }, false},
		{"Hub", "listen", ":9000", func(c Config) any { return c.Hub.Listen }, ":9000"},
		{"Hub", "nats_url", "nats://a:4222, tls://b", func(c Config) any { return string(c.Hub.NATSURL) }, "nats://a:4222, tls://b"},
		{"Hub", "store", "s3://takes", func(c Config) any { return c.Hub.Store }, "s3://takes"},
		{"Hub", "store", "in", func(c Config) any { return c.Hub.Store }, "/etc/box/in"},
		{"Admin", "password_hash", "$2a$10$" + strings.Repeat("x", 53), func(c Config) any { return len(c.Admin.PasswordHash) }, 60},
	} {
		f, problems := Parse("/etc/box/conn.conf", []byte("["+c.section+"]\n"+c.key+" = "+c.value+"\n"))
		err := fatal(problems)
		if c.got == nil {
			if err == nil || !strings.Contains(err.Error(), "conn.conf:2: ["+c.section+"] "+c.key+": ") {
				t.Errorf("%s = %s gave the problem %v", c.key, c.value, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s = %s: %v", c.key, c.value, err)
		}
		if got := c.got(at(f)); got != c.want {
			t.Errorf("%s = %s is read as %v, want %v", c.key, c.value, got, c.want)
		}
	}
}

func TestDefaultSectionFallsIn(t *testing.T) {
	f, problems := Parse("conn.conf", []byte("[DEFAULT]\nport = 9100\nrate = 44100\nlisten = :81\nodd = 1\n[HQRecordingSettings]\nrate = 96000\n"+account))
	c := f.Config()
	if c.ChatSettings.Port != 9100 || c.HQRecordingSettings.Rate != 96000 || c.Hub.Listen != ":81" || c.Admin.Listen != ":81" {
		t.Errorf("read as %s", c)
	}
	if len(problems) != 1 || problems[0].Key != "odd" || problems[0].Fatal {
		t.Errorf("problems %v", problems)
	}
}

func TestRawBytesAreProblems(t *testing.T) {
	for _, c := range []struct {
		name, text string
		line       int
		want       string
		fatal      bool
	}{
		{"NUL", account + "\x00", 6, "NUL", true},
		{"not UTF-8", account + "[AudioSettings]\nmic = \xe4\n", 7, "UTF-8", true},
		{"UTF-16", "\xff\xfe[\x00a\x00]\x00", 1, "UTF-16", true},
		{"long line", account + "[AudioSettings]\nmic = " + strings.Repeat("x", maxLine) + "\n", 7, "at most 65536", true},
		{"long file", account + strings.Repeat("# padding\n", maxFile/10+1), 0, "at most 262144", true},
		{"byte order mark", bom + account, 1, "byte order mark", false},
	} {
		_, problems := Parse("conn.conf", []byte(c.text))
		if !slices.ContainsFunc(problems, func(p Problem) bool {
			return p.Line == c.line && p.Fatal == c.fatal && strings.Contains(p.Text, c.want)
		}) {
			t.Errorf("%s: %v", c.name, problems)
		}
	}
	if _, problems := Parse("conn.conf", []byte(strings.ReplaceAll(account, "\n", "\r\n"))); len(problems) != 0 {
		t.Errorf("CRLF: %v", problems)
	}
}

func TestInterpolationIsWarnedOf(t *testing.T) {
	f, problems := Parse("conn.conf", []byte(strings.Replace(account, "s3cret", "100%% %(user)s", 1)))
	if got := string(f.Config().ConnectionDetails.Password); got != "100%% %(user)s" {
		t.Errorf("password is %q", got)
	}
	if len(problems) != 1 || problems[0].Fatal || strings.Contains(problems[0].Text, "100") {
		t.Errorf("problems %v", problems)
	}
}

func TestConnString(t *testing.T) {
	const plainText = "1002;p?>>~ä%;10.0.0.9:5070;600,,12"
	for name, coded := range map[string]string{
		"standard": base64.StdEncoding.EncodeToString([]byte(plainText)),
		"raw":      base64.RawStdEncoding.EncodeToString([]byte(plainText)),
		"url":      base64.URLEncoding.EncodeToString([]byte(plainText)),
		"raw url":  base64.RawURLEncoding.EncodeToString([]byte(plainText)),
	} {
		coded = coded[:10] + "\n   " + coded[10:] // as a mail program breaks it
		f, problems := Parse("conn.conf", []byte("[ConnectionDetails]\nuser = None\nconn_string = "+coded+"\n"))
		c := f.Config().ConnectionDetails
		if len(problems) != 0 || c.User != "1002" || string(c.Password) != "p?>>~ä%" || c.Server != "10.0.0.9:5070" || c.CallNo != "600,,12" || !c.Configured() {
			t.Errorf("%s: %v %v", name, c, problems)
		}
	}
}

func TestConnStringAgainstKeys(t *testing.T) {
	coded, err := Invite{User: "1002", Password: "invited", Server: "10.0.0.9", CallNo: "600"}.EncodeLegacy()
	if err != nil {
		t.Fatal(err)
	}
	f, problems := Parse("conn.conf", []byte("[ConnectionDetails]\nuser = 1002\npassword = own\nserver = 10.0.0.8\nconn_string = "+string(coded)+"\n"))
	c := f.Config().ConnectionDetails
	if c.Server != "10.0.0.8" || c.Password != "own" || c.CallNo != "600" {
		t.Errorf("read as %+v", c)
	}
	if len(problems) != 1 || problems[0].Fatal || problems[0].Line != 5 || !strings.Contains(problems[0].Text, "another password, server than") {
		t.Errorf("problems %v", problems)
	}
	if _, err := (Invite{Password: "a;b"}).EncodeLegacy(); err == nil || strings.Contains(err.Error(), "a;b") {
		t.Errorf("a password with ; gave %v", err)
	}
}

func TestOldestInviteHasThreeParts(t *testing.T) {
	c, err := ParseInvite(base64.RawStdEncoding.EncodeToString([]byte("1002;abc;192.0.2.74")))
	if err != nil || c.User != "1002" || c.Server != "192.0.2.74" || c.CallNo != "" {
		t.Errorf("%v %v", c, err)
	}
}

func TestDamagedConnString(t *testing.T) {
	code := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, c := range []struct{ value, want string }{
		{"abc!efgh", "character 4 of 8"},
		{"abcde", "characters missing"},
		{"//79", "no text"},
		{code("hunter2"), "has 1 parts"},
		{code("1;hunter2;h;600;more"), "has 5 parts"},
		{code("1;hunter2;not a host;600"), "part 3 (server) that is"},
		{code("1;hunter2;host;-;"), "5 parts"},
		{code("1;hunter2;host;,"), "part 4 (call_no)"},
		{code("1;hunter2\x00;host;6"), "part 2 (password)"},
	} {
		_, problems := Parse("conn.conf", []byte("[ConnectionDetails]\nconn_string = "+c.value+"\n"))
		err := fatal(problems)
		if err == nil || !strings.Contains(err.Error(), "conn.conf:2: [ConnectionDetails] conn_string: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.value, err, c.want)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), c.value) {
			t.Errorf("a secret is told: %v", err)
		}
	}
}

// fatal joins the fatal ones of ps to one error, nil if there is none.
func fatal(ps []Problem) error {
	var errs []error
	for _, p := range ps {
		if p.Fatal {
			errs = append(errs, errors.New(p.String()))
		}
	}
	return errors.Join(errs...)
}
