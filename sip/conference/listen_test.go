package conference

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// TestStrangersAreBounded fills the places for TCP connections.
func TestStrangersAreBounded(t *testing.T) {
	s, err := listen("127.0.0.1:0", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	accepted := make(chan net.Conn, 3)
	go func() {
		for {
			c, err := s.tcp.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", s.address().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	dial()
	first := <-accepted
	second := dial()
	if err := second.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a connection too many: got %v, want it closed", err)
	}
	first.Close()
	first.Close() // gives its place back once only
	third := dial()
	guest := <-accepted
	if _, err := third.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(guest, make([]byte, 1)); err != nil {
		t.Errorf("the next guest cannot be heard: %v", err)
	}
}
