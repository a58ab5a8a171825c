package setup

import (
	"io/fs"
	"strings"
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

// made are the names of all that a plan may write.
func made() []string { return []string{wifiFile, countryFile, hostnameFile, timezoneFile, keysFile} }

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
