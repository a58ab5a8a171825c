package main

import (
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"orionbox/firmware"
)

// slow is the address of a way to another that takes 20 +-60 ms, never less than nothing, in each direction; what was
// sent arrives in order.
func slow(t *testing.T, to string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	var mu sync.Mutex
	conns := []net.Conn{}
	t.Cleanup(func() {
		listener.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		open.Wait()
	})
	open.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			mu.Lock()
			conns = append(conns, near, far)
			mu.Unlock()
			open.Go(func() { carry(far, near) })
			open.Go(func() { carry(near, far) })
		}
	})
	return listener.Addr().String()
}

// carry brings what one end sends to the other, late.
func carry(to, from net.Conn) {
	type parcel struct {
		data []byte
		due  time.Time
	}
	way := make(chan parcel, 4096)
	go func() {
		defer close(way)
		for {
			data := make([]byte, 4096)
			n, err := from.Read(data)
			if err != nil {
				return
			}
			delay := time.Duration(max(0, 20+rand.Float64()*120-60) * float64(time.Millisecond))
			way <- parcel{data[:n], time.Now().Add(delay)}
		}
	}()
	defer to.Close()
	defer from.Close()
	for p := range way {
		<-time.After(time.Until(p.due))
		if _, err := to.Write(p.data); err != nil {
			return
		}
	}
}

// TestBoundariesOverASlowNetwork cuts two artists' takes from a producer's box, all three far away from the hub.
func TestBoundariesOverASlowNetwork(t *testing.T) {
	s := newStudio(t, map[string]string{"carol": "PRODUCER", "alice": "ARTIST", "bob": "ARTIST"},
		func(address string) string { return slow(t, address) })
	carol, alice, bob := s.boxes["carol"], s.boxes["alice"], s.boxes["bob"]
	for _, b := range s.boxes {
		b.awaitFor(40*time.Second, "the session clock to settle", func(st firmware.Status) bool { return st.Clock.Exchanges > 60 })
	}
	alice.record()
	bob.record()
	type press struct{ from, to time.Duration }
	pressed := map[string]press{}
	for range 5 {
		carol.talk(time.Second)
		id, from, to := carol.cut()
		pressed[id] = press{from, to}
	}
	for _, b := range []*testBox{alice, bob} {
		if !poll(10*time.Second, func() bool { return len(b.markers()) >= 5 }) {
			t.Fatalf("markers %+v", b.markers())
		}
		b.endTake()
	}
	for id, p := range pressed {
		var cuts []time.Duration
		for _, b := range []*testBox{alice, bob} {
			at, err := b.cutAt(id, s.room, p.to)
			if err != nil {
				t.Fatal(err)
			}
			if off := outside(at, p.from, p.to); off > 5*time.Millisecond {
				t.Errorf("%s is cut %v from the press", b.id(), off)
			}
			cuts = append(cuts, at)
		}
		t.Logf("the press took %v; alice and bob are cut %v apart", p.to-p.from, cuts[0]-cuts[1])
		if off := (cuts[0] - cuts[1]).Abs(); off > 5*time.Millisecond {
			t.Errorf("alice and bob are cut %v apart", off)
		}
	}
}
