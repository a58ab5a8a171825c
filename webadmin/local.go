package webadmin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// socketMode lets the box's own user and group in, nobody else: whoever reaches the socket may press buttons.
const socketMode = 0o660

// ErrRunning is returned by ListenLocal when another box answers on the socket.
var ErrRunning = errors.New("another orionbox is running on this socket; stop it, or give this one its own with --socket")

// ErrNotRunning is returned by a Client when no box listens on the socket.
var ErrNotRunning = errors.New("no orionbox is running here; start one with `orionbox run`, or name its socket with --socket")

// maxSocketPath is the longest path of a unix socket (sockaddr_un, unix(7)), in bytes.
const maxSocketPath = 107

// ListenLocal listens on the unix socket at path, mode 0660, making its folder if need be. The socket that a killed box
// left behind is replaced; that of a living one is not (ErrRunning), nor is anything else that is there.
func ListenLocal(path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("listen on %s: the path of a socket may have %d bytes; name a shorter one with --socket", path, maxSocketPath)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make socket folder: %w; name another with --socket", err)
	}
	if err := removeStale(path); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on socket: %w", err)
	}
	if err := os.Chmod(path, socketMode); err != nil {
		return nil, errors.Join(fmt.Errorf("set socket mode: %w", err), listener.Close())
	}
	return listener, nil
}

// removeStale removes a socket that nobody listens on any more.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != os.ModeSocket:
		return errors.New("a file that is no socket is there; name another with --socket")
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		return errors.Join(ErrRunning, conn.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return os.Remove(path)
}

// Serve answers on the listener until ctx ends, then lets open requests finish for a second.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	err := server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	return err
}

// Client talks to a running box through its socket.
type Client struct {
	path string
	http http.Client
}

// NewClient is a client of the box whose socket is at path; nothing is dialled yet.
func NewClient(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	return &Client{path: path, http: http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DialContext: dial}}}
}

// Status is the state of the box as JSON.
func (c *Client) Status(ctx context.Context) (json.RawMessage, error) {
	return c.do(ctx, http.MethodGet, "/api/status")
}

// Press presses a button for the given time and returns the box's words; a refusal is an *Error.
func (c *Client) Press(ctx context.Context, button string, hold time.Duration) (string, error) {
	body, err := c.do(ctx, http.MethodPost, "/api/press/"+url.PathEscape(button)+"?hold="+hold.String())
	if err != nil {
		return "", err
	}
	var reply Reply
	if err := json.Unmarshal(body, &reply); err != nil {
		return "", fmt.Errorf("read answer of the box: %w", err)
	}
	return reply.Text, nil
}

func (c *Client) do(ctx context.Context, method, route string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://box"+route, nil)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	response, err := c.http.Do(request)
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("reach %s: %w", c.path, ErrNotRunning)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("reach %s: not allowed; run as the box's user, or join its group", c.path)
	case err != nil:
		return nil, fmt.Errorf("reach %s: %w", c.path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<24))
	if err != nil {
		return nil, fmt.Errorf("read answer of the box: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, refusal(response.StatusCode, body)
	}
	return body, nil
}

func refusal(status int, body []byte) error {
	var reply Reply
	if json.Unmarshal(body, &reply) != nil || reply.Error == "" {
		reply.Error = http.StatusText(status)
	}
	return &Error{status, reply.Error}
}
