package phone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// sipgo refuses to send more than 1300 bytes over UDP. An INVITE with SHA-256 credentials and four codecs can be a little
// more; it goes through as two fragments, and servers take up to 4000 (pjsip). sipgo reads its variable without a lock,
// so it must be set before anyone sends: while the program's packages are initialised.
//
// So must its default logger, which some of its lines go to whatever logger it is given, and which would be the
// standard error otherwise.
var _ = prepareLibrary()

func prepareLibrary() int {
	const limit, margin = 4000, 200 // sipgo takes the margin off again
	sip.UDPMTUSize = max(sip.UDPMTUSize, limit+margin)
	sip.SetDefaultLogger(slog.New(slog.DiscardHandler))
	return limit
}

// line is one socket to the server with what goes with it: transactions, registration, signs of life. It lives until it
// is lost (connection gone, server silent, local address changed) or closed.
type line struct {
	p      *Phone
	log    *slog.Logger
	ua     *sipgo.UserAgent
	server netip.AddrPort
	local  netip.AddrPort
	creds  credentials

	ctx     context.Context // ends when the line is lost or closed; the cause tells why
	cancel  context.CancelCauseFunc
	reader  sync.WaitGroup
	keep    context.Context // ends before: for what keeps the line up
	unkeep  context.CancelFunc
	keepers sync.WaitGroup
	ping    func() error // sends an empty line: holds the NAT's mapping, and finds a server that is gone
	shut    func() error
	account registration

	mu       sync.Mutex
	contact  netip.AddrPort // where the server sees us (RFC 3581)
	refusals map[chan error]netip.AddrPort
	calls    map[string]chan<- incoming // by Call-ID
	invites  map[string]*outbound       // by Call-ID: INVITEs whose late answers must be ended
}

// connect finds the server, opens the line and registers.
func (p *Phone) connect(ctx context.Context) (*line, error) {
	servers, err := p.find(ctx)
	if err != nil {
		return nil, sendFailure("connect", err)
	}
	var last error
	for _, server := range servers {
		l, err := p.open(ctx, server)
		if err == nil {
			if err = l.register(ctx); err == nil {
				l.start()
				return l, nil
			}
			l.close()
		}
		last = sendFailure("connect to "+server.String(), err)
		if f := (failure{}); ctx.Err() != nil || asFailure(last, &f) && f.reason != NoRoute && f.reason != Timeout {
			break
		}
	}
	return nil, last
}

func (p *Phone) find(ctx context.Context) ([]netip.AddrPort, error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.AttemptTimeout)
	defer cancel()
	return resolve(ctx, p.number, p.cfg.Transport)
}

// open makes the socket and hands it to sipgo. Everything that sipgo may call is in place before it begins to read.
func (p *Phone) open(ctx context.Context, server netip.AddrPort) (*line, error) {
	local, err := localAddress(server)
	if err != nil {
		return nil, err
	}
	l := &line{
		p: p, log: p.log, server: server, creds: credentials{p.cfg.authUser(), p.cfg.Password},
		refusals: map[chan error]netip.AddrPort{}, calls: map[string]chan<- incoming{}, invites: map[string]*outbound{},
	}
	l.ctx, l.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	l.keep, l.unkeep = context.WithCancel(l.ctx)
	quiet := quietLogger(p.log)
	l.ua, err = sipgo.NewUA(
		sipgo.WithUserAgent(p.cfg.UserAgent),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet)),
		sipgo.WithUserAgentTransactionLayerOptions(
			sip.WithTransactionLayerLogger(quiet), sip.WithTransactionLayerUnhandledResponseHandler(l.stray),
			sip.WithTransactionLayerTerminateOnConnClose()),
	)
	if err != nil {
		return nil, fmt.Errorf("open line: %w", err)
	}
	l.ua.TransactionLayer().OnRequest(l.receive)
	if err := l.openSocket(ctx, local); err != nil {
		l.cancel(err)
		return nil, errors.Join(err, l.ua.Close())
	}
	l.contact = l.local
	l.account.begin(p.cfg.Expires)
	return l, nil
}

func (l *line) openSocket(ctx context.Context, local netip.Addr) error {
	if l.p.cfg.Transport == "tcp" {
		return l.openTCP(ctx, local)
	}
	s, err := listenUDP(local, l.p.memory.port(), l.undelivered, l.lose)
	if err != nil {
		return err
	}
	l.local = addrPort(s.LocalAddr())
	l.p.memory.setPort(int(l.local.Port()))
	l.shut = s.Close
	l.ping = func() error {
		_, err := s.WriteTo([]byte("\r\n\r\n"), net.UDPAddrFromAddrPort(l.server))
		return err
	}
	l.reader.Go(func() { l.served(l.ua.TransportLayer().ServeUDP(s)) })
	return l.await(s.reading)
}

func (l *line) openTCP(ctx context.Context, local netip.Addr) error {
	ctx, cancel := context.WithTimeout(ctx, l.p.cfg.AttemptTimeout)
	defer cancel()
	s, err := dialTCP(ctx, local, l.server, l.lose)
	if err != nil {
		return err
	}
	l.local = addrPort(s.LocalAddr())
	l.shut = s.Close
	l.ping = func() error {
		_, err := s.Write([]byte("\r\n\r\n"))
		return err
	}
	l.reader.Go(func() { l.served(l.ua.TransportLayer().ServeTCP(onceListener{s})) })
	return l.await(s.reading)
}

// await waits until sipgo reads, since only then it knows the socket.
func (l *line) await(reading <-chan struct{}) error {
	select {
	case <-reading:
		return nil
	case <-l.ctx.Done():
		return context.Cause(l.ctx)
	}
}

// start keeps the line up until it is closed.
func (l *line) start() {
	l.keepers.Go(l.keepRegistered)
	l.keepers.Go(l.keepAlive)
}

func (l *line) served(err error) {
	if err == nil {
		err = net.ErrClosed
	}
	l.lose(err)
}

// lose ends the line; the first cause counts.
func (l *line) lose(err error) { l.cancel(failed(NoRoute, "line to the server lost: %w", err)) }

// lost is closed when the line is; a nil line is never lost.
func (l *line) lost() <-chan struct{} {
	if l == nil {
		return nil
	}
	return l.ctx.Done()
}

// lostCause is why the line was lost, nil while it is up.
func (l *line) lostCause() error { return context.Cause(l.ctx) }

// close un-registers if the line still works, and waits until everything is released.
func (l *line) close() {
	l.unkeep()
	l.keepers.Wait()
	l.unregister()
	l.cancel(failed(HungUp, "line closed"))
	if err := errors.Join(l.ua.Close(), l.shut()); err != nil && !errors.Is(err, net.ErrClosed) {
		l.log.Debug("closing the line", "error", err)
	}
	l.reader.Wait()
	l.p.board.setRegistered(false)
}

// addrPort reads an address of the net package.
func addrPort(a net.Addr) netip.AddrPort {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
