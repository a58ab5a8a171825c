package setup

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"
)

const bom = "\ufeff" // the mark that Windows puts before a text

// text is what the bytes of a file mean: UTF-8, or UTF-16 as Windows Notepad may write it, without the mark before it.
func text(data []byte) (string, error) {
	if bytes.HasPrefix(data, []byte(`{\rtf`)) {
		return "", errors.New("the file is no plain text but RTF; in TextEdit choose Format > Make Plain Text, and save it again")
	}
	if order := wide(data); order != nil {
		data = narrow(data, order)
	}
	return strings.TrimPrefix(string(data), bom), nil
}

// wide is the byte order of UTF-16, by its mark or by the zero beside the first sign; nil for anything else.
func wide(data []byte) binary.ByteOrder {
	switch {
	case len(data) < 2:
	case data[0] == 0xff && data[1] == 0xfe, data[0] != 0 && data[1] == 0:
		return binary.LittleEndian
	case data[0] == 0xfe && data[1] == 0xff, data[0] == 0 && data[1] != 0:
		return binary.BigEndian
	}
	return nil
}

// narrow is UTF-8; what is no sign becomes U+FFFD, which the line it is in is refused for.
func narrow(data []byte, order binary.ByteOrder) []byte {
	var units []uint16
	for ; len(data) > 1; data = data[2:] {
		units = append(units, order.Uint16(data))
	}
	out := string(utf16.Decode(units))
	if len(data) > 0 {
		out += "\ufffd"
	}
	return []byte(out)
}

// lines are those of a text, however it ends them.
func lines(text string) []string {
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
}

// doubled and single are what editors make of a quote.
const (
	doubled = "\"“”„‟«»"
	single  = "'‘’‚‛"
)

// unquoted is a value without the pair of quotes around it, which keeps spaces at its ends.
func unquoted(value string) string {
	runes := []rune(value)
	if len(runes) < 2 {
		return value
	}
	first, last := runes[0], runes[len(runes)-1]
	for _, kind := range []string{doubled, single} {
		if strings.ContainsRune(kind, first) && strings.ContainsRune(kind, last) {
			return string(runes[1 : len(runes)-1])
		}
	}
	return value
}
