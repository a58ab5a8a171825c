package setup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"orionbox/audio/disk"
)

// The folders in the state's: NetworkManager's connections, and what belongs to SSH.
const (
	network = "network"
	keys    = "ssh"
)

const (
	secret = 0o600 // NetworkManager and sshd refuse a wider one
	plain  = 0o644
)

// file is one to be written, name below the state's folder.
type file struct {
	what, name string
	mode       fs.FileMode
	data       []byte
}

const (
	wifiFile     = network + "/orionbox.nmconnection"
	countryFile  = "country"
	hostnameFile = "hostname"
	timezoneFile = "timezone"
	keysFile     = keys + "/authorized_keys"
)

// files are what becomes of the plan for the computer. The keys replace all that were there: that is how one is taken away.
func (p Plan) files() []file {
	var all []file
	add := func(value, what, name string, mode fs.FileMode, text string) {
		if value != "" {
			all = append(all, file{what, name, mode, []byte(text)})
		}
	}
	add(p.WiFi, "set the Wi-Fi network "+p.WiFi, wifiFile, secret, joining(p.WiFi, string(p.WiFiPassword)))
	add(p.Country, "set the radio's country "+p.Country, countryFile, plain, p.Country+"\n")
	add(p.Hostname, "set the host name "+p.Hostname, hostnameFile, plain, p.Hostname+"\n")
	add(p.Timezone, "set the time zone "+p.Timezone, timezoneFile, plain, p.Timezone+"\n")
	keys := strings.Join(p.SSHKeys, "\n")
	add(keys, "set the keys that may log in over SSH", keysFile, secret, keys+"\n")
	return all
}

// put writes a file wholly or not at all. What a cut left of an earlier try is removed: it may hold a secret.
func put(path string, data []byte, mode fs.FileMode) error {
	return errors.Join(clearHalf(path), disk.ReplaceAs(path, data, mode))
}

// half is what the name of a file on its way to its place ends in (os.CreateTemp).
var half = regexp.MustCompile(`^[0-9]+$`)

func clearHalf(path string) error {
	dir, prefix := filepath.Dir(path), "."+filepath.Base(path)+"."
	entries, err := os.ReadDir(dir)
	errs := []error{err}
	for _, e := range entries {
		if end, found := strings.CutPrefix(e.Name(), prefix); found && half.MatchString(end) {
			errs = append(errs, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return errors.Join(errs...)
}
