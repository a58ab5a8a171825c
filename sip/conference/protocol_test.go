package conference

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"orionbox/sip/sdp"
)

func TestOptions(t *testing.T) {
	c := host(t, nil)
	p := newPhone(t, c, "udp", "alice")
	res := p.want(p.do(p.request(sip.OPTIONS, "")), 200)
	for header, want := range map[string]string{"Allow": "UPDATE", "Accept": contentSDP, "Supported": "timer", "Server": "orionbox"} {
		if got := strings.Join(values(res, header), ","); !strings.Contains(got, want) {
			t.Errorf("%s is %q, want %q in it", header, got, want)
		}
	}
}

func TestCallsThatAreRefused(t *testing.T) {
	c := host(t, nil)
	for name, call := range map[string]struct {
		body    func(*phone) string
		room    string
		headers []string
		status  int
	}{
		"no common codec": {func(p *phone) string {
			return strings.NewReplacer("opus/", "speex/", "G722/", "G729/", "PCMU/", "L8/", "PCMA/", "L16/").Replace(p.offer(""))
		}, "600", nil, 488},
		"no audio":     {func(p *phone) string { return strings.Replace(p.offer(""), "m=audio", "m=video", 1) }, "600", nil, 488},
		"encrypted":    {func(p *phone) string { return strings.Replace(p.offer(""), "RTP/AVP", "RTP/SAVP", 1) }, "600", nil, 488},
		"no sdp":       {func(*phone) string { return "hello" }, "600", nil, 400},
		"no number":    {func(p *phone) string { return p.offer("") }, "", nil, 404},
		"long number":  {func(p *phone) string { return p.offer("") }, strings.Repeat("6", 65), nil, 404},
		"extension":    {func(p *phone) string { return p.offer("") }, "600", []string{"Require: timer, 100rel"}, 420},
		"short timer":  {func(p *phone) string { return p.offer("") }, "600", []string{"Supported: timer", "Session-Expires: 30"}, 422},
		"other format": {func(*phone) string { return "hello" }, "600", []string{"Content-Type: text/plain"}, 415},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPhone(t, c, "udp", "alice")
			p.room = call.room
			body := call.body(p)
			req, res := p.proved(sip.INVITE, body, call.headers...)
			p.ack(req, p.want(res, call.status))
		})
	}
}

func TestOutsideOfAnyDialog(t *testing.T) {
	c := host(t, nil)
	p := newPhone(t, c, "udp", "alice")
	p.toTag = "nobody"
	for _, method := range []sip.RequestMethod{sip.BYE, sip.UPDATE, sip.INFO, sip.OPTIONS, sip.CANCEL} {
		p.want(p.do(p.request(method, "")), 481)
	}
	req := p.request(sip.INVITE, p.offer(sdp.SendRecv))
	p.ack(req, p.want(p.do(req), 481))
	p.send(p.request(sip.ACK, "")) // is not answered
	res := p.want(p.do(p.request("SUBSCRIBE", "")), 405)
	if len(values(res, "Allow")) == 0 {
		t.Error("405 without Allow")
	}
}

