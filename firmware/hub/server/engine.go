package server

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"orionbox/firmware/hub"
)

// ownUser is the hub's own name at its NATS server. No box can have it: theirs hold a point.
const ownUser = "hub"

// maxMemory is what JetStream may keep in memory, in bytes: its consumers' state.
const maxMemory = 8 << 20

// openNATS starts the embedded NATS server, which listens for WebSockets from this machine only, and connects the hub.
func (s *Server) openNATS() error {
	password := rand.Text()
	options := &natsserver.Options{
		ServerName: "hub-" + s.presence.me, DontListen: true, NoSigs: true, NoLog: true, NoSystemAccount: true,
		DisableJetStreamBanner: true, MaxPayload: maxHead + 2*hub.MaxMessage, // a page of history; what boxes say is held to hub.MaxMessage
		// A box with a slow network loses its connection. NoFastProducerStall stays off: it would lose words, and keep the box.
		MaxPending: 8 << 20, MaxControlLine: 1024, MaxClosedClients: 16, PingInterval: 20 * time.Second, AuthTimeout: 5,
		Websocket:                  natsserver.WebsocketOpts{Host: "127.0.0.1", Port: -1, NoTLS: true, HandshakeTimeout: 5 * time.Second},
		CustomClientAuthentication: &doorman{server: s, own: password},
	}
	if s.cfg.NATSURL == "" {
		options.JetStream, options.StoreDir = true, s.cfg.Dir
		options.JetStreamMaxMemory, options.JetStreamMaxStore = maxMemory, s.cfg.MaxBytes
		options.SyncAlways = true // what is acknowledged survives a power cut
	}
	server, err := natsserver.NewServer(options)
	if err != nil {
		return fmt.Errorf("make the NATS server: %w", err)
	}
	s.nats = server
	server.SetLoggerV2(&natsLog{s.log, s.refusals, s.userOf}, false, false, false)
	server.Start()
	if !server.ReadyForConnections(20 * time.Second) {
		return fmt.Errorf("start the NATS server: it is not ready after 20 s; is %s readable and its disk not full?",
			filepath.Join(s.cfg.Dir, natsserver.JetStreamStoreDir))
	}
	at, err := url.Parse(server.WebsocketURL())
	if err != nil {
		return fmt.Errorf("find the NATS server's port for WebSockets: %w", err)
	}
	s.web.forward(at.Host)
	if s.boxes, err = connect(server, password); err != nil {
		return err
	}
	if s.room, err = connect(server, password); err != nil {
		return err
	}
	if s.cfg.NATSURL != "" {
		return nil
	}
	conn, err := connect(server, password)
	if err != nil {
		return err
	}
	s.store = &store{conn: conn, place: builtIn, health: newHealth()}
	return nil
}

// connect gives a connection of the hub itself, which may do everything.
func connect(server *natsserver.Server, password string) (*nats.Conn, error) {
	conn, err := nats.Connect("", nats.InProcessServer(server), nats.UserInfo(ownUser, password), nats.Name("hub"),
		nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.ReconnectJitter(0, 0))
	if err != nil {
		return nil, fmt.Errorf("connect to the hub's own NATS server: %w", err)
	}
	return conn, nil
}
