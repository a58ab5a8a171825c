package director

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
)

// The door's view of the studio: what all boxes of the room do, said and recorded.

// errNoHub is why a box alone has nobody to talk to.
var errNoHub = errors.New("no hub is set up: join with an invite (`orionbox join`), or set ip_address and token under ChatSettings")

// Peers are the boxes of the room, by name, this one included.
func (d *Director) Peers(ctx context.Context) (peers []hub.Peer, err error) {
	err = d.onLoop(ctx, func() { peers = d.lookPeers() })
	return peers, err
}

func (d *Director) lookPeers() []hub.Peer {
	peers := make([]hub.Peer, 0, len(d.peers))
	for _, p := range d.peers {
		peers = append(peers, p)
	}
	slices.SortFunc(peers, func(a, b hub.Peer) int { return strings.Compare(a.ID, b.ID) })
	return peers
}

// Chunks are those of all boxes: of this session, or with all of every session that is known.
func (d *Director) Chunks(ctx context.Context, all bool) ([]takes.Chunk, error) {
	var tracks []takes.Track
	var markers []takes.Marker
	var delivered map[takes.TrackKey]bool
	if err := d.onLoop(ctx, func() {
		tracks, markers, delivered = d.tracks(), d.markers.board.Markers(), d.delivered()
		if !all {
			tracks = d.recent(tracks)
		}
	}); err != nil {
		return nil, err
	}
	chunks := takes.Chunks(tracks, markers) // which takes its time: the loop has other things to do
	markDelivered(chunks, delivered)
	return chunks, nil
}

// Markers are where they stand now: those of this session, or all that are known.
func (d *Director) Markers(ctx context.Context, all bool) (markers []takes.Marker, err error) {
	err = d.onLoop(ctx, func() {
		if markers = d.recentMarkers(); all {
			markers = d.markers.board.Markers()
		}
	})
	return markers, err
}

// Mark does something to a marker and tells in words what. What the box's role may not do wraps ErrRefused.
func (d *Director) Mark(ctx context.Context, m MarkRequest) (text string, err error) {
	failed := d.onLoop(ctx, func() { text, err = d.doMark(m) })
	return text, errors.Join(failed, err)
}

// Chat is what was said after the post of that Seq, chat and notices. If there is nothing it waits, at most so long.
func (d *Director) Chat(ctx context.Context, after int64, wait time.Duration) ([]hub.Post, error) {
	late := time.NewTimer(wait)
	defer late.Stop()
	for {
		var posts []hub.Post
		var more chan struct{}
		if err := d.onLoop(ctx, func() { posts, more = d.postsAfter(after), d.more }); err != nil {
			return nil, err
		}
		if len(posts) > 0 || wait <= 0 {
			return posts, nil
		}
		select {
		case <-more:
		case <-late.C:
			return posts, nil
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for chat: %w", context.Cause(ctx))
		case <-d.ended:
			return posts, nil
		}
	}
}

func (d *Director) postsAfter(after int64) []hub.Post {
	posts := []hub.Post{}
	for _, p := range d.posts {
		if p.Seq > after {
			posts = append(posts, p)
		}
	}
	return posts
}

// Say writes a line to everybody's chat. It is sent as soon as the hub is there.
func (d *Director) Say(ctx context.Context, text string) (err error) {
	text = strings.TrimSpace(text)
	switch {
	case d.parts.Hub == nil:
		return fmt.Errorf("%w: %w", ErrRefused, errNoHub)
	case text == "":
		return fmt.Errorf("%w: there is nothing to say", ErrRefused)
	}
	if err := (hub.Post{ID: "p", Kind: hub.KindChat, At: 1, Text: text}).Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return d.onLoop(ctx, func() { d.say(hub.KindChat, text) })
}
