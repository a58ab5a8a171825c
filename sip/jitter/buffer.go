package jitter

import "time"

const (
	window     = 128                    // packets that are kept at most: 1.28 s of 10 ms
	jump       = 2 * time.Second        // a transit so far from the stream's is another time line
	seqJump    = 3000                   // as maxDropout of RFC 3550 A.1
	lateLimit  = 25                     // packets in a row whose place was played: it is us who are wrong
	starveFor  = 120 * time.Millisecond // of late packets, then the far end counts as silent
	holeLimit  = 200 * time.Millisecond // longer holes are silence: concealment has faded by then
	longLimit  = 50                     // pops that a wait too long is borne for the sake of a quiet place,
	shortLimit = 5                      // and one too short
	slack      = 4                      // the wait may be a frame too long, but only a quarter of one too short
)

type slot struct {
	Packet
	seq, stamp   int64 // unwrapped
	full, played bool
}

// Buffer reorders, waits, and says when to conceal. It belongs to one goroutine.
type Buffer struct {
	clock clock
	frame int64 // in clock units
	delay delay

	slots [window]slot
	count int // voice packets waiting

	started       bool // there is a stream
	playing       bool // the far end is sounding, and at is where we are
	virgin        bool // nothing of this stream was played
	ssrc          uint32
	next          int64 // sequence number after the last that was played
	newest, stamp int64 // the highest taken in, for unwrapping
	at            int64 // timestamp to be played next
	size          int64 // duration of the last packet played
	suspect       suspect
	lateRun       int
	starved       int64
	long, short   int
	quiet         bool
	repeats       bool
	loss          float64       // share of packets missing of late
	spare         time.Duration // of the wait, for the packet after a gap
	stats         Stats
}

// suspect is a packet of another time line, which counts when a second follows it.
type suspect struct {
	known bool
	seq   uint16
	stamp uint32
}

// New makes an empty buffer. It allocates all it needs for packets up to 320 bytes; longer ones make their slot grow once.
func New(cfg Config) *Buffer {
	if cfg.Frame <= 0 {
		cfg.Frame = 20 * time.Millisecond
	}
	if cfg.Min <= 0 {
		cfg.Min = 20 * time.Millisecond
	}
	if cfg.Max <= 0 {
		cfg.Max = 200 * time.Millisecond
	}
	if cfg.ClockRate <= 0 {
		cfg.ClockRate = 8000
	}
	b := &Buffer{clock: clock(cfg.ClockRate), delay: newDelay(cfg.Min, max(cfg.Min, cfg.Max)), repeats: cfg.Repeats}
	b.frame = max(b.clock.units(cfg.Frame), 1)
	const room = 320
	all := make([]byte, window*room)
	for i := range b.slots {
		b.slots[i].Payload = all[i*room : i*room : (i+1)*room]
	}
	return b
}

// clock converts between clock units and durations, without overflow for as long as a call may last.
type clock int64

func (c clock) duration(units int64) time.Duration {
	sec, rest := units/int64(c), units%int64(c)
	return time.Duration(sec)*time.Second + time.Duration(rest)*time.Second/time.Duration(c)
}

func (c clock) units(d time.Duration) int64 {
	sec, rest := int64(d/time.Second), int64(d%time.Second)
	return sec*int64(c) + rest*int64(c)/int64(time.Second)
}

// Hint tells whether the sound just played is quiet, so that a frame more or less would not be heard.
func (b *Buffer) Hint(quiet bool) { b.quiet = quiet }

// Stats may be called between Push and Pop.
func (b *Buffer) Stats() Stats {
	s := b.stats
	s.Target = b.delay.target + b.spare
	if b.count > 0 && b.playing {
		s.Buffered = b.clock.duration(max(b.stamp-b.at, 0))
	}
	return s
}

// due is the place on the time line that should be heard now.
func (b *Buffer) due(now time.Duration) int64 {
	return b.clock.units(now - b.delay.base - b.delay.target - b.spare)
}

func (b *Buffer) slot(seq int64) *slot { return &b.slots[uint64(seq)%window] }

// head is the oldest voice packet that waits; nil if there is none. Packets with no voice, and those whose place is
// already filled, are passed over.
func (b *Buffer) head() *slot {
	for seq := b.next; seq <= b.newest && seq < b.next+window; seq++ {
		s := b.slot(seq)
		if !s.full || s.seq != seq {
			continue
		}
		switch {
		case s.Duration == 0:
			if seq == b.next {
				b.take(s)
			}
		case b.playing && s.stamp+int64(s.Duration) <= b.at:
			b.drop(s, &b.stats.Late)
		default:
			return s
		}
	}
	return nil
}

// take removes a packet and counts those missing before it.
func (b *Buffer) take(s *slot) {
	if s.Duration > 0 {
		b.count--
	}
	missing := b.missing(s.seq)
	b.stats.Lost += missing
	b.reckon(missing)
	b.next = s.seq + 1
	s.full, s.played = false, true
	b.virgin = false
}

// Loss above lossy makes the wait a packet longer, below clean as long as before. A loss is remembered for about lossMemory
// packets.
const (
	lossy, clean = 0.02, 0.005
	lossMemory   = 200
)

// reckon takes a packet that came after so many missing ones.
func (b *Buffer) reckon(missing int64) {
	if !b.repeats {
		return
	}
	share := float64(min(missing, 5)) / float64(min(missing, 5)+1)
	b.loss += (share - b.loss) / lossMemory
	switch {
	case b.loss > lossy:
		b.spare = b.clock.duration(b.size)
	case b.loss < clean:
		b.spare = 0
	}
}

func (b *Buffer) drop(s *slot, count *int64) {
	*count++
	b.take(s)
}

// missing is how many packets before seq have not come. Packets with no voice that wait there are not missing.
func (b *Buffer) missing(seq int64) int64 {
	n := seq - b.next
	for i := max(b.next, seq-window+1); i < seq; i++ {
		if s := b.slot(i); s.full && s.seq == i {
			n--
		}
	}
	return n
}
