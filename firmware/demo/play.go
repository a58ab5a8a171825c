package demo

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"orionbox/firmware"
	"orionbox/firmware/hub"
)

// times are how long the parts of a session lasted.
type times struct {
	take     time.Duration // between the presses
	session  time.Duration // from the first call to the last
	lastByte time.Duration // from the end of the session until the producer had all
}

// play runs the conference and the boxes through the session.
func (d *demo) play(ctx context.Context) (at times, err error) {
	serving, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	server := make(chan error, 1)
	go func() { server <- d.server.Run(serving) }()

	start := time.Now()
	hosting, closeHub := context.WithCancel(context.WithoutCancel(ctx))
	hosted := make(chan error, 1)
	go func() { hosted <- d.boxes[0].box.Run(hosting) }()
	playing, leave := context.WithCancel(ctx)
	group, inSession := errgroup.WithContext(playing)
	for _, b := range d.boxes[1:] {
		group.Go(func() error { return b.box.Run(inSession) })
	}
	at.take, err = d.session(inSession)
	if err == nil && d.cfg.Stay {
		d.stay(inSession)
	}
	d.say("leaving")
	ended := time.Now()
	leave()
	err = errors.Join(err, group.Wait())
	if err == nil {
		d.say("the artists have left; %s receives the rest", d.boxes[0].name)
		at.lastByte, err = d.deliver(context.WithoutCancel(ctx), ended) // an interrupt ends the stay, not this
	}
	closeHub() // the box with the hub goes last
	err = errors.Join(err, <-hosted)
	at.session = time.Since(start)
	hangUp()
	return at, errors.Join(err, <-server)
}

// session is what the three do: join, record, stop.
func (d *demo) session(ctx context.Context) (time.Duration, error) {
	d.say("conference at %s; %d boxes call %s", d.server.Addr(), len(d.boxes), callNo)
	if err := d.assemble(ctx); err != nil {
		return 0, err
	}
	start := time.Now()
	if err := d.press(ctx, "record", func(s firmware.Status) bool { return s.Recording }); err != nil {
		return 0, err
	}
	d.say("recording for %v", d.cfg.Length)
	if err := d.direct(ctx, start); err != nil {
		return 0, err
	}
	if err := until(ctx, start.Add(d.cfg.Length)); err != nil {
		return 0, err
	}
	took := time.Since(start)
	if err := d.press(ctx, "record", func(s firmware.Status) bool { return s.Take.State == "idle" }); err != nil {
		return 0, err
	}
	return took, d.agree(ctx)
}

// until waits for a moment.
func until(ctx context.Context, at time.Time) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait in session: %w", context.Cause(ctx))
	case <-time.After(time.Until(at)):
		return nil
	}
}

// assemble waits until all are in the conference and have heard enough for a take to begin before its press.
func (d *demo) assemble(ctx context.Context) error {
	for _, b := range d.boxes {
		if err := b.await(ctx, joinLimit, "to be in the conference", func(s firmware.Status) bool { return s.Call == "in conference" }); err != nil {
			return err
		}
		d.say("%s is in the conference", b.name)
	}
	for _, b := range d.boxes {
		heard := func(s firmware.Status) bool { return s.Voice.Seconds > (preRoll + settle).Seconds() }
		if err := b.await(ctx, stepLimit, "to have heard enough for the pre-roll", heard); err != nil {
			return err
		}
		if err := b.await(ctx, stepLimit, "to see all the others", d.seesAll); err != nil {
			return err
		}
	}
	d.say("every box sees the %d others", len(d.boxes)-1)
	return nil
}

// press presses a button on each artist's box and waits until all show what it leads to.
func (d *demo) press(ctx context.Context, button string, done func(firmware.Status) bool) error {
	for _, b := range d.boxes {
		if b.role != artist {
			continue
		}
		text, err := b.door.Press(ctx, button, 0)
		if err != nil {
			return fmt.Errorf("press %s on %s's box: %w", button, b.name, err)
		}
		d.say("%s presses %s: %s", b.name, button, text)
	}
	for _, b := range d.boxes {
		if b.role != artist {
			continue
		}
		if err := b.await(ctx, stepLimit, "to follow the press of "+button, done); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) stay(ctx context.Context) {
	d.say("staying until interrupted; in another terminal, for example:")
	for _, b := range d.boxes {
		d.say("  orionbox status --socket %s", filepath.Join(d.run, b.name+".sock"))
	}
	<-ctx.Done()
}

// await polls the box's status until it is as wished.
func (b *box) await(ctx context.Context, limit time.Duration, what string, ok func(firmware.Status) bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	var last error
	for {
		status, err := b.box.Status(ctx)
		if err == nil && ok(status) {
			return nil
		}
		last = errors.Join(err, status.Worst())
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s's box %s: %w", b.name, what, errors.Join(context.Cause(ctx), last))
		case <-poll.C:
		}
	}
}

// seesAll tells whether a box knows the session clock and all boxes as present.
func (d *demo) seesAll(s firmware.Status) bool {
	present := 0
	for _, p := range s.Peers {
		if p.State == hub.Present && p.Call {
			present++
		}
	}
	return present == len(d.boxes) && s.Clock.Synced
}
