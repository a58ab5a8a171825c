package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"orionbox/firmware/takes"
)

// ClientConfig is a box's way to its hub.
type ClientConfig struct {
	Room        string // as Room makes it of the number to call
	Token       string // the credential of the invite
	Address     string // host:port
	Fingerprint string // SHA-256 of the hub's certificate in hex; empty: any that this machine's authorities vouch for
	Outbox      string // path of the file that keeps posts until the hub has them
	Name        string // of the program, for the hub's log
	Version     string

	InProcess nats.InProcessConnProvider // of a hub on this box; then nothing goes over the network
}

// String says nothing secret.
func (c ClientConfig) String() string { return "client of room " + c.Room + " at " + c.Address }

// GoString is String.
func (c ClientConfig) GoString() string { return c.String() }

// LogValue implements slog.LogValuer.
func (c ClientConfig) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Client is a box's side of the hub. None of its methods but Run waits for anything.
type Client struct {
	cfg  ClientConfig
	id   string
	log  *slog.Logger
	mail *mailbox
	desk desk
	keep *keeper

	mu     sync.Mutex
	status Status
}

var printForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// NewClient checks the settings, and takes up the posts that an earlier run could not bring to the hub. An outbox that
// cannot be read is logged: the box goes on without.
func NewClient(cfg ClientConfig, log *slog.Logger) (*Client, error) {
	id, _, err := ParseToken(cfg.Token)
	if err != nil {
		return nil, fmt.Errorf("join hub: %w", err)
	}
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("join hub: %w", err)
	}
	c := &Client{cfg: cfg, id: id, log: log, mail: newMailbox(), keep: openKeeper(cfg.Outbox, log)}
	c.desk.presence, c.desk.wake = Presence{}.tidy(), make(chan struct{}, 1)
	c.status = Status{State: StateConnecting, Address: cfg.Address, Since: time.Now(), Waiting: len(c.keep.left)}
	return c, nil
}

func (c ClientConfig) check() error {
	host, port, err := net.SplitHostPort(c.Address)
	switch {
	case c.Room == "" || len(c.Room) > maxRoom:
		return errors.New("the room is missing or too long: it is the number to call, call_no")
	case c.InProcess == nil && (err != nil || host == "" || port == ""):
		return errors.New("the hub's address must be host:port; take it from the invite")
	case c.Fingerprint != "" && !printForm.MatchString(c.Fingerprint):
		return errors.New("the fingerprint must be 64 hex digits; take it from the invite")
	}
	return nil
}

// maxRoom is the longest name of a room, in bytes.
const maxRoom = 200

// ID is the box's id, of the credential.
func (c *Client) ID() string { return c.id }

// Events tells what happens in the room, in order. It must be read while Run runs; it is never closed.
func (c *Client) Events() <-chan Event { return c.mail.out }

// Status is the way to the hub, now.
func (c *Client) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// Show is what the box does now: sent at once if it is new, though no more often than every 20 ms, else with the beat.
func (c *Client) Show(p Presence) {
	c.desk.put(func(d *desk) { d.presence = p.tidy() })
}

// Post says something once. It is kept on the disk until the hub has it; what the hub will not have comes back as Refused.
func (c *Client) Post(p Post) {
	if err := p.Check(); err != nil {
		c.mail.put(Refused{p, err.Error()})
		return
	}
	if p.Change != nil { // the caller's may change
		change := *p.Change
		p.Change = &change
	}
	c.desk.put(func(d *desk) { d.posts = append(d.posts, p) })
}

// Announce says how a recording of this box stands now. Only its last state counts; it is kept in memory.
func (c *Client) Announce(t takes.Track) {
	t.Box = c.id
	if err := CheckTrack(t); err != nil {
		c.log.Error("announce track", "file", t.File, "err", err)
		return
	}
	t.Line = slices.Clone(t.Line)
	c.desk.put(func(d *desk) { d.tracks = append(d.tracks, t) })
}

// Run goes to the hub, again and again, until ctx ends; then it says goodbye, for at most a second. It returns nil.
func (c *Client) Run(ctx context.Context) error {
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { c.mail.run(inner) })
	running.Go(func() { c.keep.run(inner) })
	newLoop(c).run(ctx)
	stop()
	running.Wait()
	return nil
}

// desk is where callers leave what is to be told; the loop takes it away.
type desk struct {
	mu       sync.Mutex
	presence Presence
	posts    []Post
	tracks   []takes.Track
	wake     chan struct{}
}

func (d *desk) put(do func(*desk)) {
	d.mu.Lock()
	do(d)
	d.mu.Unlock()
	wake(d.wake)
}

// clear takes all away.
func (d *desk) clear() (Presence, []Post, []takes.Track) {
	d.mu.Lock()
	defer d.mu.Unlock()
	posts, tracks := d.posts, d.tracks
	d.posts, d.tracks = nil, nil
	return d.presence, posts, tracks
}
