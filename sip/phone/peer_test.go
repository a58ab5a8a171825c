package phone_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// peer is a SIP server that does what the test says, word for word, on real sockets: UDP and TCP at one port. It parses
// by itself, so that what the phone's library reads and writes is checked by something else.
type peer struct {
	t    *testing.T
	udp  *net.UDPConn
	tcp  net.Listener
	in   chan message
	end  chan struct{}
	once sync.Once
	seen map[string]bool
}

// message is a request or response as it came.
type message struct {
	line  string
	head  map[string][]string // by name in lower case
	body  string
	reply func([]byte)
	hang  func() // closes the connection it came over
}

func newPeer(t *testing.T) *peer { return newPeerAt(t, "127.0.0.1:0") }

func newPeerAt(t *testing.T, addr string) *peer {
	t.Helper()
	udp, tcp := listenBoth(t, addr)
	p := &peer{t: t, udp: udp, tcp: tcp, in: make(chan message, 256), end: make(chan struct{}), seen: map[string]bool{}}
	t.Cleanup(p.close)
	go p.readUDP()
	go p.accept()
	return p
}

// listenBoth finds a port that is free for UDP and TCP.
func listenBoth(t *testing.T, addr string) (*net.UDPConn, net.Listener) {
	t.Helper()
	var err error
	for range 20 {
		var tcp net.Listener
		if tcp, err = net.Listen("tcp", addr); err != nil {
			continue
		}
		var udp *net.UDPConn
		if udp, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(tcp.Addr().(*net.TCPAddr).AddrPort())); err == nil {
			return udp, tcp
		}
		tcp.Close()
	}
	t.Fatal(err)
	return nil, nil
}

// close ends the peer; it may be called twice.
func (p *peer) close() {
	p.once.Do(func() { close(p.end) })
	p.udp.Close()
	p.tcp.Close()
}

func (p *peer) addr() string { return p.udp.LocalAddr().String() }

func (p *peer) readUDP() {
	buf := make([]byte, 65536)
	for {
		n, from, err := p.udp.ReadFromUDP(buf)
		if err != nil {
			return
		}
		if m, err := parse(bufio.NewReader(bytes.NewReader(buf[:n]))); err == nil {
			m.reply = func(b []byte) { _, _ = p.udp.WriteToUDP(b, from) }
			p.in <- m
		}
	}
}

func (p *peer) accept() {
	for {
		conn, err := p.tcp.Accept()
		if err != nil {
			return
		}
		p.t.Cleanup(func() { conn.Close() })
		go func() {
			r := bufio.NewReader(conn)
			for {
				m, err := parse(r)
				if err != nil {
					return
				}
				m.reply = func(b []byte) { _, _ = conn.Write(b) }
				m.hang = func() { conn.Close() }
				p.in <- m
			}
		}()
	}
}

func parse(r *bufio.Reader) (message, error) {
	m := message{head: map[string][]string{}}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return m, err
		}
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "" && m.line == "":
			continue // keep-alive
		case line == "":
			body := make([]byte, m.number("content-length"))
			_, err := io.ReadFull(r, body)
			m.body = string(body)
			return m, err
		case m.line == "":
			m.line = line
		default:
			name, value, _ := strings.Cut(line, ":")
			name = strings.ToLower(strings.TrimSpace(name))
			m.head[name] = append(m.head[name], strings.TrimSpace(value))
		}
	}
}

func (m message) method() string { word, _, _ := strings.Cut(m.line, " "); return word }

