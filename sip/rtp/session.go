package rtp

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	pionrtp "github.com/pion/rtp"
)

// Packet is a received RTP packet.
type Packet struct {
	Sequence    uint16
	Timestamp   uint32
	SSRC        uint32
	PayloadType uint8
	Marker      bool
	Arrival     time.Time
	Payload     []byte // valid until the function it was handed to returns
}

// Report is what the far end tells of what we send.
type Report struct {
	Lost      float64       // fraction since its last report, 0 to 1
	Jitter    time.Duration // as it measures it
	RoundTrip time.Duration // 0 = not known yet
}

// Config is what a session needs.
type Config struct {
	Remote      netip.AddrPort // of the far end's SDP; port 0 or no address: nothing is sent until it is heard
	PayloadType uint8          // of the voice
	Alias       uint8          // another payload type that the far end may send the voice under; PayloadType if there is none
	EventType   uint8          // of telephone events; 0 = none
	ClockRate   int            // of the timestamps
	CNAME       string         // "" = a random one (RFC 7022)
	// OnPacket is called on the reader's goroutine for each packet of the far end, voice, events and other types alike.
	OnPacket func(Packet)
	OnReport func(Report) // may be nil
	Log      *slog.Logger // nil = none
	Now      func() time.Time
}

// Session is one RTP stream each way over a Socket. Send, SendEvent and Skip are for one goroutine at a time; the rest
// may be called from any.
type Session struct {
	cfg    Config
	socket *Socket
	start  time.Time
	ssrc   uint32

	// The sender's, touched by Send, SendEvent and Skip alone.
	out        *transmitter
	head       pionrtp.Header
	eventStamp uint32
	buf        [maxDatagram]byte

	remote      atomic.Pointer[destination]
	payloadType atomic.Uint32
	clockRate   atomic.Int64
	sent        counters
	clock       atomic.Uint64 // timestamp of the next packet << 32 | milliseconds since start

	mu        sync.Mutex // the book of reception: reader, control reader and reporter share it, the tick never
	latch     latch
	source    source
	accepted  []uint8 // payload types a stranger's packet must be of to be looked at
	far       Report
	senderRep senderReport // the far end's last
	rtcpFrom  netip.AddrPort

	malformed, strangers, refused, failed atomic.Int64
	closing                               chan struct{}
	once                                  sync.Once
	wait                                  sync.WaitGroup
	closeErr                              error
}

type counters struct{ packets, octets atomic.Uint32 }

// maxDatagram is an Ethernet frame's worth; longer voice packets do not occur.
const maxDatagram = 1500

// ErrTooLong tells that a payload does not fit a datagram.
var ErrTooLong = errors.New("payload longer than a datagram")

// NewSession starts reading and reporting. It owns the socket from here on: Close closes both.
func NewSession(s *Socket, cfg Config) (*Session, error) {
	if cfg.ClockRate <= 0 {
		return nil, fmt.Errorf("start rtp session: clock rate %d", cfg.ClockRate)
	}
	e := newSession(s, cfg)
	s.drain()
	e.wait.Add(3)
	go e.readMedia()
	go e.readControl()
	go e.report()
	return e, nil
}

// newSession is a session that neither reads nor reports.
func newSession(s *Socket, cfg Config) *Session {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.CNAME == "" {
		cfg.CNAME = fmt.Sprintf("%016x", rand.Uint64())
	}
	e := &Session{cfg: cfg, socket: s, start: cfg.Now(), ssrc: rand.Uint32(), closing: make(chan struct{})}
	e.out = newTransmitter(s)
	e.head = pionrtp.Header{Version: 2, SSRC: e.ssrc, SequenceNumber: uint16(rand.Uint32()), Timestamp: rand.Uint32()}
	e.source.clockRate = cfg.ClockRate
	e.latch.named = unmapped(cfg.Remote)
	e.remote.Store(s.destination(e.latch.named))
	e.payloadType.Store(uint32(cfg.PayloadType))
	e.clockRate.Store(int64(cfg.ClockRate))
	e.accepted = acceptedTypes(cfg.PayloadType, cfg.Alias, cfg.EventType)
	e.mark()
	return e
}

