package conference

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestRegistrar(t *testing.T) {
	clock := &hand{time.Unix(1_800_000_000, 0)}
	r := &registrar{now: clock.now}
	at := func(uri string, expires int) []contact { return []contact{{uri, expires}} }
	for i, c := range []struct {
		g      registration
		later  time.Duration
		status int
		uris   []string
	}{
		{registration{user: "a", callID: "1", seq: 1, contacts: at("sip:a@x", 60)}, 0, 200, []string{"sip:a@x"}},
		{registration{user: "a"}, 0, 200, []string{"sip:a@x"}},
		{registration{user: "b"}, 0, 200, nil},
		{registration{user: "a", callID: "1", seq: 1, contacts: at("sip:a@x", 60)}, 0, 500, nil},
		{registration{user: "a", callID: "1", seq: 2, contacts: at("sip:a@x", 59)}, 0, 423, nil},
		{registration{user: "a", callID: "2", seq: 1, contacts: at("sip:a@y", -1)}, 0, 200, []string{"sip:a@x", "sip:a@y"}},
		{registration{user: "a"}, 61 * time.Second, 200, []string{"sip:a@y"}},
		{registration{user: "a"}, time.Hour, 200, nil},
		{registration{user: "a", callID: "3", seq: 1, contacts: at("sip:a@z", 1<<30)}, 0, 200, []string{"sip:a@z"}},
		{registration{user: "a"}, time.Hour - 1, 200, []string{"sip:a@z"}},
		{registration{user: "a", callID: "3", seq: 2, contacts: at("sip:a@z", 0)}, 0, 200, nil},
		{registration{user: "a", callID: "3", seq: 3, contacts: append(at("sip:1", 60), at("sip:2", 60)...)}, 0, 200, []string{"sip:1", "sip:2"}},
		{registration{user: "a", callID: "3", seq: 4, contacts: append(at("sip:3", 60), at("sip:4", 5)...)}, 0, 423, nil},
		{registration{user: "a"}, 0, 200, []string{"sip:1", "sip:2"}},
		{registration{user: "a", callID: "3", seq: 5, all: true}, 0, 200, nil},
	} {
		clock.at = clock.at.Add(c.later)
		status, bindings := r.register(c.g)
		var uris []string
		for _, b := range bindings {
			uris = append(uris, b.uri)
		}
		if status != c.status || !slices.Equal(uris, c.uris) {
			t.Errorf("step %d: got %d %q, want %d %q", i, status, uris, c.status, c.uris)
		}
	}
	if len(r.users) != 0 {
		t.Errorf("%d users are remembered with nothing registered", len(r.users))
	}
}

func TestRegistrarIsBounded(t *testing.T) {
	r := &registrar{now: time.Now}
	g := registration{user: "a", callID: "1", seq: 1}
	for i := range maxBindings + 1 {
		g.contacts = append(g.contacts, contact{fmt.Sprintf("sip:a@%d", i), 60})
	}
	if status, _ := r.register(g); status != 403 {
		t.Errorf("%d contacts: got status %d, want 403", len(g.contacts), status)
	}
	if got := r.registered(); len(got) != 0 {
		t.Errorf("a refused registration counts: %q", got)
	}
}