func (m message) get(name string) string {
	if v := m.head[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func (m message) number(name string) int {
	word, _, _ := strings.Cut(m.get(name), " ")
	n, _ := strconv.Atoi(word)
	return n
}

// param finds name=value in a header.
func (m message) param(header, name string) string {
	_, rest, found := strings.Cut(m.get(header), name+"=")
	if !found {
		return ""
	}
	return strings.Trim(rest[:strings.IndexAny(rest+";", ";,>")], `"`)
}

// take waits for a new request of this method, or for a response ("SIP/2.0"); repetitions, and responses and OPTIONS that
// the test did not ask for, are passed over.
func (p *peer) take(method string) message {
	p.t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case m := <-p.in:
			id := m.line + m.get("via") + m.get("cseq")
			if p.seen[id] && m.method() != "SIP/2.0" {
				continue
			}
			p.seen[id] = true
			if m.method() == method {
				return m
			}
			switch m.method() {
			case "OPTIONS":
				p.answer(m, 200, "OK")
				continue
			case "SIP/2.0":
				continue
			}
			p.t.Fatalf("waited for %s, got %q", method, m.line)
		case <-deadline:
			p.t.Fatalf("waited for %s", method)
		}
	}
}

// answer responds with header lines given in full; one that begins with "v=0" is the body.
func (p *peer) answer(m message, code int, text string, lines ...string) {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n", code, text)
	for _, v := range m.head["via"] {
		fmt.Fprintf(&b, "Via: %s\r\n", v)
	}
	to := m.get("to")
	if !strings.Contains(to, "tag=") && code != 100 {
		to += ";tag=peer"
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n", m.get("from"), to, m.get("call-id"), m.get("cseq"))
	m.reply(finish(&b, lines))
}

func finish(b *strings.Builder, lines []string) []byte {
	body := ""
	for _, l := range lines {
		if strings.HasPrefix(l, "v=0") {
			body = l
			b.WriteString("Content-Type: application/sdp\r\n")
			continue
		}
		b.WriteString(l + "\r\n")
	}
	fmt.Fprintf(b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return []byte(b.String())
}

// request sends a request of the peer's in the dialog that the invite began.
func (p *peer) request(invite message, method string, seq int, lines ...string) {
	var b strings.Builder
	contact := strings.Trim(strings.SplitN(invite.get("contact"), ";expires", 2)[0], "<>")
	transport := "UDP"
	if strings.Contains(invite.get("via"), "/TCP") {
		transport = "TCP"
	}
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=z9hG4bK-%s-%d;rport\r\n", method, contact, transport, p.addr(), method, seq)
	fmt.Fprintf(&b, "From: %s;tag=peer\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nMax-Forwards: 70\r\n",
		invite.get("to"), invite.get("from"), invite.get("call-id"), seq, method)
	invite.reply(finish(&b, append(lines, p.contact())))
}

func (p *peer) contact() string { return "Contact: <sip:600@" + p.addr() + ">" }

// indulge answers everything from here on, so that a phone can leave quickly.
func (p *peer) indulge() {
	go func() {
		for {
			select {
			case m := <-p.in:
				if m.method() != "ACK" && m.method() != "SIP/2.0" && m.method() != "INVITE" {
					p.answer(m, 200, "OK")
				}
				if m.method() == "CANCEL" {
					m.head["cseq"][0] = strings.Replace(m.get("cseq"), "CANCEL", "INVITE", 1)
					p.answer(m, 487, "Request Terminated")
				}
			case <-p.end:
				return
			}
		}
	}()
}

// registrar lets the phone in.
func (p *peer) registrar(lines ...string) message {
	p.t.Helper()
	m := p.take("REGISTER")
	p.answer(m, 200, "OK", append(lines, "Contact: "+m.get("contact")+";expires=60")...)
	return m
}

// join answers the call; it returns the INVITE.
func (p *peer) join(lines ...string) message {
	p.t.Helper()
	m := p.take("INVITE")
	p.answer(m, 180, "Ringing")
	p.answer(m, 200, "OK", append(lines, p.contact(), pcmu("sendrecv"))...)
	p.take("ACK")
	return m
}

// pcmu is a description of a stream that nobody serves.
func pcmu(direction string) string { return describe("0 101", direction, 1) }

func describe(formats, direction string, version int) string {
	return fmt.Sprintf("v=0\r\no=- 1 %d IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP %s\r\n"+
		"a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=%s\r\n", version, formats, direction)
}
