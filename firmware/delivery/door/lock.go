package door

import (
	"context"
	"net/http"
	"sync"

	"github.com/tus/tusd/v2/pkg/handler"
)

// locks hold each upload for one request at a time. A box asks about its upload again when it believes that its last request is
// dead: so that one is ended, whatever it may still have to send.
type locks struct {
	mu   sync.Mutex
	held map[string]*holder
}

type holder struct {
	free chan struct{} // closed when it is
	body *body         // nil: it sends nothing
}

// NewLock implements handler.Locker.
func (l *locks) NewLock(id string) (handler.Lock, error) { return lock{l, id}, nil }

type lock struct {
	all *locks
	id  string
}

type bodyKey struct{}

// Lock waits until the upload is free, and sees to it that this does not take long. How tusd would have its own requests end is not
// used: it may miss one that has just begun.
func (k lock) Lock(ctx context.Context, _ func()) error {
	mine, _ := ctx.Value(bodyKey{}).(*body)
	for {
		h := k.try(mine)
		if h == nil {
			return nil
		}
		select {
		case <-h.free:
		case <-ctx.Done():
			return handler.ErrLockTimeout
		}
	}
}

// try takes the lock, or gives who has it, who is told to let go.
func (k lock) try(mine *body) *holder {
	k.all.mu.Lock()
	defer k.all.mu.Unlock()
	if h := k.all.held[k.id]; h != nil {
		h.body.end()
		return h
	}
	k.all.held[k.id] = &holder{make(chan struct{}), mine}
	return nil
}

// Unlock frees the upload.
func (k lock) Unlock() error {
	k.all.mu.Lock()
	defer k.all.mu.Unlock()
	close(k.all.held[k.id].free)
	delete(k.all.held, k.id)
	return nil
}

var errInterrupted = handler.NewError("ERR_UPLOAD_INTERRUPTED", "its box has asked about it anew", http.StatusConflict)
