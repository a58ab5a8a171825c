package phone

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"strings"
)

// challenge is one WWW-Authenticate or Proxy-Authenticate header (RFC 7616 section 3.3).
type challenge struct {
	realm, nonce, opaque string
	algorithm            string // as it was written; empty means MD5
	qop                  string // "auth", "auth-int", or empty for the way of RFC 2069
	stale                bool
}

// algorithms by strength, the strongest first (RFC 8760 section 2.3).
var algorithms = []struct {
	name string
	new  func() hash.Hash
}{
	{"SHA-512-256", sha512.New512_256},
	{"SHA-256", sha256.New},
	{"MD5", md5.New},
}

// strength is the index of the challenge's algorithm in algorithms; false if it is none of them.
func (c challenge) strength() (int, bool) {
	name := strings.ToUpper(c.algorithm)
	if name == "" {
		name = "MD5"
	}
	for i, a := range algorithms {
		if strings.TrimSuffix(name, "-SESS") == a.name {
			return i, true
		}
	}
	return 0, false
}

// strongest chooses among the challenges of one response. A server lists one header an algorithm; those that cannot be
// read or answered are passed over.
func strongest(values []string) (challenge, error) {
	best, rank, found := challenge{}, 0, false
	for _, value := range values {
		c, err := parseChallenge(value)
		if err != nil {
			continue
		}
		if r, ok := c.strength(); ok && (!found || r < rank) {
			best, rank, found = c, r, true
		}
	}
	if !found {
		return challenge{}, errors.New("the server asks for an authentication that is not known here")
	}
	return best, nil
}

// parseChallenge reads `Digest realm="x", nonce="y", ...`.
func parseChallenge(value string) (challenge, error) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	if !strings.EqualFold(scheme, "Digest") {
		return challenge{}, fmt.Errorf("read challenge: scheme %q", printable(scheme))
	}
	var c challenge
	for rest != "" {
		var key, val string
		var err error
		if key, val, rest, err = cutParameter(rest); err != nil {
			return challenge{}, err
		}
		c.put(key, val)
	}
	if c.nonce == "" {
		return challenge{}, errors.New("read challenge: no nonce")
	}
	return c, nil
}

func (c *challenge) put(key, value string) {
	switch strings.ToLower(key) {
	case "realm":
		c.realm = value
	case "nonce":
		c.nonce = value
	case "opaque":
		c.opaque = value
	case "algorithm":
		c.algorithm = value
	case "stale":
		c.stale = strings.EqualFold(value, "true")
	case "qop":
		c.qop = chooseQOP(value)
	}
}

// chooseQOP takes auth of a list; auth-int only when it is all there is.
func chooseQOP(list string) string {
	chosen := ""
	for _, q := range strings.Split(list, ",") {
		switch q = strings.ToLower(strings.TrimSpace(q)); q {
		case "auth":
			return q
		case "auth-int":
			chosen = q
		}
	}
	return chosen
}

// cutParameter takes `key="va\"lue", ` or `key=value,` from the front.
func cutParameter(text string) (key, value, rest string, err error) {
	key, rest, found := strings.Cut(strings.TrimLeft(text, ", \t"), "=")
	if !found {
		if strings.Trim(text, ", \t") == "" {
			return "", "", "", nil
		}
		return "", "", "", errors.New("read challenge: parameter without value")
	}
	rest = strings.TrimLeft(rest, " \t")
	if !strings.HasPrefix(rest, `"`) {
		value, rest, _ = strings.Cut(rest, ",")
		return strings.TrimSpace(key), strings.TrimSpace(value), rest, nil
	}
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			if i++; i < len(rest) {
				b.WriteByte(rest[i])
			}
		case '"':
			return strings.TrimSpace(key), b.String(), rest[i+1:], nil
		default:
			b.WriteByte(rest[i])
		}
	}
	return "", "", "", errors.New("read challenge: quote without end")
}
