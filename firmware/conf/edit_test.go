package conf

import (
	"strings"
	"testing"
)

func TestSetChangesItsLineOnly(t *testing.T) {
	for _, c := range []struct{ name, before, section, key, value, after string }{
		{"equals", "[ChatSettings]\nport = 9000\nrole=x\n", "ChatSettings", "port", "9001", "[ChatSettings]\nport = 9001\nrole=x\n"},
		{"colon, case, tight", "[ChatSettings]\n\tPort:9000\n", "ChatSettings", "PORT", "9001", "[ChatSettings]\n\tPort:9001\n"},
		{"quotes go", "[ChatSettings]\nip_address = \"127.0.0.1\"\n", "ChatSettings", "ip_address", "10.0.0.1", "[ChatSettings]\nip_address = 10.0.0.1\n"},
		{"empty before", "[ChatSettings]\nusername =\nx = 1", "ChatSettings", "username", "Ann", "[ChatSettings]\nusername = Ann\nx = 1"},
		{"tight and empty before", "[ChatSettings]\nusername=", "ChatSettings", "username", "Ann", "[ChatSettings]\nusername=Ann"},
		{"unset", "[ChatSettings]\nusername = Ann\n", "ChatSettings", "username", "", "[ChatSettings]\nusername = None\n"},
		{"unset what is not there", "[ChatSettings]\n", "ChatSettings", "username", "", "[ChatSettings]\n"},
		{"the same", "[ChatSettings]\nusername = 'Ann'\n", "ChatSettings", "username", "Ann", "[ChatSettings]\nusername = 'Ann'\n"},
		{"needs quotes", "[ConnectionDetails]\npassword = x\n", "ConnectionDetails", "password", " x ", "[ConnectionDetails]\npassword = \" x \"\n"},
		{"holds quotes", "[ConnectionDetails]\npassword = x\n", "ConnectionDetails", "password", "'x'", "[ConnectionDetails]\npassword = \"'x'\"\n"},
		{"is None", "[ConnectionDetails]\npassword = x\n", "ConnectionDetails", "password", "None", "[ConnectionDetails]\npassword = \"None\"\n"},
		{"several lines", "[ChatSettings]\nusername = a\n  b\n# note\n  c\n\nport = 1\n", "ChatSettings", "username", "d", "[ChatSettings]\nusername = d\n# note\n\nport = 1\n"},
		{"CRLF", "[ChatSettings]\r\nport = 9000\r\n# c\r\n", "ChatSettings", "port", "1", "[ChatSettings]\r\nport = 1\r\n# c\r\n"},
		{"new key", "[ChatSettings]\n port = 1\n\n# about hubs\n[Hub]\n", "ChatSettings", "role", "PRODUCER", "[ChatSettings]\n port = 1\n role = PRODUCER\n\n# about hubs\n[Hub]\n"},
		{"new key, section empty", "[ChatSettings]\n\n  [Hub]\n  store = x\n", "ChatSettings", "port", "1", "[ChatSettings]\n  port = 1\n\n  [Hub]\n  store = x\n"},
		{"new key, no line end", "[ChatSettings]\r\nport = 1", "ChatSettings", "role", "ARTIST", "[ChatSettings]\r\nport = 1\r\nrole = ARTIST\r\n"},
		{"new section", bom + "# mine\r\n[Hub]\r\nx = 1", "Admin", "listen", ":80", bom + "# mine\r\n[Hub]\r\nx = 1\r\n\r\n[Admin]\r\nlisten = :80\r\n"},
		{"empty file", "", "Admin", "listen", ":80", "[Admin]\nlisten = :80\n"},
		{"section in another case", "[admin]\n", "Admin", "listen", ":80", "[admin]\nlisten = :80\n"},
		{"over [DEFAULT]", "[DEFAULT]\nlisten = :1\n[Admin]\n[Hub]\n", "Admin", "listen", ":80", "[DEFAULT]\nlisten = :1\n[Admin]\nlisten = :80\n[Hub]\n"},
		{"unset over [DEFAULT]", "[DEFAULT]\nlisten = :1\n[Admin]\n[Hub]\n", "Admin", "listen", "", "[DEFAULT]\nlisten = :1\n[Admin]\nlisten = None\n[Hub]\n"},
		{"unknown things stay", "; top\n[Odd]\nX : 1\n\n[Admin]\nodd = 2\n", "Admin", "listen", ":80", "; top\n[Odd]\nX : 1\n\n[Admin]\nodd = 2\nlisten = :80\n"},
	} {
		f, _ := Parse("conn.conf", []byte(c.before))
		if err := f.Set(c.section, c.key, c.value); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := string(f.Bytes()); got != c.after {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.after)
		}
		if got := f.value(c.section, strings.ToLower(c.key)); got != c.value {
			t.Errorf("%s: the value reads %q", c.name, got)
		}
	}
}

func TestSetShowsInConfig(t *testing.T) {
	f, _ := Parse("conn.conf", []byte(account))
	if err := f.Set("hqrecordingsettings", "Rate", "96000"); err != nil {
		t.Fatal(err)
	}
	if got := f.Config().HQRecordingSettings.Rate; got != 96000 {
		t.Errorf("rate is %d", got)
	}
}

func TestSetRefuses(t *testing.T) {
	for _, c := range []struct{ text, section, key, value, want string }{
		{account, "ChatSettings", "port", "0", "out of range; allowed: 1 to 65535"},
		{account, "ChatSettings", "colour", "red", "no such key; known: ip_address"},
		{account, "Colours", "red", "1", "no such key; known: ConnectionDetails"},
		{account, "ConnectionDetails", "password", "hunter2\nuser = x", "control characters"},
		{account, "ChatSettings", "username", "Ann\r[Admin]", "control characters"},
		{account, "ConnectionDetails", "conn_string", "hunter2!", "no base64"},
		{account + "user = 2\n", "ChatSettings", "port", "1", "by hand first: conn.conf:6: [ConnectionDetails] user: the key stands in line 2"},
		{account + "broken\n", "ChatSettings", "port", "1", "by hand first"},
	} {
		f, _ := Parse("conn.conf", []byte(c.text))
		err := f.Set(c.section, c.key, c.value)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("set %s: %v, want %q", c.key, err, c.want)
		}
		if got := string(f.Bytes()); got != c.text {
			t.Errorf("set %s: refused, but the text is %q", c.key, got)
		}
	}
}
