package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"orionbox/firmware/hub"
)

// web is the hub's one port: HTTPS, with the NATS server's WebSocket under hub.Path and what Handle adds.
type web struct {
	listener    *connListener
	fingerprint string
	mux         *http.ServeMux
	server      *http.Server
}

func newWeb(listen string, certificate tls.Certificate, log *slog.Logger) (*web, error) {
	l, err := net.Listen("tcp", listen)
	if errors.Is(err, unix.EADDRINUSE) {
		return nil, fmt.Errorf("another program uses %s: stop it, or set another port in [Hub] listen: %w", listen, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %q, from [Hub] listen: %w", listen, err)
	}
	w := &web{listener: &connListener{Listener: l, open: map[net.Conn]bool{}}, mux: http.NewServeMux(),
		fingerprint: fingerprint(certificate)}
	w.server = &http.Server{
		Handler: w.mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), // strangers' broken handshakes
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12,
			NextProtos: []string{"http/1.1"}}, // HTTP/2 has no Upgrade
	}
	return w, nil
}

// forward passes hub.Path on to where the NATS server answers WebSockets.
func (w *web) forward(address string) {
	w.mux.Handle(hub.Path, tunnel(address))
	w.mux.Handle(hub.Path+"/", tunnel(address))
}

// serve answers until ctx ends.
func (w *web) serve(ctx context.Context) error {
	unhook := context.AfterFunc(ctx, func() { _ = w.server.Close() }) // close tells of it again
	defer unhook()
	err := w.server.ServeTLS(w.listener, "", "")
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return fmt.Errorf("serve the hub's port: %w", err)
}

func (w *web) close() error {
	err := errors.Join(w.server.Close(), w.listener.closeAll())
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// connListener remembers its connections: http.Server forgets those that became WebSockets.
type connListener struct {
	net.Listener
	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

func (l *connListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errors.Join(net.ErrClosed, c.Close())
	}
	l.open[c] = true
	return &listedConn{Conn: c, list: l}, nil
}

// closeAll closes the listener and every connection that it gave.
func (l *connListener) closeAll() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for c := range l.open {
		_ = c.Close() // whether it was still open is of no matter
	}
	return l.Close()
}

type listedConn struct {
	net.Conn
	list *connListener
}

func (c *listedConn) Close() error {
	c.list.mu.Lock()
	delete(c.list.open, c.Conn)
	c.list.mu.Unlock()
	return c.Conn.Close()
}
