package media

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"orionbox/audio/codec"
	"orionbox/sip/rtp"
	"orionbox/sip/sdp"
)

// LegConfig is what one call's voice needs.
type LegConfig struct {
	Socket    *rtp.Socket
	Remote    netip.AddrPort // of the far end's SDP
	Format    sdp.Format     // agreed on
	EventType uint8          // payload type of telephone events; 0 = the far end takes none
	Rate      int            // of the PCM of Send and Receive until SetRate: 8000, 16000, 48000 or any that 50 divides
	Log       *slog.Logger

	now func() time.Time // of tests
}

// Leg is the voice of one call. Send is for one goroutine, Receive for one (mostly the same: the tick); the rest may be
// called from any.
type Leg struct {
	cfg     LegConfig
	session *rtp.Session
	epoch   time.Time

	sender   atomic.Pointer[sender]
	receiver atomic.Pointer[receiver]
	inbox    inbox
	hold     atomic.Bool

	sending  atomic.Bool // held by whoever is in Send
	spurt    bool        // the last step was voice; Send's own
	key      rtp.Key     // Send's own
	steps    atomic.Int64
	dialling atomic.Pointer[dialling]
	dialTurn sync.Mutex

	ear        rtp.Ear // the reader's own
	digits     chan rune
	lastPacket atomic.Int64 // nanoseconds since epoch; 0 = never
	farLoss    atomic.Int32 // percent of our packets that the far end misses
	gauge      gauge

	mu     sync.Mutex // of Update
	close  sync.Once
	closed chan struct{}
	err    error
}

