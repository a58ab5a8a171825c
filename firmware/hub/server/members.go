package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
)

// Credential is what lets a box in: its id in the room, and the token that proves it. The token is shown once, here.
type Credential struct {
	ID    string
	Token string
}

// String says nothing secret.
func (c Credential) String() string { return "credential of " + c.ID }

// GoString is String.
func (c Credential) GoString() string { return c.String() }

// Member is who was invited into a room.
type Member struct {
	ID      string        `json:"id"`
	Name    string        `json:"name"`
	Role    session.Role  `json:"role"`
	Invited time.Time     `json:"invited"`
	Revoked bool          `json:"revoked"`
	State   hub.PeerState `json:"state"`
}

// Invite makes a credential for a new box of a room. Its id is made of the name, and is the room's only one.
func (s *Server) Invite(ctx context.Context, room, name string, role session.Role) (Credential, error) {
	secret := newSecret()
	r, err := s.admitNew(ctx, record{Room: room, Name: name, Role: role, Hash: hashOf(secret)})
	if err != nil {
		return Credential{}, fmt.Errorf("invite %s: %w", name, err)
	}
	return Credential{r.ID, r.ID + "." + secret}, nil
}

// Own gives the credential of the hub's own box: the same id each time, with a secret that only this process knows.
func (s *Server) Own(ctx context.Context, room, name string, role session.Role) (Credential, error) {
	me, err := s.ownName()
	if err != nil {
		return Credential{}, err
	}
	r := record{Room: room, Name: name, Role: role, Own: me}
	if before, known := s.ownRecord(room, me); known {
		err = s.rewrite(ctx, before, func(now *record) { now.Name, now.Role, now.Revoked = name, role, false })
		r.ID = before.ID
	} else {
		r, err = s.admitNew(ctx, r)
	}
	if err != nil {
		return Credential{}, fmt.Errorf("let in the hub's own box: %w", err)
	}
	secret := newSecret()
	s.registry.setOwn(r.user(), secret)
	return Credential{r.ID, r.ID + "." + secret}, nil
}

// Revoke ends a credential, or gives up one that the store has lost. Its box is disconnected at once, whichever hub it is at.
func (s *Server) Revoke(ctx context.Context, room, id string) error {
	r, known := s.registry.get(hub.User(room, id))
	if !known && s.giveUp(hub.User(room, id)) {
		return nil
	}
	if !known {
		return fmt.Errorf("revoke %s: there is no such box in room %s; list the members to see who is", id, room)
	}
	if err := s.rewrite(ctx, r, func(now *record) { now.Revoked = true }); err != nil {
		return fmt.Errorf("revoke %s: %w", id, err)
	}
	return nil
}

// Members are all who were ever invited into a room, by id.
func (s *Server) Members(_ context.Context, room string) ([]Member, error) {
	states := map[string]hub.PeerState{}
	for _, p := range s.presence.in(hub.Token(room)) {
		states[p.ID] = p.State
	}
	var all []Member
	for _, r := range s.registry.in(hub.Token(room)) {
		state := states[r.ID]
		if state == "" {
			state = hub.Absent // has never been there
		}
		all = append(all, Member{r.ID, r.Name, r.Role, r.Invited, r.Revoked, state})
	}
	slices.SortFunc(all, func(a, b Member) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

// admitNew stores a new credential under the first id made of its name that is free.
func (s *Server) admitNew(ctx context.Context, r record) (record, error) {
	if err := r.check(); err != nil {
		return r, err
	}
	r.Invited = time.Now().UTC().Truncate(time.Second)
	for n := 1; n < 1000; n++ {
		r.ID = slug(r.Name, n)
		if _, taken := s.registry.get(r.user()); taken || s.spoilt(r.user()) {
			continue
		}
		err := s.storeRecord(ctx, numbered{record: r})
		if !errors.Is(err, errTaken) {
			return r, err
		}
	}
	return r, errors.New("there are too many of that name; take another")
}

func (r record) check() error {
	if r.Room == "" || len(r.Room) > maxRoom {
		return errors.New("the room is missing or too long: it is the number to call, call_no")
	}
	if r.Role != session.Artist && r.Role != session.Producer && r.Role != session.Listener {
		return fmt.Errorf("there is no role %q; there are ARTIST, PRODUCER and LISTENER", r.Role)
	}
	return hub.CheckName(r.Name)
}

// maxRoom is the longest name of a room, in bytes.
const maxRoom = 200

// slug makes an id of a name; the second of the same gets a 2.
func slug(name string, n int) string {
	var b strings.Builder
	for _, c := range strings.ToLower(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	id := b.String()
	if id = strings.Trim(id[:min(len(id), 27)], "-"); id == "" {
		id = "box"
	}
	if n > 1 {
		id += "-" + strconv.Itoa(n)
	}
	return id
}

// newSecret has 160 bits, as 32 capitals and digits.
func newSecret() string { return (rand.Text() + rand.Text())[:32] }

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func (s *Server) ownRecord(room, me string) (numbered, bool) {
	for _, r := range s.registry.in(hub.Token(room)) {
		if r.Own == me {
			return s.registry.get(r.user())
		}
	}
	return numbered{}, false
}

// errTaken tells that somebody else has stored a record in the meantime.
var errTaken = errors.New("somebody else changed it at the same time; try again")

// rewrite changes a record, as it stands when the change is stored.
func (s *Server) rewrite(ctx context.Context, r numbered, change func(*record)) error {
	for range 5 {
		before := r.record
		if change(&r.record); r.record == before {
			return nil
		}
		err := s.storeRecord(ctx, r)
		if !errors.Is(err, errTaken) {
			return err
		}
		pause(ctx, 50*time.Millisecond) // until it has come here
		r, _ = s.registry.get(r.user())
	}
	return errTaken
}

// storeRecord stores a record if nobody has stored another since the one it is made of, and takes it in.
func (s *Server) storeRecord(ctx context.Context, r numbered) error {
	data, err := json.Marshal(r.record)
	if err != nil {
		return err
	}
	seq, err := s.store.putAfter(ctx, credentialSubject+r.user(), data, r.seq)
	if err != nil {
		return err
	}
	err = s.takeRecord(r.record, seq)
	s.keepRoster()
	return err
}

// recordStored takes in a credential that came back from the store.
func (s *Server) recordStored(m stored) {
	var r record
	if err := json.Unmarshal(m.data, &r); err != nil || credentialSubject+r.user() != m.subject {
		s.log.Warn("a stored credential cannot be read", "seq", m.seq)
		return
	}
	if err := s.takeRecord(r, m.seq); err != nil {
		s.log.Warn("revoke", "box", r.user(), "error", err)
	}
}

// takeRecord makes a credential count. If it is revoked, its box goes.
func (s *Server) takeRecord(r record, seq uint64) error {
	if !s.registry.apply(r, seq) {
		return nil
	}
	s.log.Info("revoked", "box", r.user())
	err := s.kick(r.user())
	room := hub.Token(r.Room)
	s.presence.leave(room, r.ID, s.clock.now())
	s.tellers.soon(room, s.presence.size(room), time.Now())
	s.saveSoon()
	return err
}
