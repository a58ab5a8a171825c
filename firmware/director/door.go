package director

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"orionbox/firmware/health"
	"orionbox/firmware/session"
)

// ErrRefused wraps why a press does nothing.
var ErrRefused = errors.New("refused")

// ErrUnknownButton is returned for a button that no box has.
var ErrUnknownButton = fmt.Errorf("no such button; there are %v", session.Buttons)

// finishHold is how long the status button is held to finish and stop.
const finishHold = 3 * time.Second

// Status is the state of the box; it fails only if ctx ends first, as it does for a box that has stopped.
func (d *Director) Status(ctx context.Context) (s Status, err error) {
	err = d.onLoop(ctx, func() { s = d.look() })
	return s, err
}

// Press presses a button and tells in words what comes of it. A press that does nothing wraps ErrRefused.
func (d *Director) Press(ctx context.Context, button session.Button, hold time.Duration) (text string, err error) {
	if !slices.Contains(session.Buttons, button) {
		return "", fmt.Errorf("press %q: %w", button, ErrUnknownButton)
	}
	failed := d.onLoop(ctx, func() {
		if d.testing && (button != session.Status || hold < finishHold) { // it can be ended, though
			text, err = "pressed on the panel, which is being tested: nothing else comes of it", d.parts.Panel.Press(string(button), hold)
			return
		}
		text, err = d.press(session.Press{Button: button}, hold)
	})
	return text, errors.Join(failed, err)
}

// Unrepaired tells that recordings of earlier sessions could not be mended.
func (d *Director) Unrepaired(err error) {
	_ = d.onLoop(context.Background(), func() { d.found(health.Unrepaired, err) }) // fails only once the box has stopped
}

// ID is that of this box at the hub; of a box alone, its name's.
func (d *Director) ID() (id string) {
	_ = d.onLoop(context.Background(), func() { id = d.id }) // fails only once the box has stopped
	return id
}

// Deleted tells that a person has deleted recordings of a session.
func (d *Director) Deleted(dir string, files []string) {
	var out Outbox
	_ = d.onLoop(context.Background(), func() { out = d.parts.Outbox }) // fails only once the box has stopped
	if out != nil {
		out.Deleted(dir, files)
	}
}

// NoPage tells why there is no web page though there should be one; nil: there is.
func (d *Director) NoPage(err error) {
	_ = d.onLoop(context.Background(), func() { d.found(health.PageDown, err) }) // fails only once the box has stopped
}

// errLeaves is why what takes its time is not begun, or was broken off.
var errLeaves = fmt.Errorf("%w: the box is shutting down", ErrRefused)

// whileStaying is a context that ends as well when the box leaves.
func (d *Director) whileStaying(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(d.staying, cancel)
	return ctx, func() { stop(); cancel() }
}

// onLoop runs f on the loop and waits for it.
func (d *Director) onLoop(ctx context.Context, f func()) error {
	done := make(chan struct{})
	select {
	case d.calls <- func() { f(); close(done) }:
		<-done
		return nil
	case <-d.ended:
		return errors.New("the box has stopped")
	case <-ctx.Done():
		return fmt.Errorf("ask the box: %w", context.Cause(ctx))
	}
}

func (d *Director) press(p session.Press, hold time.Duration) (string, error) {
	d.log.Info("press", "button", string(p.Button), "hold", hold)
	if p.Button == session.Status && hold >= finishHold {
		return d.finish(), nil
	}
	d.refusal = ""
	d.feed(p)
	if d.refusal != "" {
		return "", fmt.Errorf("%w: %s", ErrRefused, d.refusal)
	}
	return d.words(p.Button), nil
}

// finish closes all, and has the box stop; asked for once more, without waiting for deliveries.
func (d *Director) finish() string {
	if d.state.Leaving {
		d.park = true
		return "the box stops now; what is not delivered is sent at its next start"
	}
	d.halt = true
	d.cueFinish()
	d.feed(session.Leave{})
	return "finishing: the take is closed, what the hub takes within seconds is delivered, then the box stops; hold it once more not to wait for that"
}

// Halted tells whether status was held: whether the computer is to be switched off, now that the box has stopped.
func (d *Director) Halted() bool { return d.halted }

// words says what a press led to.
func (d *Director) words(button session.Button) string {
	switch button {
	case session.Record:
		return d.takeWords()
	case session.Segment:
		return "marker " + d.marked + " set"
	case session.Mic:
		return muteWords(d.state.MicMuted, "microphone muted in the conference; a take goes on hearing it", "microphone live")
	case session.Speakers:
		return muteWords(d.state.SpeakersMuted, "speakers muted", "speakers live")
	}
	s := d.look()
	return fmt.Sprintf("call %s, take %s", s.Call, s.takeLine())
}

func (d *Director) takeWords() string {
	switch d.state.Take {
	case session.Starting:
		return fmt.Sprintf("take %d starts", d.state.Number)
	case session.Stopping:
		if d.state.Again {
			return "another take will follow"
		}
		return fmt.Sprintf("take %d ends", d.state.Number)
	}
	return "no take"
}

func muteWords(muted bool, on, off string) string {
	if muted {
		return on
	}
	return off
}
