package phone

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
)

// leftBehind is what must be known to end a call after a crash: the dialog, or the INVITE if it was not answered yet. No
// secret is in it.
type leftBehind struct {
	CallID    string    `json:"call_id"`
	Local     string    `json:"local"`
	Remote    string    `json:"remote"`
	LocalTag  string    `json:"local_tag"`
	RemoteTag string    `json:"remote_tag,omitempty"` // empty: the INVITE was not answered
	Routes    []string  `json:"routes,omitempty"`
	Target    string    `json:"target"`
	Contact   string    `json:"contact"`
	Seq       uint32    `json:"seq"`
	Via       string    `json:"via,omitempty"` // of the INVITE: by its branch the server knows what to cancel
	Branch    string    `json:"branch,omitempty"`
	Time      time.Time `json:"time"`
}

// leftDialog is what to remember of a call that is up.
func leftDialog(l *line, d *dialog) leftBehind {
	return leftBehind{
		CallID: d.callID, Local: d.local.String(), Remote: d.remote.String(), LocalTag: d.localTag, RemoteTag: d.remoteTag,
		Routes: d.routes, Target: d.target.String(), Contact: l.contactHeader().Address.String(), Seq: d.seq.Load(), Time: time.Now(),
	}
}

// leftInvite is what to remember of an INVITE that is under way.
func leftInvite(l *line, d *dialog, req *sip.Request) leftBehind {
	left := leftDialog(l, d)
	left.Seq = req.CSeq().SeqNo
	via := req.Via()
	left.Branch, _ = via.Params.Get("branch")
	left.Via = l.local.String()
	return left
}

// dialog is the dialog as it was saved.
func (left leftBehind) dialog() (*dialog, error) {
	d := &dialog{envelope: envelope{callID: left.CallID, localTag: left.LocalTag, remoteTag: left.RemoteTag, routes: left.Routes}}
	for text, uri := range map[string]*sip.Uri{left.Local: &d.local, left.Remote: &d.remote, left.Target: &d.target} {
		if err := sip.ParseUri(text, uri); err != nil {
			return nil, fmt.Errorf("read call state: uri %q: %w", printable(text), err)
		}
	}
	d.seq.Store(left.Seq)
	return d, nil
}

// invite is the INVITE as it was sent, as far as its CANCEL needs it: the branch names it, and so do host and port of the
// Via, which are those of the line before the crash.
func (left leftBehind) invite(l *line, d *dialog) *sip.Request {
	req := l.request(sip.INVITE, d.target, d.envelope, left.Seq, l.server)
	via := req.Via()
	via.Params.Add("branch", left.Branch)
	if sent, err := netip.ParseAddrPort(left.Via); err == nil {
		via.Host, via.Port = uriHost(sent.Addr()), int(sent.Port())
	}
	return req
}
