package setup

import (
	"encoding/binary"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

const someKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE1m9hJ8hbmnPqcgDXIbjQGsYrYh2DqEfkgUFmOV5C5K ann@home"

// utf16Of is a text as Windows Notepad may write it.
func utf16Of(text string, order binary.AppendByteOrder) []byte {
	var data []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		data = order.AppendUint16(data, unit)
	}
	return data
}

func TestParseTakesWhatEditorsMakeOfAFile(t *testing.T) {
	const plain = "# mine\nwifi = Café 1\nwifi_password = a b#c=d e\ncountry = DE\n"
	want := Plan{WiFi: "Café 1", WiFiPassword: "a b#c=d e", Country: "DE"}
	for name, data := range map[string][]byte{
		"plain":               []byte(plain),
		"Windows":             []byte(bom + strings.ReplaceAll(plain, "\n", "\r\n")),
		"old Mac":             []byte(strings.ReplaceAll(plain, "\n", "\r")),
		"UTF-16":              utf16Of(bom+plain, binary.LittleEndian),
		"UTF-16, big":         utf16Of(bom+plain, binary.BigEndian),
		"UTF-16, no mark":     utf16Of(plain, binary.LittleEndian),
		"big, no mark":        utf16Of(plain, binary.BigEndian),
		"capitals, spaces":    []byte("  WiFi=Café 1  \n\tWIFI PASSWORD =\ta b#c=d e\u00a0\nCountry = de\n\n"),
		"curly quotes":        []byte("wifi = “Café 1”\nwifi-password = ‘a b#c=d e’\ncountry = \"De\""),
		"lines not filled":    []byte(plain + "hostname =\ninvite=\nadmin_password = \"\"\nssh_key =\n"),
		"an indented comment": []byte("   # wifi = no\n" + plain),
	} {
		if p, faults := Parse(data); len(faults) > 0 || !reflect.DeepEqual(p, want) {
			t.Errorf("%s: %+v, %v", name, p, faults)
		}
	}
}

func TestParseTakesEachKey(t *testing.T) {
	for line, want := range map[string]Plan{
		"wifi = Anna’s iPhone":                            {WiFi: "Anna’s iPhone"},
		"wifi = \" spaced \"":                             {WiFi: " spaced "},
		"wifi = \"\"quoted\"\"":                           {WiFi: "\"quoted\""},
		"hostname = Studio-1":                             {Hostname: "studio-1"},
		"timezone = America/Argentina/Buenos_Aires":       {Timezone: "America/Argentina/Buenos_Aires"},
		"timezone = UTC":                                  {Timezone: "UTC"},
		"timezone = Etc/GMT+5":                            {Timezone: "Etc/GMT+5"},
		"admin_password = correct horse":                  {AdminPassword: "correct horse"},
		"ssh_key = " + someKey + "\nssh_key = " + someKey: {SSHKeys: []string{someKey, someKey}},
		"": {}, "# only this": {},
	} {
		if p, faults := Parse([]byte(line)); len(faults) > 0 || !reflect.DeepEqual(p, want) {
			t.Errorf("%q: %+v, %v", line, p, faults)
		}
	}
	hex := strings.Repeat("0aF9", 16)
	if p, faults := Parse([]byte("wifi = x\nwifi_password = " + hex)); len(faults) > 0 || string(p.WiFiPassword) != hex {
		t.Errorf("a key in hex: %v", faults)
	}
}

