package firmware

import (
	"context"

	"orionbox/firmware/preflight"
	"orionbox/sip/echo"
)

// echoCall is what calls a number that echoes; nil if none is set.
func (b *Box) echoCall() func(context.Context) (preflight.Echo, error) {
	number := b.cfg.Settings.ConnectionDetails.EchoNo
	if number == "" || b.phone == nil {
		return nil
	}
	return func(ctx context.Context) (preflight.Echo, error) {
		r, err := echo.Test(ctx, b.phoneConfig(), number, b.log.With("part", "echo"))
		return preflight.Echo{Number: number, Heard: r.Heard, RoundTrip: r.RoundTrip, LevelDB: r.LevelDB,
			Received: r.Received, Loss: r.LossPercent, Codec: r.Codec}, err
	}
}
