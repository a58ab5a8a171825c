package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
)

// record is a credential as it is stored. The secret itself is in the invite alone.
type record struct {
	Room    string       `json:"room"`
	ID      string       `json:"id"`
	Name    string       `json:"name"`
	Role    session.Role `json:"role"`
	Hash    string       `json:"hash,omitempty"` // SHA-256 of the secret, hex; none for a hub's own box
	Own     string       `json:"own,omitempty"`  // name of the hub whose own box it is
	Invited time.Time    `json:"invited"`
	Revoked bool         `json:"revoked,omitempty"`
}

func (r record) user() string { return hub.User(r.Room, r.ID) }

// registry knows all credentials, as the store has them. It answers from memory: nobody waits for a disk to log in.
type registry struct {
	mu      sync.RWMutex
	records map[string]numbered          // by user
	own     map[string][sha256.Size]byte // of this process's own boxes, by user
}

type numbered struct {
	record
	seq uint64 // in the store; the highest is the truth
}

func newRegistry() *registry {
	return &registry{records: map[string]numbered{}, own: map[string][sha256.Size]byte{}}
}

// apply takes in a record as stored, in whatever order, and tells whether it has just been revoked.
func (g *registry) apply(r record, seq uint64) (revoked bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	before, known := g.records[r.user()]
	if known && before.seq >= seq {
		return false
	}
	g.records[r.user()] = numbered{r, seq}
	return r.Revoked && known && !before.Revoked
}

// admit is the record of the user whose token it is.
func (g *registry) admit(user, token string) (record, error) {
	id, secret, err := hub.ParseToken(token)
	if err != nil {
		return record{}, errors.New("no token, or a damaged one")
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	r, known := g.records[user]
	hash := sha256.Sum256([]byte(secret))
	switch {
	case !known || r.ID != id:
		return record{}, errors.New("unknown box")
	case !g.rightLocked(r.record, hash):
		return record{}, errors.New("wrong token")
	case r.Revoked:
		return record{}, errors.New("revoked")
	}
	return r.record, nil
}

func (g *registry) rightLocked(r record, hash [sha256.Size]byte) bool {
	if own, here := g.own[r.user()]; here {
		return subtle.ConstantTimeCompare(own[:], hash[:]) == 1
	}
	stored, err := hex.DecodeString(r.Hash)
	return err == nil && subtle.ConstantTimeCompare(stored, hash[:]) == 1 // an own box of another hub has no hash
}

// get is the record of a user, with its number in the store.
func (g *registry) get(user string) (numbered, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	r, known := g.records[user]
	return r, known
}

// in are the records of a room, by its token.
func (g *registry) in(room string) []record {
	g.mu.RLock()
	defer g.mu.RUnlock()
	var all []record
	for _, r := range g.records {
		if hub.Token(r.Room) == room {
			all = append(all, r.record)
		}
	}
	return all
}

// names are the rooms that there are credentials for, by their token.
func (g *registry) names() map[string]string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	names := map[string]string{}
	for _, r := range g.records {
		names[hub.Token(r.Room)] = r.Room
	}
	return names
}

// setOwn sets the secret of an own box, which is kept nowhere but here.
func (g *registry) setOwn(user, secret string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.own[user] = sha256.Sum256([]byte(secret))
}
