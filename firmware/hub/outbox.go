package hub

import (
	"slices"
	"time"
)

// outbox holds the posts that are not yet at the hub, in order. It only decides; the loop sends, the keeper writes.
type outbox struct {
	list []*waiting
}

// waiting is a post on its way.
type waiting struct {
	Post
	number uint64    // the keeper's, by which the hub's answer names it too
	since  time.Time // it was posted
	sent   time.Time // zero: not under way
	asked  time.Time // sent the first time over this link; zero: not yet
}

const (
	maxWaiting  = 10_000
	postsOnWay  = 32                     // without an answer
	answerLimit = 5 * time.Second        // then a post is sent again
	keepLimit   = 500 * time.Millisecond // a disk that is slower holds up no post
	storeLimit  = 2 * answerLimit        // a hub that answers no post for longer has trouble
)

// add takes a post in, and gives back one that had to go in exchange: the oldest that is no marker, of those that are not
// under way. It is false for a post that waits already.
func (o *outbox) add(p Post, number uint64, now time.Time) (gone *waiting, ok bool) {
	if slices.ContainsFunc(o.list, func(w *waiting) bool { return w.ID == p.ID }) {
		return nil, false
	}
	o.list = append(o.list, &waiting{Post: p, number: number, since: now})
	if len(o.list) <= maxWaiting {
		return nil, true
	}
	i := slices.IndexFunc(o.list, func(w *waiting) bool { return w.sent.IsZero() && w.Kind != KindMarker })
	if i < 0 {
		i = slices.IndexFunc(o.list, func(w *waiting) bool { return w.sent.IsZero() })
	}
	gone = o.list[i]
	o.list = slices.Delete(o.list, i, i+1)
	return gone, true
}

// next is the post to be sent now, nil if none is: those under way are the first of the list, and the order stays as it
// is. A post waits for the disk to have it, though not for long, and for the answers to earlier ones about its marker:
// should those be lost and sent again, it must not have overtaken them.
func (o *outbox) next(kept uint64, now time.Time) *waiting {
	for i, w := range o.list {
		if !w.sent.IsZero() {
			continue
		}
		if i >= postsOnWay || w.number > kept && now.Sub(w.since) < keepLimit || o.busy(w, i) {
			return nil
		}
		return w
	}
	return nil
}

// busy tells whether one of the first n is about the marker of w.
func (o *outbox) busy(w *waiting, n int) bool {
	return w.Change != nil && slices.ContainsFunc(o.list[:n], func(e *waiting) bool {
		return e.Change != nil && e.Change.Marker == w.Change.Marker
	})
}

// answered takes a post out.
func (o *outbox) answered(number uint64) *waiting {
	i := slices.IndexFunc(o.list, func(w *waiting) bool { return w.number == number })
	if i < 0 {
		return nil
	}
	w := o.list[i]
	o.list = slices.Delete(o.list, i, i+1)
	return w
}

// anew has all sent anew, to a hub that was not asked yet.
func (o *outbox) anew() {
	o.again()
	for _, w := range o.list {
		w.asked = time.Time{}
	}
}

// unstored tells that the hub, which answered a post at last, answers none any more.
func (o *outbox) unstored(last, now time.Time) bool {
	if len(o.list) == 0 || o.list[0].asked.IsZero() {
		return false
	}
	return now.Sub(o.list[0].asked) > storeLimit && now.Sub(last) > storeLimit
}

// again has all sent anew: the way to the hub is another.
func (o *outbox) again() {
	for _, w := range o.list {
		if w.sent.IsZero() {
			return
		}
		w.sent = time.Time{}
	}
}

// late has all sent anew if the first was not answered in time.
func (o *outbox) late(now time.Time) {
	if len(o.list) > 0 && !o.list[0].sent.IsZero() && now.Sub(o.list[0].sent) >= answerLimit {
		o.again()
	}
}

// due is when next or late may have something that they have not now, unless an answer comes before.
func (o *outbox) due(kept uint64, now time.Time) time.Time {
	due := never
	if len(o.list) > 0 && !o.list[0].sent.IsZero() {
		due = o.list[0].sent.Add(answerLimit)
	}
	i := slices.IndexFunc(o.list, func(w *waiting) bool { return w.sent.IsZero() })
	if i < 0 || o.list[i].number <= kept {
		return due
	}
	if unkept := o.list[i].since.Add(keepLimit); unkept.After(now) {
		due = earliest(due, unkept)
	}
	return due
}
