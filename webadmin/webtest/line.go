package webtest

import (
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// line is the browser's only way to the network: a SOCKS 5 server (RFC 1928) that leads to this machine and nowhere else,
// and that can be cut. It carries bytes and knows nothing of HTTP, so the page and its server meet as they would without.
type line struct {
	listener net.Listener
	running  sync.WaitGroup

	mu      sync.Mutex
	cut     bool
	open    map[net.Conn]bool
	refused []string
}

func newLine(t testing.TB) *line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("open a line for the browser: %v", err)
	}
	l := &line{listener: listener, open: map[net.Conn]bool{}}
	l.running.Go(l.serve)
	t.Cleanup(func() {
		listener.Close()
		l.setCut(true)
		l.running.Wait()
	})
	return l
}

func (l *line) addr() string { return l.listener.Addr().String() }

func (l *line) serve() {
	for {
		conn, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.running.Go(func() { l.carry(conn) })
	}
}

// carry leads one connection to where it wants to go, until either side or a cut ends it.
func (l *line) carry(browser net.Conn) {
	defer browser.Close()
	host, port, err := greet(browser)
	if err != nil {
		return
	}
	server, answer := l.reach(host, port)
	if answer == succeeded {
		defer server.Close()
	}
	if _, err := browser.Write([]byte{5, answer, 0, 1, 0, 0, 0, 0, 0, 0}); err != nil || answer != succeeded {
		return
	}
	defer l.forget(browser, server)
	if !l.keep(browser, server) {
		return
	}
	l.running.Go(func() { pour(server, browser) })
	pour(browser, server)
}

// pour copies until the end and passes it on.
func pour(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		return
	}
	to.(*net.TCPConn).CloseWrite()
}

func (l *line) reach(host string, port uint16) (net.Conn, byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, here := onThisMachine(host)
	switch {
	case !here:
		l.refused = append(l.refused, host)
		return nil, notAllowed
	case l.cut:
		return nil, connectionRefused
	}
	conn, err := net.Dial("tcp", net.JoinHostPort(at, strconv.Itoa(int(port))))
	if err != nil {
		return nil, connectionRefused
	}
	return conn, succeeded
}

// onThisMachine finds a loopback address. The names that RFC 6761 and 6762 keep for tests and local networks lead there
// too, so that a test can come by a wrong name or from another origin (http://elsewhere.test).
func onThisMachine(host string) (string, bool) {
	if ip := net.ParseIP(host); ip != nil {
		return host, ip.IsLoopback()
	}
	last := host[strings.LastIndex(host, ".")+1:]
	return "127.0.0.1", slices.Contains([]string{"localhost", "test", "local"}, last)
}

func (l *line) keep(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		l.open[c] = !l.cut
	}
	return !l.cut
}

func (l *line) forget(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		delete(l.open, c)
	}
}

// setCut cuts the line, with a reset (RST) both ways, or mends it.
func (l *line) setCut(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
	for c := range l.open {
		if cut {
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	}
}

func (l *line) turnedAway() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.refused)
}
