package firmware

import (
	"context"
	"fmt"
	"sync"
	"time"

	"orionbox/audio/engine"
	"orionbox/audio/pcm"
	"orionbox/audio/recorder"
	"orionbox/audio/ring"
	"orionbox/firmware/director"
	"orionbox/sip/media"
)

// voice is the line of a session and the recorder of what it carries:
//
//	mic --> line --> call         line ticks every 20 ms, with a call or without
//	speakers <-- line <-- call
//	               |
//	              ring --> recorder
type voice struct {
	*recorder.Recorder
	line    *media.Line
	mic     *engine.Mic
	speaker *engine.Speaker
	rate    int
	stop    context.CancelFunc
	running sync.WaitGroup
}

// voiceDepth is how long the disk may stall before voice is lost.
const voiceDepth = 12 * time.Second

// newVoice builds and starts the line of a session; its recorder waits for Start.
func (b *Box) newVoice(rate int) director.Voice {
	format := pcm.Format{Rate: rate, Channels: 1}
	tick := rate / 50
	carried := ring.New(format, int(format.Samples(voiceDepth))/tick, tick)
	mic, speaker := b.engine.Mic(rate), b.engine.Speaker(rate)
	v := &voice{
		Recorder: recorder.New(recorder.Config{Name: "voice", Source: carried, Flush: flushEvery}, b.log.With("part", "voice")),
		line:     media.NewLine(media.LineConfig{Rate: rate, Mic: mic, Speaker: speaker, Record: carried}),
		mic:      mic,
		speaker:  speaker,
		rate:     rate,
	}
	ctx, stop := context.WithCancel(context.Background())
	v.stop = stop
	v.running.Go(func() { b.report("voice line", v.line.Run(ctx)) })
	v.running.Go(func() { b.report("voice recorder", v.Recorder.Run(ctx)) })
	return v
}

func (b *Box) report(what string, err error) {
	if err := wrap(what, err); err != nil {
		b.log.Error("part ended", "err", err)
	}
}

func (v *voice) Rate() int                   { return v.rate }
func (v *voice) Attach(leg *media.Leg) error { return v.line.Attach(leg) }
func (v *voice) Detach()                     { v.line.Detach() }
func (v *voice) Play(source media.Mic)       { v.line.Play(source) }
func (v *voice) String() string              { return fmt.Sprintf("voice at %d Hz", v.rate) }

// When is when the microphone heard what stands at the sample pos of the voice recording.
func (v *voice) When(pos int64) (time.Time, bool) {
	at, ok := v.line.When(pos)
	return at.Add(-v.mic.Delay()), ok
}

// Close ends the line and its recorder and waits for both.
func (v *voice) Close() {
	v.stop()
	v.running.Wait()
	v.mic.Close()
	v.speaker.Close()
}
