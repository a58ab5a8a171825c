package hub

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// link is one connection to the hub, from its connect to its end. It never makes the loop wait: what is asked is written
// on a goroutine of its own, since NATS holds its lock while a dead network takes no bytes.
type link struct {
	raw   *ownConn
	nc    *nats.Conn
	inbox string // answers come by subjects below it
	ask   func(what string) string
	words chan<- word
	out   chan question
	ended chan struct{} // closed by close
	once  sync.Once
	wait  sync.WaitGroup

	mu   sync.Mutex
	sent map[string]time.Time // of the questions under way, by what stands behind inbox
}

// question is what a box asks.
type question struct {
	what   string // as in Ask
	number uint64
	data   []byte
}

// word is what came over a link: an answer, something told, or its end.
type word struct {
	link      *link
	what      string // as in Ask and Tell, lost for the end
	number    uint64 // of the question
	data      []byte
	sent      time.Time // the question
	at        time.Time // the word came
	unheard   bool      // nobody at the hub's end took the question
	tell, end bool
	err       error // of the end
}

const (
	phaseLimit = 8 * time.Second // for each step of a connect: slow networks take some round trips of 2 s for it
	dialLimit  = 3 * time.Second
	maxOut     = 256 // questions not yet written
)

// dial makes one attempt.
func (c *Client) dial(ctx context.Context, words chan<- word) (*link, error) {
	l := &link{raw: &ownConn{ctx: ctx, cfg: c.cfg}, words: words, out: make(chan question, maxOut),
		ended: make(chan struct{}), sent: map[string]time.Time{}}
	l.ask = func(what string) string { return Ask(c.cfg.Room, c.id, what) }
	options, err := c.options(l)
	if err != nil {
		return nil, err
	}
	unhook := context.AfterFunc(ctx, l.raw.close)
	defer unhook()
	if l.nc, err = nats.Connect("wss://"+c.cfg.Address, options...); err == nil {
		if err = l.subscribe(Tell(c.cfg.Room, ">")); err != nil {
			l.close()
		}
	}
	if err != nil {
		l.raw.close() // a connect that failed half-way leaves it open
		return nil, l.raw.cause(err)
	}
	l.wait.Go(l.write)
	return l, nil
}

func (c *Client) options(l *link) ([]nats.Option, error) {
	options := []nats.Option{
		nats.Name(strings.TrimSpace(c.cfg.Name + " " + c.cfg.Version)), nats.UserInfo(User(c.cfg.Room, c.id), c.cfg.Token),
		nats.CustomInboxPrefix(Inbox(c.cfg.Room, c.id)), nats.NoReconnect(), nats.IgnoreDiscoveredServers(), nats.Timeout(phaseLimit),
		nats.ClosedHandler(func(nc *nats.Conn) { l.tell(word{end: true, err: nc.LastError()}) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { c.complain(l, err) }),
	}
	if c.cfg.InProcess != nil {
		return append(options, nats.InProcessServer(l.raw)), nil
	}
	secure, err := TLSConfig(c.cfg.Fingerprint)
	if err != nil {
		return nil, err
	}
	return append(options, nats.SetCustomDialer(l.raw), nats.SkipHostLookup(), // the dialer looks it up, and can be told to stop
		nats.Secure(secure), nats.ProxyPath(Path)), nil
}

// complain logs what NATS has to say; it names subjects at most. Words that were lost on this side are asked for again, by
// another connect.
func (c *Client) complain(l *link, err error) {
	c.log.Warn("hub", slog.Any("err", err))
	if strings.Contains(err.Error(), nats.ErrSlowConsumer.Error()) {
		l.tell(word{end: true, err: err})
	}
}

// subscribe hears what the room is told and what is answered.
func (l *link) subscribe(told string) error {
	l.inbox = l.nc.NewInbox() + "."
	if _, err := l.nc.Subscribe(told, l.told); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	if _, err := l.nc.Subscribe(l.inbox+">", l.answered); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	return nil
}

func (l *link) told(m *nats.Msg) {
	now := time.Now()
	l.tell(word{tell: true, what: m.Subject[strings.LastIndexByte(m.Subject, '.')+1:], data: m.Data, at: now})
}

func (l *link) answered(m *nats.Msg) {
	now := time.Now()
	key := strings.TrimPrefix(m.Subject, l.inbox)
	l.mu.Lock()
	sent, asked := l.sent[key]
	delete(l.sent, key)
	l.mu.Unlock()
	what, count, _ := strings.Cut(key, ".")
	number, err := strconv.ParseUint(count, 10, 64)
	if !asked || err != nil {
		return
	}
	unheard := len(m.Data) == 0 && m.Header.Get("Status") == "503"
	l.tell(word{what: what, number: number, data: m.Data, sent: sent, at: now, unheard: unheard})
}

// tell brings a word to the loop.
func (l *link) tell(w word) {
	w.link = l
	select {
	case l.words <- w:
	case <-l.ended:
	}
}

// put asks, as soon as it can be written. It is false if too much waits already.
func (l *link) put(q question) bool {
	select {
	case l.out <- q:
		return true
	default:
		return false
	}
}

// write writes questions until the link is closed.
func (l *link) write() {
	for {
		select {
		case q := <-l.out:
			if err := l.publish(q); err != nil {
				l.tell(word{end: true, err: fmt.Errorf("ask the hub: %w", err)})
				return
			}
		case <-l.ended:
			return
		}
	}
}

func (l *link) publish(q question) error {
	key := q.what + "." + strconv.FormatUint(q.number, 10)
	l.mu.Lock()
	l.sent[key] = time.Now()
	l.mu.Unlock()
	return l.nc.PublishRequest(l.ask(q.what), l.inbox+key, q.data)
}

// close ends the link, and waits until nothing of it runs.
func (l *link) close() {
	l.once.Do(func() {
		close(l.ended)
		l.raw.close() // first: it frees who writes to a dead network
		l.nc.Close()
		l.wait.Wait()
	})
}

// ownConn makes the connection below NATS, and keeps hold of it. It ends with ctx while it is being made.
type ownConn struct {
	ctx context.Context
	cfg ClientConfig

	mu   sync.Mutex
	conn net.Conn
	err  error // why it could not be made: NATS would only say that there is none
}

// Dial implements nats.CustomDialer.
func (o *ownConn) Dial(network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialLimit}
	conn, err := dialer.DialContext(o.ctx, network, address)
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(phaseLimit)) // of the TLS handshake; NATS takes it away after
	}
	return o.keep(conn, err)
}

// InProcessConn implements nats.InProcessConnProvider.
func (o *ownConn) InProcessConn() (net.Conn, error) {
	return o.keep(o.cfg.InProcess.InProcessConn())
}

func (o *ownConn) keep(conn net.Conn, err error) (net.Conn, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.conn, o.err = conn, err
	return conn, err
}

// cause is the error of the connection itself, or err.
func (o *ownConn) cause(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return o.err
	}
	return err
}

func (o *ownConn) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.conn != nil {
		_ = o.conn.Close() // a second time, often
	}
}
