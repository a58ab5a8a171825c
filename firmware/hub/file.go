package hub

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"

	"orionbox/firmware/clock"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// File is a take or a journal of one box on its way to the producers, as the hub has it: growing, or whole.
type File struct {
	takes.TrackKey
	Name   string        `json:"name"`             // of the person
	Upload string        `json:"upload"`           // its id below FilesPath
	Bytes  int64         `json:"bytes,omitempty"`  // of the whole file; 0 while it grows
	SHA256 string        `json:"sha256,omitempty"` // of the whole file, in hex, as its box gave it and the hub found it
	Head   int64         `json:"head,omitempty"`   // how many bytes at the end of the upload belong at the file's start, in place of what stands there
	At     clock.Instant `json:"at,omitempty"`     // when the hub had found it whole
	Taken  []Taken       `json:"taken,omitempty"`  // who has it
	Ended  bool          `json:"ended,omitempty"`  // no more of it comes: its box was revoked before it was whole
	Gone   bool          `json:"gone,omitempty"`   // the hub has let go of it: every producer has it
}

// Guest is who is behind a request at the files' door: a box, by its credential.
type Guest struct {
	Room string // its name
	User string // as User makes it
	ID   string
	Name string
	Role session.Role
}

// Taken says that a producer's box has a file on its own disk, whole.
type Taken struct {
	By   string        `json:"by"` // id of the box
	Name string        `json:"name"`
	At   clock.Instant `json:"at"`
}

// Whole tells whether all of the file is at the hub, and is what its box has.
func (f File) Whole() bool { return f.SHA256 != "" }

// TakenBy tells whether a box has the file.
func (f File) TakenBy(id string) bool {
	for _, t := range f.Taken {
		if t.By == id {
			return true
		}
	}
	return false
}

// JournalFile is the name by which a session's journal goes to the hub.
const JournalFile = takes.JournalName

// maxTaken is how many producers may be told to have a file.
const maxTaken = 1000

var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)

// CheckSHA256 is an error for what cannot be a SHA-256 in hex.
func CheckSHA256(sum string) error {
	if !sha256Form.MatchString(sum) {
		return errors.New("a SHA-256 is 64 small hex digits")
	}
	return nil
}

// CheckFileKey is an error for what names no take and no journal of a session: the names become those of files elsewhere.
func CheckFileKey(k takes.TrackKey) error {
	if err := errors.Join(CheckID(k.Box), takes.CheckSession(k.Session)); err != nil || k.File == JournalFile {
		return err
	}
	if name, err := takes.CheckFile(k.File); err != nil || !name.Studio {
		return errors.New("its file is neither the name of a studio recording nor of a journal")
	}
	return nil
}

// Check is an error for a file that cannot be.
func (f File) Check() error {
	err := errors.Join(CheckFileKey(f.TrackKey), CheckName(f.Name), CheckUpload(f.Upload))
	if f.SHA256 != "" {
		err = errors.Join(err, CheckSHA256(f.SHA256))
	}
	if f.Bytes < 0 || f.Head < 0 || f.Head > f.Bytes || len(f.Taken) > maxTaken {
		err = errors.Join(err, errors.New("a number is out of range"))
	}
	for _, t := range f.Taken {
		err = errors.Join(err, CheckID(t.By), CheckName(t.Name))
	}
	return wrapCheck("file", err)
}

var uploadForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// CheckUpload is an error for what is no id of an upload.
func CheckUpload(id string) error {
	if !uploadForm.MatchString(id) {
		return errors.New("an upload's id is 32 small hex digits")
	}
	return nil
}

// UploadID is the id of the one upload of a file of a room: both ends know it, so a box that has forgotten all finds its upload
// again. A journal goes as one upload for each version, a take, which only grows, as a single one with the version "".
func UploadID(room string, k takes.TrackKey, version string) string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%q", []string{room, k.Box, k.Session, k.File, version})))
	return hex.EncodeToString(sum[:16])
}

// ParseFile reads a file as the hub tells it.
func ParseFile(data []byte) (File, error) { return parse[File]("file", data, MaxMessage) }
