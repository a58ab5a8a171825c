package echo

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"orionbox/sip/media"
	"orionbox/sip/phone"
)

// listen has the call say the signal and hear what comes back. Until packets come it says silence, since an echo has
// nothing to send before; if none come it tries all the same.
func listen(ctx context.Context, call *phone.Single, p *probe, log *slog.Logger) error {
	line := media.NewLine(media.LineConfig{Rate: p.rate, Mic: p, Speaker: p})
	if err := line.Attach(call.Leg()); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var ticking sync.WaitGroup
	ticking.Go(func() { _ = line.Run(ctx) }) // which only says that ctx ended
	defer ticking.Wait()
	defer stop()
	if err := await(ctx, call, mediaTimeout, func() bool { return !call.Leg().LastPacket().IsZero() }); err != nil {
		return err
	}
	if err := call.Leg().SendDigits(ctx, "1"); err != nil { // a number that does not echo before is not heard
		log.Debug("key not sent", "error", err)
	}
	if err := await(ctx, call, settleTime, func() bool { return false }); err != nil {
		return err
	}
	p.begun.Store(true)
	return await(ctx, call, 2*signalLength*time.Millisecond, p.over.Load)
}

// await returns when it is so, or not in time. An error means that the call or ctx ended meanwhile.
func await(ctx context.Context, call *phone.Single, patience time.Duration, so func() bool) error {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(media.Frame)
	defer tick.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-call.Done():
			return call.Close()
		case <-deadline.C:
			return nil
		case <-tick.C:
		}
	}
	return nil
}
