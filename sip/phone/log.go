package phone

import (
	"context"
	"errors"
	"log/slog"
)

// quietLogger is what sipgo may log to: its errors are the box's everyday (a datagram that is no SIP, a connection that
// closed), so all of it is debug; and it logs whole messages, which may hold credentials, so only short fields pass.
func quietLogger(log *slog.Logger) *slog.Logger {
	return slog.New(quiet{log.Handler()}).With("library", "sipgo")
}

type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, _ slog.Level) bool {
	return q.Handler.Enabled(ctx, slog.LevelDebug)
}

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, slog.LevelDebug, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "error", "caller", "network", "laddr", "raddr", "tx":
			out.AddAttrs(slog.String(a.Key, printable(a.Value.String())))
		}
		return true
	})
	return q.Handler.Handle(ctx, out)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.Handler.WithGroup(name)} }

// asFailure finds the failure in an error.
func asFailure(err error, f *failure) bool { return errors.As(err, f) }
