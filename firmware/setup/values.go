package setup

import (
	"errors"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // a computer that only checks a file may know no zones

	"golang.org/x/crypto/ssh"

	"orionbox/firmware/conf"
	"orionbox/webadmin"
)

// mostWiFi is the longest name of a network, in bytes (IEEE 802.11, 9.4.2.2).
const mostWiFi = 32

func takeWiFi(p *Plan, value string) error {
	if len(value) > mostWiFi {
		return errors.New("is too long")
	}
	p.WiFi = value
	return nil
}

var (
	passphrase = regexp.MustCompile(`^[ -~]{8,63}$`) // IEEE 802.11, J.4.1
	rawKey     = regexp.MustCompile(`^[0-9A-Fa-f]{64}$`)
	printable  = regexp.MustCompile(`^[ -~]*$`)
)

func takeWiFiPassword(p *Plan, value string) error {
	switch {
	case passphrase.MatchString(value), rawKey.MatchString(value):
		p.WiFiPassword = conf.Secret(value)
		return nil
	case strings.ContainsAny(value, doubled[1:]+single[1:]):
		return errors.New("holds a curly quote, which an editor may have made of ' or \"")
	case !printable.MatchString(value):
		return errors.New("holds a sign that no Wi-Fi password has")
	case len(value) < 8:
		return errors.New("is too short")
	}
	return errors.New("is too long")
}

var twoLetters = regexp.MustCompile(`^[A-Z]{2}$`)

func takeCountry(p *Plan, value string) error {
	value = strings.ToUpper(value)
	switch {
	case !twoLetters.MatchString(value):
		return errors.New("is no code of a country")
	case value == "UK":
		return errors.New("is GB in the list of countries")
	}
	p.Country = value
	return nil
}

var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`) // RFC 1123, 2.1

func takeHostname(p *Plan, value string) error {
	value = strings.ToLower(value)
	if value == "localhost" || !label.MatchString(value) {
		return errors.New("is no name of a computer")
	}
	p.Hostname = value
	return nil
}

func takeInvite(p *Plan, value string) error {
	in, err := conf.ParseInvite(value)
	if err != nil {
		return errors.New("is damaged or not whole (" + err.Error() + ")")
	}
	p.Invite = &in
	return nil
}

func takeAdminPassword(p *Plan, value string) error {
	if err := webadmin.AllowPassword(value); err != nil {
		return errors.New("is not allowed: " + err.Error())
	}
	p.AdminPassword = conf.Secret(value)
	return nil
}

func takeSSHKey(p *Plan, value string) error {
	if strings.Contains(value, "PRIVATE KEY") {
		return errors.New("is a private key, which nobody else should have")
	}
	_, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(value))
	if err != nil || len(rest) > 0 {
		return errors.New("is no public key of SSH")
	}
	p.SSHKeys = append(p.SSHKeys, value)
	return nil
}

var zone = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$`)

func takeTimezone(p *Plan, value string) error {
	_, err := time.LoadLocation(value)
	if err != nil || value == "Local" || !zone.MatchString(value) {
		return errors.New("is no zone")
	}
	p.Timezone = value
	return nil
}
