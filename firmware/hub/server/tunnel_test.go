package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"orionbox/firmware/hub"
)

// What comes in goes on as it is, but for the address that it comes from, which nobody may make up; and what goes either
// way is all there, though it came early or in one piece with the answer.
func TestTunnelPassesOn(t *testing.T) {
	back, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	long := strings.Repeat("0123456789", 10_000)
	asked := make(chan *http.Request, 1)
	go func() {
		conn, err := back.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		r, err := http.ReadRequest(in)
		if err != nil {
			t.Error(err)
			return
		}
		asked <- r
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nwelcome")
		_, _ = io.CopyN(conn, in, int64(len(long))) // what is missing then is missed below
	}()
	front := httptest.NewServer(tunnel(back.Addr().String()))
	defer front.Close()
	conn, err := net.Dial("tcp", front.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n%s", hub.Path, long)
	in := bufio.NewReader(conn)
	answer, err := http.ReadResponse(in, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("answered %v, %v", answer, err)
	}
	r := <-asked
	if r.URL.Path != "/" || r.Header.Get("Upgrade") != "WebSocket" || r.Header.Get("X-Forwarded-For") != "127.0.0.1" {
		t.Errorf("passed on %s with %v", r.URL, r.Header)
	}
	if rest, err := io.ReadAll(in); err != nil || string(rest) != "welcome"+long {
		t.Errorf("came back %d bytes, %v", len(rest), err)
	}
}

func TestTunnelTakesNothingElse(t *testing.T) {
	front := httptest.NewServer(tunnel("127.0.0.1:1"))
	defer front.Close()
	for upgrade, want := range map[string]int{"": http.StatusBadRequest, "h2c": http.StatusBadRequest, "websocket": http.StatusBadGateway} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, front.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", upgrade)
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil || answer.StatusCode != want {
			t.Errorf("%q is answered by %s, want %d", upgrade, answer.Status, want)
		}
	}
}
