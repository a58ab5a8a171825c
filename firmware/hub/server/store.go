package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The streams, and with them what is stored. Their subjects are PREFIX.ROOM.ID, and for posts their kind, for tracks and files
// the recording.
const (
	postStream       = "ORION_POSTS"
	trackStream      = "ORION_TRACKS"
	fileStream       = "ORION_FILES"
	credentialStream = "ORION_CREDENTIALS"
	presenceStream   = "ORION_PRESENCE"

	postSubject       = "orion.posts."
	trackSubject      = "orion.tracks."
	fileSubject       = "orion.files."
	credentialSubject = "orion.credentials."
	presenceSubject   = "orion.presence."
	hubSubject        = "orion.hub." // what hubs of one cluster tell each other: that they live
)

// storedAt is a header of what is stored: the time by the clock of the hub that stored it.
const storedAt = "Orion-At"

// builtIn is where a hub keeps things if no NATS cluster is named.
const builtIn = "built-in"

// maxPosts is how many posts of one kind are kept of one box; the oldest go first.
const maxPosts = 5000

// store is JetStream, embedded or a cluster's: what is put into it comes back to every hub.
type store struct {
	conn   *nats.Conn
	js     jetstream.JetStream
	place  string // builtIn, or the hosts of a cluster
	health *health
}

func (st *store) shared() bool { return st.place != builtIn }

func (st *store) close() {
	if st.conn != nil {
		st.conn.Close()
	}
}

// openStore connects to where things are stored, and makes the streams that are not there yet.
func (s *Server) openStore() (err error) {
	if s.cfg.NATSURL != "" {
		if s.store, err = openCluster(s.cfg.NATSURL, s.log); err != nil {
			return err
		}
	}
	if s.store.js, err = jetstream.New(s.store.conn); err != nil {
		return fmt.Errorf("open JetStream: %w", err)
	}
	ctx, cancel := context.WithTimeout(s.work, time.Minute)
	defer cancel()
	for _, stream := range s.streams() {
		if err := s.store.make(ctx, stream, s.log); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) streams() []jetstream.StreamConfig {
	presence := jetstream.StreamConfig{Name: presenceStream, Subjects: []string{presenceSubject + ">"},
		MaxMsgsPerSubject: 1, MaxAge: s.cfg.Keep, MaxBytes: min(s.cfg.MaxBytes/16, 8<<20), Storage: jetstream.MemoryStorage}
	if !s.store.shared() {
		// On the disk, so that a hub that was killed knows who was there; but nobody waits for the disk.
		presence.Storage, presence.PersistMode = jetstream.FileStorage, jetstream.AsyncPersistMode
	}
	return []jetstream.StreamConfig{
		{Name: postStream, Subjects: []string{postSubject + ">"}, MaxMsgsPerSubject: maxPosts,
			MaxAge: s.cfg.Keep, MaxBytes: s.cfg.MaxBytes / 2},
		{Name: trackStream, Subjects: []string{trackSubject + ">"}, MaxMsgsPerSubject: 1,
			MaxAge: s.cfg.Keep, MaxBytes: s.cfg.MaxBytes / 4},
		{Name: fileStream, Subjects: []string{fileSubject + ">"}, MaxMsgsPerSubject: 1,
			MaxBytes: s.cfg.MaxBytes / 16, Discard: jetstream.DiscardNew}, // what nobody has taken yet stays, however old
		{Name: credentialStream, Subjects: []string{credentialSubject + ">"}, MaxMsgsPerSubject: 1,
			MaxBytes: s.cfg.MaxBytes / 8, Discard: jetstream.DiscardNew}, // never one for another
		presence,
	}
}

// make makes a stream, or brings the one that is there up to date. A cluster of three keeps it on three servers; which
// have to find each other first.
func (st *store) make(ctx context.Context, stream jetstream.StreamConfig, log *slog.Logger) error {
	stream.AllowDirect, stream.Replicas = true, 1
	if st.shared() && len(st.conn.Servers()) >= 3 {
		stream.Replicas = 3
	}
	err := st.attempt(ctx, stream)
	if err != nil && stream.Replicas > 1 {
		log.Warn("the NATS cluster has no three servers with room: things are kept on one", "stream", stream.Name, "error", err)
		stream.Replicas = 1
		err = st.attempt(ctx, stream)
	}
	if err != nil {
		return fmt.Errorf("make stream %s: %w", stream.Name, err)
	}
	return nil
}

// attempt tries, for some seconds, until JetStream can do it: a cluster that has just started elects a leader first.
func (st *store) attempt(ctx context.Context, stream jetstream.StreamConfig) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		err := st.try(ctx, stream)
		if err == nil || final(err) || ctx.Err() != nil {
			return err
		}
		pause(ctx, 200*time.Millisecond)
	}
}

