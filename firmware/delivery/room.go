package delivery

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"orionbox/firmware/takes"
)

// MakeRoom has delivered takes deleted, the oldest first, until so many bytes of the disk are free or none is left. What no
// producer has on its own disk is never deleted.
func (o *Outbox) MakeRoom(enough int64) {
	o.change(func() { o.enough = enough })
}

func (o *Outbox) makeRoom() {
	o.mu.Lock()
	enough := o.enough
	o.enough = 0
	o.mu.Unlock()
	if enough <= 0 {
		return
	}
	for _, p := range o.deletable() {
		if free, err := takes.Free(o.cfg.Root); err != nil || free >= enough {
			return // one that cannot be measured is no reason to delete anything
		}
		if err := o.delete(p); err != nil {
			o.log.Error("make room", "file", p.path, "err", err)
		}
	}
}

// deletable are the takes that a producer has, the oldest first.
func (o *Outbox) deletable() []*parcel {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []*parcel
	for _, p := range o.book.parcels {
		if p.state == delivered && !p.journal && !p.open && len(p.receipt.Taken) > 0 && p.receipt.Deleted == nil {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b *parcel) int {
		return cmp.Or(cmp.Compare(a.key.Session, b.key.Session), cmp.Compare(a.key.File, b.key.File))
	})
	return all
}

// delete deletes a take that was delivered, if it is still what was delivered.
func (o *Outbox) delete(p *parcel) error {
	o.mu.Lock()
	r, now := p.receipt, o.now()
	o.mu.Unlock()
	same, err := r.Same(p.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !same:
		return errors.New("it is no longer what was delivered: it is kept")
	}
	if r, err = r.Delete(p.path, now); err != nil {
		return err
	}
	o.log.Info("deleted a delivered take to make room", "session", p.key.Session, "file", p.key.File, "bytes", r.Bytes, "to", r.Taken[0].By)
	o.mu.Lock()
	p.receipt = r
	o.mu.Unlock()
	return nil
}

// Deleted tells that a person had recordings of the session in a folder deleted, whether a producer had them or not: they are owed
// no more. If nothing else is left there, the journal is among the files. The session is looked through once more, since it
// was held meanwhile, and what is held is passed by.
func (o *Outbox) Deleted(dir string, files []string) {
	o.change(func() {
		for _, file := range files {
			if p := o.book.forget(keyOf(filepath.Join(dir, file))); p != nil {
				o.unsaved = slices.DeleteFunc(o.unsaved, func(u *parcel) bool { return u == p })
			}
		}
		o.look = append(o.look, dir)
	})
}
