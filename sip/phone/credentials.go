package phone

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
)

// credentials is the account that answers challenges. It has no exported field and prints as its user only.
type credentials struct{ user, password string }

func (c credentials) String() string { return c.user }

// answer is the value of the Authorization header for a request (RFC 7616 section 3.4). Each nonce is used once.
func (c credentials) answer(ch challenge, method, uri string, body []byte) (string, error) {
	var fresh [12]byte
	if _, err := rand.Read(fresh[:]); err != nil {
		return "", fmt.Errorf("answer challenge: %w", err)
	}
	return c.answerWith(ch, method, uri, body, hex.EncodeToString(fresh[:]))
}

func (c credentials) answerWith(ch challenge, method, uri string, body []byte, cnonce string) (string, error) {
	rank, ok := ch.strength()
	if !ok {
		return "", fmt.Errorf("answer challenge: algorithm %q is not known", printable(ch.algorithm))
	}
	h := func(parts ...string) string {
		sum := algorithms[rank].new()
		sum.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(sum.Sum(nil))
	}
	a1 := h(c.user, ch.realm, c.password)
	if strings.HasSuffix(strings.ToUpper(ch.algorithm), "-SESS") {
		a1 = h(a1, ch.nonce, cnonce)
	}
	a2 := h(method, uri)
	if ch.qop == "auth-int" {
		a2 = h(method, uri, h(string(body)))
	}
	response := h(a1, ch.nonce, a2)
	if ch.qop != "" {
		response = h(a1, ch.nonce, "00000001", cnonce, ch.qop, a2)
	}
	return c.write(ch, uri, cnonce, response), nil
}

// write puts the header together; algorithm, qop and nc stand without quotes (RFC 7616 section 3.4).
func (c credentials) write(ch challenge, uri, cnonce, response string) string {
	out := fmt.Sprintf(`Digest username=%s, realm=%s, nonce=%s, uri=%s, response="%s"`,
		quote(c.user), quote(ch.realm), quote(ch.nonce), quote(uri), response)
	if ch.algorithm != "" {
		out += ", algorithm=" + ch.algorithm
	}
	if ch.opaque != "" {
		out += ", opaque=" + quote(ch.opaque)
	}
	if ch.qop != "" || strings.HasSuffix(strings.ToUpper(ch.algorithm), "-SESS") {
		out += fmt.Sprintf(`, cnonce="%s"`, cnonce)
	}
	if ch.qop != "" {
		out += ", qop=" + ch.qop + ", nc=00000001"
	}
	return out
}

// quote writes a quoted-string; line ends cannot stand in one.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "", "\n", "").Replace(text) + `"`
}
