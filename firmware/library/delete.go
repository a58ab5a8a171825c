package library

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"orionbox/audio/disk"
	"orionbox/firmware/delivery"
	"orionbox/firmware/takes"
)

// Delete deletes recordings of a session for good. Nothing is deleted of a session that is being recorded or repaired
// (ErrInUse), and nothing at all if one of the names is wrong (ErrBadName, ErrNotFound). If one of them is on no producer's disk
// the error is Undelivered, which lists all that are not; Sure with its Token deletes them as well, as long as it is the
// same that are not. A delivered take counts as such only if it is, byte for byte, what was delivered, for which all of it is
// read: some seconds an hour of sound.
//
// No file named means a session without recordings: its folder goes. One that has some must be told which.
//
// At whatever moment the power goes, what is left is right:
//
//	the journal tells of each file         all are there; deleted once more, they are told of twice
//	a delivered take's receipt tells       the take is there and delivered, and is not deleted to make room; it is asked again
//	the recording goes                     it was delivered, or the journal tells that a person wanted it so
//	its receipt and its picture go         a receipt that stays tells of a take that was delivered
//	if none is left: the journal goes      a folder without recordings, which a repair leaves alone
//	the folder goes
//
// The outbox looks only at takes that are there, and is told what to forget (Config.Deleted).
func (l *Library) Delete(session string, files []string, sure Sure) error {
	dir, err := l.folder(session)
	if err != nil {
		return err
	}
	held, err := takes.Hold(dir)
	if err != nil {
		return fmt.Errorf("delete from %s: %w", session, err)
	}
	gone, err := l.deleteHeld(held, dir, once(files), sure)
	if err = errors.Join(err, held.Close()); len(gone) > 0 { // the outbox passes by what is held
		l.cfg.Deleted(dir, gone)
	}
	if err != nil {
		return fmt.Errorf("delete from %s: %w", session, err)
	}
	return nil
}

// deleteHeld deletes from a folder that is held, and gives what is gone, also when the rest failed.
func (l *Library) deleteHeld(held *takes.Held, dir string, files []string, sure Sure) (gone []string, err error) {
	all, err := condemn(dir, files)
	if err != nil {
		return nil, err
	}
	if u := undelivered(filepath.Base(dir), all); u != nil && u.Token != sure.Token {
		return nil, u
	}
	if err := l.note(held, all); err != nil {
		return nil, err
	}
	l.hands.Lock()
	defer l.hands.Unlock()
	for _, c := range all {
		if err := l.end(dir, c); err != nil {
			return gone, err
		}
		gone = append(gone, c.file)
	}
	if err := disk.SyncFolder(dir); err != nil {
		return gone, err
	}
	cleared, err := clearFolder(dir)
	switch {
	case cleared:
		gone = append(gone, takes.JournalName)
	case err == nil && len(files) == 0:
		err = errors.New("its folder holds files that no box wrote; it is kept")
	}
	return gone, err
}

// note tells the journal. One that has no room for it is no reason to keep what takes the room.
func (l *Library) note(held *takes.Held, all []condemned) error {
	var lines []takes.Entry
	for _, c := range all {
		n, _ := takes.ParseName(c.file) // it is one
		lines = append(lines, takes.Entry{Kind: takes.KindDeleted, Time: l.cfg.Now(), Take: n.Take, File: c.file, Bytes: c.info.Size(), Text: c.who()})
	}
	if len(lines) == 0 {
		return nil
	}
	err := held.Note(lines...)
	if errors.Is(err, unix.ENOSPC) {
		l.log.Warn("the journal does not tell what is deleted", "err", err)
		return nil
	}
	return err
}

// end deletes one recording and what stands beside it.
func (l *Library) end(dir string, c condemned) error {
	path := filepath.Join(dir, c.file)
	if now, err := os.Lstat(path); err == nil && !same(now, c.info) {
		return fmt.Errorf("%s was changed just now; it is kept", c.file)
	}
	var err error
	if c.delivered {
		_, err = c.receipt.Delete(path, l.cfg.Now())
	} else {
		err = os.Remove(path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // the outbox may have made room with it
		return err
	}
	l.log.Info("deleted a recording", "session", filepath.Base(dir), "file", c.file, "bytes", c.info.Size(), "who", c.who())
	return errors.Join(remove(delivery.ReceiptPath(path)), remove(peaksPath(path)))
}

// remove is os.Remove, for what need not be there.
func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// same tells that a file was not written to since.
func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
