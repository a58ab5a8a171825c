package device

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/gen2brain/malgo"
)

// Info is a sound card, or one of its devices, as a person chooses it.
type Info struct {
	ID       string `json:"id"` // stable: hw:CARD=..,DEV=.. for ALSA, the server's own name for PulseAudio
	Name     string `json:"name"`
	System   string `json:"system"` // "PulseAudio" or "ALSA"
	Capture  bool   `json:"capture"`
	Playback bool   `json:"playback"`
	Default  bool   `json:"default"` // the one that Default opens, for one of its directions at least
	plugin   bool   // not a card but a piece of ALSA's plumbing, of which it lists a dozen
}

// backends are asked in this order. Where a PulseAudio (or PipeWire) server runs, it holds the cards.
var backends = []malgo.Backend{malgo.BackendPulseaudio, malgo.BackendAlsa}

func backendName(b malgo.Backend) string {
	switch b {
	case malgo.BackendPulseaudio:
		return "PulseAudio"
	case malgo.BackendAlsa:
		return "ALSA"
	}
	return "no hardware"
}

// target is a card that was found: which sound system opens it by what id. An empty id is the system's default.
type target struct {
	backend  malgo.Backend
	id, name string
}

// List is every sound card that there is. None is no error, nor is a sound system that is not installed.
func List() ([]Info, error) {
	all, err := listAll()
	return slices.DeleteFunc(all, func(i Info) bool { return i.plugin }), err
}

// listAll is List with the plugins, which can be opened by their exact id.
func listAll() ([]Info, error) {
	var all []Info
	for _, b := range backends {
		infos, err := listBackend(b)
		if err != nil {
			return all, err
		}
		all = append(all, infos...)
	}
	return all, nil
}

func listBackend(b malgo.Backend) ([]Info, error) {
	context, err := malgo.InitContext([]malgo.Backend{b}, malgo.ContextConfig{}, nil)
	if err != nil {
		return nil, nil // not installed, or its server does not run
	}
	defer context.Free()
	var infos []Info
	for _, k := range []kind{capture, playback} {
		found, err := context.Devices(malgoKind(k))
		if err != nil {
			_ = context.Uninit()
			return nil, fmt.Errorf("list %s devices of %s: %w", k, backendName(b), err)
		}
		for i := range found {
			infos = merge(infos, describe(b, k, &found[i]))
		}
	}
	if err := context.Uninit(); err != nil {
		return nil, fmt.Errorf("leave %s: %w", backendName(b), err)
	}
	if b == malgo.BackendAlsa {
		markUSB(infos)
	}
	return infos, nil
}

func malgoKind(k kind) malgo.DeviceType {
	if k == capture {
		return malgo.Capture
	}
	return malgo.Playback
}

func describe(b malgo.Backend, k kind, d *malgo.DeviceInfo) Info {
	id, _, _ := bytes.Cut(d.ID[:], []byte{0})
	info := Info{ID: string(id), Name: d.Name(), System: backendName(b), Default: d.IsDefault != 0,
		Capture: k == capture, Playback: k == playback}
	if b == malgo.BackendAlsa {
		info.ID = stableID(procASound, info.ID)
		info.plugin = !strings.HasPrefix(info.ID, "hw:")
	}
	return info
}

// merge makes one entry of the two directions of one device.
func merge(infos []Info, d Info) []Info {
	i := slices.IndexFunc(infos, func(o Info) bool { return o.ID == d.ID && o.System == d.System })
	if i < 0 {
		return append(infos, d)
	}
	infos[i].Capture = infos[i].Capture || d.Capture
	infos[i].Playback = infos[i].Playback || d.Playback
	infos[i].Default = infos[i].Default || d.Default
	return infos
}

// markUSB marks the USB card as the default, as find takes it.
func markUSB(infos []Info) {
	for _, k := range []kind{capture, playback} {
		id := usbCard(procASound, k)
		if id == "" {
			continue
		}
		for i := range infos {
			infos[i].Default = infos[i].ID == id || infos[i].Default && !infos[i].can(k)
		}
	}
}

