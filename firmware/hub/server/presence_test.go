package server

import (
	"testing"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
)

// scene is two hubs that store presence for each other, at a moment that the test moves on.
type scene struct {
	t    *testing.T
	hubs [2]*presence
	now  time.Time
}

func newScene(t *testing.T) *scene {
	return &scene{t: t, hubs: [2]*presence{newPresence("one"), newPresence("two")}, now: time.Unix(1000, 0)}
}

func (c *scene) beat(at int, b hub.Beat) bool {
	a := asker{record: record{Room: "600", ID: "alice", Name: "Alice", Role: session.Artist}, room: "600", user: "600.alice"}
	return c.hubs[at].beat(a, b, clock.InstantOf(c.now), c.now)
}

// pass moves on in steps of half a second; live hubs hear of each other and look around.
func (c *scene) pass(d time.Duration, live ...int) {
	for end := c.now.Add(d); c.now.Before(end); {
		c.now = c.now.Add(500 * time.Millisecond)
		for _, i := range live {
			for _, j := range live {
				c.hubs[j].heard(c.hubs[i].me, c.now)
			}
			c.hubs[i].look(clock.InstantOf(c.now), c.now)
		}
		c.exchange(live...)
	}
}

// exchange has every live hub read what the others have stored.
func (c *scene) exchange(live ...int) {
	for _, i := range live {
		for room, entries := range c.hubs[i].unsaved() {
			for _, e := range entries {
				for _, j := range live {
					c.hubs[j].stored(room, e, clock.InstantOf(c.now), c.now)
				}
			}
		}
	}
}

func (c *scene) want(at int, state hub.PeerState) {
	c.t.Helper()
	peers := c.hubs[at].in("600")
	if len(peers) != 1 || peers[0].State != state {
		c.t.Errorf("hub %d has %+v, want %s", at, peers, state)
	}
}

func TestUnchangedBeatsAreNotTold(t *testing.T) {
	c := newScene(t)
	if !c.beat(0, hub.Beat{}) {
		t.Error("the first beat changes nothing")
	}
	if n := len(c.hubs[0].untold("600")); n != 1 {
		t.Errorf("%d peers are to be told, want 1", n)
	}
	c.now = c.now.Add(time.Second)
	if c.beat(0, hub.Beat{}) || len(c.hubs[0].untold("600")) != 0 {
		t.Error("an unchanged beat is told")
	}
	if !c.beat(0, hub.Beat{Presence: hub.Presence{MicMuted: true}}) || len(c.hubs[0].untold("600")) != 1 {
		t.Error("a changed beat is not told")
	}
	if p := c.hubs[0].in("600")[0]; p.Since != clock.InstantOf(time.Unix(1000, 0)) {
		t.Errorf("present since %v, want since the first beat", p.Since)
	}
}

func TestSilentBoxIsUnknownNotAbsent(t *testing.T) {
	c := newScene(t)
	c.beat(0, hub.Beat{})
	c.pass(silence, 0, 1)
	c.want(0, hub.Present)
	c.want(1, hub.Present)
	c.pass(time.Second, 0, 1)
	c.want(0, hub.Unknown)
	c.want(1, hub.Unknown)
	c.beat(0, hub.Beat{})
	c.exchange(0, 1)
	c.want(0, hub.Present)
	c.want(1, hub.Present)
	c.beat(0, hub.Beat{Bye: true})
	c.pass(10*time.Second, 0, 1)
	c.want(0, hub.Absent)
	c.want(1, hub.Absent)
}

func TestBoxesOfADeadHubAreUnknown(t *testing.T) {
	c := newScene(t)
	c.pass(time.Second, 0, 1)
	c.beat(0, hub.Beat{})
	c.exchange(0, 1)
	c.want(1, hub.Present)
	c.pass(silence+time.Second, 1) // hub 0 says nothing
	c.want(1, hub.Unknown)
	c.hubs[0].look(clock.InstantOf(c.now), c.now)
	c.beat(0, hub.Beat{}) // it was only cut off
	c.pass(time.Second, 0, 1)
	c.want(0, hub.Present)
	c.want(1, hub.Present)
}

// A box that went to another hub is present, whatever its old one misses.
func TestBoxMovesToAnotherHub(t *testing.T) {
	c := newScene(t)
	c.pass(time.Second, 0, 1)
	c.beat(0, hub.Beat{})
	c.exchange(0, 1)
	c.now = c.now.Add(silence + time.Second)
	c.beat(1, hub.Beat{})
	c.hubs[0].look(clock.InstantOf(c.now), c.now) // before it hears of the move, and stores after it
	moved, missed := c.hubs[1].unsaved(), c.hubs[0].unsaved()
	for j := range c.hubs {
		c.hubs[j].stored("600", moved["600"][0], clock.InstantOf(c.now), c.now)
		c.hubs[j].stored("600", missed["600"][0], clock.InstantOf(c.now), c.now)
	}
	c.want(1, hub.Present)
	c.pass(time.Second, 0, 1)
	c.want(0, hub.Present)
	c.want(1, hub.Present)
}

func TestNewHubKnowsWhoWasThere(t *testing.T) {
	c := newScene(t)
	c.beat(0, hub.Beat{Presence: hub.Presence{Recording: true}})
	next := newPresence("three")
	next.stored("600", c.hubs[0].unsaved()["600"][0], clock.InstantOf(c.now), c.now)
	if p := next.in("600"); len(p) != 1 || p[0].State != hub.Unknown || !p[0].Recording {
		t.Errorf("the new hub has %+v", p)
	}
}
