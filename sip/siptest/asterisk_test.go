package siptest

import (
	"net"
	"strings"
	"testing"
)

func TestAsteriskAnswersOverUDPAndTCP(t *testing.T) {
	a := StartAsterisk(t, AsteriskOptions{})
	for _, network := range []string{"udp", "tcp"} {
		if got := options(t, network, a.Addr()); !strings.HasPrefix(got, "SIP/2.0 ") {
			t.Errorf("OPTIONS over %s: answer %q", network, got)
		}
	}
	for _, want := range []string{"1001", "1006", "1104"} {
		if !strings.Contains(a.CLI("pjsip show endpoints"), want) {
			t.Errorf("no endpoint %s", want)
		}
	}
	if bad := a.Log(); strings.Contains(bad, "ERROR") {
		t.Error("errors in the log")
	}
}

func TestAsteriskComesBackAtTheSameAddress(t *testing.T) {
	a := StartAsterisk(t, AsteriskOptions{Codecs: "ulaw"})
	addr := a.Addr()
	a.Kill()
	a.Start()
	a.Stop()
	a.Start()
	if a.Addr() != addr || a.Channels() != 0 {
		t.Errorf("at %s, was at %s; %d channels", a.Addr(), addr, a.Channels())
	}
	options(t, "udp", addr)
}

func TestTwoAsterisksSideBySide(t *testing.T) {
	a, b := StartAsterisk(t, AsteriskOptions{}), StartAsterisk(t, AsteriskOptions{})
	if a.Addr() == b.Addr() {
		t.Errorf("both at %s", a.Addr())
	}
}

// options sends a request that any SIP server answers and returns the answer.
func options(t *testing.T, network, addr string) string {
	t.Helper()
	c, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	local := c.LocalAddr().String()
	request := []string{"OPTIONS sip:" + addr + " SIP/2.0", "Via: SIP/2.0/" + strings.ToUpper(network) + " " + local +
		";rport;branch=z9hG4bK1", "From: <sip:1001@127.0.0.1>;tag=1", "To: <sip:" + addr + ">", "Call-ID: options@" +
		local, "CSeq: 1 OPTIONS", "Contact: <sip:1001@" + local + ">", "Max-Forwards: 70", "Content-Length: 0", "", ""}
	if _, err := c.Write([]byte(strings.Join(request, "\r\n"))); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 4096)
	n, err := c.Read(answer)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer[:n])
}
