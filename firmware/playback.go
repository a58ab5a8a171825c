package firmware

import (
	"context"

	"orionbox/audio/player"
	"orionbox/firmware/director"
	"orionbox/sip/media"
)

func (b *Box) openPlayback(of []player.Stretch, rate int) (director.Playback, error) {
	return player.Open(player.Config{Stretches: of, Rate: rate}, b.log.With("part", "player"))
}

// speak plays in the box's own speakers, by a line that leads nowhere else:
//
//	playback --> line --> speakers
//
// The voice's line, if there is one, knows nothing of it, so that no recording has it.
func (b *Box) speak(p director.Playback, rate int) (hush func()) {
	speaker := b.engine.Speaker(rate)
	line := media.NewLine(media.LineConfig{Rate: rate, Speaker: speaker})
	line.Play(p)
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		b.report("playback", line.Run(ctx))
		speaker.Close() // which plays and fades out what is on its way
	}()
	return stop
}