// comfortNoise is the static payload type of RFC 3389.
const comfortNoise = 13

func acceptedTypes(voice, alias, event uint8) []uint8 {
	types := []uint8{voice, alias, comfortNoise}
	if event != 0 {
		types = append(types, event)
	}
	return types
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// Send sends a voice packet of that many clock units and moves the time line on by them. It never waits: an error tells
// of this packet only. marker begins a talk spurt.
func (e *Session) Send(payload []byte, samples int, marker bool) error {
	e.head.PayloadType = uint8(e.payloadType.Load())
	err := e.put(payload, e.head.Timestamp, marker)
	e.Skip(samples)
	return err
}

// Skip moves the time line on with nothing sent: silence, hold, the pause between digits.
func (e *Session) Skip(samples int) {
	e.head.Timestamp += uint32(samples)
	e.mark()
}

// SendEvent sends a telephone-event packet and moves the time line on. All packets of one event carry the timestamp of
// the first.
func (e *Session) SendEvent(event Event, samples int, first bool) error {
	if first {
		e.eventStamp = e.head.Timestamp
	}
	var payload [eventSize]byte
	event.put(payload[:])
	e.head.PayloadType = e.cfg.EventType
	err := e.put(payload[:], e.eventStamp, first)
	e.Skip(samples)
	return err
}

func (e *Session) put(payload []byte, stamp uint32, marker bool) error {
	to := e.remote.Load()
	if to == nil {
		return nil
	}
	if len(payload)+12 > len(e.buf) {
		return ErrTooLong
	}
	head := e.head
	head.Timestamp, head.Marker = stamp, marker
	n, err := head.MarshalTo(e.buf[:])
	if err != nil {
		return err
	}
	n += copy(e.buf[n:], payload)
	e.head.SequenceNumber++
	if err := e.out.send(e.buf[:n], to); err != nil {
		e.failed.Add(1)
		return err
	}
	e.sent.packets.Add(1)
	e.sent.octets.Add(uint32(len(payload)))
	return nil
}

// mark notes where the time line is, for sender reports.
func (e *Session) mark() {
	e.clock.Store(uint64(e.head.Timestamp)<<32 | uint64(uint32(e.since().Milliseconds())))
}

func (e *Session) since() time.Duration { return e.cfg.Now().Sub(e.start) }

// Update takes what a re-INVITE agreed on: the far end's address, the voice's payload types and clock rate, as in Config.
func (e *Session) Update(remote netip.AddrPort, payloadType, alias uint8, clockRate int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.latch.rename(unmapped(remote), e.since())
	e.accepted = acceptedTypes(payloadType, alias, e.cfg.EventType)
	e.payloadType.Store(uint32(payloadType))
	e.clockRate.Store(int64(clockRate))
	e.source.retime(clockRate)
	e.aim()
}

// aim points the sender at where the latch says; the caller holds mu.
func (e *Session) aim() {
	target := e.latch.target()
	if now := e.remote.Load(); now == nil || now.addr != target {
		e.remote.Store(e.socket.destination(target))
	}
}

// Remote is where voice is sent; not valid while that is unknown.
func (e *Session) Remote() netip.AddrPort {
	if to := e.remote.Load(); to != nil {
		return to.addr
	}
	return netip.AddrPort{}
}

// Close says BYE, closes the socket and returns when no goroutine is left and OnPacket will not be called again.
func (e *Session) Close() error {
	e.once.Do(func() {
		close(e.closing)
		e.wait.Wait()
	})
	return e.closeErr
}

func (e *Session) wants(payloadType uint8) bool { return slices.Contains(e.accepted, payloadType) }
