// Package conference owns the built-in meeting place: a SIP server that users call to be in a room together, for those
// who have no telephone exchange. It registers and authenticates them (digest), answers calls to any number, each leg in
// its own codec, and mixes each room so that everybody hears all others and never themselves.
//
//	SIP/UDP, SIP/TCP -> handlers -> authority, registrar
//	                        |
//	                        +-> leg (a goroutine a call: dialog, 2xx until ACK, session timer, media watch)
//	                              |
//	RTP <-> media.Leg <-> sound --+-> seat in a room (a goroutine a room: mixOnce every 20 ms)
//
// What a call is belongs to its leg's goroutine, which takes requests one at a time. What is heard belongs to the room's
// tick, which takes no lock: seats are swapped as a whole. sipgo gives messages and transactions; dialogs are ours.
package conference

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"orionbox/sip/media"
)

// Conference is a running meeting place.
type Conference struct {
	cfg       Config
	log       *slog.Logger
	authority *authority
	registrar registrar
	rooms     rooms

	sockets sockets
	addr    netip.AddrPort
	ua      *sipgo.UserAgent
	server  *sipgo.Server
	line    line

	// ctx ends all calls.
	ctx    context.Context
	hangUp context.CancelFunc
	calls  sync.WaitGroup

	mu      sync.Mutex
	legs    map[string]*leg
	taken   int // places, those of calls being set up included
	closing bool
}

// New binds the sockets; Run serves them.
func New(cfg Config, log *slog.Logger) (*Conference, error) {
	cfg = cfg.withDefaults()
	if len(cfg.Users) == 0 {
		return nil, errors.New("open conference: no users: give at least one user:password")
	}
	if _, err := media.Formats(cfg.Codec); err != nil {
		return nil, fmt.Errorf("open conference: %w", err)
	}
	sockets, err := listen(cfg.Listen, 2*cfg.MaxLegs+maxStrangers)
	if err != nil {
		return nil, fmt.Errorf("open conference: %w", err)
	}
	c := &Conference{
		cfg: cfg, log: log, sockets: sockets, addr: sockets.address(),
		authority: newAuthority(cfg.Realm, cfg.Users, cfg.NonceLife, time.Now),
		registrar: registrar{now: time.Now},
		rooms:     rooms{log: log},
		legs:      make(map[string]*leg),
	}
	c.ctx, c.hangUp = context.WithCancel(context.Background())
	if err := c.speak(); err != nil {
		return nil, errors.Join(fmt.Errorf("open conference: %w", err), sockets.close())
	}
	return c, nil
}

// maxStrangers is how many TCP connections there may be beside two for each leg.
const maxStrangers = 64

// speak sets sipgo up on our sockets.
func (c *Conference) speak() error {
	log := slog.New(quiet{c.log.Handler()})
	limit := func(p *sip.Parser) { p.MaxMessageLength = c.cfg.MaxMessage }
	var err error
	c.ua, err = sipgo.NewUA(
		sipgo.WithUserAgent(c.cfg.UserAgent),
		sipgo.WithUserAgentParser(sip.NewParser(limit)),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(log)),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(log),
			sip.WithTransactionLayerUnhandledResponseHandler(func(*sip.Response) {})),
	)
	if err != nil {
		return err
	}
	if c.server, err = sipgo.NewServer(c.ua, sipgo.WithServerLogger(log)); err != nil {
		return err
	}
	bound := c.sockets.udp.LocalAddr().(*net.UDPAddr)
	c.line.udp = sip.Addr{IP: bound.IP, Port: bound.Port}
	if c.line.client, err = sipgo.NewClient(c.ua, sipgo.WithClientLogger(log)); err != nil {
		return err
	}
	c.handle()
	return nil
}

// Addr is where the conference listens, on UDP and TCP alike.
func (c *Conference) Addr() netip.AddrPort { return c.addr }

// Status is how many rooms are open and how many legs are in them.
func (c *Conference) Status() (rooms, legs int) { return c.rooms.count() }

// Registered are the users who are registered now, in order.
func (c *Conference) Registered() []string { return c.registrar.registered() }

// Run serves until ctx ends or a socket fails; then it says BYE to every leg and gives everything back.
func (c *Conference) Run(ctx context.Context) error {
	stopped := make(chan error, 2)
	var serving sync.WaitGroup
	serve := func(name string, accept func() error) {
		serving.Go(func() { stopped <- fmt.Errorf("serve %s: stopped: %w", name, errors.Join(accept(), net.ErrClosed)) })
	}
	serve("udp", func() error { return c.server.ServeUDP(c.sockets.udp) })
	serve("tcp", func() error { return c.server.ServeTCP(c.sockets.tcp) })
	c.log.Info("conference open", "address", c.addr, "config", c.cfg)
	var err error
	select {
	case <-ctx.Done():
	case err = <-stopped:
	}
	err = errors.Join(err, c.Close())
	serving.Wait()
	c.log.Info("conference closed")
	return err
}

// Close hangs every call up and closes the sockets. Run does it by itself.
func (c *Conference) Close() error {
	c.mu.Lock()
	again := c.closing
	c.closing = true
	c.mu.Unlock()
	if again {
		return nil
	}
	c.hangUp()
	c.calls.Wait()
	c.rooms.wait()
	return errors.Join(c.sockets.close(), c.ua.Close())
}

// hostFor is the address of ours that this far end can reach.
func (c *Conference) hostFor(remote string) netip.AddrPort { return localFor(c.addr, remote) }
