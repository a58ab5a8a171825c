// Package invite owns what is done with an invite once it is made or read: putting it into conn.conf, and drawing it as a
// QR code. What it says, and its form, is conf.Invite's.
package invite

import (
	"bytes"
	"fmt"

	"orionbox/firmware/conf"
)

// Setting is a key of conn.conf that an invite sets, as a person may see it.
type Setting struct {
	Section string
	Key     string
	Value   string // of a secret only that it is set
	Secret  bool
}

// Join sets in file, in memory, what the invite carries and nothing else, and returns it for showing; the caller saves. An
// earlier invite, conn_string, is unset: one that stays would contradict the new. After an error the file holds half of
// it: load it again.
func Join(file *conf.File, in conf.Invite) ([]Setting, error) {
	var settings []Setting
	set := func(k conf.Key, value string) error {
		settings = append(settings, Setting{k.Section, k.Name, k.Show(value), k.Secret})
		return file.Set(k.Section, k.Name, value)
	}
	if err := in.Each(set); err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	before := file.Bytes()
	if err := file.Set("ConnectionDetails", "conn_string", ""); err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	if !bytes.Equal(before, file.Bytes()) {
		settings = append(settings, Setting{"ConnectionDetails", "conn_string", "(removed)", true})
	}
	return settings, nil
}
