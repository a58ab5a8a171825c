package firmware

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"orionbox/firmware/delivery"
	filesdoor "orionbox/firmware/delivery/door"
	"orionbox/firmware/director"
	"orionbox/firmware/hub"
	"orionbox/firmware/received"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// post is a box's part in delivery: the files' door of the hub on it, the outbox of an artist, the inbox of a producer.
type post struct {
	files  *filesdoor.Door
	outbox *delivery.Outbox
	inbox  *delivery.Way // of an inbox, which begins once its folder is there
}

// Received is the folder that a producer's box receives into, and Uploads where the hub on a box keeps what is on its way:
// [Hub] store names the folder of both, or a bucket for the uploads.
func Received(store, recordings string) string {
	if store == "" || strings.HasPrefix(store, "s3:") {
		return filepath.Join(recordings, "received")
	}
	return store
}

// Uploads is told with Received.
func Uploads(store, recordings string) string {
	if strings.HasPrefix(store, "s3:") {
		return store
	}
	return filepath.Join(Received(store, recordings), ".uploads")
}

func (b *Box) buildDoor() error {
	set := b.cfg.Settings
	d, err := filesdoor.New(filesdoor.Config{
		Store: Uploads(set.Hub.Store, set.AudioSettings.RecordingLocation), Reserve: set.AudioSettings.Reserve,
		Dir: b.hidden("hub"),
	}, b.server, b.log.With("part", "files"))
	if err != nil {
		return fmt.Errorf("build files' door: %w", err)
	}
	b.server.Handle(hub.FilesPath+"/", d)
	b.files = d
	return nil
}

// buildPost makes what this box's role asks for: an artist delivers, a producer receives.
func (b *Box) buildPost(cfg hub.ClientConfig) error {
	way := delivery.WayConfig{Room: cfg.Room, Token: cfg.Token, Address: cfg.Address, Fingerprint: cfg.Fingerprint}
	if cfg.InProcess != nil {
		way.Fingerprint = b.server.Fingerprint()
	}
	w, err := delivery.NewWay(way)
	if err != nil {
		return fmt.Errorf("build delivery: %w", err)
	}
	set := b.cfg.Settings
	switch session.Role(set.ChatSettings.Role) {
	case session.Artist:
		b.outbox = delivery.NewOutbox(delivery.OutboxConfig{
			Root: set.AudioSettings.RecordingLocation, Artist: takes.FileName(set.Name()), Box: b.client.ID(), Policy: delivery.Policy(set.Delivery.Policy),
		}, w, b.log.With("part", "outbox"))
	case session.Producer:
		b.inbox = w
	}
	return nil
}

// out is nil, and not an interface with a nil in it, on a box that delivers nothing.
func (b *Box) out() director.Outbox {
	if b.outbox == nil {
		return nil
	}
	return b.outbox
}

// mingle is the way to the peers and all that is delivered by it, until ctx ends.
func (b *Box) mingle(ctx context.Context) error {
	var group errgroup.Group
	if b.outbox != nil {
		go b.lookThrough()
		group.Go(func() error { return b.outbox.Run(ctx) })
	}
	if b.inbox != nil {
		group.Go(func() error { return b.receive(ctx) })
	}
	err := b.client.Run(ctx)
	return errors.Join(err, group.Wait())
}

// lookThrough has the outbox look for recordings of earlier sessions, once they are repaired.
func (b *Box) lookThrough() {
	<-b.repaired
	b.outbox.LookThrough()
}

// receive is a producer's inbox, until ctx ends. Its folder may be on a disk that is not there yet: peers and call do not wait for
// that.
func (b *Box) receive(ctx context.Context) error {
	set := b.cfg.Settings
	store, err := received.Open(Received(set.Hub.Store, set.AudioSettings.RecordingLocation))
	for ; err != nil; store, err = received.Open(Received(set.Hub.Store, set.AudioSettings.RecordingLocation)) {
		b.direct.NoInbox(err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(rebuildEvery):
		}
	}
	inbox := delivery.NewInbox(delivery.InboxConfig{Box: b.client.ID(), Reserve: set.AudioSettings.Reserve, Local: b.server != nil},
		b.inbox, store, b.log.With("part", "inbox"))
	b.direct.Receive(inbox)
	return errors.Join(inbox.Run(ctx), store.Close())
}
