package panel

import (
	"errors"
	"fmt"
	"image/color"
	"time"
)

// The panel's second door: what a page, a command or a test does with it.

var dark color.RGBA

// shortest is how long Press holds a button at least: longer than any debounce.
const shortest = 50 * time.Millisecond

// Push moves a button by software, as often and as fast as a contact bounces. The button is down while it is pushed or
// while its line says so, on every kind of panel.
func (p *Panel) Push(button string, down bool) error {
	if _, ok := p.cfg.Buttons[button]; !ok {
		return fmt.Errorf("push %q: %w, use one of %s", button, ErrNoButton, list(p.cfg.Buttons))
	}
	select {
	case <-p.stop:
		return errors.New("push button: the panel is closed")
	default:
	}
	select {
	case p.edges <- edge{button: button, pushed: true, at: time.Now(), down: down}:
		return nil
	case <-p.stop:
		return errors.New("push button: the panel is closed")
	}
}

// Press pushes a button and releases it after hold, or after 50 ms if that is longer. It does not wait for the release.
func (p *Panel) Press(button string, hold time.Duration) error {
	if err := p.Push(button, true); err != nil {
		return err
	}
	time.AfterFunc(max(hold, shortest), func() {
		_ = p.Push(button, false) // the panel was closed meanwhile
	})
	return nil
}

// Lights is what each LED does now, also those without a line.
func (p *Panel) Lights() map[string]Light {
	patterns := p.driver.Patterns()
	p.bank.mu.Lock()
	defer p.bank.mu.Unlock()
	lights := map[string]Light{}
	for name := range p.cfg.LEDs {
		lights[name] = Light{Pattern: "off"}
	}
	for name, pattern := range patterns {
		lights[name] = Light{pattern, p.bank.lit[name]}
	}
	return lights
}

// Watch gives a channel that tells, after each change of the LEDs, that Lights are new. Changes that nobody looked at
// are told once. It is closed by Close, or by forget, which must be called.
func (p *Panel) Watch() (changed <-chan struct{}, forget func()) {
	b := p.bank
	w := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watchers == nil {
		close(w)
		return w, func() {}
	}
	b.watchers[w] = true
	return w, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.watchers[w] {
			delete(b.watchers, w)
			close(w)
		}
	}
}

// Break lets a line of a simulated panel fail, by its key as in Faults, until it is called with nil: the fault shows, and
// is gone within half a minute of the mending.
func (p *Panel) Break(key string, err error) error {
	s, ok := p.chip.(*simulated)
	if !ok {
		return fmt.Errorf("break %s: the panel is not simulated", key)
	}
	s.breakLine(key, err)
	return nil
}
