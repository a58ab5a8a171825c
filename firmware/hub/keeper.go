package hub

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"orionbox/audio/disk"
)

// keeper keeps on the disk the posts that are not yet at the hub, on a goroutine of its own: a disk that stalls holds up
// no beat. The file is lines of JSON, each a post or the id of one that is done; it only grows, until most of it is done
// with, and is written anew then. One that cannot be written is said once, and the posts are sent all the same.
type keeper struct {
	path string
	log  *slog.Logger
	left []Post // of an earlier run

	mu      sync.Mutex
	jobs    []job
	numbers uint64
	wake    chan struct{}
	upTo    atomic.Uint64 // the last number that the disk has, or has refused
	told    chan struct{} // upTo has grown

	// what follows is the goroutine's
	posts  []Post
	lines  int   // in the file
	size   int64 // of it
	stale  bool  // it must be written anew
	failed bool  // and that was said
}

// job is a post to keep, or one that is done.
type job struct {
	post   Post
	done   string
	number uint64
}

// keptLine is a line of the file.
type keptLine struct {
	Post *Post  `json:"post,omitempty"`
	Done string `json:"done,omitempty"`
}

const spareLines = 1000 // that are done with, before the file is written anew

// openKeeper reads what the file holds. Without a path nothing is kept.
func openKeeper(path string, log *slog.Logger) *keeper {
	k := &keeper{path: path, log: log, wake: make(chan struct{}, 1), told: make(chan struct{}, 1)}
	if path == "" {
		return k
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return k
	}
	bad := 0
	if err == nil {
		k.left, bad, err = readOutbox(file)
		err = errors.Join(err, file.Close())
	}
	if err != nil || bad > 0 {
		log.Error("the outbox is damaged: some of what was said while the hub was away may be lost", "lines", bad, "err", err)
	}
	k.posts, k.stale = slices.Clone(k.left), true
	return k
}

// readOutbox gives the posts that are not done, and the number of lines that are neither post nor id.
func readOutbox(r io.Reader) (posts []Post, bad int, err error) {
	in := bufio.NewReaderSize(r, MaxMessage)
	at := map[string]int{} // index in posts, by id
	for err == nil {
		var text []byte
		if text, err = in.ReadSlice('\n'); errors.Is(err, bufio.ErrBufferFull) {
			bad++
			err = skipLine(in)
			continue
		}
		line, ok := parseKept(text)
		i, known := at[line.Done]
		switch {
		case !ok:
			bad++
		case line.Post != nil:
			if _, twice := at[line.Post.ID]; !twice {
				at[line.Post.ID] = len(posts)
				posts = append(posts, *line.Post)
			}
		case known:
			posts[i].ID = "" // no post is without
			delete(at, line.Done)
		}
	}
	posts = slices.DeleteFunc(posts, func(p Post) bool { return p.ID == "" })
	if over := len(posts) - maxWaiting; over > 0 {
		posts, bad = posts[over:], bad+over
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return posts, bad, err
}

// skipLine reads to the end of a line that is too long.
func skipLine(in *bufio.Reader) error {
	for {
		if _, err := in.ReadSlice('\n'); !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// parseKept reads a line; an empty one is nothing.
func parseKept(text []byte) (line keptLine, ok bool) {
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return line, true
	}
	if json.Unmarshal(text, &line) != nil || line.Post == nil && line.Done == "" {
		return keptLine{}, false
	}
	return line, line.Post == nil || line.Post.Check() == nil
}

// keep has a post written, and gives it the number by which upTo counts.
func (k *keeper) keep(p Post) uint64 { return k.put(job{post: p}) }

// done has a post forgotten.
func (k *keeper) done(id string) { k.put(job{done: id}) }

func (k *keeper) put(j job) uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.numbers++
	j.number = k.numbers
	k.jobs = append(k.jobs, j)
	wake(k.wake)
	return j.number
}

// number is one for a post of an earlier run, which the disk has.
func (k *keeper) number() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.numbers++
	return k.numbers
}

// run writes until ctx ends, and then what is left.
func (k *keeper) run(ctx context.Context) {
	for {
		select {
		case <-k.wake:
			k.work()
		case <-ctx.Done():
			k.work()
			return
		}
	}
}

// work does the jobs that there are.
func (k *keeper) work() {
	k.mu.Lock()
	jobs := k.jobs
	k.jobs = nil
	k.mu.Unlock()
	if len(jobs) == 0 {
		return
	}
	k.write(jobs)
	k.upTo.Store(jobs[len(jobs)-1].number)
	wake(k.told)
}

// write brings jobs to the disk, all at once.
func (k *keeper) write(jobs []job) {
	k.take(jobs)
	if k.path == "" {
		return
	}
	var err error
	switch {
	case len(k.posts) == 0:
		err = k.empty()
	case k.stale || k.lines+len(jobs) > 2*len(k.posts)+spareLines:
		err = k.anew()
	default:
		err = k.append(jobs)
	}
	k.stale = err != nil
	switch {
	case err == nil && len(k.posts) > 0:
		k.failed = false
	case err != nil && !k.failed:
		k.failed = true
		k.log.Error("keep the outbox: what is said now is lost if this box goes off before the hub has it; is the disk full?", "err", err)
	}
}

// take follows what is kept.
func (k *keeper) take(jobs []job) {
	done := map[string]bool{}
	for _, j := range jobs {
		if j.done != "" {
			done[j.done] = true
		} else {
			k.posts = append(k.posts, j.post)
		}
	}
	if len(done) > 0 {
		k.posts = slices.DeleteFunc(k.posts, func(p Post) bool { return done[p.ID] })
	}
}

// empty leaves a file without lines. That it is on the disk matters little: a post told twice counts once.
func (k *keeper) empty() error {
	k.lines, k.size = 0, 0
	if err := os.Truncate(k.path, 0); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// append adds lines to the file, and brings them to the disk if there are posts among them.
func (k *keeper) append(jobs []job) (err error) {
	file, err := os.OpenFile(k.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if info, err := file.Stat(); err != nil || info.Size() != k.size {
		return errors.Join(err, k.anew()) // it is not the file that was
	}
	text, posts, err := linesOf(jobs)
	if err != nil {
		return err
	}
	if _, err := file.Write(text); err != nil {
		return err
	}
	if k.lines, k.size = k.lines+len(jobs), k.size+int64(len(text)); posts {
		return file.Sync()
	}
	return nil
}

func linesOf(jobs []job) (text []byte, posts bool, err error) {
	for _, j := range jobs {
		line := keptLine{Done: j.done}
		if j.done == "" {
			line.Post, posts = &j.post, true
		}
		data, err := json.Marshal(line)
		if err != nil {
			return nil, false, fmt.Errorf("write post: %w", err)
		}
		text = append(append(text, data...), '\n')
	}
	return text, posts, nil
}

// anew puts a file that holds what is kept in the place of the old one.
func (k *keeper) anew() error {
	jobs := make([]job, len(k.posts))
	for i, p := range k.posts {
		jobs[i].post = p
	}
	text, _, err := linesOf(jobs)
	if err != nil {
		return err
	}
	if err := replace(k.path, text); err != nil {
		return err
	}
	k.lines, k.size = len(jobs), int64(len(text))
	return nil
}

// replace writes data beside path, for the owner's eyes only, and then in its place.
func replace(path string, data []byte) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temp.Name()))
		}
	}()
	_, err = temp.Write(data)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	return disk.SyncFolder(filepath.Dir(path))
}