// NewLeg starts to listen and report. The leg owns the socket from here on: Close closes it. If NewLeg fails the
// socket is still the caller's.
func NewLeg(cfg LegConfig) (*Leg, error) {
	if cfg.Socket == nil || cfg.Rate <= 0 || cfg.Rate%framesPerSecond != 0 {
		return nil, fmt.Errorf("start voice: rate %d Hz is no multiple of %d, or no socket", cfg.Rate, framesPerSecond)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.now == nil {
		cfg.now = time.Now
	}
	l := &Leg{cfg: cfg, epoch: cfg.now(), digits: make(chan rune, 64), closed: make(chan struct{})}
	l.key = rtp.NewKey(eventClock / framesPerSecond)
	c, err := l.choose(cfg.Format, cfg.Rate)
	if err != nil {
		return nil, fmt.Errorf("start voice: %w", err)
	}
	l.session, err = rtp.NewSession(cfg.Socket, rtp.Config{
		Remote: cfg.Remote, PayloadType: c.PayloadType, Alias: alias(c, cfg.EventType), EventType: cfg.EventType, ClockRate: c.ClockRate,
		OnPacket: l.take, OnReport: l.heed, Log: cfg.Log, Now: cfg.now,
	})
	if err != nil {
		return nil, fmt.Errorf("start voice: %w", err)
	}
	return l, nil
}

// choose makes both ways for a format; the tick finds them at its next step.
func (l *Leg) choose(f sdp.Format, rate int) (codec.Codec, error) {
	c, err := codecOf(f)
	if err != nil {
		return c, err
	}
	return c, l.speak(c, rate)
}

// speak makes both ways or changes nothing. The sender, which Rate and Codec read, comes last: who sees it finds both.
func (l *Leg) speak(c codec.Codec, rate int) error {
	s, errSend := newSender(c, rate)
	r, errReceive := newReceiver(c, alias(c, l.cfg.EventType), rate)
	if err := errors.Join(errSend, errReceive); err != nil {
		return err
	}
	l.gauge.carry()
	l.receiver.Store(r)
	l.sender.Store(s)
	return nil
}

// take is the reader's: it may be called until Close returns.
func (l *Leg) take(p rtp.Packet) {
	l.lastPacket.Store(max(1, int64(p.Arrival.Sub(l.epoch))))
	l.inbox.push(p)
	if l.cfg.EventType == 0 || p.PayloadType != l.cfg.EventType {
		return
	}
	if digit, ok := l.ear.Hear(p); ok {
		select {
		case l.digits <- digit:
		default: // nobody listens
		}
	}
}

// heed takes the far end's report. A loss is believed at once and forgotten by a quarter at each report.
func (l *Leg) heed(r rtp.Report) {
	percent := int32(r.Lost*100 + 0.5)
	l.farLoss.Store(max(percent, l.farLoss.Load()*3/4))
}

// Send takes exactly 20 ms of mono sound, nil for silence, encodes and sends it. While digits are being sent or the call is on hold the
// sound is dropped and the time line goes on. It never waits and allocates nothing.
func (l *Leg) Send(frame []float32) {
	if !l.sending.CompareAndSwap(false, true) {
		return
	}
	l.step(frame)
	l.steps.Add(1)
	l.sending.Store(false)
}

func (l *Leg) step(frame []float32) {
	s := l.sender.Load()
	if l.stepDigits(s) {
		l.spurt = false
		return
	}
	if l.hold.Load() {
		l.spurt = false
		l.session.Skip(s.units)
		return
	}
	if loss := l.farLoss.Load(); loss != s.told {
		s.encoder.SetLoss(int(loss))
		s.told = loss
	}
	if frame == nil {
		frame = s.silence
	}
	payload, err := s.encode(frame)
	if err != nil {
		l.gauge.broken.Add(1)
		l.session.Skip(s.units)
		return
	}
	_ = l.session.Send(payload, s.units, !l.spurt) // what failed is counted by the session; the next may pass
	l.spurt = true
}

// Receive fills dst with exactly 20 ms of mono sound: the far end's, what conceals a loss, or silence. It never waits
// and allocates nothing.
func (l *Leg) Receive(dst []float32) {
	r := l.receiver.Load()
	for p := l.inbox.peek(); p != nil; p = l.inbox.peek() {
		r.push(p, p.arrival.Sub(l.epoch))
		l.inbox.discard()
	}
	r.fill(dst, l.cfg.now().Sub(l.epoch))
	l.gauge.read(r)
}

// Update takes what a re-INVITE agreed on. With hold no voice is sent; what comes is still heard (music on hold).
func (l *Leg) Update(remote netip.AddrPort, format sdp.Format, hold bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.sender.Load().codec
	next, err := codecOf(format)
	if err == nil && next != c {
		c, err = l.choose(format, l.Rate())
	}
	if err != nil {
		return fmt.Errorf("update voice: %w", err)
	}
	l.session.Update(remote, c.PayloadType, alias(c, l.cfg.EventType), c.ClockRate)
	l.hold.Store(hold)
	return nil
}

// SetRate changes the rate of the PCM of Send and Receive, to that of the line that the leg will be attached to. It must
// not be called while a tick uses the leg; digits may be on their way.
func (l *Leg) SetRate(rate int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if rate <= 0 || rate%framesPerSecond != 0 {
		return fmt.Errorf("set rate of voice: %d Hz is no multiple of %d", rate, framesPerSecond)
	}
	if rate == l.Rate() {
		return nil
	}
	if err := l.speak(l.Codec(), rate); err != nil {
		return fmt.Errorf("set rate of voice: %w", err)
	}
	return nil
}

// Codec is what the call speaks.
func (l *Leg) Codec() codec.Codec { return l.sender.Load().codec }

// Rate is that of the PCM of Send and Receive.
func (l *Leg) Rate() int { return l.sender.Load().from }

// LastPacket is when the far end was last heard, on the monotonic clock; zero before the first packet.
func (l *Leg) LastPacket() time.Time {
	ns := l.lastPacket.Load()
	if ns == 0 {
		return time.Time{}
	}
	return l.epoch.Add(time.Duration(ns))
}

// Digits are the keys that the far end pressed. It is closed by Close.
func (l *Leg) Digits() <-chan rune { return l.digits }

// String names the leg in logs.
func (l *Leg) String() string {
	s := l.sender.Load()
	return fmt.Sprintf("leg %s at %d Hz to %s", s.codec, s.from, l.session.Remote())
}

// Close says BYE to the RTP session, closes the socket and leaves no goroutine behind. SendDigits returns ErrClosed; Send and
// Receive may still be called, to no effect.
func (l *Leg) Close() error {
	l.close.Do(func() {
		close(l.closed)
		if err := l.session.Close(); err != nil {
			l.err = fmt.Errorf("close voice: %w", err)
		}
		close(l.digits)
	})
	return l.err
}