func TestMalformedRequests(t *testing.T) {
	c := host(t, nil)
	p := newPhone(t, c, "udp", "alice")
	for name, change := range map[string]func(req *sip.Request) int{
		"version":  func(r *sip.Request) int { r.SipVersion = "SIP/3.0"; return 505 },
		"scheme":   func(r *sip.Request) int { r.Recipient.Scheme = "tel"; return 416 },
		"from tag": func(r *sip.Request) int { r.From().Params.Remove("tag"); return 400 },
		"method":   func(r *sip.Request) int { r.CSeq().MethodName = "BYE"; return 400 },
		"from":     func(r *sip.Request) int { r.RemoveHeader("From"); return 400 },
		"call id":  func(r *sip.Request) int { r.RemoveHeader("Call-ID"); return 400 },
	} {
		t.Run(name, func(t *testing.T) {
			req := p.request(sip.OPTIONS, "")
			status := change(req)
			p.want(p.do(req), status)
		})
	}
	junk, err := net.Dial("udp", c.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer junk.Close()
	for _, text := range []string{"\x00\x01", "INVITE", "OPTIONS sip:x SIP/2.0\r\n\r\n", strings.Repeat("a", 20_000),
		"SIP/2.0 200 OK\r\nVia: x\r\n\r\n", "INVITE sip:x@y SIP/2.0\r\nVia: SIP/2.0/UDP z;branch=z9hG4bKa\r\nCSeq: 1 INVITE\r\n\r\n"} {
		if _, err := junk.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	p.want(p.do(p.request(sip.OPTIONS, "")), 200)
}

// TestAnswerIsRepeatedUntilAcknowledged holds the ACK back, over TCP as well, where nothing is lost but the far end may
// still be busy.
func TestAnswerIsRepeatedUntilAcknowledged(t *testing.T) {
	c := host(t, nil)
	for _, transport := range []string{"udp", "tcp"} {
		p := newPhone(t, c, transport, "alice")
		req, res := p.proved(sip.INVITE, p.offer(sdp.SendRecv))
		p.want(res, 200)
		for range 3 {
			p.want(p.final(req), 200)
		}
		p.toTag = tag(res.To().Params)
		p.ack(req, res)
		p.want(p.do(p.request(sip.INFO, "")), 200)
		p.want(p.do(p.request(sip.BYE, "")), 200)
	}
}

func TestAnswerThatIsNeverAcknowledged(t *testing.T) {
	c := host(t, nil)
	p := newPhone(t, c, "udp", "alice")
	_, res := p.proved(sip.INVITE, p.offer(sdp.SendRecv))
	p.want(res, 200)
	p.expect(sip.BYE)
	waitFor(t, "the leg to go", func() bool { _, legs := c.Status(); return legs == 0 })
}

func TestByeBeforeAck(t *testing.T) {
	c := host(t, nil)
	p := newPhone(t, c, "udp", "alice")
	_, res := p.proved(sip.INVITE, p.offer(sdp.SendRecv))
	p.toTag = tag(p.want(res, 200).To().Params)
	p.want(p.do(p.request(sip.BYE, "")), 200)
}

// TestCancel sends the CANCEL behind the INVITE: it comes before the answer or after it, and both must end well.
func TestCancel(t *testing.T) {
	c := host(t, nil)
	for range 20 {
		p := newPhone(t, c, "udp", "alice")
		req := p.request(sip.INVITE, p.offer(sdp.SendRecv))
		res := p.want(p.do(req), 401)
		p.ack(req, res)
		req = p.request(sip.INVITE, p.offer(sdp.SendRecv), "Authorization: "+p.prove(req, res))
		p.send(req)
		cancel := p.request(sip.CANCEL, "")
		cancel.Via().Params.Add("branch", req.Via().Params.GetOr("branch", ""))
		p.send(cancel)
		res = p.final(req)
		p.ack(req, res)
		if p.toTag = tag(res.To().Params); res.IsSuccess() {
			p.want(p.do(p.request(sip.BYE, "")), 200)
		} else if res.StatusCode != 487 {
			t.Fatalf("cancelled call is answered %d", res.StatusCode)
		}
	}
	waitFor(t, "the places to be free", func() bool { return c.places() == 0 })
}

func TestOrderWithinTheDialog(t *testing.T) {
	c := host(t, nil)
	p := newPhone(t, c, "udp", "alice")
	p.dial()
	p.seq -= 2
	p.want(p.do(p.request(sip.INFO, "")), 500)
	p.seq += 1
	p.want(p.do(p.request(sip.INFO, "")), 200)
	p.want(p.do(p.request("REFER", "")), 405)
	p.want(p.do(p.request(sip.OPTIONS, "")), 200)
}

func TestHoldAndMove(t *testing.T) {
	c := host(t, nil)
	for _, method := range []sip.RequestMethod{sip.INVITE, sip.UPDATE} {
		alice, bob := newPhone(t, c, "udp", "alice"), newPhone(t, c, "udp", "bob")
		alice.join()
		bob.codec = "opus"
		bob.join()
		bob.hears("alice")
		change := func(direction, codec, want string) {
			t.Helper()
			bob.codec = codec
			req := bob.request(method, bob.offer(direction))
			res := bob.want(bob.do(req), 200)
			bob.ack(req, res)
			answer, err := sdp.Parse(res.Body())
			if err != nil || answer.Direction != want {
				t.Fatalf("%s to %s: answer %v %v, want %s", method, direction, answer.Direction, err, want)
			}
			voice, _ := answer.Audio()
			if err := bob.leg.Update(netip.AddrPortFrom(answer.Address, uint16(answer.Port)), voice, false); err != nil {
				t.Fatal(err)
			}
		}
		change(sdp.Inactive, "opus", sdp.Inactive)
		bob.hears()
		change(sdp.SendRecv, "PCMU", sdp.SendRecv)
		bob.hears("alice")
		alice.hears("bob")
		bad := bob.request(method, "v=0\r\nrubbish")
		bob.ack(bad, bob.want(bob.do(bad), 400))
		bob.hears("alice")
		for _, p := range []*phone{alice, bob} {
			p.want(p.do(p.request(sip.BYE, "")), 200)
		}
	}
}

func TestSessionExpires(t *testing.T) {
	c := host(t, func(cfg *Config) { cfg.MinSession = time.Second })
	p := newPhone(t, c, "udp", "alice")
	res := p.dial("Supported: timer", "Session-Expires: 1")
	if got := values(res, "Session-Expires"); len(got) != 1 || got[0] != "1;refresher=uac" {
		t.Errorf("Session-Expires: %q", got)
	}
	for range 3 { // as long as it is refreshed it lives
		req := p.request(sip.UPDATE, "", "Supported: timer", "Session-Expires: 1;refresher=uac")
		p.want(p.do(req), 200)
	}
	p.expect(sip.BYE)
}

func TestWeRefresh(t *testing.T) {
	for name, c := range map[string]struct {
		headers []string
		method  sip.RequestMethod
	}{
		"by UPDATE":    {[]string{"Allow: INVITE, UPDATE", "Supported: timer", "Session-Expires: 1;refresher=uas"}, sip.UPDATE},
		"by re-INVITE": {[]string{"Allow: INVITE", "Session-Expires: 1"}, sip.INVITE},
	} {
		t.Run(name, func(t *testing.T) {
			conf := host(t, func(cfg *Config) { cfg.MinSession = time.Second })
			p := newPhone(t, conf, "udp", "alice")
			p.dial(c.headers...)
			for range 2 {
				req := p.expect(c.method)
				if c.method == sip.INVITE {
					p.expect(sip.ACK)
				}
				if got := values(req, "Session-Expires"); len(got) != 1 || got[0] != "1;refresher=uas" {
					t.Errorf("Session-Expires: %q", got)
				}
			}
			close(p.mute)
			p.expect(sip.BYE) // after nobody answered
		})
	}
}
