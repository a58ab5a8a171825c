package device

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// procASound is where Linux tells of its sound cards, with or without any library.
const procASound = "/proc/asound"

// stableID turns the id that is enumerated, ":1,0" for device 0 of card 1, into one by the card's name, since the
// numbers follow the order of plugging in. What is not of that form stays.
func stableID(root, id string) string {
	card, dev, ok := strings.Cut(strings.TrimPrefix(id, ":"), ",")
	if !ok || !strings.HasPrefix(id, ":") {
		return id
	}
	name, err := os.ReadFile(filepath.Join(root, "card"+card, "id"))
	if err != nil {
		return id
	}
	return fmt.Sprintf("hw:CARD=%s,DEV=%s", strings.TrimSpace(string(name)), dev)
}

// usbCard is the id of the first USB card that can capture or play, or "". An audio interface is what the box is for;
// ALSA's own default is card 0, which on a Raspberry Pi is the HDMI socket and has no microphone.
func usbCard(root string, k kind) string {
	suffix := streams[k]
	usb, _ := filepath.Glob(filepath.Join(root, "card*", "usbid"))
	slices.SortFunc(usb, func(a, b string) int { return cardNumber(a) - cardNumber(b) })
	for _, path := range usb {
		folder := filepath.Dir(path)
		found, _ := filepath.Glob(filepath.Join(folder, "pcm*"+suffix))
		if len(found) == 0 {
			continue
		}
		slices.Sort(found)
		dev := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(found[0]), "pcm"), suffix)
		return stableID(root, ":"+strings.TrimPrefix(filepath.Base(folder), "card")+","+dev)
	}
	return ""
}

// streams is how the kernel names a card's directions: pcm0c captures, pcm0p plays.
var streams = map[kind]string{capture: "c", playback: "p"}

// hasCard tells whether any card can capture or play.
func hasCard(root string, k kind) bool {
	found, _ := filepath.Glob(filepath.Join(root, "card*", "pcm*"+streams[k]))
	return len(found) > 0
}

// cardNumber is N of a path .../cardN/usbid.
func cardNumber(path string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(filepath.Base(filepath.Dir(path)), "card"))
	return n
}

// parseHW reads an ALSA name: hw:CARD=Name,DEV=0, hw:Name,0, hw:1,0 and the same with plughw.
func parseHW(name string) (card, dev string, ok bool) {
	kind, rest, found := strings.Cut(name, ":")
	if !found || rest == "" || kind != "hw" && kind != "plughw" {
		return "", "", false
	}
	card, dev, _ = strings.Cut(rest, ",")
	return strings.TrimPrefix(card, "CARD="), strings.TrimPrefix(dev, "DEV="), true
}

// cardExists tells whether the card of an ALSA name is plugged in, by its name or number.
func cardExists(root, name string) bool {
	card, _, ok := parseHW(name)
	if !ok || strings.ContainsRune(card, filepath.Separator) {
		return false
	}
	for _, entry := range []string{card, "card" + card} { // a card's name is a link beside its number
		if _, err := os.Stat(filepath.Join(root, entry)); err == nil {
			return true
		}
	}
	return false
}
