package delivery

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"orionbox/audio/mp3"
	"orionbox/firmware/delivery/door"
	"orionbox/firmware/hub"
	"orionbox/firmware/received"
)

const (
	sliceTime = 2 * time.Second // of one attempt, so that what a producer asks for, or what grows, does not wait for long
	refusedIn = 10 * time.Second
	retryIn   = 250 * time.Millisecond
	localIn   = 10 * time.Second
)

// errLocal wraps what is wrong with a file, or the disk, of this box.
var errLocal = errors.New("on this box")

// errAnew tells that an upload must be sent from its start.
var errAnew = errors.New("it is sent anew")

// attempt makes one attempt to send some of a parcel, and tells the book what came of it.
func (o *Outbox) attempt(ctx context.Context, p *parcel) {
	o.mu.Lock()
	job := *p
	p.due = false // from here on it is for what comes next
	o.mu.Unlock()
	send := o.sendTake
	if job.journal {
		send = o.sendJournal
	}
	f, err := send(ctx, &job)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.book.least = o.way.least.Load()
	o.sending, p.due = nil, p.due || p.journal && f == nil
	if ctx.Err() != nil {
		return
	}
	p.offset, p.sized = job.offset, job.sized
	if job.open == p.open || job.journal { // what was summed up is still all of it
		if p.sum = job.sum; p.sum != "" {
			p.bytes = job.bytes
		}
	}
	o.judge(p, err)
	if err == nil && f != nil {
		o.took(p, *f)
	}
}

// took notes that the hub has found a parcel whole.
func (o *Outbox) took(p *parcel, f hub.File) {
	o.log.Info("recording is at the hub", "session", p.key.Session, "file", p.key.File, "bytes", f.Bytes, "sha256", f.SHA256)
	if told := o.book.told[p.key]; told.SHA256 == f.SHA256 && len(told.Taken) > len(f.Taken) { // it came by the shorter way
		f = told
	}
	p.receipt.SHA256, p.state = f.SHA256, waiting
	if o.book.filed(f) != nil {
		o.unsaved = append(o.unsaved, p)
	}
}

// judge tells the book what came of an attempt.
func (o *Outbox) judge(p *parcel, err error) {
	now := o.now()
	switch {
	case err == nil:
		o.book.went()
		p.err, p.stumbles, p.cuts, p.stuck = "", 0, 0, 0
	case errors.Is(err, errLocal):
		if p.err != err.Error() {
			o.log.Error("deliver", "file", p.key.File, "err", err)
		}
		p.err, p.retry, p.offset = err.Error(), now.Add(localIn), unknown
	case refused(err, http.StatusUnauthorized, http.StatusInsufficientStorage):
		p.offset = unknown
		o.tell(err)
		o.book.pause(now, refusedIn, err.Error())
	case refused(err, http.StatusNotFound, http.StatusConflict):
		p.stumble(now, err)
	case errors.Is(err, errAnew), refused(err, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge, http.StatusForbidden, http.StatusBadRequest):
		o.log.Warn("recording is sent anew", "file", p.key.File, "why", err)
		p.restart(now, err.Error())
	case refused(err): // the hub is there, but cannot do what this one needs
		o.tell(err)
		p.stumble(now, err)
	default:
		o.tell(err)
		o.book.pause(now, 0, err.Error())
		if p.offset != unknown && refused(err, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable) {
			p.stuck++
		}
		p.offset, p.cuts = unknown, p.cuts+1
	}
}

// tell logs why nothing is sent, the same thing once.
func (o *Outbox) tell(err error) {
	if o.book.trouble != err.Error() {
		o.log.Warn("delivery waits", "err", err)
	}
}

// sendTake sends the next of a take. Once all of it is there, and the hub has found it right, it gives the hub's word on it.
func (o *Outbox) sendTake(ctx context.Context, j *parcel) (*hub.File, error) {
	file, err := os.Open(j.path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLocal, err)
	}
	defer func() { _ = file.Close() }() // read only
	head, err := headOf(file, j)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLocal, err)
	}
	id := o.upload(j.key, "")
	total := int64(-1)
	if !j.open {
		total = j.bytes + head
	}
	if err := o.locate(ctx, j, id, "", total); err != nil {
		return nil, err
	}
	stream := func(from, n int64) io.Reader {
		body := io.NewSectionReader(file, from, max(0, min(from+n, j.bytes)-from))
		return io.MultiReader(body, io.NewSectionReader(file, max(0, from-j.bytes), n-body.Size()))
	}
	if err := o.sendSlice(ctx, j, id, max(total, j.bytes), total, stream); err != nil || j.offset != total {
		return nil, err
	}
	return o.finish(ctx, j, id, door.Whole{Bytes: j.bytes, SHA256: j.sum, Head: head})
}

// headOf is the length of a take's first frame, which is sent once more at the end. Of a take that is closed it sums up what there
// is.
func headOf(file *os.File, j *parcel) (int64, error) {
	start := make([]byte, 4<<10)
	n, err := file.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) || n < 4 {
		return 0, errors.Join(errors.New("it has no first frame"), err)
	}
	h, err := mp3.ParseHeader([4]byte(start))
	if err != nil {
		return 0, err
	}
	if j.open || j.sum != "" {
		return int64(h.Size()), nil
	}
	if info, ok := mp3.ParseInfo(start[:n]); !ok || info.Frames == 0 {
		return 0, errors.New("it was not closed; `orionbox recover` mends it, as does the next start of the box")
	}
	j.sum, j.bytes, err = received.SHA256(j.path)
	return int64(h.Size()), err
}

