package recorder

import (
	"errors"
	"fmt"
	"time"

	"orionbox/audio/pcm"
)

func (r *Recorder) write(f pcm.Frame, from origin) {
	if r.take == nil {
		return
	}
	if gap, ended := r.take.write(f, from); ended {
		r.tellGap(gap)
	}
	if r.take.err != nil {
		r.stop()
	}
}

// start opens a take and writes the pre-roll.
func (r *Recorder) start(c command) {
	if r.take != nil {
		r.log.Warn("start while a take is open: ignored")
		r.tell(Event{Kind: Failed, ID: c.id, Pos: r.next, Err: ErrOpen})
		return
	}
	file, err := c.open()
	if err == nil && file == nil {
		err = errors.New("no file")
	}
	if err != nil {
		r.log.Error("cannot open a take", "error", err)
		r.tell(Event{Kind: Failed, ID: c.id, Pos: r.next, Err: fmt.Errorf("open take: %w", err)})
		return
	}
	// Never synced: the pre-roll, older than a second already, goes to the disk at once.
	r.take = &take{id: c.id, file: file, end: r.next}
	r.status.Store(&Status{Recording: true})
	// r.next and not the history's end: there may have been no sound yet.
	first := r.next - int64(r.history.have)
	r.log.Info("take started", "pos", first, "file", file)
	r.tell(Event{Kind: Started, ID: c.id, At: r.timeAt(first), Pos: first, Samples: int64(r.history.have)})
	r.history.each(r.write)
}

// stop closes the take. Without one it does nothing.
func (r *Recorder) stop() {
	t := r.take
	if t == nil {
		return
	}
	r.take = nil
	r.endGap(t)
	err := t.close()
	e := Event{Kind: Stopped, ID: t.id, At: r.timeAt(t.end), Pos: t.end, Samples: t.samples, Bytes: t.bytes}
	if err != nil {
		e.Kind, e.Err = Failed, fmt.Errorf("write take: %w", err)
		r.log.Error("take failed", "error", err, "samples", t.samples, "bytes", t.bytes)
	} else {
		r.log.Info("take stopped", "samples", t.samples, "bytes", t.bytes, "lost", t.lost, "filled", t.filled)
	}
	r.publish(t, err == nil)
	r.tell(e)
}

// flushIfDue brings the take to the disk when the time has come.
func (r *Recorder) flushIfDue() {
	now := r.cfg.Now()
	if r.take == nil || now.Sub(r.take.synced) < r.cfg.Flush {
		return
	}
	r.take.synced = now
	grown := r.take.sync()
	switch {
	case r.take.err != nil:
		r.stop()
	case grown:
		// A disk that is slow must not be asked without a pause.
		if pause := r.cfg.Now().Add(-r.cfg.Flush * 3 / 4); pause.After(now) {
			r.take.synced = pause
		}
		r.publish(r.take, true)
		r.tell(Event{Kind: Progress, ID: r.take.id, Pos: r.take.end, Samples: r.take.samples, Bytes: r.take.bytes})
	}
}

// publish makes the take's figures the status; synced tells that the disk has them now.
func (r *Recorder) publish(t *take, synced bool) {
	s := Status{Recording: r.take != nil, Samples: t.samples, Bytes: t.bytes, Lost: t.lost, Filled: t.filled}
	s.LastSynced = r.Status().LastSynced
	if synced {
		s.LastSynced = r.cfg.Now()
	}
	r.status.Store(&s)
}

// endGap tells of the gap that goes on, if one does.
func (r *Recorder) endGap(t *take) {
	if gap, ended := t.endGap(); ended {
		r.tellGap(gap)
	}
}

func (r *Recorder) tellGap(gap Event) {
	gap.At = r.timeAt(gap.Pos)
	r.tell(gap)
}

// timeAt is when the sample frame pos was captured, as far as is known.
func (r *Recorder) timeAt(pos int64) time.Time {
	switch {
	case r.line.known:
		return r.line.timeAt(pos)
	case r.heard:
		return r.cfg.Now().Add(duration(r.format.Rate, pos-r.next))
	}
	return r.cfg.Now()
}

func (r *Recorder) tell(e Event) {
	if e.At.IsZero() {
		e.At = r.cfg.Now()
	}
	r.events.put(e)
}
