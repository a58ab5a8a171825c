package webadmin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
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
