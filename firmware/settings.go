package firmware

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"orionbox/audio/device"
	"orionbox/firmware/conf"
	"orionbox/firmware/invite"
	"orionbox/webadmin"
)

// settings is conn.conf as the page changes it. What is saved holds from the next start of the box.
type settings struct {
	path string
	key  []byte // of the tags: a value cannot be guessed from one
	mu   sync.Mutex
}

func newSettings(path string) *settings {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // which never fails (crypto/rand)
	return &settings{path: path, key: key}
}

func (s *settings) tag(value string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(value)) // which never fails (hash.Hash)
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// Form implements webadmin.Settings.
func (s *settings) Form(context.Context) (webadmin.SettingsForm, error) {
	f, err := conf.LoadOrNew(s.path)
	if err != nil {
		return webadmin.SettingsForm{}, err
	}
	form := webadmin.SettingsForm{Path: s.path, Problems: []string{}}
	for _, p := range f.Problems() {
		form.Problems = append(form.Problems, p.String())
	}
	names, meanings := conf.Sections()
	for i, name := range names {
		section := webadmin.SettingsSection{Name: name, Meaning: meanings[i]}
		for _, k := range conf.Keys() {
			if k.Section == name && k.Name != "password_hash" { // which has a form of its own
				section.Keys = append(section.Keys, s.setting(f, k))
			}
		}
		form.Sections = append(form.Sections, section)
	}
	return form, nil
}

func (s *settings) setting(f *conf.File, k conf.Key) webadmin.Setting {
	value := f.Get(k.Section, k.Name)
	set := webadmin.Setting{ID: k.Section + "." + k.Name, Name: k.Name, Value: value, IsSet: value != "", Secret: k.Secret, Tag: s.tag(value),
		Default: k.Default, Allowed: k.Allowed, Meaning: k.Meaning, Choices: k.Choices}
	if k.Secret {
		set.Value = ""
	}
	if k.Section == "AudioSettings" && (k.Name == "mic" || k.Name == "speakers") {
		set.Offers = sounds(k.Name == "mic")
	}
	return set
}

// sounds are the sound cards that there are, as conn.conf takes them.
func sounds(microphones bool) []string {
	offers := []string{device.Default, "null"}
	cards, err := device.List()
	if err != nil {
		return offers
	}
	for _, c := range cards {
		if microphones && c.Capture || !microphones && c.Playback {
			offers = append(offers, c.Name)
		}
	}
	return offers
}

const saveTries = 3 // for a file that somebody else saves at the same moment

// Change implements webadmin.Settings.
func (s *settings) Change(_ context.Context, changes []webadmin.SettingChange) (problems map[string]string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range saveTries {
		problems, err = s.change(changes)
		if !errors.Is(err, conf.ErrChanged) {
			break
		}
	}
	return problems, err
}

func (s *settings) change(changes []webadmin.SettingChange) (map[string]string, error) {
	f, err := conf.LoadOrNew(s.path)
	if err != nil {
		return nil, err
	}
	problems := map[string]string{}
	for _, c := range changes {
		section, name, _ := strings.Cut(c.ID, ".")
		now := f.Get(section, name)
		switch {
		case s.tag(now) != c.Tag && now != c.Value:
			problems[c.ID] = "somebody else has changed it meanwhile: look what it is now, and change it again if you still want to"
		default:
			if err := f.Set(section, name, c.Value); err != nil {
				problems[c.ID] = err.Error()
			}
		}
	}
	if len(problems) == 0 {
		problems = usable(f.Config(), changes)
	}
	if len(problems) > 0 {
		return problems, nil
	}
	if err := f.Save(); err != nil {
		return nil, refused(err)
	}
	return nil, nil
}

// usable tries what would keep the page, or the box, from coming back at the next start.
func usable(set conf.Config, changes []webadmin.SettingChange) map[string]string {
	problems := map[string]string{}
	for _, c := range changes {
		var err error
		switch c.ID {
		case "Admin.certificate", "Admin.key":
			if set.Admin.Certificate != "" || set.Admin.Key != "" {
				_, err = tls.LoadX509KeyPair(set.Admin.Certificate, set.Admin.Key)
			}
		case "Admin.listen", "Hub.listen":
			err = own(c.Value)
		case "AudioSettings.recording_location":
			err = os.MkdirAll(set.AudioSettings.RecordingLocation, 0o750)
		}
		if err != nil {
			problems[c.ID] = "it cannot be used here: " + err.Error()
		}
	}
	return problems
}

// own tells whether an address to listen on is one of this computer's.
func own(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "" { // off, unset, or every address
		return nil
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return err
	}
	return l.Close()
}

// refused is an error that the person at the page can act on.
func refused(err error) error {
	if errors.Is(err, conf.ErrChanged) {
		return err
	}
	return &webadmin.Error{Status: http.StatusConflict, Text: err.Error()}
}

// Join implements webadmin.Settings.
func (s *settings) Join(_ context.Context, text string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, err := conf.ParseInvite(text)
	if err != nil {
		return "", &webadmin.Error{Status: http.StatusBadRequest, Text: err.Error()}
	}
	f, err := conf.LoadOrNew(s.path)
	if err != nil {
		return "", err
	}
	set, err := invite.Join(f, in)
	if err == nil {
		err = f.Save()
	}
	if err != nil {
		return "", refused(err)
	}
	var keys []string
	for _, k := range set {
		keys = append(keys, k.Key)
	}
	return fmt.Sprintf("the invite is taken; it has set %s", strings.Join(keys, ", ")), nil
}

// QR implements webadmin.Settings.
func (s *settings) QR(text string) ([]byte, error) { return invite.PNG(text) }
