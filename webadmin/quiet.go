package webadmin

import (
	"context"
	"log/slog"
)

// quietHandler is a log for what the outside does: at the level of a debugger, whatever the server thinks of it.
type quietHandler struct{ slog.Handler }

func (q quietHandler) Enabled(ctx context.Context, _ slog.Level) bool {
	return q.Handler.Enabled(ctx, slog.LevelDebug)
}
