package conf

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The allowed lists, as they are written back.
var (
	transports  = []string{"udp", "tcp"}
	encryptions = []string{"none"}
	roles       = []string{"ARTIST", "PRODUCER", "LISTENER"}
	codecs      = []string{"Default", "opus", "G722", "PCMU", "PCMA"}
	policies    = []string{"live", "end", "request"}
	cueKinds    = []string{"words", "tones", "off"}
	powerOffs   = []string{"auto", "yes", "no"}
	widths      = []int{2, 3, 4}
	channels    = []int{1, 2}
	rates       = []int{44100, 48000, 88200, 96000}
	// bitrates are those of MPEG-1 layer III (ISO/IEC 11172-3, 2.4.2.3) in kbit/s, from where a frame has room for the
	// Info header that tells players its length.
	bitrates = []int{64, 80, 96, 112, 128, 160, 192, 224, 256, 320}
)

const (
	maxGPIO     = 1023
	lineAllowed = "a line's number, 0 to 1023, or name, as GPIO17, with ! in front for active low; or none"
	seatAllowed = "a name or id, as `orionbox peers` shows them"
)

// The takers: each checks value, and stores it only when it is right.

func text(dst *string, value string, check func(string) error) error {
	if err := check(value); err != nil {
		return err
	}
	*dst = value
	return nil
}

func secret(dst *Secret, value string, check func(string) error) error {
	return text((*string)(dst), value, check)
}

// oneOf takes an element of allowed in any case and stores it as the list has it.
func oneOf(dst *string, value string, allowed []string) error {
	i := slices.IndexFunc(allowed, func(a string) bool { return strings.EqualFold(a, value) })
	if i < 0 {
		return errors.New("is not one of the allowed")
	}
	*dst = allowed[i]
	return nil
}

// later turns the refusal of a value that is planned into one that says so.
func later(err error, value string, planned ...string) error {
	for _, p := range planned {
		if err != nil && strings.EqualFold(value, p) {
			return errors.New("is not supported yet")
		}
	}
	return err
}

func number(dst *int, value string, lowest, highest int) error {
	n, err := strconv.Atoi(value)
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && (n < lowest || n > highest):
		return errors.New("is out of range")
	case err != nil:
		return errors.New("is not a whole number")
	}
	*dst = n
	return nil
}

func numberOf(dst *int, value string, allowed []int) error {
	n, err := strconv.Atoi(value)
	if err != nil {
		return errors.New("is not a whole number")
	}
	if !slices.Contains(allowed, n) {
		return errors.New("is not one of the allowed")
	}
	*dst = n
	return nil
}

func seconds(dst *time.Duration, value string, highest time.Duration) error {
	if !decimal.MatchString(value) {
		return errors.New("is not a number of seconds")
	}
	s, err := strconv.ParseFloat(value, 64)
	if err != nil || s > highest.Seconds() {
		return errors.New("is out of range")
	}
	*dst = time.Duration(s * float64(time.Second)).Round(time.Microsecond)
	return nil
}

// wholeSeconds takes 0 as well: never.
func wholeSeconds(dst *time.Duration, value string, lowest, highest int) error {
	var n int
	if err := number(&n, value, 0, highest); err != nil {
		return err
	}
	if n > 0 && n < lowest {
		return errors.New("is out of range")
	}
	*dst = time.Duration(n) * time.Second
	return nil
}

func megabytes(dst *int64, value string, lowest, highest int) error {
	var n int
	if err := number(&n, value, lowest, highest); err != nil {
		return err
	}
	*dst = int64(n) * 1_000_000
	return nil
}

// yesNo takes what ConfigParser.getboolean does.
func yesNo(dst *bool, value string) error {
	switch strings.ToLower(value) {
	case "yes", "true", "on", "1":
		*dst = true
	case "no", "false", "off", "0":
		*dst = false
	default:
		return errors.New("is neither yes nor no")
	}
	return nil
}

func fingerprint(dst *string, value string) error {
	hex := strings.ToLower(strings.ReplaceAll(value, ":", ""))
	hex = strings.TrimPrefix(hex, "sha256")
	if !hex64.MatchString(hex) {
		return errors.New("is not a SHA-256 fingerprint")
	}
	*dst = hex
	return nil
}

func gpioLine(c *Config, name, value string) error {
	if strings.EqualFold(value, "none") {
		delete(c.Hardware.Lines, name)
		return nil
	}
	line, low := strings.CutPrefix(value, "!")
	line = strip(line)
	if strings.Trim(line, "0123456789") == "" {
		var n int
		if err := number(&n, line, 0, maxGPIO); err != nil {
			return err
		}
		line = strconv.Itoa(n)
	} else if !lineName.MatchString(line) {
		return errors.New("is neither the number nor the name of a line")
	}
	if low {
		line = "!" + line
	}
	c.Hardware.Lines[name] = line
	return nil
}

// The checks. Their errors never repeat the value: it may be a secret.

