package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"orionbox/audio/device"
	"orionbox/firmware/takes"
	"orionbox/webadmin"
)

// cut is a press of the producer's Segment, and what is known of it without any box's help: all microphones are in one
// room, so it is known which sample of its signal each of them heard then.
type cut struct {
	marker string
	took   time.Duration // the press, at most
	heard  int64         // in the middle of it
}

// back is how far the producer moves the first marker afterwards.
const back = 1500 * time.Millisecond

// direct is what the producer does while the artists record: cut twice, and move the first cut back a little.
func (d *demo) direct(ctx context.Context, start time.Time) error {
	carol := d.boxes[0]
	for n := 1; n <= 2; n++ {
		if err := until(ctx, start.Add(time.Duration(n)*d.cfg.Length/3)); err != nil {
			return err
		}
		if err := d.cut(ctx); err != nil {
			return err
		}
		d.say("%s cuts", carol.name)
	}
	first := &d.cuts[0]
	if _, err := carol.door.Mark(ctx, webadmin.MarkRequest{Op: string(takes.Move), Marker: first.marker, By: -back}); err != nil {
		return fmt.Errorf("move %s's first marker: %w", carol.name, err)
	}
	first.heard -= studio.Samples(back)
	d.say("%s moves the first cut back by %v", carol.name, back)
	return nil
}

// cut presses Segment on the producer's box, and keeps what the microphones hear at that moment.
func (d *demo) cut(ctx context.Context) error {
	carol := d.boxes[0]
	before := device.RoomTime()
	if _, err := carol.door.Press(ctx, "segment", 0); err != nil {
		return fmt.Errorf("press segment on %s's box: %w", carol.name, err)
	}
	after := device.RoomTime()
	c := cut{took: after - before, heard: studio.Samples(before + (after-before)/2)}
	marker, err := newest(ctx, carol)
	c.marker = marker.ID
	d.cuts = append(d.cuts, c)
	return err
}

// newest is the latest marker that a box knows.
func newest(ctx context.Context, b *box) (takes.Marker, error) {
	body, err := b.door.Markers(ctx, false)
	if err != nil {
		return takes.Marker{}, fmt.Errorf("ask %s's box for markers: %w", b.name, err)
	}
	var markers []takes.Marker
	if err := json.Unmarshal(body, &markers); err != nil || len(markers) == 0 {
		return takes.Marker{}, errors.Join(fmt.Errorf("%s's box shows no marker", b.name), err)
	}
	return markers[len(markers)-1], nil
}

// agree waits until every box shows the same chunks of the takes, and keeps each box's own: of the voice, which still
// grows, it alone knows all.
func (d *demo) agree(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	poll := time.NewTicker(100 * time.Millisecond)
	defer poll.Stop()
	last := "they did not answer"
	for {
		differ, err := d.sameChunks(ctx)
		switch {
		case err == nil && differ == "":
			return nil
		case err == nil:
			last = differ
		case ctx.Err() == nil:
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the boxes do not agree about the chunks: %s", last)
		case <-poll.C:
		}
	}
}

// sameChunks keeps each box's own chunks, and tells where they show other ones of the takes; nothing if nowhere.
func (d *demo) sameChunks(ctx context.Context) (differ string, err error) {
	var first []takes.Chunk
	d.chunks = nil
	for i, b := range d.boxes {
		chunks, err := b.chunks(ctx)
		if err != nil {
			return differ, err
		}
		studios := ofTakes(chunks)
		if i == 0 {
			first = studios
		}
		d.chunks = append(d.chunks, slices.DeleteFunc(chunks, func(c takes.Chunk) bool { return c.Name != b.name })...)
		if len(studios) == 0 || !slices.EqualFunc(studios, first, alike) {
			differ = fmt.Sprintf("%s's box shows %v, %s's %v", d.boxes[0].name, shown(first), b.name, shown(studios))
		}
	}
	return differ, nil
}

// alike tells whether two boxes mean the same by a chunk of a take: the same samples. When that was, each tells by its own
// latest knowledge of the clocks, which differs by microseconds.
func alike(a, b takes.Chunk) bool {
	near := a.Start.Sub(b.Start).Abs() < time.Millisecond
	a.Start, a.Seconds = b.Start, b.Seconds
	return near && reflect.DeepEqual(a, b)
}

// shown are chunks of takes, short enough to be read.
func shown(chunks []takes.Chunk) (all []string) {
	for _, c := range chunks {
		all = append(all, fmt.Sprintf("%s %d from %d to %d at %s", c.Name, c.Number, c.Studio.From, c.Studio.To, c.Start.Time().Format("15:04:05.000000")))
	}
	return all
}

func (b *box) chunks(ctx context.Context) (chunks []takes.Chunk, err error) {
	body, err := b.door.Chunks(ctx, false)
	if err == nil {
		err = json.Unmarshal(body, &chunks)
	}
	if err != nil {
		return nil, fmt.Errorf("ask %s's box for chunks: %w", b.name, err)
	}
	return chunks, nil
}

// ofTakes are the chunks that have a studio recording, without the voice's part, which still grows.
func ofTakes(chunks []takes.Chunk) []takes.Chunk {
	var own []takes.Chunk
	for _, c := range chunks {
		if c.Studio != nil {
			c.Voice = nil
			own = append(own, c)
		}
	}
	return own
}
