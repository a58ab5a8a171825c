package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/time/rate"

	"orionbox/audio/disk"
	"orionbox/firmware/hub"
	"orionbox/firmware/received"
	"orionbox/firmware/takes"
)

const (
	fetchPiece  = 16 << 10 // bytes read at once
	fetchSlice  = 4 << 20  // and in one attempt, so that all get their turn
	maxJournal  = 64 << 20
	fetchStalls = 20 * time.Second
)

// fetch fetches some of a file; true once it is here, whole, and the hub knows.
func (i *Inbox) fetch(ctx context.Context, a *arrival) (bool, error) {
	folder, err := i.store.Folder(a.file.Box, a.file.Name, a.file.Session, a.group)
	if err != nil {
		return false, fmt.Errorf("%w: %w", errLocal, err)
	}
	if a.file.File == hub.JournalFile {
		return i.fetchJournal(ctx, a.file, folder)
	}
	if here(folder, a.file) {
		return i.confirm(ctx, a.file)
	}
	part, err := folder.Part(a.file.File)
	if err != nil {
		return false, fmt.Errorf("%w: %w", errLocal, err)
	}
	if err := i.fetchPart(ctx, a, part); err != nil || !a.complete() {
		return false, err
	}
	if ok, err := unfold(part, a); err != nil || !ok {
		return false, err
	}
	if err := i.keep(folder, a.file); err != nil {
		return false, fmt.Errorf("%w: %w", errLocal, err)
	}
	i.came[folder.Dir()]++
	return i.confirm(ctx, a.file)
}

// complete tells whether all of a file has arrived; it may have been unfolded before a loss of power.
func (a *arrival) complete() bool {
	return a.file.Whole() && (a.have == a.file.Bytes || a.have == a.file.Bytes+a.file.Head)
}

// here tells whether a take that is whole stands in the folder already.
func here(folder *received.Folder, f hub.File) bool {
	r, err := folder.Receipt(f.File)
	return err == nil && f.Whole() && r.SHA256 == f.SHA256
}

// confirm tells the hub that a file is here.
func (i *Inbox) confirm(ctx context.Context, f hub.File) (bool, error) {
	now, err := i.way.taken(ctx, f.Upload, f.SHA256)
	if err == nil && !now.TakenBy(i.cfg.Box) {
		return false, errors.New("the hub does not note that it is here")
	}
	if err == nil {
		i.log.Info("received", "file", f.File, "of", f.Box, "session", f.Session, "bytes", f.Bytes, "sha256", f.SHA256)
	}
	return err == nil, err
}

// keep puts a take that is whole in its place, with a receipt.
func (i *Inbox) keep(folder *received.Folder, f hub.File) error {
	kept, err := folder.Keep(f.File, f.SHA256)
	if err != nil {
		return err
	}
	if kept.Beside {
		i.log.Warn("another file has the name of one that has arrived: both are kept", "file", f.File, "as", kept.File, "folder", folder.Dir())
	}
	r := received.Receipt{Box: f.Box, Name: f.Name, Session: f.Session, File: f.File, Bytes: f.Bytes, SHA256: f.SHA256, Upload: f.Upload,
		Received: i.now(), By: i.cfg.Box}
	if kept.Beside {
		r.Kept = kept.File
	}
	return folder.PutReceipt(r)
}

// fetchPart appends to the part what the hub has behind it.
func (i *Inbox) fetchPart(ctx context.Context, a *arrival, path string) error {
	file, err := openPart(path)
	if err != nil {
		return fmt.Errorf("%w: %w", errLocal, err)
	}
	err = i.append(ctx, a, file)
	if bad := file.Close(); bad != nil {
		err = errors.Join(err, fmt.Errorf("%w: %w", errLocal, bad))
	}
	return err
}

func openPart(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, disk.FileMode)
}

