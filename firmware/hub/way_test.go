package hub

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"
)

// way is a network between box and hub that a test can make slow, or dead.
type way struct {
	l     net.Listener
	to    string
	delay time.Duration // each way

	mu     sync.Mutex
	frozen chan struct{} // closed by thaw
}

func newWay(t *testing.T, to string, delay time.Duration) *way {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &way{l: l, to: to, delay: delay}
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { w.accept(ctx, &all) })
	t.Cleanup(func() { stop(); l.Close(); w.thaw(); all.Wait() })
	return w
}

func (w *way) address() string { return w.l.Addr().String() }

func (w *way) freeze() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frozen = make(chan struct{})
}

func (w *way) thaw() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.frozen != nil {
		close(w.frozen)
		w.frozen = nil
	}
}

func (w *way) gate() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.frozen
}

func (w *way) accept(ctx context.Context, all *sync.WaitGroup) {
	for {
		box, err := w.l.Accept()
		if err != nil {
			return
		}
		hub, err := net.Dial("tcp", w.to)
		if err != nil {
			box.Close()
			continue
		}
		unhook := context.AfterFunc(ctx, func() { box.Close(); hub.Close() })
		all.Go(func() { w.carry(ctx, hub, box, all); unhook() })
		all.Go(func() { w.carry(ctx, box, hub, all) })
	}
}

// parcel is some bytes, and when they arrive.
type parcel struct {
	data []byte
	at   time.Time
}

// carry brings bytes from one to the other, late.
func (w *way) carry(ctx context.Context, to, from net.Conn, all *sync.WaitGroup) {
	parcels := make(chan parcel, 10_000)
	all.Go(func() {
		defer to.Close()
		for p := range parcels {
			select {
			case <-time.After(time.Until(p.at)):
			case <-ctx.Done():
			}
			if gate := w.gate(); gate != nil {
				select {
				case <-gate:
				case <-ctx.Done():
				}
			}
			if _, err := to.Write(p.data); err != nil {
				return
			}
		}
	})
	defer close(parcels)
	for {
		data := make([]byte, 32<<10)
		n, err := from.Read(data)
		if err != nil {
			return
		}
		select {
		case parcels <- parcel{data[:n], time.Now().Add(w.delay)}:
		case <-ctx.Done():
			return
		}
	}
}
