package jitter

import (
	"container/heap"
	"encoding/binary"
	"testing"
	"time"
)

const ms = time.Millisecond

// network is a sender, a path and a tick in virtual time.
type network struct {
	rate   int           // of the RTP clock
	ptime  time.Duration // of a packet
	ppm    float64       // by how much the sender's clock is fast
	length time.Duration
	seq    uint16
	stamp  uint32
	// path tells when packet i, sent at that time, arrives; none = lost, two = duplicated.
	path func(i int, sent time.Duration) []time.Duration
	// silent tells whether the sender pauses; the time line goes on.
	silent func(i int) bool
	extra  time.Duration // after length, until the last packet is heard
	// tick tells how late tick i runs.
	tick func(i int) time.Duration
}

type arrival struct {
	at time.Duration
	p  Packet
}

type queue []arrival

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at < q[j].at }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(arrival)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// outcome is what was heard.
type outcome struct {
	Stats
	order    []int           // packets in the order of being played
	delay    []time.Duration // of each, from sending to playing
	verdicts map[Verdict]int
	tail     int // frames made up after the last packet
	bridged  int // lost packets whose successor was here
}

func (o outcome) madeUp() int {
	return o.verdicts[Lost] + o.verdicts[Starved] + o.verdicts[Stretch] - o.tail
}

// direct is a path that takes d.
func direct(d time.Duration) func(int, time.Duration) []time.Duration {
	return func(_ int, sent time.Duration) []time.Duration { return []time.Duration{sent + d} }
}

func (n network) packets() (queue, []time.Duration) {
	var q queue
	var sent []time.Duration
	units := uint32(int64(n.ptime) * int64(n.rate) / int64(time.Second))
	seq, stamp := n.seq, n.stamp
	for i := 0; ; i++ {
		at := time.Duration(float64(i+1) * float64(n.ptime) / (1 + n.ppm/1e6))
		if at > n.length {
			return q, sent
		}
		sent = append(sent, at)
		if n.silent == nil || !n.silent(i) {
			payload := binary.BigEndian.AppendUint32(nil, uint32(i))
			for _, a := range n.path(i, at) {
				heap.Push(&q, arrival{a, Packet{SSRC: 1, Seq: seq, Timestamp: stamp, Duration: units, Payload: payload}})
			}
			seq++
		}
		stamp += units
	}
}

func (n network) run(t testing.TB, b *Buffer) outcome {
	t.Helper()
	q, sent := n.packets()
	out := outcome{verdicts: map[Verdict]int{}}
	var credit time.Duration // of sound made, beyond what was played
	for i := 0; time.Duration(i)*20*ms < n.length+n.extra+time.Second; i++ {
		now := time.Duration(i)*20*ms + 7*ms
		if n.tick != nil {
			now += n.tick(i)
		}
		for len(q) > 0 && q[0].at <= now {
			a := heap.Pop(&q).(arrival)
			b.Push(a.p, a.at)
		}
		for calls := 0; credit < 20*ms; calls++ {
			if calls > 1000 {
				t.Fatal("pop yields no sound")
			}
			p, v := b.Pop(now)
			out.verdicts[v]++
			if v != Empty {
				out.tail++
			}
			sound := time.Duration(p.Duration) * time.Second / time.Duration(n.rate)
			switch v {
			case Empty:
				sound = 20 * ms
			case Lost:
				if len(p.Payload) > 0 {
					out.bridged++
				}
			case Play, Shrink:
				out.tail = 0
				id := int(binary.BigEndian.Uint32(p.Payload))
				out.order = append(out.order, id)
				out.delay = append(out.delay, now-sent[id])
				if v == Shrink {
					sound = 0
				}
			}
			if v != Shrink && sound <= 0 {
				t.Fatalf("%v of no length", v)
			}
			credit += sound
		}
		credit -= 20 * ms
	}
	out.Stats = b.Stats()
	return out
}

func base() network {
	return network{rate: 8000, ptime: 20 * ms, length: 10 * time.Second, path: direct(30 * ms), seq: 65500, stamp: 1<<32 - 4000}
}

func inOrder(t *testing.T, o outcome) {
	t.Helper()
	for i := 1; i < len(o.order); i++ {
		if o.order[i] <= o.order[i-1] {
			t.Fatalf("packet %d was played after %d", o.order[i], o.order[i-1])
		}
	}
}
