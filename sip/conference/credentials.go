package conference

import (
	"errors"
	"strconv"
	"strings"
)

// credentials is what an Authorization header says (RFC 7616 section 3.4), unquoted.
type credentials struct {
	user, realm, nonce, uri, response string
	algorithm, cnonce, opaque, qop    string
	// count is nc: how often the nonce was used, this time included.
	count uint32
	// countText is nc as it was written: eight hex digits, part of what is hashed.
	countText string
}

var errCredentials = errors.New("malformed digest credentials")

// parseCredentials reads the value of an Authorization or Proxy-Authorization header. Parameters that it does not know
// are skipped, one that comes twice or is missing is an error.
func parseCredentials(value string) (credentials, error) {
	var c credentials
	scheme, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	if !strings.EqualFold(scheme, "Digest") {
		return c, errCredentials
	}
	fields := map[string]*string{
		"username": &c.user, "realm": &c.realm, "nonce": &c.nonce, "uri": &c.uri, "response": &c.response,
		"algorithm": &c.algorithm, "cnonce": &c.cnonce, "opaque": &c.opaque, "qop": &c.qop, "nc": &c.countText,
	}
	for rest = strings.TrimSpace(rest); rest != ""; {
		var name, text string
		var ok bool
		if name, text, rest, ok = nextParam(rest); !ok {
			return credentials{}, errCredentials
		}
		field := fields[strings.ToLower(name)]
		if field == nil {
			continue
		}
		if *field != "" {
			return credentials{}, errCredentials
		}
		*field = text
	}
	return c, c.complete()
}

// complete checks that everything is there that qop=auth needs, and reads the count.
func (c *credentials) complete() error {
	for _, must := range []string{c.user, c.realm, c.nonce, c.uri, c.response, c.cnonce, c.qop} {
		if must == "" {
			return errCredentials
		}
	}
	count, err := strconv.ParseUint(c.countText, 16, 32)
	if err != nil || len(c.countText) != 8 {
		return errCredentials
	}
	c.count = uint32(count)
	return nil
}

// nextParam cuts one name=value or name="value" off a list with commas.
func nextParam(list string) (name, value, rest string, ok bool) {
	name, rest, ok = strings.Cut(list, "=")
	name, rest = strings.TrimSpace(name), strings.TrimLeft(rest, " \t")
	if !ok || name == "" || strings.ContainsAny(name, "\", \t") {
		return "", "", "", false
	}
	if strings.HasPrefix(rest, `"`) {
		value, rest, ok = unquote(rest[1:])
	} else {
		end := strings.IndexByte(rest, ',')
		if end < 0 {
			end = len(rest)
		}
		value, rest = strings.TrimSpace(rest[:end]), rest[end:]
		ok = !strings.ContainsAny(value, "\" \t")
	}
	rest = strings.TrimLeft(rest, " \t")
	if !ok || rest != "" && rest[0] != ',' {
		return "", "", "", false
	}
	return name, value, strings.TrimLeft(rest, ", \t"), true
}

// unquote reads up to the closing quote of a quoted-string (RFC 3261 section 25.1); what follows a backslash is taken
// as it is.
func unquote(s string) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// quote writes a quoted-string.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
