package phone

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/emiago/sipgo/sip"
)

// dialog is the identity of one call (RFC 3261 section 12): what every request in it must carry.
type dialog struct {
	envelope
	target sip.Uri       // the far side's Contact
	seq    atomic.Uint32 // of our last request
	theirs uint32        // CSeq of the far side's last request, 0 before the first
}

// newCallID is unique in the world: 96 random bits.
func newCallID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func newDialog(n number) *dialog {
	d := &dialog{
		envelope: envelope{callID: newCallID(), local: n.account, remote: n.target, localTag: sip.GenerateTagN(16)},
		target:   n.target,
	}
	d.seq.Store(1)
	return d
}

// nextSeq numbers a new request.
func (d *dialog) nextSeq() uint32 { return d.seq.Add(1) }

// confirm takes over what a 2xx to our INVITE says: tag, route set in reverse, remote target (section 12.1.2).
func (d *dialog) confirm(res *sip.Response) {
	if to := res.To(); to != nil {
		d.remoteTag, _ = to.Params.Get("tag")
	}
	d.routes = values(res, "record-route")
	slices.Reverse(d.routes)
	if c := res.Contact(); c != nil && c.Address.Host != "" {
		d.target = *c.Address.Clone()
	}
}

// refreshTarget follows a re-INVITE or UPDATE that names a new Contact (section 12.2.2).
func (d *dialog) refreshTarget(req *sip.Request) {
	if c := req.Contact(); c != nil && c.Address.Host != "" {
		d.target = *c.Address.Clone()
	}
}

// admit checks the CSeq of the far side's request: a number that went back is an error (section 12.2.2).
func (d *dialog) admit(req *sip.Request) bool {
	seq := req.CSeq()
	if seq == nil || seq.SeqNo < d.theirs {
		return false
	}
	d.theirs = seq.SeqNo
	return true
}

// inDialog builds a request of this dialog under the number.
func (l *line) inDialog(method sip.RequestMethod, d *dialog, seq uint32) *sip.Request {
	return l.request(method, d.target, d.envelope, seq, l.nextHop(d.envelope, d.target))
}

// nextHop is where a request in a dialog goes: the first proxy of the route set, or else the far side's Contact. A
// connection has one far end; a name, or a private address that a server behind NAT gave away, leads to the server that
// we know.
func (l *line) nextHop(e envelope, target sip.Uri) netip.AddrPort {
	if l.p.cfg.Transport != "udp" {
		return l.server
	}
	hop := target
	if len(e.routes) > 0 {
		var first sip.Uri
		if _, err := sip.ParseAddressValue(e.routes[0], &first, &sip.HeaderParams{}); err != nil {
			return l.server
		}
		hop = first
	}
	addr, err := netip.ParseAddr(trimBrackets(hop.Host))
	if err != nil || addr.IsUnspecified() || private(addr) && !private(l.server.Addr()) {
		return l.server
	}
	port := hop.Port
	if port <= 0 || port > 65535 {
		port = defaultPort
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port))
}

func private(a netip.Addr) bool { return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() }

func trimBrackets(host string) string {
	if len(host) > 1 && host[0] == '[' {
		return host[1 : len(host)-1]
	}
	return host
}

// ack is the ACK of a 2xx: same number as the INVITE, outside any transaction (section 13.2.2.4).
func (l *line) ack(d *dialog, seq uint32) *sip.Request {
	return l.inDialog(sip.ACK, d, seq)
}

// post sends a request that has no answer.
func (l *line) post(req *sip.Request) {
	if err := l.ua.TransportLayer().WriteMsg(req); err != nil {
		l.log.Debug("not sent", "method", req.Method, "error", err)
	}
}

// bye ends a dialog. That the far side does not know it is as good as an OK: it is gone.
func (l *line) bye(ctx context.Context, d *dialog) error {
	_, _, err := l.authenticated(ctx, l.inDialog(sip.BYE, d, d.nextSeq()), d.nextSeq, l.do)
	if err != nil {
		return sendFailure("hang up", err)
	}
	return nil
}