var (
	decimal  = regexp.MustCompile(`^[0-9]{1,6}(\.[0-9]{1,9})?$`)
	hex64    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	dial     = regexp.MustCompile(`^[0-9A-Za-z+*#._-]+(,[0-9*#A-Da-d,]*)?$`)
	hostname = regexp.MustCompile(`^([0-9A-Za-z_]([0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?)(\.[0-9A-Za-z_]([0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?)*\.?$`)
	chip     = regexp.MustCompile(`^[0-9A-Za-z._:-]{1,64}$`)
	lineName = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z._/:+-]{0,31}$`)
	bucket   = regexp.MustCompile(`^s3://[0-9a-z][0-9a-z.-]{1,61}[0-9a-z](/.*)?$`)
	bcrypt   = regexp.MustCompile(`^\$2[aby]\$[0-9]{2}\$[./0-9A-Za-z]{53}$`)
	argon2   = regexp.MustCompile(`^\$argon2id\$v=[0-9]+\$[a-z0-9=,]+\$[+/0-9A-Za-z]+\$[+/0-9A-Za-z]+$`)
)

func oneLine(v string) error {
	if strings.ContainsFunc(v, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }) {
		return errors.New("goes over several lines or holds control characters")
	}
	return nil
}

func noSpaces(v string) error {
	if err := oneLine(v); err != nil {
		return err
	}
	if strings.ContainsFunc(v, isSpace) {
		return errors.New("holds a space")
	}
	return nil
}

func sipUser(v string) error {
	if strings.ContainsAny(v, `<>"`) {
		return errors.New("is no user name; leave out <, > and quotes")
	}
	if strings.HasPrefix(strings.ToLower(v), "sip:") {
		return errors.New("is an address; give the part between sip: and @")
	}
	return noSpaces(v)
}

func personName(v string) error {
	if utf8.RuneCountInString(v) > 64 {
		return errors.New("is too long")
	}
	return oneLine(v)
}

func callNumber(v string) error {
	if !dial.MatchString(v) {
		return errors.New("is no number to call")
	}
	return nil
}

// plainNumber is one without digits to send.
func plainNumber(v string) error {
	if strings.Contains(v, ",") {
		return errors.New("has digits to send, which an echo needs not")
	}
	return callNumber(v)
}

func host(v string) error {
	// the zone of an IPv6 address could hold anything
	if _, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(v, "["), "]")); err == nil && noSpaces(v) == nil {
		return nil
	}
	if len(v) > 253 || !hostname.MatchString(v) {
		return errors.New("is neither an IP address nor a host name")
	}
	if strings.Trim(v, "0123456789.") == "" {
		return errors.New("is not a whole IP address")
	}
	return nil
}

func hostMaybePort(v string) error {
	if host(v) == nil && (!strings.Contains(v, ":") || strings.HasPrefix(v, "[")) {
		return nil
	}
	return hostPort(v)
}

func hostPort(v string) error { return hostPortFrom(v, 1) }

// hostPortFrom takes ports from lowest on.
func hostPortFrom(v string, lowest int) error {
	h, p, err := net.SplitHostPort(v)
	if err != nil {
		if _, err := netip.ParseAddr(v); err == nil {
			return errors.New("is an IPv6 address without brackets")
		}
		return errors.New("is no host and port")
	}
	if err := host(h); err != nil {
		return fmt.Errorf("the host %w", err)
	}
	var n int
	if err := number(&n, p, lowest, 65535); err != nil {
		return fmt.Errorf("the port %w", err)
	}
	return nil
}

// listenAddress takes port 0 too: any free one.
func listenAddress(v string) error {
	if port, ok := strings.CutPrefix(v, ":"); ok {
		return hostPortFrom("localhost:"+port, 0)
	}
	return hostPortFrom(v, 0)
}

func pageAddress(v string) error {
	if v == "off" {
		return nil
	}
	return listenAddress(v)
}

func hostNames(dst *[]string, value string) error {
	var names []string
	for _, one := range strings.Split(value, ",") {
		name := strip(one)
		if err := host(name); err != nil {
			return err
		}
		names = append(names, name)
	}
	*dst = names
	return nil
}

func folder(v string) error {
	if strings.HasPrefix(v, "~") {
		return errors.New("begins with ~, which is not expanded; write the whole path")
	}
	return oneLine(v)
}

func soundDevice(v string) error {
	prefix, path := soundFile(v)
	switch {
	case prefix != "" && path == "":
		return errors.New("names no file")
	case prefix != "":
		return folder(path)
	}
	return oneLine(v)
}

// soundFile takes a device that is a file apart; without a prefix it is none.
func soundFile(v string) (prefix, path string) {
	for _, prefix := range []string{"file:", "room:"} {
		if path, ok := strings.CutPrefix(v, prefix); ok {
			return prefix, path
		}
	}
	return "", v
}

func chipName(v string) error {
	if !chip.MatchString(v) {
		return errors.New("is no name of a chip")
	}
	return nil
}

func spiDevice(v string) error {
	if v != "" && !strings.HasPrefix(v, "/dev/") {
		return errors.New("is no device")
	}
	return oneLine(v)
}

func store(v string) error {
	if strings.HasPrefix(v, "s3:") && !bucket.MatchString(v) {
		return errors.New("is no s3://bucket")
	}
	return folder(v)
}

func natsURLs(v string) error {
	for _, one := range strings.Split(v, ",") {
		u, err := url.Parse(strip(one))
		if err != nil || u.Host == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) {
			return errors.New("is no address of a NATS server")
		}
	}
	return nil
}

func passwordHash(v string) error {
	if !bcrypt.MatchString(v) && !argon2.MatchString(v) {
		return errors.New("is no hash (a password does not stand here itself)")
	}
	return nil
}

func list(values []string) string { return strings.Join(values, ", ") }

func numbers(values []int) string { return list(texts(values)) }

func texts(values []int) []string {
	var s []string
	for _, v := range values {
		s = append(s, strconv.Itoa(v))
	}
	return s
}
