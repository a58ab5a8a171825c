package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
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

func newWeb(listen string, certificate tls.Certificate, refusals *refusals, log *slog.Logger) (*web, error) {
	l, err := net.Listen("tcp", listen)
	if errors.Is(err, unix.EADDRINUSE) {
		return nil, fmt.Errorf("another program uses %s: stop it, or set another port in [Hub] listen: %w", listen, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %q, from [Hub] listen: %w", listen, err)
	}
	w := &web{listener: newConnListener(l, refusals), mux: http.NewServeMux(),
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
