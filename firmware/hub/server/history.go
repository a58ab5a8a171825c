package server

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orionbox/firmware/hub"
)

// pageOfHistory is a hub.HistoryReply whose parts are ready to be sent.
type pageOfHistory struct {
	Posts  []json.RawMessage
	More   bool
	Peers  []json.RawMessage
	Tracks []json.RawMessage
	Files  []json.RawMessage
}

// encode gives a hub.HistoryReply. json.Marshal would look at each part again, and a hub that comes back to a thousand boxes
// tells each of them of a thousand.
func (p pageOfHistory) encode() encoded {
	b := encoded(`{"more":` + strconv.FormatBool(p.More))
	for _, list := range []struct {
		name  string
		parts []json.RawMessage
	}{{"posts", p.Posts}, {"peers", p.Peers}, {"tracks", p.Tracks}, {"files", p.Files}} {
		for i, part := range list.parts {
			if i == 0 {
				b = append(b, `,"`+list.name+`":[`...)
			} else {
				b = append(b, ',')
			}
			b = append(b, part...)
		}
		if len(list.parts) > 0 {
			b = append(b, ']')
		}
	}
	return append(b, '}')
}

// history answers with a page of what a box has missed.
func (s *Server) history(msg *nats.Msg) {
	a, said, err := check(s, msg, hub.ParseHistoryRequest)
	if err != nil {
		s.answer(msg, a, hub.HistoryReply{Error: s.refuse(a, hub.AskHistory, err)})
		return
	}
	posts, more, err := s.missed(a.room, said.After, maxPage)
	if err != nil {
		s.trouble(a, hub.AskHistory, err)
		return
	}
	s.telling.Lock()
	defer s.telling.Unlock()
	page := s.head(a.room, max(0, said.Page))
	page.Posts, page.More = posts, page.More || more
	s.answerBy(s.room, msg, a, page.encode())
}

// maxHead is how many bytes of peers, tracks and files come on one page: those of 1000 boxes, and of the recordings of weeks.
const maxHead = 3 << 20

// head is a page of the room's peers, tracks and files, the newest of those first. More says that there is another.
func (s *Server) head(room string, n int) pageOfHistory {
	peers, tracks, files := s.presence.told(room), s.tracks.in(room), s.files.in(room)
	heads := pages(slices.Concat(peers, tracks, files), maxHead)
	if n >= len(heads) {
		return pageOfHistory{}
	}
	before := 0
	for _, h := range heads[:n] {
		before += len(h)
	}
	cut := func(end int) int { return max(0, min(len(heads[n]), end-before)) }
	tracksAt, filesAt := cut(len(peers)), cut(len(peers)+len(tracks))
	return pageOfHistory{Peers: heads[n][:tracksAt], Tracks: heads[n][tracksAt:filesAt], Files: heads[n][filesAt:], More: n+1 < len(heads)}
}

// missed are the posts of a room behind a seq, as many as have room, and whether there are more.
func (s *Server) missed(room string, seq int64, free int) (page []json.RawMessage, more bool, err error) {
	page, more, from := s.posts.page(room, seq, free)
	if from > 0 {
		return s.old(room, from, free)
	}
	return page, more, nil
}

// oldPage is how many posts are read from the store at once.
const oldPage = 200

// old reads posts that are not in memory any more.
func (s *Server) old(room string, from uint64, free int) (page []json.RawMessage, more bool, err error) {
	ctx, cancel := context.WithTimeout(s.work, 5*time.Second)
	defer cancel()
	consumer, err := s.store.js.OrderedConsumer(ctx, postStream, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{postSubject + room + ".>"},
		DeliverPolicy:  jetstream.DeliverByStartSequencePolicy, OptStartSeq: from,
		InactiveThreshold: 5 * time.Second})
	if err != nil {
		return nil, false, err
	}
	batch, err := consumer.FetchNoWait(oldPage)
	if err != nil {
		return nil, false, err
	}
	last := int64(0)
	for msg := range batch.Messages() {
		meta, err := msg.Metadata()
		if err != nil {
			return nil, false, err
		}
		p, data, ok := s.readPost(stored{subject: msg.Subject(), data: msg.Data(), seq: meta.Sequence.Stream})
		if !ok || free < 0 {
			continue
		}
		if free -= len(data) + 1; free >= 0 {
			page, last = append(page, data), p.Seq
		}
	}
	return page, len(page) > 0 && last < s.posts.last(room), batch.Error()
}

// roomOf is the room in a subject of the store.
func roomOf(subject, prefix string) string {
	room, _, _ := strings.Cut(strings.TrimPrefix(subject, prefix), ".")
	return room
}
