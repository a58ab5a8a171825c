package director

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"orionbox/firmware/health"
	"orionbox/firmware/hub"
	"orionbox/firmware/lamps"
	"orionbox/firmware/session"
	"orionbox/hw/button"
	"orionbox/hw/led"
	"orionbox/hw/panel"
	"orionbox/sip/phone"
)

// The panel: what a finger does comes in as an event like any other, and after each event the LEDs show what is measured then.

// Panel is the buttons and LEDs of a box: *panel.Panel.
type Panel interface {
	Events() <-chan panel.Event
	ShowAll(map[string]led.Pattern)
	Patterns() map[string]led.Pattern
	Faults() []panel.Fault
	Press(button string, hold time.Duration) error
	Test(ctx context.Context, tell func(panel.Finding)) error
}

// face is what the panel is shown, beyond what the director knows anyway.
type face struct {
	seats   *lamps.Seats
	lit     map[string]led.Pattern // as shown last
	owed    bool                   // at some time since the start a recording was on its way
	halt    bool                   // status was held: this is not only the end of a program
	halted  bool                   // and all is closed
	testing bool                   // somebody wires the panel: its buttons are named, not obeyed
}

func (d *Director) panelEvents() <-chan panel.Event {
	if d.parts.Panel == nil || d.testing {
		return nil
	}
	return d.parts.Panel.Events()
}

// doPanel does what a finger asked for.
func (d *Director) doPanel(e panel.Event) {
	b := session.Button(e.Button)
	switch {
	case e.Gesture == button.Stuck, e.Gesture == button.Freed:
		return // a fault, and judged as such
	case e.Gesture == button.Double && b == session.Status:
		d.flyBefore()
		return
	}
	hold := time.Duration(0)
	if e.Gesture == button.Hold {
		hold = finishHold
	}
	text, err := d.press(session.Press{Button: b, At: e.At}, hold)
	if err != nil {
		d.log.Info("press does nothing", "button", e.Button, "why", err)
		d.cueRefused()
		return
	}
	d.log.Debug("press", "button", e.Button, "text", text)
}

// light shows on the LEDs what is measured now. What is shown already wakes nobody.
func (d *Director) light() {
	if d.parts.Panel == nil || d.testing {
		return
	}
	now := lamps.Patterns(d.measured())
	if maps.Equal(now, d.lit) {
		return
	}
	d.lit = now
	d.log.Debug("leds", "patterns", now)
	d.parts.Panel.ShowAll(now)
}

func (d *Director) measured() lamps.Measured {
	m := lamps.Measured{
		Life: d.life(), Take: d.state.Take, Growing: d.lookTake().Recording, Storage: d.state.Storage,
		MicAway: d.faulty(health.NoMicrophone), MicMuted: d.state.MicMuted,
		SpeakersAway: d.faulty(health.NoSpeakers), SpeakersMuted: d.state.SpeakersMuted,
		CallStuck: d.call.Reason == phone.NoDigits,
		Fault:     slices.ContainsFunc(d.shown, func(f health.Fault) bool { return !f.Aside }),
		Peers:     d.seats.Place(d.others()),
	}
	if d.parts.Phone != nil {
		now := d.parts.Phone.Status()
		m.Call, m.CallUnheard = now.State, now.Unheard
	}
	m.Delivering, m.Safe = d.whereabouts()
	return m
}

// faulty tells whether a fault is shown: the LEDs show what the status does, and when it does.
func (d *Director) faulty(k health.Kind) bool {
	return slices.ContainsFunc(d.shown, func(f health.Fault) bool { return f.ID == k.ID })
}

func (d *Director) life() lamps.Life {
	switch {
	case d.halted:
		return lamps.Halted
	case d.state.Leaving:
		return lamps.Finishing
	case d.starting():
		return lamps.Starting
	}
	return lamps.Working
}

// starting tells whether the box is not ready yet: the disk has not been looked at, or what a power cut left is being repaired.
func (d *Director) starting() bool {
	if d.disk.looked {
		select {
		case <-d.cfg.Ready:
			return false
		default:
		}
	}
	return true
}

