package conference

import (
	"math"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"
)

// register answers a REGISTER (RFC 3261 section 10.3). Users may register only themselves.
func (c *Conference) register(req *sip.Request, tx sip.ServerTransaction) {
	user, ok := c.authenticated(req, tx)
	if !ok {
		return
	}
	if req.To().Address.User != user {
		c.respond(req, tx, 403, "Forbidden")
		return
	}
	g, ok := readRegistration(user, req)
	if !ok {
		c.respond(req, tx, 400, "Bad Contact")
		return
	}
	status, bindings := c.registrar.register(g)
	switch status {
	case 200:
		c.log.Debug("registered", "user", user, "from", req.Source(), "bindings", len(bindings))
		c.respond(req, tx, 200, "OK", c.contacts(bindings)...)
	case 423:
		c.respond(req, tx, 423, "Interval Too Brief", sip.NewHeader("Min-Expires", strconv.Itoa(minExpires)))
	case 403:
		c.respond(req, tx, 403, "Too Many Contacts")
	default:
		c.respond(req, tx, status, "Out of Order")
	}
}

// readRegistration reads the contacts of a REGISTER with the expiry of each.
func readRegistration(user string, req *sip.Request) (g registration, ok bool) {
	g = registration{user: user, callID: req.CallID().Value(), seq: req.CSeq().SeqNo}
	general := -1
	if v := values(req, "Expires"); len(v) > 0 {
		general = readExpires(v[0])
	}
	headers := append(req.GetHeaders("Contact"), req.GetHeaders("m")...)
	for _, h := range headers {
		at, isContact := h.(*sip.ContactHeader)
		if !isContact {
			return g, false
		}
		if at.Address.Wildcard {
			g.all = true
			continue
		}
		expires := general
		if own, given := at.Params.Get("expires"); given {
			expires = readExpires(own)
		}
		g.contacts = append(g.contacts, contact{uri: at.Address.String(), expires: expires})
	}
	// "*" must stand alone, with Expires: 0.
	return g, !g.all || len(g.contacts) == 0 && general == 0
}

// readExpires is the number of seconds, or -1 for what is none (RFC 3261 section 20.19: treat as not given).
func readExpires(text string) int {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return -1
	}
	return int(min(n, math.MaxInt32))
}

// contacts lists the bindings with the seconds each has left.
func (c *Conference) contacts(bindings []binding) []sip.Header {
	now := c.registrar.now()
	var headers []sip.Header
	for _, b := range bindings {
		left := int(max(0, b.until.Sub(now).Round(time.Second)) / time.Second)
		headers = append(headers, sip.NewHeader("Contact", "<"+b.uri+">;expires="+strconv.Itoa(left)))
	}
	return headers
}
