package phone

import (
	"context"
	"errors"
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
	doubts  chan struct{} // holds one: that somebody doubts that the server is there
	account registration

	mu       sync.Mutex
	contact  netip.AddrPort // where the server sees us (RFC 3581)
	refusals map[chan error]netip.AddrPort
	calls    map[string]chan<- incoming // by Call-ID
	invites  map[string]*outbound       // by Call-ID: INVITEs whose late answers must be ended
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
