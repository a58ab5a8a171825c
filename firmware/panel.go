package firmware

import (
	"context"
	"fmt"
	"image/color"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"orionbox/audio/cue"
	"orionbox/firmware/conf"
	"orionbox/firmware/lamps"
	"orionbox/firmware/session"
	"orionbox/hw/board"
	"orionbox/hw/button"
	"orionbox/hw/led"
	"orionbox/hw/panel"
	"orionbox/hw/strip"
)

// How status is pressed: held it ends the session, pressed twice within half a second it is the pre-flight.
const (
	holdFor  = 3 * time.Second
	twiceFor = 400 * time.Millisecond
)

// NewPanel is the panel that conn.conf describes.
func NewPanel(set conf.Hardware, log *slog.Logger) (*panel.Panel, error) {
	cfg := panel.Config{
		Chip: set.Chip, Buttons: map[string]string{}, LEDs: map[string]string{},
		Gestures: map[string]button.Config{string(session.Status): {Hold: holdFor, Double: twiceFor}},
	}
	for _, b := range session.Buttons {
		cfg.Buttons[string(b)] = set.Lines[panel.ButtonPrefix+string(b)]
		cfg.Order = append(cfg.Order, string(b))
	}
	for _, name := range lamps.Names(seats(set)) {
		cfg.LEDs[name] = set.Lines[panel.LEDPrefix+name]
		if !slices.Contains(cfg.Order, name) {
			cfg.Order = append(cfg.Order, name)
		}
	}
	if set.Strip != "" {
		cfg.Strip = strip.Config{Device: set.Strip, Length: set.StripLights}
		cfg.Pixels = pixels(set.StripLights)
	}
	p, err := panel.New(cfg, log)
	if err != nil {
		return nil, fmt.Errorf("build panel: %w", err)
	}
	return p, nil
}

// seats is how many peers can be shown: on LEDs, or on a strip that is longer.
func seats(set conf.Hardware) int {
	if set.Strip == "" {
		return conf.Seats
	}
	return max(conf.Seats, set.StripLights)
}

// names are whose seat each is.
func names(set conf.Hardware) []string {
	names := make([]string, seats(set))
	copy(names, set.Peers[:])
	return names
}

// pixels gives each light of a strip a peer, and a colour that is as far from its neighbours' as can be.
func pixels(lights int) []panel.Pixel {
	const golden = 0.618034 // of the circle of hues, from one to the next
	all := make([]panel.Pixel, lights)
	for i := range all {
		_, hue := math.Modf(float64(i) * golden)
		all[i] = panel.Pixel{LED: lamps.PeerLED(i), Color: colour(hue)}
	}
	return all
}

// colour is a full one of a hue, which goes round from 0 to 1: red, green, blue.
func colour(hue float64) color.RGBA {
	part := func(shift float64) uint8 {
		_, at := math.Modf(hue + shift)
		return uint8(255 * min(max(math.Abs(at*6-3)-1, 0), 1))
	}
	return color.RGBA{R: part(0), G: part(2.0 / 3), B: part(1.0 / 3), A: 255}
}

// gear is what a box has of hands and voice.
type gear struct {
	panel    *panel.Panel
	speaker  interface{ Close() } // of the cues
	cues     *cue.Player          // nil if none are wanted
	talk     talk
	board    *board.Board
	watchdog *board.Watchdog // nil if none is wanted
	service  *Service
}

// buildGear takes the panel's lines, and a voice of the box's own in the speakers.
func (b *Box) buildGear() error {
	set := b.cfg.Settings
	var err error
	if b.panel, err = NewPanel(set.Hardware, b.log.With("part", "panel")); err != nil {
		return err
	}
	b.panel.ShowAll(map[string]led.Pattern{lamps.Status: led.Slow})
	b.gear.board = board.New("/")
	if set.AudioSettings.Cues == "off" {
		return nil
	}
	speaker := b.engine.Speaker(cue.Rate)
	b.speaker = speaker
	if b.cues, err = cue.NewPlayer(cue.Config{Rate: cue.Rate, Voice: speaker}); err != nil {
		return fmt.Errorf("build cues: %w", err)
	}
	return nil
}

// closeGear gives back what buildGear took. LEDs are dark then.
func (b *Box) closeGear() error {
	if b.cues != nil {
		b.cues.Close()
		b.speaker.Close()
	}
	if b.panel == nil {
		return nil
	}
	return b.panel.Close()
}

const observeEvery = 5 * time.Second

// observe looks at the computer from time to time, until ctx ends.
func (b *Box) observe(ctx context.Context) error {
	ticker := time.NewTicker(observeEvery)
	defer ticker.Stop()
	for {
		b.direct.Observe(b.gear.board.State())
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// guard opens the computer's watchdog, if it is wanted. That there is none is no reason not to record.
func (b *Box) guard() {
	after := b.cfg.Settings.Hardware.Watchdog
	if after == 0 {
		return
	}
	w, err := b.gear.board.OpenWatchdog(after)
	if err != nil {
		b.log.Error("no watchdog: the box goes on without", "err", err)
		return
	}
	b.watchdog = w
}

// alive is called as long as the director's loop turns.
func (b *Box) alive() {
	b.service.Alive()
	if b.watchdog == nil {
		return
	}
	if err := b.watchdog.KeepAlive(); err != nil {
		b.log.Error("watchdog", "err", err)
	}
}

// unguard disarms the watchdog: from here on the computer may be as slow as it likes.
func (b *Box) unguard() error {
	if b.watchdog == nil {
		return nil
	}
	return b.watchdog.Close()
}

// switchesOff tells whether holding status is to switch the computer off.
func (b *Box) switchesOff() bool {
	switch b.cfg.Settings.Hardware.PowerOff {
	case "yes":
		return true
	case "no":
		return false
	}
	return strings.HasPrefix(b.gear.board.Model(), "Raspberry Pi")
}

// offLimit is how long a computer may take to end the programs that run on it.
const offLimit = 90 * time.Second

// switchOff has the computer switched off, and waits to be ended: until then the LEDs say that it is on its way.
// That it may not is no failure of the box, which has closed all.
func (b *Box) switchOff(ctx context.Context) {
	if !b.direct.Halted() || !b.switchesOff() {
		return
	}
	b.log.Info("switching the computer off")
	if err := board.PowerOff(context.WithoutCancel(ctx)); err != nil {
		b.log.Error("the computer stays on", "err", err)
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(offLimit):
		b.log.Warn("the computer does not switch off")
	}
}
