package phone

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// number is who calls whom, read from the configuration.
type number struct {
	account sip.Uri // our address of record
	target  sip.Uri // who is called
	digits  string  // sent once the call is up, pauses included
	host    string  // of the server
	port    int     // 0 if not said
}

// parseNumber takes the configuration apart. What does not name a person or a host is refused, since it would end up in
// the lines of a request.
func parseNumber(cfg Config) (number, error) {
	var n number
	var err error
	if n.host, n.port, err = parseServer(cfg.Server); err != nil {
		return n, err
	}
	if n.account, err = parseAddress(cfg.User, n.host); err != nil {
		return n, fmt.Errorf("user %q: %w", cfg.User, err)
	}
	callee, digits, found := strings.Cut(cfg.CallNo, ",")
	if found {
		// The comma that ends the number is a pause as well: the far side needs a moment to be ready.
		n.digits = "," + digits
	}
	callee = strings.TrimPrefix(strings.TrimSpace(callee), "sip:")
	if n.target, err = parseAddress(callee, n.account.Host); err != nil {
		return n, fmt.Errorf("call_no %q: %w", callee, err) // what follows the comma may be a PIN
	}
	if strings.Trim(n.digits, ",0123456789*#ABCDabcd") != "" {
		return n, errors.New("call_no: after the comma only digits, *, #, A to D and commas are allowed")
	}
	return n, nil
}

// parseAddress reads "name" or "name@host".
func parseAddress(text, host string) (sip.Uri, error) {
	name, where, given := strings.Cut(text, "@")
	uri := sip.Uri{Scheme: "sip", User: escape(name), Host: host}
	if name == "" || strings.ContainsAny(name, " \t\r\n<>\"") {
		return uri, errors.New("not a name or number")
	}
	if !given {
		return uri, nil
	}
	var err error
	uri.Host, uri.Port, err = parseServer(where)
	return uri, err
}

// parseServer reads host, host:port, ipv6 and [ipv6]:port.
func parseServer(server string) (host string, port int, err error) {
	server = strings.TrimPrefix(strings.TrimSpace(server), "sip:")
	if addr, err := netip.ParseAddr(strings.Trim(server, "[]")); err == nil {
		return addr.WithZone("").String(), 0, nil
	}
	if ap, err := netip.ParseAddrPort(server); err == nil && ap.Port() > 0 {
		return ap.Addr().WithZone("").String(), int(ap.Port()), nil
	}
	host, text, found := cutLast(server, ":")
	if found {
		if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
			return "", 0, fmt.Errorf("server %q: the port must be 1 to 65535", server)
		}
	}
	if host == "" || strings.Trim(strings.ToLower(host), "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
		return "", 0, fmt.Errorf("server %q is not a host name or address", server)
	}
	return host, port, nil
}

func cutLast(text, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(text, sep); i >= 0 {
		return text[:i], text[i+len(sep):], true
	}
	return text, "", false
}

// escape writes a user part as RFC 3261 section 25.1 allows it: "#" must be "%23".
func escape(user string) string {
	var b strings.Builder
	for _, c := range []byte(user) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-_.!~*'()&=+$,;?/", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
