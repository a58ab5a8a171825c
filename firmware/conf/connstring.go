package conf

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// connFields are the parts of a connection string in their order, and their checks.
var connFields = []struct {
	name  string
	check func(string) error
}{
	{"user", sipUser}, {"password", oneLine}, {"server", hostMaybePort}, {"call_no", callNumber},
}

// ParseConnString takes an invite apart: base64 (standard or URL alphabet, padded or not, white space in it ignored) of
// user;password;server;call_no. The earliest invites had no call_no, so it may be missing. An error never repeats a part.
func ParseConnString(s string) (ConnectionDetails, error) {
	plain, err := decodeBase64(s)
	if err != nil {
		return ConnectionDetails{}, err
	}
	parts := strings.Split(plain, ";")
	if len(parts) < 3 || len(parts) > len(connFields) {
		return ConnectionDetails{}, fmt.Errorf("has %d parts where user;password;server;call_no has 4 (a `;` cannot stand in a part)", len(parts))
	}
	for i, p := range parts {
		if p == "" {
			continue
		}
		if err := connFields[i].check(p); err != nil {
			return ConnectionDetails{}, fmt.Errorf("has a part %d (%s) that %w", i+1, connFields[i].name, err)
		}
	}
	parts = append(parts, "")
	return ConnectionDetails{User: parts[0], Password: Secret(parts[1]), Server: parts[2], CallNo: parts[3]}, nil
}

// MakeConnString is the inverse of ParseConnString.
func MakeConnString(c ConnectionDetails) (Secret, error) {
	parts := []string{c.User, string(c.Password), c.Server, c.CallNo}
	for i, p := range parts {
		if strings.Contains(p, ";") {
			return "", fmt.Errorf("make connection string: %s holds a `;`", connFields[i].name)
		}
	}
	return Secret(base64.StdEncoding.EncodeToString([]byte(strings.Join(parts, ";")))), nil
}

func connStringError(s string) error {
	_, err := ParseConnString(s)
	return err
}

func decodeBase64(s string) (string, error) {
	s = strings.Map(func(r rune) rune {
		switch {
		case isSpace(r):
			return -1
		case r == '-':
			return '+'
		case r == '_':
			return '/'
		}
		return r
	}, s)
	s = strings.TrimRight(s, "=")
	plain, err := base64.RawStdEncoding.DecodeString(s)
	var corrupt base64.CorruptInputError
	switch {
	case errors.As(err, &corrupt) && int(corrupt) < len(s) && !isBase64(s[corrupt]):
		return "", fmt.Errorf("is no base64 at character %d of %d", int(corrupt)+1, len(s))
	case err != nil:
		return "", fmt.Errorf("is base64 with characters missing (it has %d)", len(s))
	case !utf8.Valid(plain):
		return "", errors.New("is base64 of something that is no text")
	}
	return string(plain), nil
}

func isBase64(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b == '+' || b == '/'
}
