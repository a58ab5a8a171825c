package firmware

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"orionbox/firmware/director"
	"orionbox/firmware/hub"
	"orionbox/firmware/hub/server"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
	"orionbox/webadmin"
)

// room is the box's way to its peers: a client of the hub, and the hub itself if this box is to be one.
type room struct {
	server *server.Server
	client *hub.Client
	host   atomic.Pointer[webadmin.Host]
	own    atomic.Pointer[string] // id of this box at the hub that runs on it
}

// noNumber is the room of boxes that have no conference to call.
const noNumber = "studio"

func (b *Box) roomName() string {
	if name := hub.Room(b.cfg.Settings.ConnectionDetails.CallNo); name != "" {
		return name
	}
	return noNumber
}

// meets tells whether there is a hub for this box, here or elsewhere.
func (b *Box) meets() bool { return b.hubListen() != "" || b.cfg.Settings.ChatSettings.IPAddress != "" }

// buildRoom makes the hub, if it is this box's to make, and the client.
func (b *Box) buildRoom() error {
	if b.server == nil {
		if err := b.buildServer(); err != nil {
			return err
		}
	}
	return b.buildClient()
}

var errNotYet = errors.New("it is being started")

// buildAtOnce makes the hub before the box runs, so that invites can be made. One that lives in a cluster of others takes
// its time, and a recording waits for nothing: meet sees to it.
func (b *Box) buildAtOnce() error {
	switch {
	case !b.meets():
		return nil
	case b.hubListen() != "" && b.cfg.Settings.Hub.NATSURL != "":
		return errNotYet
	}
	err := b.buildRoom()
	if err != nil {
		b.log.Error("no hub yet: the box goes on alone", "err", err)
	}
	return err
}

// closeRoom lets go of a hub that was never run.
func (b *Box) closeRoom() error {
	if b.server == nil {
		return nil
	}
	return b.server.Close()
}

const rebuildEvery = 5 * time.Second

// meet is the way to the peers, until ctx ends: what could not be built is tried again, whatever the cause. The client ends
// before the hub on this box does, so that it can say goodbye.
func (b *Box) meet(ctx context.Context) error {
	defer close(b.parted)
	if !b.meets() {
		return nil
	}
	for b.client == nil {
		err := b.buildRoom()
		if err == nil {
			b.direct.Meet(b.client, b.out())
			break
		}
		b.direct.NoHub(err)
		select {
		case <-ctx.Done():
			return b.closeRoom()
		case <-time.After(rebuildEvery):
		}
	}
	if b.server == nil {
		return b.mingle(ctx)
	}
	hosting, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	served := make(chan error, 1)
	go func() { _ = b.files.Run(hosting) }() // which returns nil
	go func() {
		err := b.server.Run(hosting)
		if hosting.Err() == nil {
			b.log.Error("the hub has ended: start the box again to have one", "err", err)
		}
		served <- err
	}()
	err := b.mingle(ctx)
	stop()
	return errors.Join(err, <-served)
}

// hubListen is where this box's own hub listens, empty if it has none: as [Hub] listen says, or on every address of a
// producer's box that was given no other hub. An address without a credential leads to none: files of the desktop program
// have one.
func (b *Box) hubListen() string {
	set := b.cfg.Settings
	switch {
	case set.Hub.Listen != "":
		return set.Hub.Listen
	case set.ChatSettings.Role == string(session.Producer) && (set.ChatSettings.IPAddress == "" || set.ChatSettings.Token == ""):
		return net.JoinHostPort("", strconv.Itoa(set.ChatSettings.Port))
	}
	return ""
}

func (b *Box) buildServer() error {
	listen := b.hubListen()
	if listen == "" {
		return nil
	}
	set := b.cfg.Settings
	s, err := server.New(server.Config{
		Listen: listen, Dir: b.hidden("hub"), NATSURL: string(set.Hub.NATSURL), Version: b.cfg.Version,
	}, b.log.With("part", "hub"))
	if err != nil {
		return fmt.Errorf("build hub: %w", err)
	}
	b.server = s
	if err := b.buildDoor(); err != nil {
		b.server = nil
		return errors.Join(err, s.Close())
	}
	c := set.ConnectionDetails
	host := NewHost(s, HostDefaults{Room: b.roomName(), Server: c.Server, CallNo: c.CallNo})
	b.room.host.Store(&host)
	return nil
}

func (b *Box) buildClient() error {
	cfg, ok, err := b.clientConfig()
	if err != nil || !ok {
		return err
	}
	if b.client, err = hub.NewClient(cfg, b.log.With("part", "peers")); err != nil {
		return fmt.Errorf("build hub client: %w", err)
	}
	return b.buildPost(cfg)
}

const ownLimit = 10 * time.Second // for a hub on this box to answer

// clientConfig is how this box reaches its hub; false if it has none.
func (b *Box) clientConfig() (cfg hub.ClientConfig, ok bool, err error) {
	set := b.cfg.Settings
	cfg = hub.ClientConfig{Room: b.roomName(), Outbox: b.outboxPath()}
	chat := set.ChatSettings
	switch {
	case chat.IPAddress != "" && chat.Token == "" && b.server == nil:
		return cfg, false, errors.New("ChatSettings has ip_address and no token: join with an invite from the producer (`orionbox join`)")
	case chat.IPAddress != "" && chat.Token != "":
		cfg.Address = net.JoinHostPort(chat.IPAddress, strconv.Itoa(chat.Port))
		cfg.Token, cfg.Fingerprint = string(chat.Token), chat.Fingerprint
		return cfg, true, nil
	case b.server == nil:
		return cfg, false, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), ownLimit)
	defer cancel()
	own, err := b.server.Own(ctx, cfg.Room, set.Name(), session.Role(chat.Role))
	if err != nil {
		return cfg, false, fmt.Errorf("join own hub: %w", err)
	}
	b.room.own.Store(&own.ID)
	cfg.Address, cfg.Token, cfg.InProcess = b.server.Addr(), own.Token, b.server.InProcess()
	return cfg, true, nil
}

