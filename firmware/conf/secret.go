package conf

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"unicode"
)

// Secret is a string that does not print: every verb of fmt, slog and JSON shows only whether it is set. string(s) is the
// way to the value.
type Secret string

// String implements fmt.Stringer.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(set)"
}

// Format implements fmt.Formatter: %q, %x and %#v are no way round String.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements encoding.TextMarshaler, which JSON uses.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Show is a value of the key as a person may see it: a secret only as set, a PIN hidden, what does not print escaped.
func (k Key) Show(value string) string {
	switch {
	case k.Secret && value != "":
		return "(set)"
	case k.Name == "call_no":
		return digitsHidden(value)
	case strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }):
		return strconv.Quote(value)
	}
	return value
}

// digitsHidden masks what is sent after the call is up: it is a conference PIN as often as not.
func digitsHidden(callNo string) string {
	number, digits, found := strings.Cut(callNo, ",")
	if !found || strings.Trim(digits, ",") == "" {
		return callNo
	}
	return number + ",(set)"
}
