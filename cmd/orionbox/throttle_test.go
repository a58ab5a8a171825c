package main

import (
	"net"
	"testing"
	"time"

	"orionbox/audio/audiotest/lab"
	"orionbox/firmware"
	"orionbox/sip/siptest"
)

// fare is how a call fares over some time, as both of its ends see it.
type fare struct {
	sent, lost, farLost int           // packets of the box, of those at the server, and of the server's at the box
	late, concealed     int64         // at the box
	trip, jitter        time.Duration // the longest seen
	uploaded            int64         // bytes, by delivery
}

// fares watches a call for a while.
func fares(b *testBox, server *siptest.Asterisk, length time.Duration) fare {
	b.t.Helper()
	begin, leg := b.await("the call's figures", func(s firmware.Status) bool { return s.Phone.Media != nil }), server.Legs()[0]
	up := atHub(begin)
	var f fare
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(length); time.Now().Before(end); <-tick.C {
		now := server.Legs()[0]
		f.trip, f.jitter = max(f.trip, now.RoundTrip), max(f.jitter, now.Jitter, now.FarJitter)
	}
	after, now := b.await("the call's figures", func(s firmware.Status) bool { return s.Phone.Media != nil }), server.Legs()[0]
	m, before := after.Phone.Media, begin.Phone.Media
	f.trip = max(f.trip, time.Duration(m.RoundTripMS*float64(time.Millisecond)))
	f.sent, f.lost, f.farLost = now.Received-leg.Received, now.Lost-leg.Lost, int(m.Lost-before.Lost)
	f.late, f.concealed = m.Late-before.Late, m.Concealed-before.Concealed
	f.uploaded = atHub(after) - up
	return f
}

// atHub is how much the hub has of the takes that no producer has yet.
func atHub(s firmware.Status) (bytes int64) {
	for _, p := range s.Delivery.Outbox.Waiting {
		bytes += p.Sent
	}
	return bytes
}

// TestCallIsNotHarmedByDelivery holds a call over a link of 2 Mbit/s each way, first while nothing is delivered, then while the take
// that grows, and one of an earlier evening, are.
func TestCallIsNotHarmedByDelivery(t *testing.T) {
	link := lab.NewLink(t, lab.LinkConfig{Rate: 2_000_000, Buffer: 400 * time.Millisecond})
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{At: link.B()})
	more := alone("carol", "PRODUCER")
	more["Hub.listen"] = net.JoinHostPort(link.B().Addr(), "9000")
	more["ConnectionDetails.call_no"] = "600"
	carol := newBox(t, "", "carol", peerTone, more).in(link.B()).start()
	alice := newBox(t, server.Addr(), "1001", boxTone, settings{"ChatSettings.username": "alice", "Delivery.policy": "request"}).in(link.A())
	carol.invite(alice, "alice", "ARTIST")
	alice.longTake("alice", 20_000_000)
	const long = 15 * time.Second
	calm := func() fare {
		alice.start().join()
		defer alice.stop()
		alice.record()
		alice.talk(2 * time.Second) // past the start of the call
		return fares(alice, server, long)
	}
	without := calm()
	alice.set("policy", "live")
	with := calm()
	t.Logf("without delivery %+v", without)
	t.Logf("with delivery    %+v", with)
	if without.uploaded != 0 || with.uploaded < 600_000 {
		t.Errorf("%d bytes were delivered meanwhile, and %d while nothing should be", with.uploaded, without.uploaded)
	}
	if without.sent < 600 || with.sent < 600 {
		t.Errorf("%d and %d packets were sent in %v", without.sent, with.sent, long)
	}
	if with.lost > without.lost+1 || with.farLost > without.farLost+1 {
		t.Errorf("more is lost: %d and %d packets, without delivery %d and %d", with.lost, with.farLost, without.lost, without.farLost)
	}
	const barely = 15 * time.Millisecond // a packet of the take that the voice waits for, and the machine's own noise
	if with.trip > without.trip+barely || with.jitter > without.jitter+barely {
		t.Errorf("it is later: round trip %v, jitter %v, without delivery %v and %v", with.trip, with.jitter, without.trip, without.jitter)
	}
}
