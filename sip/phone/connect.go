package phone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// connect finds the server, opens the line and registers.
func (p *Phone) connect(ctx context.Context) (*line, error) {
	l, err := p.reach(ctx, func(l *line) error { return l.register(ctx) })
	if err == nil {
		l.start()
	}
	return l, err
}

// reach opens a line to the first address of the server where enter succeeds. What the server itself refuses is not tried
// at the next.
func (p *Phone) reach(ctx context.Context, enter func(*line) error) (*line, error) {
	servers, err := p.find(ctx)
	if err != nil {
		return nil, sendFailure("connect", err)
	}
	var last error
	for _, server := range servers {
		l, err := p.open(ctx, server)
		if err == nil {
			if err = enter(l); err == nil {
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
		doubts: make(chan struct{}, 1), refusals: map[chan error]netip.AddrPort{}, calls: map[string]chan<- incoming{}, invites: map[string]*outbound{},
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
