package device

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gen2brain/malgo"
)

// fakeProc is /proc/asound of a Raspberry Pi with HDMI sound as card 0, a USB microphone and a USB interface.
func fakeProc(t *testing.T) string {
	root := t.TempDir()
	for path, text := range map[string]string{
		"card0/id": "vc4hdmi0\n", "card0/pcm0p/info": "",
		"card2/id": "Mike\n", "card2/usbid": "1234:5678\n", "card2/pcm0c/info": "",
		"card10/id": "Scarlett\n", "card10/usbid": "1235:8210\n", "card10/pcm0c/info": "", "card10/pcm0p/info": "",
		"Scarlett/id": "Scarlett\n",
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestIDsFollowTheCardNotItsNumber(t *testing.T) {
	root := fakeProc(t)
	for id, want := range map[string]string{
		":10,0": "hw:CARD=Scarlett,DEV=0", ":2,1": "hw:CARD=Mike,DEV=1", ":7,0": ":7,0", "default": "default", ":": ":",
	} {
		if got := stableID(root, id); got != want {
			t.Errorf("%s became %s, want %s", id, got, want)
		}
	}
}

func TestUSBCardComesFirst(t *testing.T) {
	root := fakeProc(t)
	if got := usbCard(root, capture); got != "hw:CARD=Mike,DEV=0" {
		t.Errorf("microphone %s", got)
	}
	if got := usbCard(root, playback); got != "hw:CARD=Scarlett,DEV=0" {
		t.Errorf("speakers %s: a card that cannot play must be passed over", got)
	}
	if got := usbCard(t.TempDir(), capture); got != "" {
		t.Errorf("without any card: %s", got)
	}
}

func TestHasCard(t *testing.T) {
	root := fakeProc(t)
	if !hasCard(root, capture) || !hasCard(root, playback) || hasCard(t.TempDir(), playback) {
		t.Error("cards are not seen as they are")
	}
}

func TestCardOfAName(t *testing.T) {
	root := fakeProc(t)
	for name, want := range map[string]bool{
		"hw:CARD=Scarlett,DEV=0": true, "plughw:Scarlett,0": true, "hw:10,0": true, "hw:Gone": false, "hw:": false,
		"Scarlett": false, "hw:../..": false, "pulse:Scarlett": false,
	} {
		if got := cardExists(root, name); got != want {
			t.Errorf("%s exists: %v, want %v", name, got, want)
		}
	}
}

func TestMatchPrefersTheExactName(t *testing.T) {
	all := []Info{
		{ID: "hw:CARD=A,DEV=0", Name: "USB Audio", Capture: true},
		{ID: "hw:CARD=B,DEV=0", Name: "USB Audio Pro", Capture: true, Playback: true},
		{ID: "hw:CARD=C,DEV=0", Name: "Scarlett 2i2", Capture: true},
		{ID: "jack", Name: "Behringer Connection Kit", Capture: true, plugin: true},
	}
	for name, want := range map[string]string{
		"USB Audio": "hw:CARD=A,DEV=0", "usb audio pro": "hw:CARD=B,DEV=0", "scarlett": "hw:CARD=C,DEV=0",
		"hw:CARD=B,DEV=0": "hw:CARD=B,DEV=0", "USB": "", "Behringer": "", "jack": "jack",
	} {
		if got, ok := match(all, name, capture); got.ID != want || ok != (want != "") {
			t.Errorf("%q found %q, want %q", name, got.ID, want)
		}
	}
	if _, ok := match(all, "Scarlett 2i2", playback); ok {
		t.Error("a microphone was found as speakers")
	}
	if text := choices(all, playback); !strings.Contains(text, `"USB Audio Pro" (hw:CARD=B,DEV=0)`) {
		t.Error(text)
	}
}

func TestMergeJoinsBothDirections(t *testing.T) {
	var infos []Info
	infos = merge(infos, Info{ID: "a", System: "ALSA", Capture: true})
	infos = merge(infos, Info{ID: "a", System: "ALSA", Playback: true, Default: true})
	infos = merge(infos, Info{ID: "a", System: "PulseAudio", Playback: true})
	if len(infos) != 2 || !infos[0].Capture || !infos[0].Playback || !infos[0].Default {
		t.Errorf("%+v", infos)
	}
}

// The list of one backend must name what it lists and mark its default.
func TestListOfTheNullBackend(t *testing.T) {
	infos, err := listBackend(nullBackend)
	if err != nil {
		t.Fatal(err)
	}
	if len(infos) == 0 || infos[0].Name == "" || !infos[0].Capture || !infos[0].Playback {
		t.Errorf("%+v", infos)
	}
	if backendOf("PulseAudio") != malgo.BackendPulseaudio || backendOf("ALSA") != malgo.BackendAlsa {
		t.Error("a system's name does not lead back to it")
	}
}
