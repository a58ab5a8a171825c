package server

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
)

// BenchmarkPress presses a button at one box after the other, at moments that have nothing to do with beats, and tells
// how long it takes until each box of the room has told so by its Events: p50 and p99 over all pairs of a press and a
// box, last-p50 and last-p99 over the last box of each press. All of it is one process: the hub, and boxes with a TLS
// WebSocket each.
//
// The peer is a bare NATS server in the same process, with as many TLS WebSockets, that fans out a message of the same
// size: plain-p50 is its median, x-plain ours as a multiple of it.
func BenchmarkPress(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("%d-boxes", n), func(b *testing.B) { benchmarkPress(b, n) })
	}
}

func benchmarkPress(b *testing.B, n int) {
	s := benchHub(b)
	c := newCrowd(b, s.Addr(), s.Fingerprint(), n, inviter(b, s)).gather(few)
	plain := gatherPlain(b, s.cfg.Dir, n)
	var ours, theirs, last []time.Duration
	pause := time.NewTimer(0)
	defer pause.Stop()
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		pause.Reset(rand.N(maxPause))
		<-pause.C
		theirs = append(theirs, plain.send(i%n).seen...)
		pause.Reset(rand.N(maxPause))
		<-pause.C
		b.StartTimer()
		seen := c.pressOne(i % n).seen
		ours, last = append(ours, seen...), append(last, slices.Max(seen))
	}
	b.StopTimer()
	c.markOne(n - 1)
	b.ReportMetric(0, "ns/op")
	report(b, "", ours)
	report(b, "last-", last)
	b.ReportMetric(millis(percentile(theirs, 50)), "plain-p50-ms")
	b.ReportMetric(float64(percentile(ours, 50))/float64(percentile(theirs, 50)), "x-plain")
}

// BenchmarkComeAtOnce has a thousand boxes come in the same moment, as they do when their hub is back, and measures how
// long it takes until each of them sees all. Here they also share its cores.
func BenchmarkComeAtOnce(b *testing.B) {
	const n = 1000
	for b.Loop() {
		b.StopTimer()
		s := benchHub(b)
		c := newCrowd(b, s.Addr(), s.Fingerprint(), n, inviter(b, s))
		b.StartTimer()
		c.gather(n)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s")
}

// maxPause is how long nobody presses, at most: a press then falls anywhere between two beats, and now and then closely
// behind another.
const maxPause = 100 * time.Millisecond

func benchHub(b *testing.B) *Server {
	b.Helper()
	s, err := New(Config{Dir: b.TempDir()}.loopback(), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	return s
}

func report(b *testing.B, what string, all []time.Duration) {
	b.ReportMetric(millis(percentile(all, 50)), what+"p50-ms")
	b.ReportMetric(millis(percentile(all, 99)), what+"p99-ms")
}

func percentile(all []time.Duration, p int) time.Duration {
	slices.Sort(all)
	return all[min(len(all)*p/100, len(all)-1)]
}

func millis(d time.Duration) float64 { return d.Seconds() * 1000 }

// plain is NATS and nothing else.
type plain struct {
	b     *testing.B
	conns []*nats.Conn
	sent  atomic.Pointer[press]
}

// gatherPlain connects as often to a bare NATS server, with the certificate of a hub's folder.
func gatherPlain(b *testing.B, dir string, n int) *plain {
	b.Helper()
	certificate, err := loadCertificate(dir)
	if err != nil {
		b.Fatal(err)
	}
	server, err := natsserver.NewServer(&natsserver.Options{DontListen: true, NoSigs: true, NoLog: true,
		Websocket: natsserver.WebsocketOpts{Host: "127.0.0.1", Port: -1, HandshakeTimeout: patience,
			TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}}})
	if err != nil {
		b.Fatal(err)
	}
	server.Start()
	b.Cleanup(func() { server.Shutdown(); server.WaitForShutdown() })
	if !server.ReadyForConnections(patience) {
		b.Fatal("the bare NATS server is not ready")
	}
	p := &plain{b: b}
	for i := range n {
		p.connect(server.WebsocketURL(), fingerprint(certificate), i)
	}
	return p
}

func (p *plain) connect(url, print string, number int) {
	p.b.Helper()
	conn, err := nats.Connect(url, nats.Secure(pinned(print)), nats.Timeout(patience))
	if err != nil {
		p.b.Fatal(err)
	}
	p.b.Cleanup(conn.Close)
	if _, err = conn.Subscribe("press", func(*nats.Msg) { p.sent.Load().told(number, time.Now()) }); err == nil {
		err = conn.Flush()
	}
	if err != nil {
		p.b.Fatal(err)
	}
	p.conns = append(p.conns, conn)
}

// send has one connection say something, and waits until all were told.
func (p *plain) send(from int) *press {
	p.b.Helper()
	sent := newPress(len(p.conns))
	data, err := json.Marshal(hub.PeersMessage{Peers: []hub.Peer{{ID: fmt.Sprint("box-", from), Name: fmt.Sprint("Box ", from),
		Role: session.Producer, State: hub.Present, Since: clock.InstantOf(time.Now()),
		Presence: hub.Presence{Take: session.Recording, Recording: true}}}})
	if err == nil {
		sent.at = time.Now()
		p.sent.Store(sent)
		err = p.conns[from].Publish("press", data)
	}
	if err != nil {
		p.b.Fatal(err)
	}
	sent.wait(p.b)
	return sent
}
