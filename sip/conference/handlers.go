package conference

import (
	"strconv"
	"strings"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

const (
	contentSDP = "application/sdp"
	allowed    = "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, INFO, REGISTER"
)

// handle tells sipgo which method goes where; it must happen before the sockets are served.
func (c *Conference) handle() {
	c.server.OnRegister(c.whole(c.register))
	c.server.OnInvite(c.whole(c.invite))
	c.server.OnOptions(c.whole(c.options))
	for _, method := range []sip.RequestMethod{sip.ACK, sip.BYE, sip.UPDATE, sip.INFO, sip.CANCEL} {
		c.server.OnRequest(method, c.whole(c.within))
	}
	c.server.OnNoRoute(c.whole(func(req *sip.Request, tx sip.ServerTransaction) {
		c.respond(req, tx, 405, "Method Not Allowed")
	}))
}

// whole lets only whole requests through: handlers may count on the headers that RFC 3261 section 8.1.1 demands.
func (c *Conference) whole(h sipgo.RequestHandler) sipgo.RequestHandler {
	return func(req *sip.Request, tx sip.ServerTransaction) {
		status, reason := fault(req)
		if status == 0 {
			h(req, tx)
			return
		}
		if req.Method != sip.ACK {
			c.respond(req, tx, status, reason)
		}
	}
}

// fault is the status for a request that cannot be understood, or 0.
func fault(req *sip.Request) (status int, reason string) {
	from, to, seq := req.From(), req.To(), req.CSeq()
	switch {
	case req.SipVersion != "SIP/2.0":
		return 505, "Version Not Supported"
	case req.Via() == nil || req.CallID() == nil || from == nil || to == nil || seq == nil:
		return 400, "Missing Header"
	case seq.MethodName != req.Method:
		return 400, "CSeq Of Another Method"
	case tag(from.Params) == "":
		return 400, "No From Tag"
	case !strings.EqualFold(req.Recipient.Scheme, "sip") && !strings.EqualFold(req.Recipient.Scheme, "sips"):
		return 416, "Unsupported URI Scheme"
	}
	return 0, ""
}

func tag(params sip.HeaderParams) string {
	t, _ := params.Get("tag")
	return t
}

// respond sends a final response with no more than a status and headers.
func (c *Conference) respond(req *sip.Request, tx sip.ServerTransaction, status int, reason string, headers ...sip.Header) {
	res := sip.NewResponseFromRequest(req, status, reason, nil)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	c.sign(res)
	if err := tx.Respond(res); err != nil {
		c.log.Debug("response not sent", "status", status, "err", err)
	}
}

// sign adds what every response of ours says about us.
func (c *Conference) sign(res *sip.Response) {
	res.AppendHeader(sip.NewHeader("Server", c.cfg.UserAgent))
	if res.IsSuccess() || res.StatusCode == 405 {
		res.AppendHeader(sip.NewHeader("Allow", allowed))
		res.AppendHeader(sip.NewHeader("Supported", "timer"))
	}
}

// minSE says the shortest session interval we take.
func (c *Conference) minSE() sip.Header {
	return sip.NewHeader("Min-SE", strconv.Itoa(int(c.cfg.MinSession.Seconds())))
}

// options answers the question whether we are there and what we can; it needs no password, telephones use it to keep
// their way through a NAT open.
func (c *Conference) options(req *sip.Request, tx sip.ServerTransaction) {
	if req.Method == sip.OPTIONS && tag(req.To().Params) != "" && c.find(req) == nil {
		c.respond(req, tx, 481, "Call/Transaction Does Not Exist")
		return
	}
	c.respond(req, tx, 200, "OK", sip.NewHeader("Accept", contentSDP))
}

// within passes a request on to the leg whose dialog it belongs to, and waits until the leg is done with it.
func (c *Conference) within(req *sip.Request, tx sip.ServerTransaction) {
	s := step{req, tx, make(chan struct{})}
	if l := c.find(req); l != nil && req.Method != sip.CANCEL {
		select {
		case l.steps <- s:
			<-s.done
			return
		case <-l.ended:
		}
	}
	if req.Method != sip.ACK {
		c.respond(req, tx, 481, "Call/Transaction Does Not Exist")
	}
}

// authenticated is the user that the request proves to come from; else it is answered here and ok is false.
func (c *Conference) authenticated(req *sip.Request, tx sip.ServerTransaction) (user string, ok bool) {
	best := absent
	for _, value := range values(req, "Authorization") {
		creds, err := parseCredentials(value)
		if err != nil || !sameUser(creds.uri, req.Recipient) {
			continue
		}
		switch v := c.authority.verify(req.Method.String(), creds); v {
		case right:
			return creds.user, true
		default:
			best = max(best, v)
		}
	}
	if best == wrong {
		c.log.Info("wrong user or password", "method", req.Method, "from", req.Source())
		c.respond(req, tx, 403, "Forbidden")
		return "", false
	}
	offer := offered(strings.Join(values(req, "User-Agent"), ""))
	var challenges []sip.Header
	for _, value := range c.authority.challenges(offer, best == outdated) {
		challenges = append(challenges, sip.NewHeader("WWW-Authenticate", value))
	}
	c.respond(req, tx, 401, "Unauthorized", challenges...)
	return "", false
}

// sameUser tells whether the digest was made for this request's address. The host is left out: proxies and telephones
// write it in ways of their own, and the nonce cannot be used twice anyway.
func sameUser(digestURI string, recipient sip.Uri) bool {
	var uri sip.Uri
	return sip.ParseUri(digestURI, &uri) == nil && uri.User == recipient.User
}
