package setup

import (
	"fmt"
	"regexp"
	"strings"
)

// NetworkManager tells connections apart by these. They are the same on each box: no other computer sees them.
const (
	wifiUUID = "6f72696f-6e62-4f78-8000-000000000001"
	apUUID   = "6f72696f-6e62-4f78-8000-000000000002"
)

// joining is NetworkManager's keyfile for a network that the box joins. It is tried for ever (retries 0): nobody is there to say
// "again" when the router starts later than the box. hidden has the box ask for the network by its name, as one that does not tell
// its name wants it; any other answers as well. wpa-psk is WPA3 too where both sides can do that, with protected management
// frames as NetworkManager thinks best.
func joining(ssid, password string) string {
	text := fmt.Sprintf(`[connection]
id=orionbox
uuid=%s
type=wifi
autoconnect=true
autoconnect-retries=0

[wifi]
mode=infrastructure
hidden=true
ssid=%s
`, wifiUUID, ssidText(ssid))
	if password != "" {
		text += "\n[wifi-security]\nkey-mgmt=wpa-psk\npsk=" + escaped(password) + "\n"
	}
	return text + "\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=auto\n"
}

// apAddress is the box's in its own network.
const apAddress = "10.42.0.1"

// access is NetworkManager's keyfile for the box's own network. -999 puts it after any other that a person adds by hand.
// pmf 1 is off: the radio of a Raspberry Pi loses phones with it.
func access(ssid, password string, on bool) string {
	return fmt.Sprintf(`[connection]
id=orionbox-ap
uuid=%s
type=wifi
autoconnect=%t
autoconnect-priority=-999
autoconnect-retries=0

[wifi]
mode=ap
band=bg
ssid=%s

[wifi-security]
key-mgmt=wpa-psk
proto=rsn;
pairwise=ccmp;
group=ccmp;
pmf=1
psk=%s

[ipv4]
method=shared
address1=%s/24

[ipv6]
method=disabled
`, apUUID, on, ssidText(ssid), escaped(password), apAddress)
}

var simple = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9 _.-]*[A-Za-z0-9])?$`)

// ssidText is a name as it is, or, if a reader of keyfiles could take it for something else, as its bytes in decimal.
func ssidText(ssid string) string {
	if simple.MatchString(ssid) {
		return ssid
	}
	var b strings.Builder
	for _, one := range []byte(ssid) {
		fmt.Fprintf(&b, "%d;", one)
	}
	return b.String()
}

// escaped is a value with what GLib's key files want escaped: a space at an end would be lost.
func escaped(value string) string {
	return strings.NewReplacer(`\`, `\\`, " ", `\s`).Replace(value)
}

// joins tells whether a keyfile is that of a Wi-Fi which the box joins.
func joins(keyfile string) bool {
	wifi, own := false, false
	for _, line := range lines(keyfile) {
		switch strings.ReplaceAll(line, " ", "") {
		case "type=wifi", "type=802-11-wireless":
			wifi = true
		case "mode=ap", "mode=adhoc", "mode=mesh":
			own = true
		}
	}
	return wifi && !own
}