// try makes the stream if it can be made now. On no fewer servers than it is on: some may only be away.
func (st *store) try(ctx context.Context, stream jetstream.StreamConfig) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	there, err := st.js.Stream(ctx, stream.Name)
	switch {
	case err == nil:
		stream.Replicas = max(stream.Replicas, there.CachedInfo().Config.Replicas)
	case !errors.Is(err, jetstream.ErrStreamNotFound):
		return err
	}
	_, err = st.js.CreateOrUpdateStream(ctx, stream)
	return err
}

// noPeers is JetStream's error code for a stream that there are not enough servers for, now.
const noPeers = 10005

func final(err error) bool {
	var refused *jetstream.APIError
	return errors.As(err, &refused) && refused.Code < 500 && refused.ErrorCode != noPeers
}

// put stores something and gives its place among all of its stream, once it cannot be lost any more.
func (st *store) put(ctx context.Context, subject string, data []byte, at string, options ...jetstream.PublishOpt) (uint64, error) {
	if _, cause := st.health.trouble(); cause != nil && !st.shared() {
		return 0, errSick
	}
	began, caller := time.Now(), ctx
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	msg := &nats.Msg{Subject: subject, Data: data, Header: nats.Header{}}
	if at != "" {
		msg.Header.Set(storedAt, at)
	}
	ack, err := st.js.PublishMsg(ctx, msg, append(options, jetstream.WithRetryAttempts(0))...)
	if caller.Err() == nil {
		st.health.note(subject, began, err)
	}
	if err != nil {
		return 0, fmt.Errorf("store: %w", err)
	}
	return ack.Sequence, nil
}

// putAfter is put for what is to be the next word on its subject after that of seq; errTaken if somebody else was quicker.
func (st *store) putAfter(ctx context.Context, subject string, data []byte, seq uint64) (uint64, error) {
	stored, err := st.put(ctx, subject, data, "", jetstream.WithExpectLastSequencePerSubject(seq))
	var refused *jetstream.APIError
	if errors.As(err, &refused) && refused.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
		return 0, errTaken
	}
	return stored, err
}

// stored is one thing that comes back from the store.
type stored struct {
	subject string
	data    []byte
	seq     uint64
	at      time.Time // by the store's wall clock
	last    bool      // none behind it, for now
}

// feed follows a stream from its beginning for as long as the hub runs: handle gets each thing once, in order. Once
// all that was there has been handled, ready is closed.
func (st *store) feed(ctx context.Context, stream string, log *slog.Logger, ready chan<- struct{}, handle func(stored)) {
	f := feed{store: st, stream: stream, ready: ready, handle: handle}
	for ctx.Err() == nil {
		if err := f.attempt(ctx); err != nil && ctx.Err() == nil {
			log.Debug("feed starts anew", "stream", stream, "error", err)
			pause(ctx, 100*time.Millisecond)
		}
	}
}

type feed struct {
	store  *store
	stream string
	ready  chan<- struct{} // nil once it is closed
	handle func(stored)
	seq    uint64 // of the last one handled

	last      uint64 // of the stream when it was looked at; one before it may be damaged, and is counted as pending for ever
	delivered uint64 // how many came by this consumer; one that is missing is asked for by another
}

// attempt follows the stream until something breaks. A server that dies is noticed by its missing heartbeats.
func (f *feed) attempt(ctx context.Context) error {
	try, cancel := context.WithTimeout(ctx, 2*time.Second) // who is not answered while there is no leader is not answered later
	defer cancel()
	stream, err := f.store.js.Stream(try, f.stream)
	if err != nil {
		return err
	}
	consumer, err := stream.CreateConsumer(try, jetstream.ConsumerConfig{AckPolicy: jetstream.AckNonePolicy,
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: f.seq + 1,
		Replicas: 1, MemoryStorage: true, InactiveThreshold: time.Minute})
	if err != nil {
		return err
	}
	f.delivered, f.last = 0, stream.CachedInfo().State.LastSeq
	messages, err := consumer.Messages(jetstream.PullMaxMessages(64), jetstream.PullHeartbeat(time.Second),
		jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		return err
	}
	defer messages.Stop()
	if info := stream.CachedInfo(); info.State.Msgs == 0 || info.State.LastSeq <= f.seq {
		f.caughtUp()
	}
	for {
		msg, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		if err := f.take(msg); err != nil {
			return err
		}
	}
}

func (f *feed) take(msg jetstream.Msg) error {
	meta, err := msg.Metadata()
	if err != nil {
		return err
	}
	if f.delivered++; meta.Sequence.Consumer != f.delivered {
		return errors.New("something was lost on the way")
	}
	if meta.Sequence.Stream > f.seq {
		f.seq = meta.Sequence.Stream
		f.handle(stored{msg.Subject(), msg.Data(), f.seq, meta.Timestamp, meta.NumPending == 0})
	}
	if meta.NumPending == 0 || meta.Sequence.Stream >= f.last {
		f.caughtUp()
	}
	return nil
}

func (f *feed) caughtUp() {
	if f.ready != nil {
		close(f.ready)
		f.ready = nil
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
