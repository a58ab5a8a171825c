package conf

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ParseInvite takes an invite apart, full or legacy (see Encode and EncodeLegacy), in the standard or the URL alphabet of
// base64, padded or not, white space in it ignored. The earliest legacy ones had no call_no, so it may be missing. In a full
// one a single wrong, missing, doubled or swapped character is always noticed. An error never repeats a part.
func ParseInvite(s string) (Invite, error) {
	in, err := parseInvite(s)
	if err != nil {
		return Invite{}, fmt.Errorf("read invite: it %w", err)
	}
	return in, nil
}

// parseInvite says what is wrong as a predicate, which conn_string completes as well.
func parseInvite(s string) (Invite, error) {
	if strip(s) == "" {
		return Invite{}, errors.New("is empty; give the whole string that you were sent")
	}
	plain, err := decodeBase64(s)
	if err != nil {
		return Invite{}, damaged(err)
	}
	parts := strings.Split(plain, ";")
	switch {
	case strings.HasPrefix(plain, "orion/"):
		return fullInvite(plain, parts)
	case len(parts) < 3 || len(parts) > sipParts:
		return Invite{}, damaged(wrongCount(parts))
	case hex64.MatchString(parts[1]) && len(parts[2]) == checkDigits: // fingerprint and check, where an account would be
		return Invite{}, damaged(errors.New("is the end of a full one, its beginning is missing"))
	}
	return takeParts(parts)
}

func damaged(why error) error {
	return fmt.Errorf("is damaged: it %w; ask for it again", why)
}

func wrongCount(parts []string) error {
	return fmt.Errorf("has %d parts where user;password;server;call_no has %d and a full invite %d (a `;` cannot stand in a part)",
		len(parts), sipParts, len(inviteParts)+2)
}

// fullInvite checks the whole before the parts: once the check at the end is right, what is odd was made so.
func fullInvite(plain string, parts []string) (Invite, error) {
	end := max(0, strings.LastIndexByte(plain, ';'))
	intact, whole := plain[end:] == ";"+checkOf(plain[:end]), len(parts) == len(inviteParts)+2
	switch {
	case !intact && !whole:
		return Invite{}, damaged(wrongCount(parts))
	case !intact:
		return Invite{}, damaged(errors.New("does not fit the check digits at its end"))
	case !whole || parts[0] != fullMark:
		return Invite{}, errVersion
	}
	var own []string
	for n, p := range parts[1 : len(parts)-1] {
		u := unescape.Replace(p)
		if escape.Replace(u) != p {
			return Invite{}, damaged(fmt.Errorf("has a part %d (%s) with a broken escape", n+1, inviteParts[n].name))
		}
		if n >= sipParts && u == "" {
			return Invite{}, damaged(fmt.Errorf("has nothing as part %d (%s)", n+1, inviteParts[n].name))
		}
		own = append(own, u)
	}
	return takeParts(own)
}

func takeParts(parts []string) (Invite, error) {
	var in Invite
	for n, p := range parts {
		if p == "" {
			continue
		}
		part := inviteParts[n]
		if err := part.take(part.at(&in), p); err != nil {
			return Invite{}, damaged(fmt.Errorf("has a part %d (%s) that %w", n+1, part.name, err))
		}
	}
	return in, nil
}

func connStringError(s string) error {
	_, err := parseInvite(s)
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
	plain, err := base64.RawStdEncoding.Strict().DecodeString(s)
	var corrupt base64.CorruptInputError
	switch {
	case errors.As(err, &corrupt) && int(corrupt) < len(s) && !isBase64(s[corrupt]):
		return "", fmt.Errorf("is no base64 at character %d of %d", int(corrupt)+1, len(s))
	case err != nil:
		return "", fmt.Errorf("is base64 with characters missing, or another at its end (it has %d)", len(s))
	case !utf8.Valid(plain):
		return "", errors.New("is base64 of something that is no text")
	}
	return string(plain), nil
}

func isBase64(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b == '+' || b == '/'
}
