package delivery

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pacer holds how fast connections send. The kernel does it (SO_MAX_PACING_RATE, socket(7)): packet by packet, so that
// between two of them there is room for one of the call, where a program would send a burst and then wait.
type pacer struct {
	mu    sync.Mutex
	rate  int64 // bytes a second; 0: as fast as can be
	conns map[*pacedConn]bool
}

const (
	// sendBuffer in bytes is little, for what waits in it is lost with its connection, and a new rate does not wait for it.
	sendBuffer = 128 << 10
	// segment is the size of packets in bytes: half the usual. The kernel sends two at a time, and on a line of 2 Mbit/s the voice
	// waits 6 ms for them.
	segment = 730
	// deadAfter is when a connection on which nothing is acknowledged is given up (TCP_USER_TIMEOUT, RFC 5482).
	deadAfter = 8 * time.Second
	dialLimit = 5 * time.Second
)

func newPacer() *pacer { return &pacer{conns: map[*pacedConn]bool{}} }

// set holds all connections to a rate, those of later too.
func (p *pacer) set(rate int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rate == rate {
		return
	}
	p.rate = rate
	for c := range p.conns {
		_ = c.pace(rate) // one that is closing needs none
	}
}

func (p *pacer) now() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rate
}

func (p *pacer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialLimit, Control: func(_, _ string, raw syscall.RawConn) error {
		return setOption(raw, unix.IPPROTO_TCP, unix.TCP_MAXSEG, segment)
	}}
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn, nil
	}
	c := &pacedConn{TCPConn: tcp, pacer: p}
	if err := errors.Join(tcp.SetWriteBuffer(sendBuffer), c.limit(unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(deadAfter.Milliseconds()))); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = true
	if p.rate > 0 {
		_ = c.pace(p.rate) // a kernel that cannot sends in bursts
	}
	return c, nil
}

// pacedConn is a connection that its pacer knows until it is closed.
type pacedConn struct {
	*net.TCPConn
	pacer *pacer
}

const unpaced = 1<<32 - 1 // ~0U: no limit

func (c *pacedConn) pace(rate int64) error {
	if rate <= 0 {
		rate = unpaced
	}
	return c.limit(unix.SOL_SOCKET, unix.SO_MAX_PACING_RATE, int(min(rate, unpaced)))
}

func (c *pacedConn) limit(level, option, value int) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	return setOption(raw, level, option, value)
}

func setOption(raw syscall.RawConn, level, option, value int) error {
	var failed error
	err := raw.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), level, option, value) })
	return errors.Join(err, failed)
}

func (c *pacedConn) Close() error {
	c.pacer.mu.Lock()
	delete(c.pacer.conns, c)
	c.pacer.mu.Unlock()
	return c.TCPConn.Close()
}

// errStalled is why a request was given up of which nothing moved any more.
var errStalled = errors.New("nothing moves any more")

// stallLimit is how long a request may stand still. At the slowest pace a read takes a fraction of it.
const stallLimit = 30 * time.Second

// moving is a body that ends its request when it is not read for too long.
type moving struct {
	io.Reader
	timer *time.Timer
	read  atomic.Int64
}

func watch(r io.Reader, cancel context.CancelCauseFunc) *moving {
	return &moving{Reader: r, timer: time.AfterFunc(stallLimit, func() { cancel(errStalled) })}
}

func (m *moving) Read(p []byte) (int, error) {
	m.timer.Reset(stallLimit)
	n, err := m.Reader.Read(p)
	m.read.Add(int64(n))
	return n, err
}

func (m *moving) stop() { m.timer.Stop() }
