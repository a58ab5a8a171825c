package director

import (
	"context"
	"fmt"

	"orionbox/firmware/session"
)

// Leave has the box stop as the end of its program does: takes are closed first, and nothing is switched off. It waits for
// no delivery: that goes on once the box has started again. With idle it refuses while a take runs or is being closed. Who
// asks twice is refused: the first is under way.
func (d *Director) Leave(ctx context.Context, idle bool) error {
	var refusal string
	failed := d.onLoop(ctx, func() {
		switch {
		case d.state.Leaving:
			refusal = "the box is stopping already"
		case idle && d.state.Take != session.Idle:
			refusal = "a take runs; end it first"
		default:
			d.log.Info("asked to stop and start again")
			d.park = true
			d.feed(session.Leave{})
		}
	})
	if failed == nil && refusal != "" {
		return fmt.Errorf("%w: %s", ErrRefused, refusal)
	}
	return failed
}
