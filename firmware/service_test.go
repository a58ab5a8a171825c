package firmware

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// systemd listens where a service tells how it is, and wants a sign of life every 30 s.
func systemd(t *testing.T) *net.UnixConn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "30000000")
	return conn
}

// hears reads what was told, "" if nothing was: a datagram is there once it is sent.
func hears(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 200)
	n, err := conn.Read(buf)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	return string(buf[:n])
}

// TestServiceTells that it is ready, lives and leaves; a loop that stands still gives no sign of life.
func TestServiceTells(t *testing.T) {
	conn := systemd(t)
	s := NewService(slog.New(slog.DiscardHandler))
	now := time.Unix(0, 0)
	s.now = func() time.Time { return now }
	for _, step := range []struct {
		after time.Duration
		do    func()
		want  string
	}{
		{0, s.Alive, "READY=1\nSTATUS=ready"},
		{9 * time.Second, s.Alive, ""},
		{time.Second, s.Alive, "WATCHDOG=1"},
		{time.Second, s.Alive, ""},
		{time.Minute, func() {}, ""},
		{0, s.Alive, "WATCHDOG=1"},
		{0, s.Leave, "STOPPING=1\nSTATUS=leaving"},
	} {
		now = now.Add(step.after)
		step.do()
		if got := hears(t, conn); got != step.want {
			t.Errorf("at %v systemd hears %q, want %q", now.Sub(time.Unix(0, 0)), got, step.want)
		}
	}
	if os.Getenv("NOTIFY_SOCKET") == "" {
		t.Error("the program that it becomes could not tell systemd")
	}
}

// TestServiceWithoutSystemd keeps quiet.
func TestServiceWithoutSystemd(t *testing.T) {
	conn := systemd(t)
	t.Setenv("NOTIFY_SOCKET", "")
	s := NewService(slog.New(slog.DiscardHandler))
	s.Alive()
	s.Leave()
	if got := hears(t, conn); got != "" {
		t.Errorf("systemd hears %q", got)
	}
}
