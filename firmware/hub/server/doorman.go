package server

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net"

	natsserver "github.com/nats-io/nats-server/v2/server"

	"orionbox/firmware/hub"
)

// doorman lets boxes into the NATS server, by their tokens, and says what they may do there: ask under their own name,
// hear their own room, get their own answers.
type doorman struct {
	server *Server
	own    string // the hub's own password
}

// Check is asked by the NATS server for each connection. It waits for nothing.
func (d *doorman) Check(c natsserver.ClientAuthentication) bool {
	given := c.GetOpts()
	if given.Username == ownUser && subtle.ConstantTimeCompare([]byte(given.Password), []byte(d.own)) == 1 {
		c.RegisterUser(&natsserver.User{Username: ownUser})
		return true
	}
	r, err := d.server.registry.admit(given.Username, given.Password)
	if err != nil {
		d.server.refusals.add(culprit(given.Username), "log-in: "+err.Error(), "from", d.from(c))
		return false
	}
	c.RegisterUser(&natsserver.User{Username: given.Username, Permissions: permissions(r)})
	return true
}

func permissions(r record) *natsserver.Permissions {
	room := hub.Token(r.Room)
	return &natsserver.Permissions{
		Publish:   &natsserver.SubjectPermission{Allow: []string{"ask." + room + "." + r.ID + ".>"}},
		Subscribe: &natsserver.SubjectPermission{Allow: []string{"tell." + room + ".>", hub.Inbox(r.Room, r.ID) + ".>"}},
	}
}

// from is where a connection comes from: through the port that is the proxy's word, which the NATS server has.
func (d *doorman) from(c natsserver.ClientAuthentication) string {
	found, err := d.server.nats.Connz(&natsserver.ConnzOptions{CID: c.GetID()})
	if err == nil && len(found.Conns) == 1 && found.Conns[0].IP != "" {
		return found.Conns[0].IP
	}
	host, _, err := net.SplitHostPort(c.RemoteAddress().String())
	if err != nil {
		return "this process"
	}
	return host
}

// culprit is what a stranger called itself, fit for a log: it may be anything, and long.
func culprit(user string) string {
	if len(user) > 64 {
		user = user[:64]
	}
	return fmt.Sprintf("%q", user)
}

// kick ends all connections of a user. The NATS server knows a connection's user before the doorman is asked, so one
// that he has just let in is ended too.
func (s *Server) kick(user string) error {
	found, err := s.nats.Connz(&natsserver.ConnzOptions{Username: true, User: user, Limit: 1 << 20})
	if err != nil {
		return fmt.Errorf("find the connections of %s: %w", user, err)
	}
	var errs []error
	for _, c := range found.Conns {
		if err := s.nats.DisconnectClientByID(c.Cid); err != nil && s.stillThere(c.Cid) {
			errs = append(errs, fmt.Errorf("disconnect %s: %w", user, err))
		}
	}
	return errors.Join(errs...)
}

func (s *Server) stillThere(cid uint64) bool {
	found, err := s.nats.Connz(&natsserver.ConnzOptions{CID: cid})
	return err == nil && len(found.Conns) > 0
}

// userOf is who is behind a connection.
func (s *Server) userOf(cid uint64) string {
	found, err := s.nats.Connz(&natsserver.ConnzOptions{CID: cid, Username: true, State: natsserver.ConnAll})
	if err != nil || len(found.Conns) == 0 {
		return "unknown"
	}
	return found.Conns[0].AuthorizedUser
}
