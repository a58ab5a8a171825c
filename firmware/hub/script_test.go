package hub

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"orionbox/firmware/clock"
)

const (
	testRoom   = "600"
	testSecret = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	testToken  = "alice." + testSecret
	patience   = 30 * time.Second // what a test waits at most; nothing is judged by it
)

// scripted is a real NATS server behind a real WebSocket with TLS, at which a test plays the hub.
type scripted struct {
	t           *testing.T
	certificate tls.Certificate
	port        int // of the WebSocket; the same after a restart

	server *natsserver.Server
	conn   *nats.Conn

	mu     sync.Mutex
	answer map[string]func(data []byte) any // by what is asked; nil: none
	beats  []Beat
	asked  []string
}

func newScripted(t *testing.T) *scripted {
	t.Helper()
	s := &scripted{t: t, certificate: newCertificate(t), port: -1, answer: map[string]func([]byte) any{}}
	s.script(AskBeat, s.doBeat)
	s.script(AskHistory, func([]byte) any { return HistoryReply{} })
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *scripted) doBeat(data []byte) any {
	b, err := ParseBeat(data)
	if err != nil {
		return BeatReply{Error: err.Error()}
	}
	s.mu.Lock()
	s.beats = append(s.beats, b)
	s.mu.Unlock()
	now := clock.InstantOf(time.Now())
	return BeatReply{Received: now, Sent: now, Clock: "test"}
}

// script says what is answered from now on.
func (s *scripted) script(what string, answer func(data []byte) any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer[what] = answer
}

func (s *scripted) start() {
	s.t.Helper()
	s.serve()
	s.listen()
}

// serve starts the NATS server, without a hub.
func (s *scripted) serve() {
	s.t.Helper()
	boxes := &natsserver.Permissions{
		Publish:   &natsserver.SubjectPermission{Allow: []string{Ask(testRoom, "alice", ">")}},
		Subscribe: &natsserver.SubjectPermission{Allow: []string{Tell(testRoom, ">"), Inbox(testRoom, "alice") + ".>"}},
	}
	server, err := natsserver.NewServer(&natsserver.Options{
		DontListen: true, NoLog: true, NoSigs: true,
		Users: []*natsserver.User{{Username: "hub", Password: "hub"},
			{Username: User(testRoom, "alice"), Password: testToken, Permissions: boxes}},
		Websocket: natsserver.WebsocketOpts{Host: "127.0.0.1", Port: s.port,
			TLSConfig: &tls.Config{Certificates: []tls.Certificate{s.certificate}}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	server.Start()
	if !server.ReadyForConnections(patience) {
		s.t.Fatal("the NATS server does not start")
	}
	_, port, err := net.SplitHostPort(strings.TrimPrefix(server.WebsocketURL(), "wss://"))
	if err != nil {
		s.t.Fatal(err)
	}
	if s.port, err = net.LookupPort("tcp", port); err != nil {
		s.t.Fatal(err)
	}
	s.server = server
}

// listen has the hub answer.
func (s *scripted) listen() {
	s.t.Helper()
	conn, err := nats.Connect("", nats.InProcessServer(s.server), nats.UserInfo("hub", "hub"))
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err = conn.Subscribe("ask.>", s.doAsk); err == nil {
		err = conn.Flush()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.conn = conn
}

func (s *scripted) doAsk(m *nats.Msg) {
	what := m.Subject[strings.LastIndexByte(m.Subject, '.')+1:]
	s.mu.Lock()
	answer := s.answer[what]
	if what != AskBeat {
		s.asked = append(s.asked, what)
	}
	s.mu.Unlock()
	if answer == nil {
		return
	}
	reply := answer(m.Data)
	if reply == nil {
		return
	}
	data, raw := reply.([]byte)
	if !raw {
		data, _ = json.Marshal(reply)
	}
	_ = m.Respond(data)
}

// tell tells the room.
func (s *scripted) tell(what string, v any) {
	s.t.Helper()
	data, raw := v.([]byte)
	if !raw {
		var err error
		if data, err = json.Marshal(v); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := s.conn.Publish(Tell(testRoom, what), data); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scripted) stop() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
	s.server.Shutdown()
	s.server.WaitForShutdown()
}

// lastBeat is what the box showed last.
func (s *scripted) lastBeat() (b Beat, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n = len(s.beats); n > 0 {
		b = s.beats[n-1]
	}
	return b, n
}

func newCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (s *scripted) address() string { return net.JoinHostPort("127.0.0.1", itoa(s.port)) }

func itoa(n int) string { return big.NewInt(int64(n)).String() }

func (s *scripted) fingerprint() string {
	sum := sha256.Sum256(s.certificate.Certificate[0])
	return hex.EncodeToString(sum[:])
}

func (s *scripted) config() ClientConfig {
	return ClientConfig{Room: testRoom, Token: testToken, Address: s.address(), Fingerprint: s.fingerprint(),
		Outbox: filepath.Join(s.t.TempDir(), "outbox.jsonl"), Name: "orionbox", Version: "test"}
}

// running is a client and all it has told.
type running struct {
	*Client
	t     *testing.T
	stop  func()
	log   *logBook
	known []Event
}

// start runs a client until the test ends, or stop is called.
func start(t *testing.T, cfg ClientConfig) *running {
	t.Helper()
	book := &logBook{}
	c, err := NewClient(cfg, slog.New(slog.NewTextHandler(book, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	r := &running{Client: c, t: t, log: book}
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		if text := book.String(); strings.Contains(text, testSecret) {
			t.Errorf("the log holds the secret:\n%s", text)
		}
	})
	t.Cleanup(r.stop)
	return r
}

// logBook is a log that can be read.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// await gives the next event that is so.
func await[T any](r *running, so func(T) bool) T {
	r.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		select {
		case event := <-r.Events():
			r.known = append(r.known, event)
			if e, is := event.(T); is && so(e) {
				return e
			}
		case <-late.C:
			var none T
			r.t.Fatalf("no %T; %d events before, status %+v, log:\n%s", none, len(r.known), r.Status(), r.log)
			return none
		}
	}
}

func whatever[T any](T) bool { return true }

// eventually polls until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	late := time.NewTimer(patience)
	defer late.Stop()
	for !so() {
		select {
		case <-ticker.C:
		case <-late.C:
			t.Fatal("never: " + what)
		}
	}
}

func chat(id string, seq int64, text string) Post {
	p := Post{ID: id, Kind: KindChat, At: 1, Text: text}
	if seq > 0 {
		p.Seq, p.By, p.Name, p.Role = seq, "bob", "Bob", "ARTIST"
	}
	return p
}
