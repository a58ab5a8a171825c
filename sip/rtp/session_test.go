package rtp

import (
	"net"
	"net/netip"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	pionrtp "github.com/pion/rtp"
	"golang.org/x/sys/unix"
)

var loopback = netip.MustParseAddr("127.0.0.1")

func socket(t testing.TB, ip netip.Addr) *Socket {
	t.Helper()
	s, err := Listen(ip)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func at(ip netip.Addr, port int) netip.AddrPort { return netip.AddrPortFrom(ip, uint16(port)) }

func session(t testing.TB, s *Socket, cfg Config) *Session {
	t.Helper()
	cfg.ClockRate = 8000
	if cfg.OnPacket == nil {
		cfg.OnPacket = func(Packet) {}
	}
	e, err := NewSession(s, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		<-time.After(100 * time.Microsecond)
	}
}

func TestPortsAreAPair(t *testing.T) {
	for range 20 {
		s := socket(t, loopback)
		if s.Port()%2 != 0 || s.control.LocalAddr().(*net.UDPAddr).Port != s.Port()+1 {
			t.Errorf("ports %d and %v", s.Port(), s.control.LocalAddr())
		}
	}
}

func TestPacketsAreExpedited(t *testing.T) {
	s := socket(t, loopback)
	for _, conn := range []*net.UDPConn{s.media, s.control} {
		raw, err := conn.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		if err := raw.Control(func(fd uintptr) {
			if tos, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TOS); err != nil || tos != 0xb8 {
				t.Errorf("type of service %#x, %v", tos, err)
			}
		}); err != nil {
			t.Error(err)
		}
	}
}

func TestVoiceBothFamilies(t *testing.T) {
	for _, ip := range []netip.Addr{loopback, netip.IPv6Loopback()} {
		t.Run(ip.String(), func(t *testing.T) {
			var got atomic.Pointer[Packet]
			var marks atomic.Int64
			a, b := socket(t, ip), socket(t, ip)
			from := session(t, a, Config{Remote: at(ip, b.Port())})
			session(t, b, Config{Remote: at(ip, a.Port()), OnPacket: func(p Packet) {
				p.Payload = append([]byte(nil), p.Payload...)
				if p.Marker {
					marks.Add(1)
				}
				got.Store(&p)
			}})
			for i := range 3 {
				if err := from.Send([]byte("sound"), 160, i == 0); err != nil {
					t.Fatal(err)
				}
			}
			first := from.head.Timestamp - 3*160
			wait(t, "the third packet", func() bool { p := got.Load(); return p != nil && p.Timestamp == first+320 })
			p := got.Load()
			if string(p.Payload) != "sound" || p.SSRC != from.ssrc || p.Sequence != from.head.SequenceNumber-1 {
				t.Errorf("%+v", p)
			}
			if marks.Load() != 1 {
				t.Errorf("%d markers", marks.Load())
			}
		})
	}
}

func TestEventsKeepTheTimestampOfTheFirst(t *testing.T) {
	packets := make(chan Packet, 64)
	a, b := socket(t, loopback), socket(t, loopback)
	from := session(t, a, Config{Remote: at(loopback, b.Port()), EventType: 101})
	session(t, b, Config{Remote: at(loopback, a.Port()), EventType: 101, OnPacket: func(p Packet) { packets <- p }})
	start := from.head.Timestamp
	k := NewKey(160)
	k.Press(7)
	for i := 0; i < 3; i++ {
		e, first, _ := k.Step()
		if err := from.SendEvent(e, 160, first); err != nil {
			t.Fatal(err)
		}
	}
	if err := from.Send([]byte{1}, 160, true); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		p := <-packets
		want := start
		if i == 3 {
			want += 3 * 160
		}
		if p.Timestamp != want || p.Marker != (i == 0 || i == 3) {
			t.Errorf("packet %d: timestamp %d, want %d; marker %v", i, p.Timestamp-start, want-start, p.Marker)
		}
	}
}

