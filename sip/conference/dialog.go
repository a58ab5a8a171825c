package conference

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// dialog is one call as SIP knows it, seen from the side that was called (RFC 3261 section 12.1.1). It belongs to the
// leg's goroutine. sipgo has a dialog of its own; this one is ours because re-INVITE, UPDATE and the retransmission of
// their 2xx need one owner.
type dialog struct {
	callID string
	// local and remote are the From and To of requests that we send.
	local  sip.FromHeader
	remote sip.ToHeader
	// target is where the far end wants to be reached; routes are the proxies on the way, as they were recorded.
	target sip.Uri
	routes []string
	// contact is where we are reached.
	contact sip.ContactHeader
	// localSeq counts our requests, remoteSeq is the last of theirs.
	localSeq, remoteSeq uint32
	transport           string
	// source is where the far end's last request came from: the way back through its NAT.
	source string
}

// newDialog begins the dialog that our 2xx to an INVITE will make, under a tag that nobody can guess.
func newDialog(invite *sip.Request, contact sip.ContactHeader) dialog {
	d := dialog{
		callID: invite.CallID().Value(),
		local:  invite.To().AsFrom(), remote: invite.From().AsTo(),
		routes:    values(invite, "Record-Route"),
		contact:   contact,
		remoteSeq: invite.CSeq().SeqNo, transport: invite.Transport(),
	}
	d.local.Params.Add("tag", rand.Text())
	d.follow(invite)
	return d
}

// id names the dialog the way an incoming request does.
func (d *dialog) id() string {
	local, _ := d.local.Params.Get("tag")
	remote, _ := d.remote.Params.Get("tag")
	return sip.DialogIDMake(d.callID, local, remote)
}

// follow takes over where the far end is now: a box may have got another address.
func (d *dialog) follow(req *sip.Request) {
	d.source = req.Source()
	if c := req.Contact(); c != nil && !c.Address.Wildcard {
		d.target = *c.Address.Clone()
	}
}

// request builds one within the dialog (RFC 3261 section 12.2.1.1).
func (d *dialog) request(method sip.RequestMethod, host netip.AddrPort) *sip.Request {
	if method != sip.ACK {
		d.localSeq++
	}
	req := sip.NewRequest(method, d.target)
	via := &sip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: d.transport,
		Host: host.Addr().String(), Port: int(host.Port()),
	}
	via.Params.Add("branch", sip.GenerateBranch())
	via.Params.Add("rport", "")
	forwards, callID := sip.MaxForwardsHeader(70), sip.CallIDHeader(d.callID)
	local, remote := d.local, d.remote
	for _, h := range []sip.Header{
		via, &local, &remote, &callID, &sip.CSeqHeader{SeqNo: d.localSeq, MethodName: method}, &forwards, &d.contact,
	} {
		req.AppendHeader(h)
	}
	for _, route := range d.routes {
		req.AppendHeader(sip.NewHeader("Route", route))
	}
	req.SetBody(nil)
	req.SetTransport(d.transport)
	return req
}

// line sends requests of ours over the sockets we listen on, so that they come from the address the far end knows.
type line struct {
	client *sipgo.Client
	udp    sip.Addr
}

// aim sets where the request goes: the first proxy if there is one, else where the far end last spoke from, else, when
// its connection is gone, the address it gave.
func (l line) aim(req *sip.Request, d *dialog) {
	if !sip.IsReliable(req.Transport()) {
		req.Laddr = l.udp
	}
	if route := req.Route(); route != nil {
		req.SetDestination(hostPort(route.Address, req.Transport()))
		return
	}
	req.SetDestination(d.source)
	if !sip.IsReliable(req.Transport()) {
		return
	}
	conn, err := l.client.TransportLayer().GetConnection(req.Transport(), d.source)
	if err != nil {
		req.SetDestination(hostPort(d.target, req.Transport()))
		return
	}
	conn.TryClose()
}

// do sends the request and waits for its final response.
func (l line) do(ctx context.Context, req *sip.Request, d *dialog) (*sip.Response, error) {
	l.aim(req, d)
	res, err := l.client.Do(ctx, req, asBuilt)
	if err != nil {
		return nil, fmt.Errorf("send %s: %w", req.Method, err)
	}
	return res, nil
}

// asBuilt keeps sipgo from adding headers of its own.
func asBuilt(*sipgo.Client, *sip.Request) error { return nil }

func hostPort(uri sip.Uri, transport string) string {
	port := uri.Port
	if port == 0 {
		port = sip.DefaultPort(transport)
	}
	return net.JoinHostPort(strings.Trim(uri.Host, "[]"), strconv.Itoa(port))
}
