package phone_test

import (
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"orionbox/sip/phone"
)

// TestStalledDisk has a pipe that nobody writes to in place of the file of calls: reading it stalls, as a disk does that
// hangs, and nothing can be saved. The box calls, answers and leaves all the same.
func TestStalledDisk(t *testing.T) {
	state := ""
	p, r, m := talking(t, func(c *phone.Config) {
		state = c.StatePath
		if err := syscall.Mkfifo(state, 0o600); err != nil {
			t.Fatal(err)
		}
	}, "Allow: UPDATE", "Session-Expires: 2;refresher=uac")
	p.answer(p.take("UPDATE"), 200, "OK", "Session-Expires: 1800;refresher=uas")
	for i, method := range []string{"UPDATE", "INVITE"} {
		p.request(m, method, i+1, describe("8 101", "sendrecv", 2))
		if a := p.take("SIP/2.0"); !strings.HasPrefix(a.line, "SIP/2.0 200") {
			t.Errorf("%s was answered %q", method, a.line)
		}
		if method == "INVITE" {
			p.request(m, "ACK", i+1)
		}
	}
	p.request(m, "BYE", 3)
	p.take("SIP/2.0")
	r.reason(phone.HungUp, phone.Retrying)
	p.join()
	r.up()
	p.indulge()
	r.stop()
	if info, err := os.Lstat(state); err != nil || info.Mode().Type() != os.ModeNamedPipe {
		t.Errorf("the disk did not stall: %v, %v", info, err)
	}
	release(t, state)
}

// release lets the disk go on, and waits until the state is saved.
func release(t *testing.T, path string) {
	t.Helper()
	pipe, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := pipe.Close(); err != nil {
		t.Error(err)
	}
	for deadline := time.Now().Add(5 * time.Second); ; runtime.Gosched() {
		if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("not saved when the disk went on")
		}
	}
}