func TestReportsTellLossAndRoundTrip(t *testing.T) {
	var now atomic.Int64
	base := time.Now()
	clock := func() time.Time { return base.Add(time.Duration(now.Load())) }
	reports := make(chan Report, 4)
	a, b := socket(t, loopback), socket(t, loopback)
	near := session(t, a, Config{Remote: at(loopback, b.Port()), Now: clock, OnReport: func(r Report) { reports <- r }})
	far := session(t, b, Config{Remote: at(loopback, a.Port()), Now: clock})
	for i := range 100 {
		if i%4 == 1 {
			near.head.SequenceNumber++ // lost
			near.Skip(160)
			continue
		}
		if err := near.Send([]byte{1, 2, 3}, 160, false); err != nil {
			t.Fatal(err)
		}
	}
	wait(t, "75 packets", func() bool { return far.Stats().Received == 75 })
	now.Add(int64(time.Second))
	near.sendControl(near.compound(clock(), false))
	wait(t, "the sender report", func() bool {
		far.mu.Lock()
		defer far.mu.Unlock()
		return far.senderRep.middle != 0
	})
	now.Add(int64(300 * time.Millisecond)) // the far end sits on it, then the way takes 40 ms
	answer := far.compound(clock(), false)
	now.Add(int64(40 * time.Millisecond))
	far.sendControl(answer)
	r := <-reports
	if r.Lost < 0.24 || r.Lost > 0.26 {
		t.Errorf("lost %v, want a quarter", r.Lost)
	}
	if r.RoundTrip < 39*time.Millisecond || r.RoundTrip > 41*time.Millisecond {
		t.Errorf("round trip %v, want 40 ms", r.RoundTrip)
	}
	if s := near.Stats(); s.FarLost != r.Lost || s.RoundTrip != r.RoundTrip || s.Sent != 75 {
		t.Errorf("%v", s)
	}
}

func TestSenderReportMatchesTheTimeLine(t *testing.T) {
	base := time.Now()
	now := base
	e := newSession(socket(t, loopback), Config{ClockRate: 8000, Remote: at(loopback, 9), Now: func() time.Time { return now }})
	if _, ok := e.compound(now, false)[0].(*rtcp.ReceiverReport); !ok {
		t.Error("one who sent nothing sends a sender report")
	}
	e.sent.packets.Add(1)
	now = base.Add(500 * time.Millisecond)
	e.Skip(4000)
	sr, ok := e.compound(base.Add(750*time.Millisecond), false)[0].(*rtcp.SenderReport)
	if !ok || sr.RTPTime != e.head.Timestamp+2000 {
		t.Errorf("%+v, want timestamp %d", sr, e.head.Timestamp+2000)
	}
}

