package firmware

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"orionbox/firmware/conf"
	"orionbox/firmware/hub"
	"orionbox/firmware/hub/server"
	"orionbox/firmware/session"
	"orionbox/webadmin"
)

// HostDefaults are what goes into an invite unless it is asked for otherwise.
type HostDefaults struct {
	Room   string // of the box that the hub runs on; empty for a hub alone
	Server string // the SIP server
	CallNo string // the conference
	Hub    string // host:port by which others reach the hub; empty: found out anew for each invite
}

// Member is one who was invited, and to which room.
type Member struct {
	Room string `json:"room"`
	server.Member
}

// NewHost is a hub as the door's host.
func NewHost(s *server.Server, defaults HostDefaults) webadmin.Host { return host{s, defaults} }

type host struct {
	server   *server.Server
	defaults HostDefaults
}

func (h host) HubStatus(ctx context.Context) (any, error) { return h.server.Status(ctx) }

// Invite makes a credential only once all else that goes into the invite is known to be right.
func (h host) Invite(ctx context.Context, r webadmin.InviteRequest) (webadmin.InviteReply, error) {
	in := h.fill(r)
	if err := complete(in, r.Legacy); err != nil {
		return webadmin.InviteReply{}, badRequest(err)
	}
	reply := webadmin.InviteReply{Name: in.Name, Role: in.Role, Room: cmp.Or(hub.Room(in.CallNo), h.defaults.Room)}
	if r.Legacy {
		coded, err := in.EncodeLegacy()
		reply.String = string(coded)
		return reply, badRequest(err)
	}
	if reply.Room == "" {
		return reply, badRequest(errors.New("this hub is no box's: name the conference with --call-no, its number is the room"))
	}
	in.Token = "not-made-yet"
	if _, err := in.Encode(); err != nil {
		return reply, badRequest(err)
	}
	members, err := h.server.Members(ctx, reply.Room)
	if err != nil {
		return reply, fmt.Errorf("invite %q: %w", in.Name, err)
	}
	for _, m := range members {
		if m.Name == in.Name && !m.Revoked {
			reply.Earlier = append(reply.Earlier, m.ID)
		}
	}
	credential, err := h.server.Invite(ctx, reply.Room, in.Name, session.Role(in.Role))
	if err != nil {
		return reply, fmt.Errorf("invite %q: %w", in.Name, err)
	}
	in.Token = conf.Secret(credential.Token)
	coded, err := in.Encode()
	reply.ID, reply.Hub, reply.String = credential.ID, in.Hub, string(coded)
	return reply, err
}

// fill is the invite without its token, with the defaults for what was not asked for.
func (h host) fill(r webadmin.InviteRequest) conf.Invite {
	in := conf.Invite{
		User: r.User, Password: conf.Secret(r.Password),
		Server: cmp.Or(r.Server, h.defaults.Server), CallNo: cmp.Or(r.CallNo, h.defaults.CallNo),
		Name: strings.TrimSpace(r.Name), Role: strings.ToUpper(cmp.Or(r.Role, string(session.Artist))),
	}
	if !r.Legacy {
		in.Hub = cmp.Or(r.Hub, h.defaults.Hub, reachable(h.server.Addr(), ownAddresses()))
		in.Fingerprint = h.server.Fingerprint()
	}
	return in
}

var roles = []session.Role{session.Artist, session.Producer, session.Listener}

// complete tells what an invite lacks.
func complete(in conf.Invite, legacy bool) error {
	switch {
	case in.Name == "":
		return errors.New("an invite needs the name of who is invited")
	case !slices.Contains(roles, session.Role(in.Role)):
		return fmt.Errorf("there is no such role; there are %v", roles)
	case legacy && in.User == "":
		return errors.New("a legacy invite needs the user at the SIP server")
	case in.User != "" && in.Password == "":
		return errors.New("an invite with a user at the SIP server needs the user's password")
	case in.User != "" && in.Server == "":
		return errors.New("an invite with a user needs the SIP server, which this hub does not know: name it with --server")
	case in.User != "" && in.CallNo == "":
		return errors.New("an invite with a user needs the conference, which this hub does not know: name it with --call-no")
	}
	return nil
}

func badRequest(err error) error {
	if err == nil {
		return nil
	}
	return &webadmin.Error{Status: http.StatusBadRequest, Text: err.Error()}
}

func (h host) Members(ctx context.Context, room string) (any, error) { return h.members(ctx, room) }

// members are those of a room; of the host's own, or else of all, if room is empty.
func (h host) members(ctx context.Context, room string) ([]Member, error) {
	rooms := []string{cmp.Or(room, h.defaults.Room)}
	if rooms[0] == "" {
		rooms = h.server.Rooms()
	}
	all := []Member{}
	for _, r := range rooms {
		of, err := h.server.Members(ctx, r)
		if err != nil {
			return nil, err
		}
		for _, m := range of {
			all = append(all, Member{r, m})
		}
	}
	return all, nil
}

// Revoke revokes the one member with that id.
func (h host) Revoke(ctx context.Context, room, id string) error {
	members, err := h.members(ctx, room)
	if err != nil {
		return err
	}
	var rooms []string
	for _, m := range members {
		if m.ID == id {
			rooms = append(rooms, m.Room)
		}
	}
	switch len(rooms) {
	case 0:
		return &webadmin.Error{Status: http.StatusNotFound, Text: fmt.Sprintf("nobody was invited as %q; `orionbox members` lists who was, by id", id)}
	case 1:
		return h.server.Revoke(ctx, rooms[0], id)
	}
	return &webadmin.Error{Status: http.StatusConflict, Text: fmt.Sprintf("there is a %q in the rooms %s; name one with --room", id, strings.Join(rooms, ", "))}
}
