package phone

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func testLog(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

func TestLibraryMayNotLogMessages(t *testing.T) {
	var out bytes.Buffer
	log := quietLogger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	log.With("caller", "udp").WithGroup("g").Error("failed to parse", "data", "Authorization: Digest secret", "error", "bad line")
	if got := out.String(); strings.Contains(got, "secret") || !strings.Contains(got, "bad line") || !strings.Contains(got, "level=DEBUG") {
		t.Errorf("logged %s", got)
	}
}
