package server

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
)

// elsewhere is a listener whose connections seem to come from an address.
type elsewhere struct {
	net.Listener
	from string
}

type movedConn struct {
	net.Conn
	from net.Addr
}

func (c movedConn) RemoteAddr() net.Addr { return c.from }

func (l elsewhere) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	from, err := net.ResolveTCPAddr("tcp", l.from)
	return movedConn{c, from}, err
}

// One address gets so many connections and no more, until some of them are gone; this machine gets more.
func TestConnectionsOfOneAddress(t *testing.T) {
	for _, c := range []struct {
		from string
		want int
	}{{"192.0.2.1:9", maxConnsEach}, {"[2001:db8::1]:9", maxConnsEach}, {"127.0.0.1:9", maxConnsEach + 10}} {
		plain, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		refused := newRefusals(slog.New(slog.NewTextHandler(&log, nil)))
		l := newConnListener(elsewhere{plain, c.from}, refused)
		accepted := make(chan net.Conn, maxConnsEach+20)
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					close(accepted)
					return
				}
				accepted <- conn
			}
		}()
		var first net.Conn
		for range maxConnsEach + 10 {
			conn, err := net.Dial("tcp", plain.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
		}
		eventually(t, "all are let in or not", func() bool {
			return len(accepted) == c.want && refused.total() == int64(maxConnsEach+10-c.want)
		})
		first = <-accepted
		if err := first.Close(); err != nil {
			t.Error(err)
		}
		_ = first.Close() // counts once
		again, err := net.Dial("tcp", plain.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		eventually(t, "another is let in", func() bool { return len(accepted) == c.want })
		if err := l.closeAll(); err != nil {
			t.Error(err)
		}
		for conn := range accepted {
			_ = conn.Close()
		}
		if len(l.open)+len(l.each) != 0 {
			t.Errorf("%d connections and %d addresses are remembered", len(l.open), len(l.each))
		}
		if told := strings.Count(log.String(), "level=WARN"); c.want == maxConnsEach && (told < 1 || told > 5) {
			t.Errorf("told %d times: %s", told, &log)
		}
	}
}

func TestConnectionsInAll(t *testing.T) {
	l := newConnListener(nil, newRefusals(testLog(t)))
	addr := func(n int) net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, byte(n>>8), byte(n)), Port: 1} }
	var some net.Conn
	for n := range maxConns {
		some = &net.TCPConn{}
		if err := l.enter(some, neighbours(addr(n))); err != nil {
			t.Fatal(n, err)
		}
	}
	if l.enter(&net.TCPConn{}, neighbours(addr(maxConns))) == nil {
		t.Error("one more was let in")
	}
	l.leave(some)
	if err := l.enter(&net.TCPConn{}, neighbours(addr(maxConns))); err != nil {
		t.Error(err)
	}
}

func TestNeighbours(t *testing.T) {
	for at, want := range map[string]string{"192.0.2.7:1": "192.0.2.7/32", "[::ffff:192.0.2.7]:1": "192.0.2.7/32",
		"[2001:db8:1:2:3::9]:1": "2001:db8:1:2::/64", "[fe80::1%lo]:1": "fe80::/64", "[::1]:1": "::1/128"} {
		addr, err := net.ResolveTCPAddr("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		if got := neighbours(addr).String(); got != want {
			t.Errorf("%s counts as %s, want %s", at, got, want)
		}
	}
}

// A connection that says nothing is closed; a box that was there stays.
func TestSilentConnectionIsClosed(t *testing.T) {
	s := startHub(t, Config{Dir: t.TempDir()})
	alice := invite(t, s, "600", "Alice", session.Artist)
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the silent connection: %v", err)
	}
	alice.beat(hub.Presence{})
	if n := alice.conn.Statistics.Reconnects; n != 0 {
		t.Errorf("the box was closed too, %d times", n)
	}
}
