package setup

import (
	"strconv"
	"strings"
	"testing"
)

// keyfileValue is the only value of a key in a keyfile, as GLib reads it.
func keyfileValue(t *testing.T, keyfile, key string) string {
	t.Helper()
	var found []string
	for _, line := range strings.Split(keyfile, "\n") {
		if value, is := strings.CutPrefix(line, key+"="); is {
			found = append(found, strings.NewReplacer(`\\`, `\`, `\s`, " ").Replace(strings.TrimSpace(value)))
		}
	}
	if len(found) > 1 {
		t.Fatalf("%s stands there %d times:\n%s", key, len(found), keyfile)
	}
	return strings.Join(found, "")
}

// ssidOf reads a name: numbers that each end in ; are its bytes.
func ssidOf(value string) string {
	if !strings.HasSuffix(value, ";") {
		return value
	}
	var name []byte
	for _, number := range strings.Split(strings.TrimSuffix(value, ";"), ";") {
		n, err := strconv.ParseUint(number, 10, 8)
		if err != nil {
			return value
		}
		name = append(name, byte(n))
	}
	return string(name)
}

func wantKeyfile(t *testing.T, keyfile, ssid, password string) {
	t.Helper()
	if got := ssidOf(keyfileValue(t, keyfile, "ssid")); got != ssid {
		t.Errorf("the network %q became %q", ssid, got)
	}
	if got := keyfileValue(t, keyfile, "psk"); got != password {
		t.Errorf("the password became another:\n%s", keyfile)
	}
}

func TestKeyfilesSayWhatIsMeant(t *testing.T) {
	for _, c := range []struct{ ssid, password string }{
		{"Studio", "12345678"}, {"two words", " ends in spaces "}, {"Café", `back\slash\s;#="'`}, {"12;34;", "87654321"},
		{"17", "12345678"}, {" x", "12345678"}, {"a;b", "12345678"}, {"[wifi]", "12345678"}, {"\"x\"", "12345678"}, {"open", ""},
	} {
		wantKeyfile(t, joining(c.ssid, c.password), c.ssid, c.password)
		if has := strings.Contains(joining(c.ssid, c.password), "key-mgmt=wpa-psk"); has != (c.password != "") {
			t.Errorf("%q has a key: %t", c.ssid, has)
		}
	}
	wantKeyfile(t, access("orionbox-12AB", "abcd-efgh-2345", true), "orionbox-12AB", "abcd-efgh-2345")
}

func TestJoinsKnowsANetworkFromTheBoxsOwn(t *testing.T) {
	for keyfile, want := range map[string]bool{
		joining("x", ""):                              true,
		access("x", "12345678", true):                 false,
		"[connection]\r\ntype = 802-11-wireless\r\n":  true,
		"[connection]\ntype=ethernet\n":               false,
		"[connection]\ntype=wifi\n[wifi]\nmode=adhoc": false,
		"": false,
	} {
		if joins(keyfile) != want {
			t.Errorf("%q: %t", keyfile, !want)
		}
	}
}
