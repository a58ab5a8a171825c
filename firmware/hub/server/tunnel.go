package server

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// tunnel is the address of a server for WebSockets, to which it passes them on. It is there in place of a
// httputil.ReverseProxy, which holds 64 KiB and two goroutines more for as long as a box is connected.
type tunnel string

// tunnelBuffer is how many bytes go at a time, each way: what boxes and hub tell each other is seldom longer.
const tunnelBuffer = 4 << 10

// ServeHTTP passes a request on, with the address that it comes from, and from then on byte by byte.
func (t tunnel) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		http.Error(rw, "this is for WebSockets", http.StatusBadRequest)
		return
	}
	back, err := t.ask(r)
	if err != nil {
		rw.WriteHeader(http.StatusBadGateway)
		return
	}
	defer back.Close()
	front, buffered, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		rw.WriteHeader(http.StatusInternalServerError)
		return
	}
	defer front.Close()
	early, err := buffered.Reader.Peek(buffered.Reader.Buffered()) // what the box said without waiting for an answer
	if err == nil && len(early) > 0 {
		_, err = back.Write(early)
	}
	if err == nil {
		join(front, back)
	}
}

// ask says the request to the server.
func (t tunnel) ask(r *http.Request) (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", string(t), 5*time.Second)
	if err != nil {
		return nil, err
	}
	out := r.Clone(r.Context())
	out.URL = &url.URL{Scheme: "http", Host: string(t), Path: "/"}
	out.Header["X-Forwarded-For"] = []string{host(r.RemoteAddr)} // in place of what a stranger says
	if err := out.Write(conn); err != nil {
		return nil, fmt.Errorf("%w, %w", err, conn.Close())
	}
	return conn, nil
}

func host(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}

// join copies both ways until one of them ends.
func join(a, b net.Conn) {
	var done sync.WaitGroup
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		done.Go(func() {
			defer a.Close()
			defer b.Close()
			to, from := struct{ io.Writer }{way[0]}, struct{ io.Reader }{way[1]} // hides splice, which would take its own buffer
			_, _ = io.CopyBuffer(to, from, make([]byte, tunnelBuffer))           // either end may go at any time
		})
	}
	done.Wait()
}
