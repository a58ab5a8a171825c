package rtp

import (
	"net/netip"
	"testing"
	"time"
)

func TestLatch(t *testing.T) {
	named := netip.MustParseAddrPort("192.0.2.1:4000")
	nat := netip.MustParseAddrPort("198.51.100.7:61000")
	thief := netip.MustParseAddrPort("203.0.113.9:5000")
	other := netip.MustParseAddrPort("192.0.2.2:4000")
	type step struct {
		at     time.Duration
		from   netip.AddrPort
		seq    uint16
		rename netip.AddrPort
		accept bool
		target netip.AddrPort
	}
	const ms = time.Millisecond
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"the address of the SDP is believed at once", []step{{0, named, 1, netip.AddrPort{}, true, named}}},
		{"another after two packets in sequence", []step{
			{0, nat, 1, netip.AddrPort{}, false, named},
			{20 * ms, nat, 2, netip.AddrPort{}, true, nat},
			{40 * ms, nat, 9, netip.AddrPort{}, true, nat},
		}},
		{"not after two out of sequence", []step{
			{0, nat, 1, netip.AddrPort{}, false, named},
			{20 * ms, nat, 7, netip.AddrPort{}, false, named},
			{40 * ms, nat, 8, netip.AddrPort{}, true, nat},
		}},
		{"a stranger does not take over a living source", []step{
			{0, nat, 1, netip.AddrPort{}, false, named},
			{20 * ms, nat, 2, netip.AddrPort{}, true, nat},
			{30 * ms, thief, 1, netip.AddrPort{}, false, nat},
			{31 * ms, thief, 2, netip.AddrPort{}, false, nat},
			{32 * ms, thief, 3, netip.AddrPort{}, false, nat},
			{40 * ms, nat, 3, netip.AddrPort{}, true, nat},
		}},
		{"nor one that speaks as the SDP said", []step{
			{0, named, 1, netip.AddrPort{}, true, named},
			{time.Second, thief, 1, netip.AddrPort{}, false, named},
			{time.Second + 20*ms, thief, 2, netip.AddrPort{}, false, named},
		}},
		{"after silence it may", []step{
			{0, named, 1, netip.AddrPort{}, true, named},
			{3000 * ms, nat, 1, netip.AddrPort{}, false, named},
			{3020 * ms, nat, 2, netip.AddrPort{}, true, nat},
		}},
		{"the address of the SDP outranks who came first", []step{
			{0, thief, 1, netip.AddrPort{}, false, named},
			{20 * ms, thief, 2, netip.AddrPort{}, true, thief},
			{40 * ms, named, 1, netip.AddrPort{}, true, named},
			{50 * ms, thief, 3, netip.AddrPort{}, false, named},
		}},
		{"the same SDP again changes nothing", []step{
			{0, nat, 1, netip.AddrPort{}, false, named},
			{20 * ms, nat, 2, netip.AddrPort{}, true, nat},
			{30 * ms, nat, 3, named, true, nat},
		}},
		{"another SDP moves the call, and the last of before are not believed", []step{
			{0, named, 1, netip.AddrPort{}, true, named},
			{20 * ms, named, 2, other, false, other},
			{40 * ms, named, 3, netip.AddrPort{}, false, other},
			{60 * ms, other, 1, netip.AddrPort{}, true, other},
		}},
		{"unless they go on", []step{
			{0, nat, 1, netip.AddrPort{}, false, named},
			{20 * ms, nat, 2, netip.AddrPort{}, true, nat},
			{40 * ms, nat, 3, other, false, other},
			{1600 * ms, nat, 80, netip.AddrPort{}, false, other},
			{1620 * ms, nat, 81, netip.AddrPort{}, true, nat},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := latch{named: named}
			for i, s := range c.steps {
				if s.rename.IsValid() {
					l.rename(s.rename, s.at)
				}
				if got := l.accept(s.from, 1, s.seq, s.at); got != s.accept {
					t.Errorf("step %d: accepted %v, want %v", i, got, s.accept)
				}
				if got := l.target(); got != s.target {
					t.Errorf("step %d: sends to %v, want %v", i, got, s.target)
				}
			}
		})
	}
}
