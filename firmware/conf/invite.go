package conf

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
)

// Invite is what one person is sent so that their box needs nothing else: the account at the SIP server and the
// conference, and in its full form the way into the hub. Any part of the account may be empty; of the hub's parts all are
// set or none. The secrets in it do not print.
type Invite struct {
	User     string
	Password Secret
	Server   string // host or host:port, IPv6 in brackets
	CallNo   string

	Hub         string // host:port
	Name        string // of the person
	Role        string // ARTIST, PRODUCER, LISTENER
	Token       Secret
	Fingerprint string // SHA-256 of the hub's certificate, 64 lower-case hex digits
}

const (
	fullMark    = "orion/1" // tells a full invite, and its version, where an account would have its user
	sipParts    = 4
	checkDigits = 8
)

// inviteParts are the parts in their order, less fullMark and the check at the end; take checks as conn.conf does.
var inviteParts = []struct {
	name string
	at   func(*Invite) *string
	take func(dst *string, value string) error
}{
	{"user", func(i *Invite) *string { return &i.User }, checked(sipUser)},
	{"password", func(i *Invite) *string { return (*string)(&i.Password) }, checked(oneLine)},
	{"server", func(i *Invite) *string { return &i.Server }, checked(hostMaybePort)},
	{"call_no", func(i *Invite) *string { return &i.CallNo }, checked(callNumber)},
	{"hub", func(i *Invite) *string { return &i.Hub }, checked(hostPort)},
	{"name", func(i *Invite) *string { return &i.Name }, checked(personName)},
	{"role", func(i *Invite) *string { return &i.Role }, func(dst *string, v string) error { return oneOf(dst, v, roles) }},
	{"token", func(i *Invite) *string { return (*string)(&i.Token) }, checked(noSpaces)},
	{"fingerprint", func(i *Invite) *string { return &i.Fingerprint }, fingerprint},
}

func checked(check func(string) error) func(dst *string, value string) error {
	return func(dst *string, value string) error { return text(dst, value, check) }
}

// Full tells whether the invite leads to a hub too.
func (i Invite) Full() bool { return i.Hub != "" }

// Each gives do the keys of conn.conf that the invite carries a value for, in the order of the example, and stops at the
// first error, which it returns.
func (i Invite) Each(do func(k Key, value string) error) error {
	host, port, _ := net.SplitHostPort(i.Hub)
	for _, part := range []struct{ section, key, value string }{
		{"ConnectionDetails", "user", i.User}, {"ConnectionDetails", "password", string(i.Password)},
		{"ConnectionDetails", "server", i.Server}, {"ConnectionDetails", "call_no", i.CallNo},
		{"ChatSettings", "ip_address", host}, {"ChatSettings", "port", port},
		{"ChatSettings", "username", i.Name}, {"ChatSettings", "role", i.Role},
		{"ChatSettings", "token", string(i.Token)}, {"ChatSettings", "fingerprint", i.Fingerprint},
	} {
		if part.value == "" {
			continue
		}
		k, _ := findKey(part.section, part.key)
		if err := do(k.describe(part.section), part.value); err != nil {
			return err
		}
	}
	return nil
}

// Encode makes the full form: base64 (URL alphabet, unpadded, so that chats and QR codes keep it whole) of
//
//	orion/1;user;password;server;call_no;hub;name;role;token;fingerprint;check
//
// where `%` and `;` in a part are written %25 and %3B, and check is the first 8 hex digits of the SHA-256 of what stands
// before its `;`. It refuses an invite whose parts are not allowed in conn.conf, or that lacks a part of the hub's.
func (i Invite) Encode() (Secret, error) {
	parts, err := i.parts()
	if err != nil {
		return "", err
	}
	for n, p := range parts {
		if n >= sipParts && p == "" {
			return "", fmt.Errorf("make invite: %s is not set; only the SIP account may be missing", inviteParts[n].name)
		}
		parts[n] = escape.Replace(p)
	}
	plain := fullMark + ";" + strings.Join(parts, ";")
	return Secret(base64.RawURLEncoding.EncodeToString([]byte(plain + ";" + checkOf(plain)))), nil
}

// EncodeLegacy makes the form that the desktop program reads, padded base64 of user;password;server;call_no. It has no
// escapes, so a `;` in a part is refused, and no check: of damage only the coarse is noticed.
func (i Invite) EncodeLegacy() (Secret, error) {
	parts, err := i.parts()
	if err != nil {
		return "", err
	}
	parts = parts[:sipParts]
	for n, p := range parts {
		if strings.Contains(p, ";") {
			return "", fmt.Errorf("make invite: %s holds a `;`, which the legacy form cannot; change it, or make a full invite", inviteParts[n].name)
		}
	}
	return Secret(base64.StdEncoding.EncodeToString([]byte(strings.Join(parts, ";")))), nil
}

// parts is the invite in parts, checked, each as conn.conf writes it.
func (i Invite) parts() ([]string, error) {
	var parts []string
	for _, part := range inviteParts {
		v := part.at(&i)
		if *v != "" {
			if err := part.take(v, *v); err != nil {
				return nil, fmt.Errorf("make invite: %s %w", part.name, err)
			}
		}
		parts = append(parts, *v)
	}
	return parts, nil
}

var (
	escape   = strings.NewReplacer("%", "%25", ";", "%3B")
	unescape = strings.NewReplacer("%25", "%", "%3B", ";")
)

func checkOf(plain string) string {
	sum := sha256.Sum256([]byte(plain))
	return hex.EncodeToString(sum[:])[:checkDigits]
}

var errVersion = errors.New("is of a newer kind than this box knows; update the box")
