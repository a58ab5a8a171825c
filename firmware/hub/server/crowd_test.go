package server

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// crowd is a room full of boxes, each with a connection of its own: TLS, WebSocket, and the hub's one port.
type crowd struct {
	tb    testing.TB
	boxes []*onlooker
	press atomic.Pointer[press]
	mark  atomic.Pointer[press]
	count int // of presses
}

// onlooker is one of the boxes, and what it was told.
type onlooker struct {
	*hub.Client
	crowd   *crowd
	number  int
	present map[string]bool
	caught  bool
	in      chan struct{} // closed once it has caught up
	ready   chan struct{} // closed once it sees all besides
}

// press is one thing that all boxes are to be told of.
type press struct {
	id   string // of the box that presses, or of the post
	take int    // what it shows then
	at   time.Time
	seen []time.Duration // by each box, after at
	left atomic.Int32
	all  chan struct{}
}

// crowdLimit is generous: a machine that does other things too brings a thousand boxes together in less.
const crowdLimit = 5 * time.Minute

// newCrowd makes boxes for a hub.
func newCrowd(tb testing.TB, address, print string, n int, invite func(name string) Credential) *crowd {
	tb.Helper()
	c := &crowd{tb: tb}
	for i := range n {
		credential := invite(fmt.Sprintf("Box %d", i))
		client, err := hub.NewClient(hub.ClientConfig{Room: "600", Token: credential.Token, Address: address, Fingerprint: print,
			Name: "crowd"}, slog.New(slog.DiscardHandler))
		if err != nil {
			tb.Fatal(err)
		}
		c.boxes = append(c.boxes, &onlooker{Client: client, crowd: c, number: i, present: map[string]bool{},
			in: make(chan struct{}), ready: make(chan struct{})})
	}
	return c
}

// gather has the boxes come, so many at a time, and waits until all see all. They leave when the test ends.
func (c *crowd) gather(atATime int) *crowd {
	c.tb.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	c.tb.Cleanup(func() { stop(); running.Wait() })
	for some := range slices.Chunk(c.boxes, atATime) {
		for _, o := range some {
			running.Go(func() { _ = o.Run(ctx) }) // always nil
			running.Go(func() { o.look(ctx) })
		}
		for _, o := range some {
			o.await(o.in, "catch up")
		}
	}
	for _, o := range c.boxes {
		o.await(o.ready, "see all boxes")
	}
	return c
}

// few boxes at a time come without haste: here they share the hub's cores, and each takes in the whole room.
const few = 50

func (o *onlooker) await(done <-chan struct{}, what string) {
	o.crowd.tb.Helper()
	limit := time.NewTimer(crowdLimit)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
		o.crowd.tb.Fatalf("%s does not %s in %v: %+v", o.ID(), what, crowdLimit, o.Status())
	}
}

// look takes what the box is told.
func (o *onlooker) look(ctx context.Context) {
	for {
		select {
		case event := <-o.Events():
			o.take(event, time.Now())
		case <-ctx.Done():
			return
		}
	}
}

func (o *onlooker) take(event hub.Event, now time.Time) {
	switch e := event.(type) {
	case hub.PeersChanged:
		p := o.crowd.press.Load()
		for _, peer := range e.Peers {
			if p != nil && peer.ID == p.id && peer.Number == p.take {
				p.told(o.number, now)
			}
			o.count(peer)
		}
	case hub.Posted:
		if p := o.crowd.mark.Load(); p != nil && p.id == e.ID {
			p.told(o.number, now)
		}
	case hub.CaughtUp:
		if !o.caught {
			o.caught = true
			close(o.in)
			o.settle()
		}
	}
}

func (o *onlooker) count(peer hub.Peer) {
	if o.present == nil {
		return
	}
	o.present[peer.ID] = peer.State == hub.Present
	o.settle()
}

func (o *onlooker) settle() {
	if !o.caught || len(o.present) < len(o.crowd.boxes) {
		return
	}
	for _, there := range o.present {
		if !there {
			return
		}
	}
	o.present = nil
	close(o.ready)
}

// told notes that a box was told. Each box does so for itself.
func (p *press) told(box int, now time.Time) {
	if p.seen[box] == 0 {
		p.seen[box] = max(now.Sub(p.at), 1)
		if p.left.Add(-1) == 0 {
			close(p.all)
		}
	}
}

func newPress(boxes int) *press {
	p := &press{seen: make([]time.Duration, boxes), all: make(chan struct{})}
	p.left.Store(int32(boxes))
	return p
}

// wait waits until all boxes were told.
func (p *press) wait(tb testing.TB) {
	tb.Helper()
	limit := time.NewTimer(crowdLimit)
	defer limit.Stop()
	select {
	case <-p.all:
	case <-limit.C:
		tb.Fatalf("%d of %d boxes were not told of %s in %v", p.left.Load(), len(p.seen), p.id, crowdLimit)
	}
}

// pressOne has a box show something new, and waits until all boxes were told.
func (c *crowd) pressOne(box int) *press {
	c.tb.Helper()
	o := c.boxes[box]
	p := newPress(len(c.boxes))
	c.count++
	p.id, p.take, p.at = o.ID(), c.count, time.Now()
	c.press.Store(p)
	o.Show(hub.Presence{Take: session.Recording, Recording: true, Number: p.take})
	p.wait(c.tb)
	return p
}

// markOne has a box set a marker, and waits until all boxes were told.
func (c *crowd) markOne(box int) {
	c.tb.Helper()
	p := newPress(len(c.boxes))
	p.id, p.at = fmt.Sprint("marker-", box), time.Now()
	c.mark.Store(p)
	c.boxes[box].Post(hub.Post{ID: p.id, Kind: hub.KindMarker, At: 1, Change: &takes.Change{Op: takes.Set, Marker: p.id, At: 1}})
	p.wait(c.tb)
}

// All of a hundred boxes see all, and are told of what any of them shows and marks. BenchmarkPress has a thousand.
func TestRoomOfAHundred(t *testing.T) {
	const n = 100
	s := startHub(t, Config{Dir: t.TempDir()})
	c := newCrowd(t, s.Addr(), s.Fingerprint(), n, inviter(t, s)).gather(few)
	for _, box := range []int{0, n / 2, n - 1} {
		c.pressOne(box)
		c.markOne(box)
	}
	status, err := s.Status(t.Context())
	if err != nil || status.Connections != n || len(status.Rooms) != 1 || status.Rooms[0].Present != n || status.Rooms[0].Posts != 3 {
		t.Errorf("the hub is %+v, %v", status, err)
	}
}

func inviter(tb testing.TB, s *Server) func(name string) Credential {
	return func(name string) Credential {
		tb.Helper()
		c, err := s.Invite(context.Background(), "600", name, session.Producer)
		if err != nil {
			tb.Fatal(err)
		}
		return c
	}
}
