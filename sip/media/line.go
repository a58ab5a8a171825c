package media

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"orionbox/audio/pcm"
)

// Mic yields sound: exactly len(dst) mono samples, silence where there is none. It never blocks.
type Mic interface{ ReadVoice(dst []float32) }

// Speaker takes mono sound. It never blocks.
type Speaker interface{ WriteVoice(src []float32) }

// LineConfig is what a line joins.
type LineConfig struct {
	Rate    int        // of everything on the line, Hz
	Mic     Mic        // nil = silence
	Speaker Speaker    // nil = nobody listens
	Record  pcm.Writer // both directions mixed, mono; nil = none
}

// Line is the voice tick of one session. It lives across calls: without a leg the far side is silence, and the recording
// goes on.
type Line struct {
	cfg            LineConfig
	leg            atomic.Pointer[Leg]
	near, far, mix []float32
	pos            int64
	played         atomic.Pointer[Mic] // into the line, besides the Mic
	before         *Mic                // what played at the tick before; the tick's own, as the next
	play, fade     []float32
	started        atomic.Pointer[time.Time] // of Run
	late, skipped  atomic.Int64
	failed         atomic.Int64
}

// NewLine makes a line that stands still until Run or Tick. The rate must be a multiple of 50.
func NewLine(cfg LineConfig) *Line {
	n := cfg.Rate / framesPerSecond
	block := func() []float32 { return make([]float32, n) }
	return &Line{cfg: cfg, near: block(), far: block(), mix: block(), play: block(), fade: block()}
}

// Attach joins a call to the line, in place of the one before. From any goroutine; the leg must run at the line's rate.
func (l *Line) Attach(leg *Leg) error {
	if leg != nil && leg.Rate() != l.cfg.Rate {
		return fmt.Errorf("attach call: its sound has %d Hz, the line %d Hz", leg.Rate(), l.cfg.Rate)
	}
	l.leg.Store(leg)
	return nil
}

// Detach leaves the line without a call. The leg may be closed at once.
func (l *Line) Detach() { l.leg.Store(nil) }

// Play plays sound into the line, for the far end, the Speaker and the recording alike, in place of what played before; nil
// is none. It is no matter of the Mic: where that is muted it is heard all the same. From any goroutine.
func (l *Line) Play(source Mic) {
	if source == nil {
		l.played.Store(nil)
		return
	}
	l.played.Store(&source)
}

// Tick moves 20 ms of sound each way. It never waits and allocates nothing, as far as Mic, Speaker and Record do not.
//
//	mic ---(+)--> call, recording      far end ---+--> recording
//	        |                                     |
//	        played ------------------------------(+)--> speaker
func (l *Line) Tick() {
	clear(l.near)
	clear(l.far)
	if l.cfg.Mic != nil {
		l.cfg.Mic.ReadVoice(l.near)
	}
	plays := l.readPlayed()
	if plays {
		add(l.near, l.play)
		pcm.SoftLimit(l.near)
	}
	if leg := l.leg.Load(); leg != nil {
		leg.Send(l.near)
		leg.Receive(l.far)
	}
	if l.cfg.Speaker != nil {
		copy(l.mix, l.far)
		if plays {
			add(l.mix, l.play) // the speakers' own mix keeps within full scale
		}
		l.cfg.Speaker.WriteVoice(l.mix)
	}
	l.record()
}

// readPlayed fetches what is played into the line; false for nothing. What has been taken away or replaced fades out within
// the tick: nobody else reads it any more.
func (l *Line) readPlayed() bool {
	now, before := l.played.Load(), l.before
	l.before = now
	if now == nil && before == nil {
		return false
	}
	clear(l.play)
	if now != nil {
		(*now).ReadVoice(l.play)
	}
	if before != nil && before != now {
		(*before).ReadVoice(l.fade)
		for i, s := range l.fade {
			l.play[i] += s * float32(len(l.fade)-1-i) / float32(len(l.fade))
		}
	}
	return true
}

func add(sum, data []float32) {
	for i, s := range data {
		sum[i] += s
	}
}

func (l *Line) record() {
	pos := l.pos
	l.pos += int64(len(l.mix))
	if l.cfg.Record == nil {
		return
	}
	for i := range l.mix {
		l.mix[i] = l.near[i] + l.far[i]
	}
	pcm.SoftLimit(l.mix)
	format := pcm.Format{Rate: l.cfg.Rate, Channels: 1}
	if err := l.cfg.Record.WriteFrame(pcm.Frame{Format: format, Pos: pos, Data: l.mix}); err != nil {
		l.failed.Add(1)
	}
}

// catchUp is how many ticks are made up for at once; a longer stall is left out, and Frame.Pos jumps over it.
const catchUp = 10

// Run ticks until ctx ends. The schedule is absolute, so that late ticks do not add up.
func (l *Line) Run(ctx context.Context) error {
	start, done := time.Now(), int64(0)
	l.started.Store(&start)
	timer := time.NewTimer(Frame)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
		done = l.advance(int64(time.Since(start)/Frame), done)
		timer.Reset(time.Until(start.Add(time.Duration(done+1) * Frame)))
	}
}

// When is the time at which the sample pos of the line was read from the Mic, as far as a tick is on time; false before Run.
// From any goroutine.
func (l *Line) When(pos int64) (time.Time, bool) {
	start := l.started.Load()
	if start == nil {
		return time.Time{}, false
	}
	whole, rest := pos/int64(l.cfg.Rate), pos%int64(l.cfg.Rate)
	return start.Add(time.Duration(whole)*time.Second + time.Duration(rest)*time.Second/time.Duration(l.cfg.Rate)), true
}

// advance ticks from done up to due ticks since the start, and returns how many are done with.
func (l *Line) advance(due, done int64) int64 {
	behind := due - done
	if behind > 1 {
		l.late.Add(behind - 1)
	}
	if over := behind - catchUp; over > 0 {
		l.skipped.Add(over)
		l.pos += over * int64(len(l.mix))
		done += over
	}
	for ; done < due; done++ {
		l.Tick()
	}
	return done
}

// LineStats counts what went wrong on the tick.
type LineStats struct {
	Late    int64 `json:"late"`    // ticks made up for
	Skipped int64 `json:"skipped"` // ticks left out after a stall of more than 200 ms
	Failed  int64 `json:"failed"`  // frames that the recording refused
}

// Stats may be called from any goroutine.
func (l *Line) Stats() LineStats {
	return LineStats{Late: l.late.Load(), Skipped: l.skipped.Load(), Failed: l.failed.Load()}
}

// String shows the wiring in one log line.
func (l *Line) String() string {
	record := "nothing"
	if l.cfg.Record != nil {
		record = l.cfg.Record.String()
	}
	return fmt.Sprintf("line %d Hz: mic <-> call, both -> %s", l.cfg.Rate, record)
}
