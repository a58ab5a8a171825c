package delivery

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// cutter is a network between boxes and hub that breaks each connection after some bytes, as long as it is told to, and counts those
// that it has carried.
type cutter struct {
	listener net.Listener
	to       string
	cut      func() (up, down int64) // after how many bytes the next connection breaks; negative: never
	up, down atomic.Int64            // bytes
	breaks   atomic.Int64

	mu    sync.Mutex
	conns []net.Conn
	open  sync.WaitGroup
}

func newCutter(t *testing.T, to string, cut func() (up, down int64)) *cutter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{listener: listener, to: to, cut: cut}
	c.open.Go(c.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		c.breakAll()
		c.open.Wait()
	})
	return c
}

func (c *cutter) address() string { return c.listener.Addr().String() }

// breakAll breaks all connections there are.
func (c *cutter) breakAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
}

func (c *cutter) serve() {
	for {
		near, err := c.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", c.to)
		if err != nil {
			_ = near.Close()
			continue
		}
		c.mu.Lock()
		c.conns = append(c.conns, near, far)
		up, down := c.cut()
		c.mu.Unlock()
		c.open.Go(func() { c.carry(far, near, up, &c.up) })
		c.open.Go(func() { c.carry(near, far, down, &c.down) })
	}
}

// carry brings bytes over until there were enough, and then breaks both ways.
func (c *cutter) carry(to, from net.Conn, most int64, count *atomic.Int64) {
	defer to.Close()
	defer from.Close()
	var source io.Reader = from
	if most >= 0 {
		source = io.LimitReader(from, most)
	}
	piece := make([]byte, 2<<10)
	for carried := int64(0); ; {
		n, err := source.Read(piece)
		if n > 0 {
			if _, err := to.Write(piece[:n]); err != nil {
				return
			}
			count.Add(int64(n))
			carried += int64(n)
		}
		if err != nil {
			if carried == most {
				c.breaks.Add(1)
			}
			return
		}
	}
}