func (i *Inbox) append(ctx context.Context, a *arrival, file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("%w: %w", errLocal, err)
	}
	a.have, a.more = info.Size(), false
	most := a.file.Bytes + a.file.Head
	switch {
	case a.file.Whole() && a.have > most:
		return errors.Join(fmt.Errorf("%w: more has arrived than there is", errAnew), os.Remove(file.Name()))
	case a.file.Whole() && a.have == most:
		return nil
	case a.file.Whole() && a.have == a.file.Bytes:
		if sum, _, err := received.SHA256(file.Name()); err == nil && sum == a.file.SHA256 { // all is done but its name
			return nil
		}
	}
	if err := i.room(max(0, most-a.have)); err != nil {
		return fmt.Errorf("%w: %w", errLocal, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	n := i.slice()
	body, err := i.way.fetch(ctx, a.file.Upload, a.have, n)
	if err != nil || body == nil {
		return err
	}
	defer func() { _ = body.Close() }() // read only
	came, err := i.copy(ctx, cancel, file, io.LimitReader(body, n))
	a.have, a.more = a.have+came, came == n
	return err
}

// slice is how much is asked for at once. What was asked for fills the buffers on its way as fast as the network can, whatever
// the call leaves room for: so that is not more than a second of it.
func (i *Inbox) slice() int64 {
	if limit := i.limit.Limit(); limit != rate.Inf {
		return max(fetchPiece, min(fetchSlice, int64(limit)))
	}
	return fetchSlice
}

// room is an error if the disk has no room for so many bytes more.
func (i *Inbox) room(bytes int64) error {
	free, err := takes.Free(i.store.Root())
	if err == nil && free-bytes < i.cfg.Reserve {
		err = fmt.Errorf("the disk of %s is full (%d MB free, %d MB in reserve): free some; nothing is lost, the hub keeps what has not arrived",
			i.store.Root(), free/1e6, i.cfg.Reserve/1e6)
	}
	return err
}

// copy writes what comes, as fast as the call leaves room for.
func (i *Inbox) copy(ctx context.Context, cancel context.CancelCauseFunc, file io.Writer, body io.Reader) (total int64, err error) {
	stalls := time.AfterFunc(fetchStalls, func() { cancel(errStalled) })
	defer stalls.Stop()
	piece := make([]byte, fetchPiece)
	for {
		n, failed := body.Read(piece)
		if _, err := file.Write(piece[:n]); err != nil {
			return total, fmt.Errorf("%w: %w", errLocal, err)
		}
		total += int64(n)
		switch {
		case errors.Is(failed, io.EOF):
			return total, nil
		case failed != nil:
			return total, fmt.Errorf("fetch from the hub: %w", failed)
		}
		stalls.Reset(fetchStalls)
		if i.limit.Limit() != rate.Inf {
			if err := i.limit.WaitN(ctx, n); err != nil {
				return total, err
			}
		}
	}
}

// unfold puts the head of a take, which came last, in its place, and compares the file with what its box has. Done again after a
// loss of power it comes to the same.
func unfold(path string, a *arrival) (ok bool, err error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false, fmt.Errorf("%w: %w", errLocal, err)
	}
	if a.have > a.file.Bytes {
		head := make([]byte, a.file.Head)
		_, err = file.ReadAt(head, a.file.Bytes)
		if err == nil {
			_, err = file.WriteAt(head, 0)
		}
		if err = errors.Join(err, file.Sync()); err == nil {
			err = file.Truncate(a.file.Bytes)
		}
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return false, fmt.Errorf("%w: %w", errLocal, err)
	}
	sum, bytes, err := received.SHA256(path)
	if err != nil {
		return false, fmt.Errorf("%w: %w", errLocal, err)
	}
	if sum == a.file.SHA256 && bytes == a.file.Bytes {
		return true, nil
	}
	if a.have == a.file.Bytes && a.file.Head > 0 { // its head has not come yet
		return false, nil
	}
	return false, errors.Join(fmt.Errorf("%w: what has arrived is not what was sent", errAnew), os.Remove(path))
}

// fetchJournal fetches a journal, which is short, at once.
func (i *Inbox) fetchJournal(ctx context.Context, f hub.File, folder *received.Folder) (bool, error) {
	if f.Bytes > maxJournal {
		return false, fmt.Errorf("%w: a journal of %d bytes is none", errAnew, f.Bytes)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	body, err := i.way.fetch(ctx, f.Upload, 0, f.Bytes)
	if err != nil || body == nil {
		return false, err
	}
	moving := watch(body, cancel)
	defer moving.stop()
	data, err := io.ReadAll(io.LimitReader(moving, f.Bytes+1))
	if err = errors.Join(err, body.Close()); err != nil {
		return false, fmt.Errorf("fetch from the hub: %w", err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != f.SHA256 {
		return false, fmt.Errorf("%w: the journal that has arrived is not the one that was sent", errAnew)
	}
	if _, err := folder.PutJournal(data); err != nil && !errors.Is(err, fs.ErrExist) {
		return false, fmt.Errorf("%w: %w", errLocal, err)
	}
	return i.confirm(ctx, f)
}