// locate finds out how far the upload has come, or makes it. One that cannot become the file is deleted.
func (o *Outbox) locate(ctx context.Context, j *parcel, id, version string, total int64) error {
	if j.offset != unknown {
		return nil
	}
	offset, length, err := o.way.head(ctx, id)
	if refused(err, http.StatusNotFound) {
		if err := o.way.create(ctx, j.key.Session, j.key.File, version); err != nil {
			return err
		}
		offset, length, err = 0, -1, nil
	}
	if err != nil {
		return err
	}
	if j.stuck >= stuckAt || length >= 0 && length != total || total >= 0 && offset > total || total < 0 && offset > j.bytes {
		if err := o.way.remove(ctx, id); err != nil {
			return err
		}
		return fmt.Errorf("%w: the %d bytes that the hub has do not become the file here", errAnew, offset)
	}
	j.offset, j.sized = offset, length >= 0
	return nil
}

// sendSlice sends some bytes, no further than to limit; length is that of the whole, if it is known.
func (o *Outbox) sendSlice(ctx context.Context, j *parcel, id string, limit, length int64, stream func(from, n int64) io.Reader) error {
	n := limit - j.offset
	if n <= 0 {
		return nil
	}
	if j.sized {
		length = -1
	}
	began := o.now()
	offset, err := o.way.patch(ctx, id, j.offset, length, &timed{o.speed.count(stream(j.offset, n)), began.Add(sliceTime), o.now})
	if err != nil {
		return err
	}
	o.mu.Lock()
	o.speed.note(offset-j.offset, began, o.now())
	o.mu.Unlock()
	j.offset, j.sized = offset, j.sized || length >= 0
	return nil
}

// finish has the hub compare what it has with what is here.
func (o *Outbox) finish(ctx context.Context, j *parcel, id string, said door.Whole) (*hub.File, error) {
	f, err := o.way.whole(ctx, id, said)
	if refused(err, http.StatusUnprocessableEntity) {
		if gone := o.way.remove(ctx, id); gone != nil {
			return nil, gone
		}
		return nil, fmt.Errorf("%w: %w", errAnew, err)
	}
	if err != nil {
		return nil, err
	}
	return &f, nil
}

// sendJournal sends what a journal has now, as a version of its own: all whole lines.
func (o *Outbox) sendJournal(ctx context.Context, j *parcel) (*hub.File, error) {
	data, err := os.ReadFile(j.path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLocal, err)
	}
	data = data[:bytes.LastIndexByte(data, '\n')+1]
	if len(data) == 0 {
		return nil, fmt.Errorf("%w: it is empty", errLocal)
	}
	sum := sha256.Sum256(data)
	if version := hex.EncodeToString(sum[:]); version != j.sum {
		j.sum, j.offset = version, unknown
	}
	if f, known := o.told(j); known {
		return &f, nil
	}
	id, total := o.upload(j.key, j.sum), int64(len(data))
	if err := o.locate(ctx, j, id, j.sum, total); err != nil {
		return nil, err
	}
	stream := func(from, n int64) io.Reader { return bytes.NewReader(data[from : from+n]) }
	for j.offset < total {
		if err := o.sendSlice(ctx, j, id, total, total, stream); err != nil {
			return nil, err
		}
	}
	return o.finish(ctx, j, id, door.Whole{Bytes: total, SHA256: j.sum})
}

// timed ends when its time is over.
type timed struct {
	io.Reader
	end time.Time
	now func() time.Time
}

func (t *timed) Read(p []byte) (int, error) {
	if !t.now().Before(t.end) {
		return 0, io.EOF
	}
	return t.Reader.Read(p[:min(len(p), timedPiece)])
}

// timedPiece is how many bytes go between two looks at the time.
const timedPiece = 16 << 10

// told is what the hub told of just this journal, unless it is to be sent once more.
func (o *Outbox) told(j *parcel) (hub.File, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f := o.book.told[j.key]
	return f, f.Whole() && f.SHA256 == j.sum && !(f.Gone && j.wanted > 0)
}

// speed is how fast bytes go out.
type speed struct {
	total atomic.Int64 // bytes since the start, those that were lost on the way included
	bytes float64      // of late: the older, the less they count
	took  float64      // seconds that these needed
	last  time.Time    // when some came to the hub
}

const (
	speedOver  = 10 * time.Second // of sending, after which what was counts a third
	speedStale = 3 * sliceTime    // after which nothing moves
)

// note takes in that n bytes came to the hub from one moment to another.
func (s *speed) note(n int64, from, to time.Time) {
	took := to.Sub(from).Seconds()
	fade := math.Exp(-took / speedOver.Seconds())
	s.bytes, s.took = s.bytes*fade+float64(n), s.took*fade+took
	if n > 0 {
		s.last = to
	}
}

// rate is in bytes a second; 0 if nothing moves.
func (s *speed) rate(now time.Time) float64 {
	if s.took <= 0 || now.Sub(s.last) > speedStale {
		return 0
	}
	return s.bytes / s.took
}

func (s *speed) count(r io.Reader) io.Reader { return &counted{r, &s.total} }

type counted struct {
	io.Reader
	n *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}
