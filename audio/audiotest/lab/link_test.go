package lab

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"testing"
	"time"
)

// The kernel may be late on a busy machine, but it never lets more through than the rate: what is far under it, or at all
// over it, is a link that does not shape.
func TestLinkCarriesItsRateEachWay(t *testing.T) {
	const rate, size = 4_000_000, 700_000 // 1.4 s
	l := NewLink(t, LinkConfig{Rate: rate / 10})
	l.SetRate(rate)
	for _, way := range []struct {
		name     string
		from, to *End
	}{{"A to B", l.A(), l.B()}, {"B to A", l.B(), l.A()}} {
		sent, got := l.stream(way.from, way.to)
		abBefore, baBefore := l.Carried()
		began := time.Now()
		go sent.Write(make([]byte, size))
		if _, err := io.ReadFull(got, make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		took := time.Since(began).Seconds()
		ab, ba := l.Carried()
		there, back := ab-abBefore, ba-baBefore
		if way.from == l.B() {
			there, back = back, there
		}
		if there < size || there > size*11/10 || back > size/10 {
			t.Errorf("%s: %d bytes there and %d back for a stream of %d", way.name, there, back, size)
		}
		if got := 8 * float64(there) / took; got > rate*1.05 || got < rate/2 {
			t.Errorf("%s: %.0f bit/s over a link of %d", way.name, got, rate)
		}
	}
}

func TestLinkIsFastUntilItsQueueIsFull(t *testing.T) {
	const buffer = 400 * time.Millisecond
	l := NewLink(t, LinkConfig{Rate: 2_000_000, Buffer: buffer})
	idle := roundTrip(t, l)
	if idle > buffer/8 {
		t.Errorf("round trip %v over an idle link", idle)
	}
	stop := l.Fill(l.A(), l.B())
	if full := roundTrip(t, l); full < buffer/3 {
		t.Errorf("round trip %v while the queue of %v is full, %v while idle", full, buffer, idle)
	}
	stop()
	if !until(5*time.Second, func() bool { return roundTrip(t, l) < buffer/8 }) {
		t.Error("round trip does not get better when the link is idle again")
	}
}

func TestCutLinkIsSilentAndMends(t *testing.T) {
	l := NewLink(t, LinkConfig{Rate: 10_000_000})
	sent, got := l.stream(l.A(), l.B())
	data := make([]byte, 300_000)
	rand.NewChaCha8([32]byte{1}).Read(data)
	if _, err := sent.Write(data[:100_000]); err != nil {
		t.Fatal(err)
	}
	read := make([]byte, len(data))
	if _, err := io.ReadFull(got, read[:100_000]); err != nil {
		t.Fatal(err)
	}
	l.Cut()
	before, _ := l.Carried()
	written := make(chan error, 1)
	go func() {
		_, err := sent.Write(data[100_000:])
		written <- err
	}()
	got.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	if n, err := got.Read(read[100_000:]); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read %d bytes from a cut link, error %v", n, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := l.A().DialContext(ctx, "tcp", net.JoinHostPort(l.B().Addr(), "1")); !errors.Is(err, context.DeadlineExceeded) && !isTimeout(err) {
		t.Errorf("dial over a cut link: %v, want no answer", err)
	}
	l.SetRate(8_000_000)
	if after, _ := l.Carried(); after != before {
		t.Errorf("a cut link carried %d bytes", after-before)
	}
	l.Mend()
	got.SetReadDeadline(time.Now().Add(20 * time.Second)) // TCP tries again ever more seldom
	if _, err := io.ReadFull(got, read[100_000:]); err != nil || !bytes.Equal(read, data) {
		t.Errorf("after mending: %v; same bytes: %v", err, bytes.Equal(read, data))
	}
	if err := <-written; err != nil {
		t.Errorf("write over a cut: %v", err)
	}
}

func TestLinksAreApart(t *testing.T) {
	one, two := NewLink(t, LinkConfig{}), NewLink(t, LinkConfig{})
	for _, end := range []*End{one.A(), two.A(), one.B(), two.B(), nil} {
		c, err := end.ListenPacket("udp", "5060")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	out, err := one.A().Command("ip", "-brief", "address", "show", "dev", "net").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte(one.A().Addr()+"/30")) {
		t.Errorf("in end A: %v: %s", err, out)
	}
	if _, err := net.InterfaceByName("net"); err == nil {
		t.Error("the link shows on this machine")
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// roundTrip is the median time of 9 packets from A to B and back.
func roundTrip(t *testing.T, l *Link) time.Duration {
	t.Helper()
	far, err := l.B().ListenPacket("udp", "0")
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	go reflect(far)
	near, err := l.A().Dial("udp", far.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	var times []time.Duration
	for n := byte(0); len(times) < 9; n++ {
		began := time.Now()
		near.Write([]byte{n})
		near.SetReadDeadline(began.Add(600 * time.Millisecond))
		for answer := []byte{n - 1}; answer[0] != n; {
			if _, err := near.Read(answer); err != nil { // lost to a full queue: as late as it can be
				break
			}
		}
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	return times[len(times)/2]
}

func reflect(c net.PacketConn) {
	b := make([]byte, 16)
	for {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		c.WriteTo(b[:n], from)
	}
}

func until(limit time.Duration, ok func() bool) bool {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); {
		if ok() {
			return true
		}
	}
	return ok()
}
