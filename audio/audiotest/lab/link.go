package lab

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// LinkConfig is what a link can carry.
type LinkConfig struct {
	Rate   int           // bit/s each way, headers counted; 0 = 2,000,000, a modest uplink
	Buffer time.Duration // how long the router makes a packet wait at most before it drops one; 0 = 100 ms
}

// Link is a bad line between two machines, shaped by the kernel itself. Its narrow place is a router in the middle, as in
// life: a sender whose own queue was the narrow one would know of every loss and of a full queue, and behave.
//
//	end A  10.77.1.2 ──── 10.77.1.1 router 10.77.2.1 ──── 10.77.2.2  end B
//	                             tbf both ways
//
// Every link has these addresses: each is in networks of its own, which this machine's own does not see. It needs root,
// be it that of a user namespace with a network of its own.
type Link struct {
	t      testing.TB
	cfg    LinkConfig
	router *namespace
	a, b   *End
	cut    bool
}

// NewLink makes a link that lasts until the end of the test. Of a killed test nothing is left.
func NewLink(t testing.TB, cfg LinkConfig) *Link {
	t.Helper()
	if cfg.Rate == 0 {
		cfg.Rate = 2_000_000
	}
	if cfg.Buffer == 0 {
		cfg.Buffer = 100 * time.Millisecond
	}
	l := &Link{t: t, cfg: cfg, router: ownNamespace(t), a: &End{"10.77.1.2", ownNamespace(t)}, b: &End{"10.77.2.2", ownNamespace(t)}}
	if err := l.wire(); err != nil {
		t.Fatalf("wire a link: %v", err)
	}
	l.shape()
	return l
}

func ownNamespace(t testing.TB) *namespace {
	t.Helper()
	n, err := newNamespace()
	if os.IsPermission(err) {
		t.Fatalf("make a network namespace: %v: run as root, or so: unshare -rn sh -c 'ip link set lo up && make test'", err)
	}
	if err != nil {
		t.Fatalf("make a network namespace: %v", err)
	}
	t.Cleanup(func() { n.file.Close() })
	return n
}

// wire lays the cables. The interface of either end is called net, those of the router after the ends.
func (l *Link) wire() error {
	err := l.router.batch("ip",
		"link set dev lo up",
		"link add name a type veth peer name net netns "+l.a.net.path(),
		"link add name b type veth peer name net netns "+l.b.net.path(),
		"address add 10.77.1.1/30 dev a",
		"address add 10.77.2.1/30 dev b",
		"link set dev a up",
		"link set dev b up")
	if err != nil {
		return err
	}
	if err := l.router.set("ipv4/ip_forward", "1"); err != nil {
		return err
	}
	for end, router := range map[*End]string{l.a: "10.77.1.1", l.b: "10.77.2.1"} {
		if err := end.plug(router); err != nil {
			return err
		}
	}
	return nil
}

// plug gives an end its address. TCP there is greedy in the same way on every machine: Reno is the one congestion control
// that any kernel grants a namespace.
func (e *End) plug(router string) error {
	err := e.net.batch("ip",
		"link set dev lo up",
		"address add "+e.addr+"/30 dev net",
		"link set dev net up",
		"route add default via "+router)
	if err != nil {
		return err
	}
	return e.net.set("ipv4/tcp_congestion_control", "reno")
}

// A is one end.
func (l *Link) A() *End { return l.a }

// B is the other end.
func (l *Link) B() *End { return l.b }

// SetRate makes the link carry so many bit/s each way from now on; what waits in the router stays.
func (l *Link) SetRate(rate int) {
	l.t.Helper()
	l.cfg.Rate = rate
	l.shape()
}

// Cut makes the link dead, as where a cable is pulled beyond the router: what was under way is lost, each packet vanishes,
// and neither end is told.
func (l *Link) Cut() {
	l.t.Helper()
	l.cut = true
	l.shape()
}

// Mend brings a cut link back.
func (l *Link) Mend() {
	l.t.Helper()
	l.cut = false
	l.shape()
}

// shape puts the router's two queues in order. One of another number takes the place of the old, packets and all; one of the
// same number is only changed.
func (l *Link) shape() {
	l.t.Helper()
	const packet = 1514                      // bytes of a full Ethernet frame
	burst := max(2*packet, l.cfg.Rate/8/100) // bytes at full speed after a pause: 10 ms worth, in which the kernel's timer is fine enough
	limit := max(2*packet, int(float64(l.cfg.Rate)/8*l.cfg.Buffer.Seconds()))
	queue := fmt.Sprintf("handle 1: tbf rate %dbit burst %d limit %d", l.cfg.Rate, burst, limit)
	if l.cut {
		queue = "handle 2: pfifo limit 0"
	}
	if err := l.router.batch("tc", "qdisc replace dev a root "+queue, "qdisc replace dev b root "+queue); err != nil {
		l.t.Fatalf("shape a link: %v", err)
	}
}

// Fill sends from one end to the other as much as the link takes, until the returned function is called or the test ends:
// an upload with no manners, over four TCP connections as such have, which keep the queue full between them. It returns when
// it has been filled once.
func (l *Link) Fill(from, to *End) (stop func()) {
	l.t.Helper()
	var ends []net.Conn
	for range 4 {
		sent, got := l.stream(from, to)
		ends = append(ends, sent, got)
		go io.Copy(sent, endless{})
	}
	share := int64(float64(l.cfg.Rate) / 8 * (l.cfg.Buffer.Seconds() + 1) / 4)
	if _, err := io.CopyN(io.Discard, ends[1], share); err != nil {
		l.t.Fatalf("fill a link: %v", err)
	}
	for i := 1; i < len(ends); i += 2 {
		go io.Copy(io.Discard, ends[i])
	}
	return func() {
		for _, end := range ends {
			end.Close()
		}
	}
}

// stream is a TCP connection between two ends, both held by this process.
func (l *Link) stream(from, to *End) (sent, got net.Conn) {
	l.t.Helper()
	listener, err := to.Listen("tcp", "0")
	if err != nil {
		l.t.Fatalf("listen in an end: %v", err)
	}
	defer listener.Close()
	if sent, err = from.Dial("tcp", listener.Addr().String()); err != nil {
		l.t.Fatalf("dial from an end: %v", err)
	}
	l.t.Cleanup(func() { sent.Close() })
	if got, err = listener.Accept(); err != nil {
		l.t.Fatalf("accept in an end: %v", err)
	}
	l.t.Cleanup(func() { got.Close() })
	return sent, got
}

// endless is zeros for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// Carried is how many bytes have got through so far from A to B and from B to A, headers counted.
func (l *Link) Carried() (ab, ba int64) {
	l.t.Helper()
	var table []byte
	err := l.router.within(func() (err error) {
		table, err = os.ReadFile("/proc/thread-self/net/dev")
		return err
	})
	if err != nil {
		l.t.Fatalf("count what a link carried: %v", err)
	}
	return sentBy(string(table), "b"), sentBy(string(table), "a")
}

// sentBy reads the ninth number of an interface in the kernel's table, the bytes that it sent.
func sentBy(table, device string) int64 {
	for line := range strings.Lines(table) {
		if name, numbers, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == device {
			sent, _ := strconv.ParseInt(strings.Fields(numbers)[8], 10, 64)
			return sent
		}
	}
	return 0
}
