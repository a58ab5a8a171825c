package firmware

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
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
	server *server.Server // nil if the hub is elsewhere
	client *hub.Client    // nil while there is no hub to go to
}

// noNumber is the room of boxes that have no conference to call.
const noNumber = "studio"

func (b *Box) roomName() string {
	if name := hub.Room(b.cfg.Settings.ConnectionDetails.CallNo); name != "" {
		return name
	}
	return noNumber
}

// buildRoom makes the hub, if it is this box's to make, and the client. Neither is needed for a recording: the box goes on
// alone with what fails here, and tells it.
func (b *Box) buildRoom() error {
	err := b.buildServer()
	if err == nil {
		err = b.buildClient()
	}
	if err != nil {
		b.log.Error("no hub: the box goes on alone", "err", err)
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

// hubListen is where this box's own hub listens, empty if it has none: as [Hub] listen says, or on every address of a
// producer's box that was given no other hub.
func (b *Box) hubListen() string {
	set := b.cfg.Settings
	switch {
	case set.Hub.Listen != "":
		return set.Hub.Listen
	case set.ChatSettings.Role == string(session.Producer) && set.ChatSettings.IPAddress == "":
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
	return nil
}

const ownLimit = 10 * time.Second // for a hub on this box to answer

// clientConfig is how this box reaches its hub; false if it has none.
func (b *Box) clientConfig() (cfg hub.ClientConfig, ok bool, err error) {
	set := b.cfg.Settings
	cfg = hub.ClientConfig{Room: b.roomName(), Outbox: b.hidden("outbox-" + takes.FileName(set.Name()) + ".jsonl")}
	chat := set.ChatSettings
	switch {
	case chat.IPAddress != "" && chat.Token == "":
		return cfg, false, errors.New("ChatSettings has ip_address and no token: join with an invite from the producer (`orionbox join`)")
	case chat.IPAddress != "":
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
	cfg.Address, cfg.Token, cfg.InProcess = b.server.Addr(), own.Token, b.server.InProcess()
	return cfg, true, nil
}

// hidden is the path of a file or folder of the box's own beside the recordings, the one place of a box that is written to.
func (b *Box) hidden(name string) string {
	return filepath.Join(b.cfg.Settings.AudioSettings.RecordingLocation, "."+name)
}

// tellRepaired tells the room of the recordings that were still growing, for all it knew, when the box lost its power.
func (b *Box) tellRepaired(report takes.Report) {
	if b.client == nil {
		return
	}
	for _, dir := range report.Repaired() {
		log, err := takes.Read(dir)
		if err != nil {
			b.log.Error("tell of repaired recordings", "err", err)
			continue
		}
		for _, t := range takes.Tracks(log, b.client.ID(), b.cfg.Settings.Name(), filepath.Base(dir)) {
			b.client.Announce(t)
		}
	}
}

// host is the hub as the door's host, nil without one here.
func (b *Box) host() webadmin.Host {
	if b.server == nil {
		return nil
	}
	c := b.cfg.Settings.ConnectionDetails
	return NewHost(b.server, HostDefaults{Room: b.roomName(), Server: c.Server, CallNo: c.CallNo})
}

// Host is the hub that runs on this box, nil if there is none.
func (b *Box) Host() webadmin.Host { return b.host() }

// studio is the director as the door's studio.
type studio struct{ direct *director.Director }

func (s studio) Peers(ctx context.Context) (any, error)   { return s.direct.Peers(ctx) }
func (s studio) Markers(ctx context.Context) (any, error) { return s.direct.Markers(ctx) }

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