func TestParseNamesEachFault(t *testing.T) {
	for text, want := range map[string]string{
		"# a\nwlan = x":                                              "line 2: wlan: there is no such key; known: wifi, wifi_password, country",
		"wifi = a\n\nWifi = b":                                       "line 3: wifi: it stands in line 1 already",
		"wifi: a":                                                    "line 1: there is no = in it",
		"c2VjcmV0c2VjcmV0c2VjcmV0cw==":                               "line 1: there is no such key",
		"wifi = " + strings.Repeat("x", 33):                          "line 1: wifi: the value is too long; allowed: the network's name, at most 32 bytes",
		"wifi = a\nwifi_password = short":                            "line 2: wifi_password: the value is too short; allowed: 8 to 63",
		"wifi = a\nwifi_password = hidden-’":                         "line 2: wifi_password: the value holds a curly quote",
		"wifi = a\nwifi_password = hidden-ü":                         "line 2: wifi_password: the value holds a sign that no Wi-Fi password has",
		"wifi = a\nwifi_password = hidden" + strings.Repeat("x", 60): "line 2: wifi_password: the value is too long",
		"wifi_password = hidden-hidden":                              "line 1: wifi_password: there is no line wifi",
		"country = Germany":                                          "line 1: country: the value is no code of a country; allowed: two letters",
		"country = UK":                                               "line 1: country: the value is GB",
		"hostname = my box":                                          "line 1: hostname: the value is no name of a computer",
		"hostname = -x":                                              "line 1: hostname: ",
		"hostname = localhost":                                       "line 1: hostname: ",
		"hostname = a.local":                                         "line 1: hostname: ",
		"invite = hidden":                                            "line 1: invite: the value is damaged",
		"admin_password = hidden":                                    "line 1: admin_password: the value is not allowed: choose a password of at least 8",
		"ssh_key = hidden":                                           "line 1: ssh_key: the value is no public key",
		"ssh_key = -----BEGIN OPENSSH PRIVATE KEY-----":              "line 1: ssh_key: the value is a private key",
		"timezone = Berlin":                                          "line 1: timezone: the value is no zone; allowed: a name of the zone database",
		"timezone = Local":                                           "line 1: timezone: ",
		"timezone = ../etc/passwd":                                   "line 1: timezone: ",
		"timezone = europe/berlin":                                   "line 1: timezone: ",
		"wifi = a\x07b":                                              "line 1: wifi: the value holds a tab or another sign",
		"wifi = Caf\xe9":                                             "line 1: a sign cannot be read; save the file as UTF-8",
		"{\\rtf1\\ansi wifi = x}":                                    "the file is no plain text but RTF",
	} {
		_, faults := Parse([]byte(text))
		if len(faults) != 1 || !strings.HasPrefix(faults[0].String(), want) {
			t.Errorf("%q: %v, want %s", text, faults, want)
		}
		for _, f := range faults {
			if strings.Contains(f.String(), "hidden") || strings.Contains(f.String(), "c2Vj") {
				t.Errorf("%q: a secret is told: %s", text, f)
			}
		}
	}
	if _, faults := Parse([]byte("wlan = x\ncountry = 12\nhostname = _")); len(faults) != 3 {
		t.Errorf("not each fault is told: %v", faults)
	}
}

// FuzzParse: whatever the bytes, a plan without faults makes keyfiles that say what it says, and the width of the letters does not matter.
func FuzzParse(f *testing.F) {
	f.Add([]byte("wifi = Studio\nwifi_password = a b\\c;d#e\n"))
	f.Add([]byte("Wi-Fi=“x”\r\ncountry=de\r\nssh_key = " + someKey))
	f.Add(utf16Of(bom+"wifi = ü\ntimezone = Europe/Berlin", binary.LittleEndian))
	f.Add([]byte("invite = b3Jpb24\nadmin_password = 12345678\nhostname = a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, faults := Parse(data)
		for _, fault := range faults {
			if fault.Line < 0 || fault.Line > len(data)+1 || fault.Text == "" {
				t.Fatalf("odd fault %+v", fault)
			}
		}
		if len(faults) == 0 && p.WiFi != "" {
			wantKeyfile(t, joining(p.WiFi, string(p.WiFiPassword)), p.WiFi, string(p.WiFiPassword))
		}
		plain := string(data)
		if !utf8.ValidString(plain) || strings.ContainsAny(plain, "\x00"+bom) || strings.HasPrefix(plain, "{") {
			return
		}
		again, same := Parse(utf16Of(bom+plain, binary.LittleEndian))
		if !reflect.DeepEqual(p, again) || !reflect.DeepEqual(faults, same) {
			t.Fatalf("%q reads differently in UTF-16: %v, %v", plain, faults, same)
		}
	})
}
