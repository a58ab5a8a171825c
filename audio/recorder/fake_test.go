package recorder

import (
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"orionbox/audio/pcm"
)

var mono = pcm.Format{Rate: 48000, Channels: 1}

// block is how many sample frames a card delivers at once: 10 ms.
const block = 480

// card is a sound card with a ring of the given depth behind it. Each sample is its own index, so that what was
// recorded tells where it came from.
type card struct {
	mu      sync.Mutex
	format  pcm.Format
	pos     int64
	depth   int
	waiting []pcm.Frame
	dropped int64
}

// capture delivers n sample frames in blocks, and drops what the ring cannot hold.
func (c *card) capture(n int64, filled bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for end := c.pos + n; c.pos < end; {
		size := min(block, end-c.pos)
		f := pcm.Frame{Format: c.format, Pos: c.pos, Filled: filled, Data: make([]float32, size*int64(c.format.Channels))}
		for i := range f.Data {
			if !filled {
				f.Data[i] = float32(c.pos + int64(i/c.format.Channels))
			}
		}
		c.pos += size
		if len(c.waiting)*block >= c.depth {
			c.dropped += size
			continue
		}
		c.waiting = append(c.waiting, f)
	}
}

func (c *card) Pop() (pcm.Frame, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) == 0 {
		return pcm.Frame{}, false
	}
	f := c.waiting[0]
	c.waiting = c.waiting[1:]
	return f, true
}

// memory is a File that can refuse.
type memory struct {
	data                         []float32
	pos                          []int64 // of each frame written
	synced                       int     // samples at the last Sync
	closed                       int
	failWrite, failSync, failEnd error
}

func (m *memory) WriteFrame(f pcm.Frame) error {
	if m.failWrite != nil {
		return m.failWrite
	}
	m.data = append(m.data, f.Data...)
	m.pos = append(m.pos, f.Pos)
	return nil
}

func (m *memory) Sync() error {
	m.synced = len(m.data)
	return m.failSync
}

func (m *memory) Close() error {
	m.closed++
	m.synced = len(m.data)
	return m.failEnd
}

func (m *memory) Size() int64 { return int64(len(m.data)) * 2 }

// studio is a recorder on a card, with a clock that the test moves.
type studio struct {
	*Recorder
	t    *testing.T
	card *card
	now  time.Time
	seen []Event
}

func newStudio(t *testing.T, preRoll time.Duration) *studio {
	s := &studio{t: t, card: &card{format: mono, depth: 12 * mono.Rate}, now: time.Unix(1e9, 0)}
	s.Recorder = New(Config{Name: "test", Source: s.card, PreRoll: preRoll, Now: func() time.Time { return s.now }},
		slog.New(slog.NewTextHandler(io.Discard, nil)))
	return s
}

// live lets time pass, the card capture and the recorder work.
func (s *studio) live(d time.Duration) { s.pass(d, false, true) }

// stalled lets time pass and the card capture, while the recorder hangs.
func (s *studio) stalled(d time.Duration) { s.pass(d, false, false) }

func (s *studio) pass(d time.Duration, filled, step bool) {
	for ; d > 0; d -= 10 * time.Millisecond {
		s.now = s.now.Add(10 * time.Millisecond)
		s.card.capture(block, filled)
		if step {
			s.work()
		}
	}
}

func (s *studio) work() {
	s.step()
	for {
		select {
		case e := <-s.Events():
			s.seen = append(s.seen, e)
		default:
			return
		}
	}
}

func (s *studio) start(m *memory) { s.Start(func() (File, error) { return m, nil }) }

// events are those of the kinds, in order.
func (s *studio) events(kinds ...Kind) (found []Event) {
	for _, e := range s.seen {
		for _, k := range kinds {
			if e.Kind == k {
				found = append(found, e)
			}
		}
	}
	return found
}

// one is the only event of its kind.
func (s *studio) one(k Kind) Event {
	s.t.Helper()
	found := s.events(k)
	if len(found) != 1 {
		s.t.Fatalf("%d events %q, want 1: %v", len(found), k, s.seen)
	}
	return found[0]
}

// seamless checks that a file holds all samples from first on, silence only where it is expected.
func (s *studio) seamless(m *memory, first int64, silent func(pos int64) bool) {
	s.t.Helper()
	for i, v := range m.data {
		pos := first + int64(i)
		if silent != nil && silent(pos) {
			if v != 0 {
				s.t.Fatalf("sample %d should be silent, is %v", pos, v)
			}
			continue
		}
		if int64(v) != pos {
			s.t.Fatalf("sample %d of the file should be %d, is %v", i, pos, v)
		}
	}
}
