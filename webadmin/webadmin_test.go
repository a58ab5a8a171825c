package webadmin

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// box is a Box with one button that works, one that is refused and one that panics.
type box struct{ held time.Duration }

func (b *box) Status(context.Context) (any, error) {
	return map[string]string{"call": "in conference"}, nil
}

func (b *box) Preflight(context.Context) (any, error) { return map[string]bool{"good": true}, nil }

func (b *box) Press(_ context.Context, button string, hold time.Duration) (string, error) {
	b.held = hold
	switch button {
	case "record":
		return "take 1 starts", nil
	case "panic":
		panic("a fault of ours")
	}
	return "", &Error{http.StatusConflict, "no: " + button}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// open serves the box on a socket of the test's own.
func open(t *testing.T, parts Parts) (*Client, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run", "box.sock")
	listener, err := ListenLocal(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, listener, New(parts, quiet())) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return NewClient(path), path
}

func TestDoor(t *testing.T) {
	b := &box{}
	client, _ := open(t, Parts{Box: b})
	status, err := client.Status(t.Context())
	if err != nil || !strings.Contains(string(status), `{"call":"in conference"}`) {
		t.Errorf("status %s, %v", status, err)
	}
	text, err := client.Press(t.Context(), "record", 3*time.Second)
	if err != nil || text != "take 1 starts" || b.held != 3*time.Second {
		t.Errorf("press: %q, %v, held %v", text, err, b.held)
	}
	var refused *Error
	if _, err := client.Press(t.Context(), "se/gment", 0); !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		t.Errorf("a name with a slash is no route: %v", err)
	}
	if _, err := client.Press(t.Context(), "segment", 0); !errors.As(err, &refused) || refused.Text != "no: segment" {
		t.Errorf("refusal %v", err)
	}
	if _, err := client.Press(t.Context(), "panic", 0); !errors.As(err, &refused) || refused.Status != http.StatusInternalServerError {
		t.Errorf("panic %v", err)
	}
}

func TestBadRequests(t *testing.T) {
	handler := New(Parts{Box: &box{}}, quiet())
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/", http.StatusNotFound},
		{"GET", "/healthz", http.StatusOK},
		{"GET", "/api/press/record", http.StatusMethodNotAllowed},
		{"POST", "/api/press/record?hold=soon", http.StatusBadRequest},
		{"POST", "/api/press/record?hold=-1s", http.StatusBadRequest},
		{"POST", "/api/press/record?hold=2h", http.StatusBadRequest},
		{"POST", "/api/press/record?hold=1s", http.StatusOK},
		{"DELETE", "/api/status", http.StatusMethodNotAllowed},
	} {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(c.method, c.path, nil))
		if answer.Code != c.want {
			t.Errorf("%s %s: %d %s, want %d", c.method, c.path, answer.Code, answer.Body, c.want)
		}
	}
}

func TestSocket(t *testing.T) {
	client, path := open(t, Parts{Box: &box{}})
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Fatalf("socket mode %v, %v", info.Mode(), err)
	}
	if _, err := ListenLocal(path); !errors.Is(err, ErrRunning) {
		t.Errorf("a second box on a living socket: %v", err)
	}
	if _, err := client.Status(t.Context()); err != nil {
		t.Errorf("the first box after the second was refused: %v", err)
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "box.sock")
	if _, err := NewClient(path).Status(t.Context()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("no socket: %v", err)
	}
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false) // as a box leaves it that was killed
	dead.Close()
	if _, err := NewClient(path).Status(t.Context()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("stale socket: %v", err)
	}
	listener, err := ListenLocal(path)
	if err != nil {
		t.Fatalf("replace a stale socket: %v", err)
	}
	listener.Close()
}

func TestNothingElseIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "conn.conf")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ListenLocal(path); err == nil || !strings.Contains(err.Error(), "--socket") {
		t.Errorf("a file in the socket's place: %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
		t.Errorf("the file was touched: %q, %v", text, err)
	}
	if _, err := ListenLocal(filepath.Join(t.TempDir(), strings.Repeat("x", 120))); err == nil || !strings.Contains(err.Error(), "107") {
		t.Errorf("a path that is too long: %v", err)
	}
}
