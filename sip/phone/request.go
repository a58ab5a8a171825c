package phone

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// methods are those that the box answers; of the others it says 405.
const methods = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, NOTIFY"

// envelope names both ends of a request: what From, To, Call-ID and CSeq say.
type envelope struct {
	callID        string
	local, remote sip.Uri
	localTag      string
	remoteTag     string
	routes        []string // Route headers, as they were recorded, in order
}

// request builds a request; it leaves from the line's socket. The destination is where it goes on the wire.
func (l *line) request(method sip.RequestMethod, target sip.Uri, e envelope, seq uint32, to netip.AddrPort) *sip.Request {
	req := sip.NewRequest(method, *target.Clone())
	req.AppendHeader(l.via(sip.GenerateBranch()))
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(&hops)
	from := &sip.FromHeader{Address: *e.local.Clone(), Params: tagged(e.localTag)}
	dest := &sip.ToHeader{Address: *e.remote.Clone(), Params: tagged(e.remoteTag)}
	id := sip.CallIDHeader(e.callID)
	req.AppendHeader(from)
	req.AppendHeader(dest)
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	for _, r := range e.routes {
		req.AppendHeader(sip.NewHeader("Route", r))
	}
	req.AppendHeader(sip.NewHeader("User-Agent", l.p.cfg.UserAgent))
	l.bind(req, to)
	req.SetBody(nil)
	return req
}

// bind fixes socket, transport and destination, so that sipgo decides none of them.
func (l *line) bind(req *sip.Request, to netip.AddrPort) {
	req.SetTransport(strings.ToUpper(l.p.cfg.Transport))
	req.SetDestination(to.String())
	req.Laddr = sip.Addr{IP: net.IP(l.local.Addr().AsSlice()), Port: int(l.local.Port())}
}

// via is our hop; rport asks for the answer to come back to where the request really came from (RFC 3581).
func (l *line) via(branch string) *sip.ViaHeader {
	v := &sip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: strings.ToUpper(l.p.cfg.Transport),
		Host: uriHost(l.local.Addr()), Port: int(l.local.Port()),
	}
	v.Params.Add("branch", branch)
	v.Params.Add("rport", "")
	return v
}

// again is the same request once more, as a new transaction (RFC 3261 section 22.2).
func (l *line) again(req *sip.Request, seq uint32) *sip.Request {
	next := req.Clone()
	next.RemoveHeader("Via")
	next.PrependHeader(l.via(sip.GenerateBranch()))
	next.ReplaceHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: req.Method})
	return next
}

// contactHeader is where the server can reach us, as it sees us.
func (l *line) contactHeader() *sip.ContactHeader {
	l.mu.Lock()
	at := l.contact
	l.mu.Unlock()
	uri := sip.Uri{Scheme: "sip", User: l.p.number.account.User, Host: uriHost(at.Addr()), Port: int(at.Port())}
	if l.p.cfg.Transport != "udp" {
		uri.UriParams.Add("transport", l.p.cfg.Transport)
	}
	return &sip.ContactHeader{Address: uri}
}

// learn reads from a response where the server saw the request come from, and tells whether that is news.
func (l *line) learn(res *sip.Response) bool {
	via := res.Via()
	if via == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.contact
	if text, ok := via.Params.Get("received"); ok {
		if a, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
			seen = netip.AddrPortFrom(a.Unmap(), seen.Port())
		}
	}
	if text, ok := via.Params.Get("rport"); ok {
		if port, err := strconv.ParseUint(text, 10, 16); err == nil && port > 0 {
			seen = netip.AddrPortFrom(seen.Addr(), uint16(port))
		}
	}
	changed := seen != l.contact
	l.contact = seen
	return changed
}

func tagged(tag string) sip.HeaderParams {
	var p sip.HeaderParams
	if tag != "" {
		p.Add("tag", tag)
	}
	return p
}

// uriHost writes an address as URIs have it.
func uriHost(a netip.Addr) string {
	if a.Is6() {
		return "[" + a.WithZone("").String() + "]"
	}
	return a.String()
}
