package conference

import (
	"errors"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// maxRoomName bounds the number called, in bytes.
const maxRoomName = 64

// invite answers a call: whoever may call is in the room of that number.
func (c *Conference) invite(req *sip.Request, tx sip.ServerTransaction) {
	if tag(req.To().Params) != "" {
		c.within(req, tx)
		return
	}
	user, ok := c.authenticated(req, tx)
	if !ok {
		return
	}
	if status, reason, headers := c.unfit(req); status != 0 {
		c.respond(req, tx, status, reason, headers...)
		return
	}
	if status := c.reserve(); status != 0 {
		c.respond(req, tx, status, "Conference Full Or Closing", sip.NewHeader("Retry-After", "10"))
		return
	}
	l, answer, err := c.newLeg(req, user)
	if err != nil {
		c.release()
		c.log.Info("call refused", "user", user, "room", req.Recipient.User, "err", err)
		status, reason := refusal(err)
		c.respond(req, tx, status, reason)
		return
	}
	if !tx.OnCancel(func(*sip.Request) { l.canceled.Store(true) }) {
		l.canceled.Store(true)
	}
	s := step{req, tx, make(chan struct{})}
	c.remember(l)
	go func() {
		defer c.release()
		l.run(c.ctx, s, answer)
	}()
	<-s.done
}

// unfit is why a call cannot be taken whoever makes it; status 0 if it can.
func (c *Conference) unfit(req *sip.Request) (status int, reason string, headers []sip.Header) {
	for _, value := range values(req, "Require") {
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.TrimSpace(name); name != "" && !strings.EqualFold(name, "timer") {
				return 420, "Bad Extension", []sip.Header{sip.NewHeader("Unsupported", name)}
			}
		}
	}
	if len(req.Body()) > 0 && !isSDP(req) {
		return 415, "Unsupported Media Type", []sip.Header{sip.NewHeader("Accept", contentSDP)}
	}
	if name := req.Recipient.User; name == "" || len(name) > maxRoomName {
		return 404, "Not Found", nil
	}
	if req.Contact() == nil || req.Contact().Address.Wildcard {
		return 400, "No Contact", nil
	}
	if _, ok := readTimer(req, c.cfg.MinSession); !ok {
		return 422, "Session Interval Too Small", []sip.Header{c.minSE()}
	}
	return 0, "", nil
}

func isSDP(req *sip.Request) bool {
	h := req.ContentType()
	if h == nil {
		return false
	}
	kind, _, _ := strings.Cut(h.Value(), ";")
	return strings.EqualFold(strings.TrimSpace(kind), contentSDP)
}

// newLeg agrees on the sound of a call and gives it a seat. The answer is the SDP for the 2xx.
func (c *Conference) newLeg(req *sip.Request, user string) (*leg, []byte, error) {
	host := c.hostFor(req.Source())
	log := c.log.With("user", user, "call", req.CallID().Value())
	snd, err := newSound(host.Addr(), c.cfg.Codec, log)
	if err != nil {
		return nil, nil, err
	}
	agree := snd.offer
	if body := req.Body(); len(body) > 0 {
		agree = func() ([]byte, error) { return snd.answer(body) }
	}
	answer, err := agree()
	if err != nil {
		return nil, nil, errors.Join(err, snd.close())
	}
	timer, _ := readTimer(req, c.cfg.MinSession)
	l := &leg{
		c: c, log: log, user: user, room: req.Recipient.User, since: time.Now(), sound: snd,
		canUpdate: lists(req, "UPDATE", "Allow"), timer: timer,
		steps: make(chan step), ended: make(chan struct{}), refreshed: make(chan refreshed, 1),
	}
	l.dialog = newDialog(req, sip.ContactHeader{Address: sip.Uri{
		Scheme: "sip", User: l.room, Host: host.Addr().String(), Port: int(host.Port()), UriParams: over(req.Transport()),
	}})
	l.seat = c.rooms.enter(l.room, place(l.room, snd))
	return l, answer, nil
}

// over names the transport in an address of ours, so that requests come back the way the call came.
func over(transport string) sip.HeaderParams {
	params := sip.NewParams()
	params.Add("transport", sip.NetworkToLower(transport))
	return params
}
