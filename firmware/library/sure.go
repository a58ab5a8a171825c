package library

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"orionbox/firmware/delivery"
	"orionbox/firmware/takes"
)

// Sure is a person's second word: the Token of the Undelivered that they were shown. The zero value is the first word.
type Sure struct{ Token string }

// Undelivered is the error of a Delete that would delete what no producer has: takes that are not delivered, or are no longer what
// was delivered, and voice recordings, which are delivered to nobody.
type Undelivered struct {
	Session string
	Files   []string
	Token   string // made from just these files, as they are
}

func (u *Undelivered) Error() string {
	return fmt.Sprintf("no producer has %s: they would be lost; delete them only if that is what is wanted", strings.Join(u.Files, ", "))
}

// condemned is a recording that is to be deleted.
type condemned struct {
	file      string
	info      fs.FileInfo
	receipt   delivery.Receipt
	delivered bool
}

// who says who had it.
func (c condemned) who() string {
	n, _ := takes.ParseName(c.file) // it is one
	switch {
	case c.delivered:
		return "deleted by a person; it was delivered to " + c.receipt.Taken[0].By
	case n.Studio:
		return "deleted by a person; no producer had it"
	}
	return "deleted by a person"
}

// condemn looks at the recordings of those names in a folder.
func condemn(dir string, files []string) ([]condemned, error) {
	if len(files) == 0 {
		return nil, empty(dir)
	}
	for _, file := range files { // before any of them is read
		if err := there(dir, file); err != nil {
			return nil, err
		}
	}
	var all []condemned
	for _, file := range files {
		c := condemned{file: file}
		var err error
		path := filepath.Join(dir, file)
		if c.info, err = os.Lstat(path); err != nil {
			return nil, err
		}
		if c.receipt, err = delivery.ReadReceipt(path); err == nil && len(c.receipt.Taken) > 0 { // one that is damaged tells nothing
			if c.delivered, err = c.receipt.Same(path); err != nil {
				return nil, err
			}
		}
		all = append(all, c)
	}
	return all, nil
}

// empty is an error for a folder with recordings.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, ok := takes.ParseName(e.Name()); ok {
			return fmt.Errorf("%w: which? it has recordings", ErrBadName)
		}
	}
	return nil
}

// undelivered lists those that no producer has; nil if there are none.
func undelivered(session string, all []condemned) *Undelivered {
	u := &Undelivered{Session: session}
	sum := sha256.New()
	fmt.Fprintf(sum, "%q\n", session)
	for _, c := range all {
		if !c.delivered {
			u.Files = append(u.Files, c.file)
			fmt.Fprintf(sum, "%q %d %d\n", c.file, c.info.Size(), c.info.ModTime().UnixNano())
		}
	}
	if len(u.Files) == 0 {
		return nil
	}
	u.Token = hex.EncodeToString(sum.Sum(nil))
	return u
}