// whereabouts tells whether recordings are on their way, and whether all that this box made or got is where it belongs.
func (d *Director) whereabouts() (delivering, safe bool) {
	owed := 0
	if out := d.parts.Outbox; out != nil {
		owed, delivering = out.Owed(), out.Delivering()
	}
	if in := d.parts.Inbox; in != nil {
		n := in.Owed()
		owed, delivering = owed+n, delivering || n > 0
	}
	d.owed = d.owed || owed > 0 || d.studio.last.number > 0
	return delivering, owed == 0 && d.owed && d.closed() == ""
}

// closed is what is not closed and on the disk yet; empty if all is.
func (d *Director) closed() string {
	switch n := len(d.clerk.jobs); {
	case d.state.Take != session.Idle || len(d.studio.open) > 0:
		return fmt.Sprintf("take %d is not closed: press record", d.studio.last.take())
	case n > 8:
		return fmt.Sprintf("%d lines of the journal wait for the disk", n)
	case d.cfg.Role == session.Artist && d.parts.Outbox == nil && d.cfg.NoHub != nil && d.studio.last.number > 0:
		return "nothing is delivered: there is no hub"
	}
	return ""
}

// others are the peers but this box.
func (d *Director) others() []hub.Peer {
	others := make([]hub.Peer, 0, len(d.peers))
	for _, p := range d.peers {
		if p.ID != d.id {
			others = append(others, p)
		}
	}
	return others
}

// judgePanel tells what of the panel does not work.
func (d *Director) judgePanel(now time.Time) {
	if d.parts.Panel == nil {
		return
	}
	var texts []string
	for _, f := range d.parts.Panel.Faults() {
		texts = append(texts, f.Text+": "+f.Hint)
	}
	d.faults.Is(health.PanelBroken, len(texts) > 0, strings.Join(texts, "; "), now)
}

// PanelStatus tells what the panel shows.
type PanelStatus struct {
	Chip    string                 `json:"chip"`
	LEDs    map[string]led.Pattern `json:"leds"`
	Peers   []string               `json:"peers"`             // whose LED each of the peers' is, by id; empty: nobody's
	Faults  []panel.Fault          `json:"faults"`            // of lines and chip
	Testing bool                   `json:"testing,omitempty"` // somebody wires it: buttons are named, not obeyed
}

func (d *Director) lookPanel() *PanelStatus {
	if d.parts.Panel == nil {
		return nil
	}
	d.light()
	s := &PanelStatus{Chip: d.cfg.Chip, LEDs: d.parts.Panel.Patterns(), Peers: []string{}, Faults: []panel.Fault{}, Testing: d.testing}
	s.Faults = append(s.Faults, d.parts.Panel.Faults()...)
	for _, p := range d.seats.Place(d.others()) {
		s.Peers = append(s.Peers, p.ID)
	}
	return s
}

// TestPanel lets somebody wire the panel, until ctx ends or all is found: LEDs are lit in turn, buttons named and not obeyed.
func (d *Director) TestPanel(ctx context.Context, tell func(panel.Finding)) (err error) {
	if failed := d.onLoop(ctx, func() { err = d.beginTest() }); failed != nil || err != nil {
		return errors.Join(failed, err)
	}
	defer func() { _ = d.onLoop(context.WithoutCancel(ctx), d.endTest) }() // fails only once the box has stopped
	ctx, cancel := d.whileStaying(ctx)
	defer cancel()
	err = d.parts.Panel.Test(ctx, tell)
	if d.staying.Err() != nil {
		err = fmt.Errorf("%w: %w", errLeaves, err)
	}
	return err
}

func (d *Director) beginTest() error {
	switch {
	case d.parts.Panel == nil:
		return fmt.Errorf("%w: this box has no panel", ErrRefused)
	case d.testing:
		return fmt.Errorf("%w: the panel is being tested already", ErrRefused)
	case d.state.Take != session.Idle:
		return fmt.Errorf("%w: a take runs, and its buttons must work", ErrRefused)
	case d.state.Leaving:
		return errLeaves
	}
	d.testing = true
	return nil
}

func (d *Director) endTest() {
	d.testing, d.lit = false, nil
}
