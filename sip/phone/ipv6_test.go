package phone_test

import (
	"strings"
	"testing"

	"orionbox/sip/phone"
)

func TestServerAtIPv6(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		p := newPeerAt(t, "[::1]:0")
		r := start(t, p, func(c *phone.Config) { c.Transport = transport })
		if m := p.registrar(); !strings.Contains(m.get("contact"), "@[::1]:") || !strings.Contains(m.get("via"), " [::1]:") {
			t.Errorf("contact %q, via %q", m.get("contact"), m.get("via"))
		}
		if m := p.join(); !strings.Contains(m.body, "c=IN IP6 ::1") {
			t.Errorf("offer\n%s", m.body)
		}
		r.up()
	}
}