func TestGoodbye(t *testing.T) {
	peer, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(at(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	e, err := NewSession(socket(t, loopback), Config{
		ClockRate: 8000, CNAME: "a@b", OnPacket: func(Packet) {},
		Remote: at(loopback, peer.LocalAddr().(*net.UDPAddr).Port-1),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := peer.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1500)
	n, _, err := peer.ReadFromUDPAddrPort(buf)
	if err != nil {
		t.Fatal(err)
	}
	packets, err := rtcp.Unmarshal(buf[:n])
	if err != nil || len(packets) != 3 {
		t.Fatalf("%v %v", packets, err)
	}
	if name, err := rtcp.CompoundPacket(packets).CNAME(); err != nil || name != "a@b" {
		t.Errorf("name %q, %v", name, err)
	}
	if bye, ok := packets[2].(*rtcp.Goodbye); !ok || bye.Sources[0] != e.ssrc {
		t.Errorf("%v", packets[2])
	}
}

// TestBehindNAT: the SDP names an address that leads nowhere; voice goes where voice comes from, and not to strangers.
func TestBehindNAT(t *testing.T) {
	a, b := socket(t, loopback), socket(t, loopback)
	stranger := newSession(socket(t, loopback), Config{ClockRate: 8000, Remote: at(loopback, a.Port())})
	near := session(t, a, Config{Remote: netip.MustParseAddrPort("192.0.2.1:4000")})
	far := session(t, b, Config{Remote: at(loopback, a.Port())})
	send := func(e *Session, n int) {
		for range n {
			if err := e.Send([]byte{1}, 160, false); err != nil {
				t.Fatal(err)
			}
		}
	}
	send(far, 3)
	wait(t, "the latch", func() bool { return near.Remote() == at(loopback, b.Port()) })
	send(stranger, 5)
	wait(t, "the stranger's packets", func() bool { return near.Stats().Strangers >= 5 })
	if near.Remote() != at(loopback, b.Port()) {
		t.Errorf("voice goes to %v", near.Remote())
	}
	send(near, 3)
	wait(t, "voice at the far end", func() bool { return far.Stats().Received == 3 })
}

func TestRefusedPortsEndNothing(t *testing.T) {
	gone := socket(t, loopback)
	port := gone.Port()
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	a := socket(t, loopback)
	e := session(t, a, Config{Remote: at(loopback, port)})
	for range 20 {
		_ = e.Send([]byte{1}, 160, false)
		e.sendControl(e.compound(time.Now(), false))
	}
	b := socket(t, loopback)
	var heard atomic.Int64
	far := session(t, b, Config{Remote: at(loopback, a.Port()), OnPacket: func(Packet) { heard.Add(1) }})
	e.Update(at(loopback, b.Port()), 0, 0, 8000)
	if err := e.Send([]byte{1}, 160, false); err != nil {
		t.Error(err)
	}
	if err := far.Send([]byte{1}, 160, false); err != nil {
		t.Error(err)
	}
	wait(t, "voice both ways", func() bool { return heard.Load() == 1 && e.Stats().Received == 1 })
}

func TestNothingIsSentToNowhere(t *testing.T) {
	e := session(t, socket(t, loopback), Config{Remote: netip.MustParseAddrPort("0.0.0.0:4000")})
	if err := e.Send([]byte{1}, 160, false); err != nil {
		t.Error(err)
	}
	if e.Stats().Sent != 0 || e.Remote().IsValid() {
		t.Error("sent")
	}
}

func TestTooLong(t *testing.T) {
	e := session(t, socket(t, loopback), Config{Remote: at(loopback, 9)})
	if err := e.Send(make([]byte, 1500), 160, false); err != ErrTooLong {
		t.Error(err)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		s, err := Listen(loopback)
		if err != nil {
			t.Fatal(err)
		}
		e, err := NewSession(s, Config{ClockRate: 8000, Remote: at(loopback, 9), OnPacket: func(Packet) {}})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Error("again:", err)
		}
		_ = e.Send([]byte{1}, 160, false) // must not panic
	}
	wait(t, "the goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
}

func TestNoAllocation(t *testing.T) {
	b := socket(t, loopback)
	e := newSession(socket(t, loopback), Config{ClockRate: 8000, Remote: at(loopback, b.Port()), OnPacket: func(Packet) {}})
	payload := make([]byte, 160)
	if n := testing.AllocsPerRun(200, func() { _ = e.Send(payload, 160, false) }); n != 0 {
		t.Errorf("Send: %v allocations", n)
	}
	var packet pionrtp.Packet
	data, err := (&pionrtp.Packet{Header: pionrtp.Header{Version: 2, SSRC: 5}, Payload: payload}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	seq := byte(0)
	if n := testing.AllocsPerRun(200, func() {
		seq++
		data[3] = seq
		e.receive(&packet, data, at(loopback, b.Port()), e.start)
	}); n != 0 {
		t.Errorf("receive: %v allocations", n)
	}
	if got := e.Stats().Received; got < 200 {
		t.Errorf("received %d", got)
	}
}

func FuzzReceive(f *testing.F) {
	sound, _ := (&pionrtp.Packet{Header: pionrtp.Header{Version: 2, SSRC: 5}, Payload: make([]byte, 20)}).Marshal()
	report, _ := rtcp.Marshal([]rtcp.Packet{&rtcp.SenderReport{SSRC: 5, NTPTime: 1 << 40}, rtcp.NewCNAMESourceDescription(5, "x"), &rtcp.Goodbye{Sources: []uint32{5}}})
	f.Add(sound, false)
	f.Add(report, true)
	f.Add([]byte{0xbe, 0xde, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0xbe, 0xde, 0, 1}, false)
	var packet pionrtp.Packet
	s, err := Listen(loopback)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, data []byte, control bool) {
		from := netip.MustParseAddrPort("192.0.2.1:4000")
		e := newSession(s, Config{ClockRate: 8000, Remote: from, EventType: 101})
		var ear Ear
		e.cfg.OnPacket = func(p Packet) { ear.Hear(p) }
		for range 3 {
			if control || isControl(data) {
				e.receiveControl(data, from, e.cfg.Now())
			} else {
				e.receive(&packet, data, from, e.cfg.Now())
			}
		}
		e.compound(e.cfg.Now(), false)
	})
}