func (i Info) can(k kind) bool { return k == capture && i.Capture || k == playback && i.Playback }

// find looks a name of conn.conf up.
func find(name string, k kind) (target, error) {
	if strings.EqualFold(name, Default) {
		return findDefault(k)
	}
	all, err := listAll()
	if err != nil {
		return target{}, fmt.Errorf("%w: %w", ErrOpen, err)
	}
	if info, ok := match(all, name, k); ok {
		return target{backend: backendOf(info.System), id: info.ID, name: info.Name}, nil
	}
	if _, _, ok := parseHW(name); ok && cardExists(procASound, name) { // a subdevice or a plug that ALSA does not list
		return target{backend: malgo.BackendAlsa, id: name, name: name}, nil
	}
	return target{}, fmt.Errorf("%w; %s", ErrNotFound, choices(all, k))
}

func backendOf(system string) malgo.Backend {
	if system == "PulseAudio" {
		return malgo.BackendPulseaudio
	}
	return malgo.BackendAlsa
}

// findDefault is the server's choice where one runs, else the USB card, else ALSA's own default.
func findDefault(k kind) (target, error) {
	for _, b := range backends {
		infos, err := listBackend(b)
		if err != nil || !slices.ContainsFunc(infos, func(i Info) bool { return i.can(k) }) {
			continue
		}
		if b != malgo.BackendAlsa {
			return target{backend: b, name: Default}, nil
		}
		if id := usbCard(procASound, k); id != "" {
			return target{backend: b, id: id, name: nameOf(infos, id)}, nil
		}
		if hasCard(procASound, k) || os.Getenv("ALSA_CONFIG_PATH") != "" {
			return target{backend: b, name: Default}, nil
		} // else ALSA would only fill the log with what it cannot find
	}
	return target{}, fmt.Errorf("%w; there are none at all: plug in a USB audio interface", ErrNotFound)
}

// Identify tells which device a name stands for now, "" for the system's own choice or none. Default stands for another
// one as soon as a USB interface is plugged in.
func Identify(name string, microphone bool) string {
	if name != "" && !strings.EqualFold(name, Default) {
		return name
	}
	k := playback
	if microphone {
		k = capture
	}
	found, err := findDefault(k)
	if err != nil {
		return ""
	}
	return found.id
}

func nameOf(infos []Info, id string) string {
	for _, i := range infos {
		if i.ID == id {
			return i.Name
		}
	}
	return id
}

// match finds the device by id or name: exactly, else in any case, else by a part of the name that only one has.
func match(all []Info, name string, k kind) (Info, bool) {
	var able []Info
	for _, i := range all {
		if !i.can(k) {
			continue
		}
		if i.ID == name {
			return i, true
		}
		if !i.plugin {
			able = append(able, i)
		}
	}
	for _, same := range []func(Info) bool{
		func(i Info) bool { return i.Name == name },
		func(i Info) bool { return strings.EqualFold(i.ID, name) || strings.EqualFold(i.Name, name) },
	} {
		if n := slices.IndexFunc(able, same); n >= 0 {
			return able[n], true
		}
	}
	var found []Info
	for _, i := range able {
		if strings.Contains(strings.ToLower(i.Name), strings.ToLower(name)) {
			found = append(found, i)
		}
	}
	if len(found) == 1 {
		return found[0], true
	}
	return Info{}, false
}

// choices tells which names there are.
func choices(all []Info, k kind) string {
	var names []string
	for _, i := range all {
		if i.can(k) && !i.plugin {
			names = append(names, fmt.Sprintf("%q (%s)", i.Name, i.ID))
		}
	}
	if names == nil {
		return "there are none at all: plug in a USB audio interface"
	}
	return "there are " + strings.Join(names, ", ")
}
