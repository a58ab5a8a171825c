// Package phone owns the box's one telephone line: it registers with a SIP server, dials the conference, keeps the call
// up and gets it back, for as long as the box is on.
//
//	Run ── connect ──> line (socket, registration, keep-alive)        again, with backoff, when the line is lost
//	        └─ calls ──> dial ──> call (one goroutine owns the dialog) again, with backoff, when the call is lost
//	                                └─ media.Leg ──> Events
//	Once ── reach ──> line (socket, keep-alive) ──> dial ──> call, for a call beside that one
//
// Each step is one attempt in one function that returns why it ended; the loops around them decide how long to wait. What
// a person may need to know (busy, wrong password, no such number, no route, no media) is a Reason in the Status.
//
// sipgo serves as parser, transport and transaction layer. Its dialog layer is not used: it does not repeat 2xx
// responses to a re-INVITE, answers no challenge inside a dialog, and gives up dialling after ten responses. The dialog
// (RFC 3261 section 12), session timers (RFC 4028) and digest authentication (RFC 7616, RFC 8760) are written here. The
// identity of the dialog is on disk before the call is up, so that a box that lost power can end the call it left behind;
// but a disk that stalls does not hold up the call.
package phone

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"time"

	"orionbox/sip/media"
	"orionbox/sip/sdp"
)

// Phone keeps one call up. Run owns it; the other methods may be called from any goroutine.
type Phone struct {
	cfg    Config
	number number
	offer  []sdp.Format
	board  board
	memory *memory
	log    *slog.Logger
}

// New checks the configuration; it opens nothing yet.
func New(cfg Config, log *slog.Logger) (*Phone, error) {
	cfg = cfg.defaults()
	if cfg.Transport != "udp" && cfg.Transport != "tcp" {
		return nil, fmt.Errorf("configure phone: transport %q, allowed are udp and tcp", cfg.Transport)
	}
	if missing := cfg.missing(); missing != "" {
		return nil, fmt.Errorf("configure phone: no %s is set; user, server and call_no are needed", missing)
	}
	offer, err := media.Formats(cfg.Codec)
	if err != nil {
		return nil, fmt.Errorf("configure phone: %w", err)
	}
	p := &Phone{cfg: cfg, offer: offer, log: log, memory: newMemory(cfg.StatePath, log)}
	p.board.init(log)
	if p.number, err = parseNumber(cfg); err != nil {
		return nil, fmt.Errorf("configure phone: %w", err)
	}
	return p, nil
}

// Events tells of every change. The newest event is never lost; of older ones that nobody read, some may be.
func (p *Phone) Events() <-chan Event { return p.board.events }

// Status is what is true now.
func (p *Phone) Status() Status { return p.board.status() }

// Run ends the call left behind, registers, dials and keeps the call up until ctx ends; then it says BYE, un-registers
// and closes. It returns nil when ctx ended.
func (p *Phone) Run(ctx context.Context) error {
	defer p.memory.keep()()
	wait := backoff{first: p.cfg.First, cap: p.cfg.Cap, slow: p.cfg.Slow, random: rand.Float64}
	for ctx.Err() == nil {
		lost := p.attempt(ctx, &wait)
		if ctx.Err() != nil {
			break
		}
		p.pause(ctx, nil, &wait, lost)
	}
	p.board.set(Leaving, leaving, time.Time{})
	return nil
}

// attempt is one life of a line: connect, then calls on it until the line is lost.
func (p *Phone) attempt(ctx context.Context, wait *backoff) error {
	p.board.set(Registering, nil, time.Time{})
	l, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	for {
		ended := p.callOnce(ctx, l, wait)
		if ctx.Err() != nil {
			p.board.set(Leaving, leaving, time.Time{})
			return ended
		}
		if cause := l.lostCause(); cause != nil {
			return cause
		}
		p.pause(ctx, l, wait, ended)
		if cause := l.lostCause(); cause != nil || ctx.Err() != nil {
			return cause
		}
	}
}

// callOnce ends what was left behind, dials, and stays in the call until it ends. The error tells why it ended.
func (p *Phone) callOnce(ctx context.Context, l *line, wait *backoff) error {
	l.endLeftBehind(ctx)
	p.board.set(Dialling, nil, time.Time{})
	c, err := l.dial(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	ended := c.run(ctx)
	if time.Since(began) > p.cfg.Cap {
		wait.reset()
	}
	return ended
}

// pause shows why the attempt ended and waits before the next; a line that is lost meanwhile cuts it short.
func (p *Phone) pause(ctx context.Context, l *line, wait *backoff, why error) {
	f := cause(why)
	d := wait.next(f.reason.needsPerson(), f.retryAfter)
	p.board.set(f.state(), f, time.Now().Add(d))
	p.log.Info("call will be tried again", "reason", f.reason, "detail", f.Error(), "in", d.Round(time.Millisecond))
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-l.lost():
	}
}

// describe is our side of the call: what we can receive at this port.
func (p *Phone) describe(address netip.Addr, port int, session uint64) sdp.Description {
	return sdp.Description{
		Address: address, Port: port, RTCPPort: port + 1, Formats: p.offer, Direction: sdp.SendRecv, Ptime: 20,
		SessionID: session, Version: session,
	}
}