// outboxPath is where what the hub has not heard yet is kept.
func (b *Box) outboxPath() string {
	return b.hidden("outbox-" + takes.FileName(b.cfg.Settings.Name()) + ".jsonl")
}

// hidden is the path of a file or folder of the box's own beside the recordings, the one place of a box that is written to.
func (b *Box) hidden(name string) string {
	return filepath.Join(b.cfg.Settings.AudioSettings.RecordingLocation, "."+name)
}

const (
	pastDays     = 30 // as long as a hub keeps what it knows of a recording
	pastSessions = 200
)

// tellPast reads the journals of earlier sessions: what the room has not heard of them is told it.
func (b *Box) tellPast() {
	set := b.cfg.Settings
	past, err := takes.ReadAll(set.AudioSettings.RecordingLocation, time.Now().AddDate(0, 0, -pastDays), pastSessions)
	if err != nil {
		b.log.Error("read earlier sessions", "err", err)
	}
	for _, p := range past {
		tracks := slices.DeleteFunc(takes.Tracks(p.Log, "", set.Name(), filepath.Base(p.Dir)), func(t takes.Track) bool {
			name, ok := takes.ParseName(t.File)
			return !ok || name.Artist != takes.FileName(set.Name()) // of another box that records here
		})
		if len(tracks) > 0 {
			b.direct.Past(tracks, takes.Changes(p.Log))
		}
	}
}

// Host is the hub that runs on this box, nil if there is none, or none yet.
func (b *Box) Host() webadmin.Host {
	if host := b.room.host.Load(); host != nil {
		return *host
	}
	return nil
}

// lateHost is the door's host while the hub may still have to be built.
type lateHost struct{ box *Box }

// doorHost is nil on a box that shall have no hub.
func (b *Box) doorHost() webadmin.Host {
	if b.hubListen() == "" {
		return nil
	}
	return lateHost{b}
}

func (l lateHost) get() (webadmin.Host, error) {
	if host := l.box.Host(); host != nil {
		return host, nil
	}
	return nil, &webadmin.Error{Status: http.StatusServiceUnavailable, Text: "the hub on this box has not started; `orionbox status` says why"}
}

func (l lateHost) Invite(ctx context.Context, r webadmin.InviteRequest) (webadmin.InviteReply, error) {
	host, err := l.get()
	if err != nil {
		return webadmin.InviteReply{}, err
	}
	return host.Invite(ctx, r)
}

func (l lateHost) Revoke(ctx context.Context, room, id string) error {
	host, err := l.get()
	if err != nil {
		return err
	}
	if own := l.box.room.own.Load(); own != nil && *own == id && (room == "" || room == l.box.roomName()) {
		return &webadmin.Error{Status: http.StatusConflict, Text: "refused: " + id + " is this box, on which the hub runs"}
	}
	return host.Revoke(ctx, room, id)
}

func (l lateHost) Members(ctx context.Context, room string) (any, error) {
	host, err := l.get()
	if err != nil {
		return nil, err
	}
	return host.Members(ctx, room)
}

func (l lateHost) HubStatus(ctx context.Context) (any, error) {
	host, err := l.get()
	if err != nil {
		return nil, err
	}
	return host.HubStatus(ctx)
}

// studio is the director as the door's studio.
type studio struct{ direct *director.Director }

func (s studio) Peers(ctx context.Context) (any, error) { return s.direct.Peers(ctx) }

func (s studio) Markers(ctx context.Context, all bool) (any, error) {
	return s.direct.Markers(ctx, all)
}

func (s studio) Chunks(ctx context.Context, all bool) (any, error) { return s.direct.Chunks(ctx, all) }

func (s studio) Chat(ctx context.Context, after int64, wait time.Duration) (any, error) {
	return s.direct.Chat(ctx, after, wait)
}

func (s studio) Say(ctx context.Context, text string) error {
	return asRefusal(s.direct.Say(ctx, text))
}

func (s studio) Mark(ctx context.Context, m webadmin.MarkRequest) (string, error) {
	text, err := s.direct.Mark(ctx, director.MarkRequest{Op: takes.Op(m.Op), Marker: m.Marker, Name: m.Name, By: m.By})
	return text, asRefusal(err)
}

func (s studio) Play(ctx context.Context, r webadmin.PlayRequest) (string, error) {
	text, err := s.direct.Play(ctx, director.PlayRequest{Chunk: r.Chunk, Session: r.Session, To: director.Audience(r.To)})
	return text, asRefusal(err)
}

func (s studio) Deliver(ctx context.Context, r webadmin.DeliverRequest) (string, error) {
	text, err := s.direct.Request(ctx, r.What, r.Session)
	return text, asRefusal(err)
}

func (s studio) StopPlaying(ctx context.Context) (string, error) {
	text, err := s.direct.StopPlaying(ctx)
	return text, asRefusal(err)
}

func (s studio) Seek(ctx context.Context, r webadmin.SeekRequest) (string, error) {
	text, err := s.direct.Seek(ctx, director.SeekRequest{At: r.At, Relative: r.Relative})
	return text, asRefusal(err)
}

// asRefusal gives what the box refuses the HTTP status of its kind.
func asRefusal(err error) error {
	switch {
	case errors.Is(err, director.ErrUnknownButton):
		return &webadmin.Error{Status: http.StatusNotFound, Text: err.Error()}
	case errors.Is(err, director.ErrRefused):
		return &webadmin.Error{Status: http.StatusConflict, Text: err.Error()}
	}
	return err
}
