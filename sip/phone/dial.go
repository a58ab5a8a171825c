package phone

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"

	"orionbox/sip/media"
	"orionbox/sip/rtp"
	"orionbox/sip/sdp"
)

// dialling is one try to get into the conference.
type dialling struct {
	l      *line
	d      *dialog
	socket *rtp.Socket
	offer  sdp.Description
	inbox  chan incoming
	timer  time.Duration // session expiry to ask for
}

// dial calls the number and returns the call that is up. The error tells why there is none.
func (l *line) dial(ctx context.Context) (*call, error) {
	socket, err := rtp.Listen(l.local.Addr())
	if err != nil {
		return nil, failed(NoRoute, "dial: %w", err)
	}
	t := &dialling{
		l: l, d: newDialog(l.p.number), socket: socket, inbox: make(chan incoming, 32), timer: l.p.cfg.SessionExpires,
		offer: l.p.describe(l.local.Addr(), socket.Port(), uint64(rand.Uint32())),
	}
	l.join(t.d.callID, t.inbox)
	c, err := t.connect(ctx)
	if err != nil {
		l.leave(t.d.callID, t.inbox)
		if cerr := socket.Close(); cerr != nil {
			l.log.Debug("close rtp socket", "error", cerr)
		}
		return nil, sendFailure("dial", err)
	}
	return c, nil
}

// connect sends INVITEs until one is answered for good: challenged, or with a session timer that is too short (422).
func (t *dialling) connect(ctx context.Context) (*call, error) {
	req, err := t.invite()
	for range 3 {
		if err != nil {
			return nil, err
		}
		sent, res, err := t.l.authenticated(ctx, req, t.d.nextSeq, t.send)
		switch {
		case err != nil:
			return nil, err
		case res.IsSuccess():
			return t.answered(ctx, sent, res)
		case res.StatusCode != 422 || !raise(&t.timer, res):
			t.l.p.memory.drop(t.d.callID)
			return nil, responseFailure("dial", res)
		}
		t.d.nextSeq()
		if req, err = t.invite(); err != nil {
			return nil, err
		}
	}
	return nil, failed(ServerError, "dial: the server wants ever longer session timers")
}

// invite is the request with our offer.
func (t *dialling) invite() (*sip.Request, error) {
	body, err := t.offer.Marshal()
	if err != nil {
		return nil, fmt.Errorf("write offer: %w", err)
	}
	req := t.l.request(sip.INVITE, t.d.target, t.d.envelope, t.d.seq.Load(), t.l.server)
	req.AppendHeader(t.l.contactHeader())
	req.AppendHeader(sip.NewHeader("Allow", methods))
	req.AppendHeader(sip.NewHeader("Supported", "timer"))
	req.AppendHeader(sip.NewHeader("Session-Expires", fmt.Sprint(int(t.timer/time.Second))))
	req.AppendHeader(sip.NewHeader("Min-SE", fmt.Sprint(int(minSessionExpires/time.Second))))
	setSDP(req, body)
	return req, nil
}

// send is one INVITE transaction. What it would leave behind is on disk before it leaves, unless the disk stalls.
func (t *dialling) send(ctx context.Context, req *sip.Request) (*sip.Response, error) {
	req.ReplaceHeader(t.l.contactHeader())
	t.l.p.memory.settle(t.l.p.memory.put(leftInvite(t.l, t.d, req)))
	t.l.expect(&outbound{dialog: t.d, seq: req.CSeq().SeqNo})
	res, err := t.l.roundInvite(ctx, req, t.l.p.cfg.RingTimeout, func(res *sip.Response) {
		t.l.log.Debug("dialling", "status", res.StatusCode, "text", printable(res.Reason))
	})
	if err != nil {
		t.l.giveUp(t.d.callID)
	}
	return res, err
}

// answered makes the call of a 2xx. The dialog is on disk before the ACK, so that no crash leaves a call that is not
// known; a disk that stalls holds the ACK up for no longer than settle waits.
func (t *dialling) answered(ctx context.Context, sent *sip.Request, res *sip.Response) (*call, error) {
	l, d := t.l, t.d
	d.confirm(res)
	l.p.memory.settle(l.p.memory.put(leftDialog(l, d)))
	ack := l.ack(d, sent.CSeq().SeqNo)
	l.expect(&outbound{dialog: d, seq: sent.CSeq().SeqNo, ack: ack})
	l.post(ack)
	if ctx.Err() != nil { // it crossed our CANCEL
		l.endDialog(d)
		return nil, ctx.Err()
	}
	c, err := t.open(res)
	if err != nil {
		l.endDialog(d)
		return nil, err
	}
	return c, nil
}

// open reads the answer and starts the media.
func (t *dialling) open(res *sip.Response) (*call, error) {
	remote, err := sdp.Parse(res.Body())
	if err != nil {
		return nil, failed(NoCommonCodec, "read answer: %w", err)
	}
	common, err := sdp.Answer(remote, t.offer)
	if err != nil || remote.Port == 0 {
		return nil, failed(NoCommonCodec, "read answer: %w", sdp.ErrNoCommonCodec)
	}
	format, _ := common.Audio()
	event, _ := common.Events()
	leg, err := media.NewLeg(media.LegConfig{
		Socket: t.socket, Remote: remoteMedia(remote), Format: format, EventType: event, Rate: media.NativeRate(format), Log: t.l.log,
	})
	if err != nil {
		return nil, failed(ServerError, "start media: %w", err)
	}
	c := &call{l: t.l, d: t.d, leg: leg, inbox: t.inbox, local: t.offer, format: format,
		sends: remote.Direction != sdp.RecvOnly && remote.Direction != sdp.Inactive}
	c.begin(res)
	return c, nil
}

// endDialog says BYE with a context of its own, since the caller's may have ended.
func (l *line) endDialog(d *dialog) {
	ctx, cancel := context.WithTimeout(l.ctx, farewell)
	defer cancel()
	if err := l.bye(ctx, d); err != nil {
		l.log.Warn("call not ended, will be on the next occasion", "error", err)
		return
	}
	l.p.memory.drop(d.callID)
}

// remoteMedia is where RTP goes first; the leg then follows where RTP comes from (symmetric RTP).
func remoteMedia(d sdp.Description) netip.AddrPort {
	return netip.AddrPortFrom(d.Address, uint16(d.Port))
}

// setSDP makes the body a session description.
func setSDP(m sip.Message, body []byte) {
	m.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	m.SetBody(body)
}
