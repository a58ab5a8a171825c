package recorder

import (
	"time"

	"orionbox/audio/pcm"
)

const (
	// batch is how many frames are taken at once before the recorder looks up.
	batch = 4096
	// margin is added to Stop: what was captured before the press arrives a little after it.
	margin = 50 * time.Millisecond
	// grace is how long a press waits for its place in the sound to arrive, should no sound come at all.
	grace = 250 * time.Millisecond
	// maxFill is the longest gap that is filled with silence; beyond it the source counts from another start.
	maxFill = time.Hour
	// fillLen is how many sample frames of silence are written at once.
	fillLen = 4800
)

// step takes in what the source has, obeys what was pressed, and flushes if it is time.
func (r *Recorder) step() {
	for range batch {
		frame, ok := r.cfg.Source.Pop()
		if !ok {
			r.atRest()
			break
		}
		r.obey(func(c command) bool { return r.passed(c, frame.Pos) })
		r.hear(frame)
		r.flushIfDue()
	}
	r.flushIfDue()
	r.events.send()
}

// atRest is when the source is empty: all that was captured has arrived.
func (r *Recorder) atRest() {
	now := r.cfg.Now()
	if r.heard {
		r.line.observe(r.next, r.format.Rate, now)
	}
	r.obey(func(c command) bool { return r.passed(c, r.next) || now.Sub(c.at) >= grace })
}

// passed tells whether the sound before pos is all that belongs before the press.
func (r *Recorder) passed(c command, pos int64) bool {
	if !r.line.known {
		return false
	}
	at := c.at
	if c.open == nil {
		at = at.Add(margin)
	}
	return r.line.posAt(at) <= pos
}

// obey carries out what was pressed, in order, as far as it is due.
func (r *Recorder) obey(due func(command) bool) {
	for {
		c, ok := r.pressed(due)
		if !ok {
			return
		}
		if c.open == nil {
			r.stop()
		} else {
			r.start(c)
		}
	}
}

// pressed takes the first press from the queue if it is due.
func (r *Recorder) pressed(due func(command) bool) (command, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) == 0 || !due(r.queue[0]) {
		return command{}, false
	}
	c := r.queue[0]
	r.queue = r.queue[1:]
	return c, true
}

// hear takes in a frame, after silence for what is missing before it.
func (r *Recorder) hear(f pcm.Frame) {
	if f.Len() == 0 {
		return
	}
	if !r.heard || f.Format != r.format {
		r.begin(f)
	}
	missing := f.Pos - r.next
	if missing < 0 || missing > r.format.Samples(maxFill) {
		r.log.Error("the source counts from another start", "expected", r.next, "got", f.Pos)
		r.begin(f)
		missing = 0
	}
	for ; missing > 0; missing = f.Pos - r.next {
		n := min(missing, fillLen)
		r.pass(pcm.Frame{Format: r.format, Pos: r.next, Filled: true, Data: r.silence[:n*int64(r.format.Channels)]}, lost)
	}
	if f.Filled {
		r.pass(f, filled)
	} else {
		r.pass(f, captured)
	}
}

// begin starts the time line anew with f; an open take goes on.
func (r *Recorder) begin(f pcm.Frame) {
	if r.take != nil {
		r.endGap(r.take) // whose time is that of the old line
	}
	if f.Format != r.format {
		r.format = f.Format
		r.silence = make([]float32, fillLen*f.Channels)
	}
	r.history = newHistory(f.Format, f.Samples(r.cfg.PreRoll))
	r.line = timeline{}
	r.next, r.heard = f.Pos, true
}

// pass hands on a frame that begins where the last one ended.
func (r *Recorder) pass(f pcm.Frame, from origin) {
	r.next = f.End()
	r.history.push(f, from)
	r.write(f, from)
}

// finish is the end of Run: what was captured goes into the take, and the take is closed.
func (r *Recorder) finish() {
	r.step()
	r.stop()
	r.events.send()
}
