package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"orionbox/audio/disk"
	"orionbox/firmware/hub"
	"orionbox/firmware/received"
)

// Receipt stands beside a recording of this box and tells what became of it. Without it all is found again from the hub.
type Receipt struct {
	Bytes   int64      `json:"bytes"`
	SHA256  string     `json:"sha256"`            // of a journal: of what the hub has of it
	Upload  string     `json:"upload"`            // id at the hub
	Whole   *time.Time `json:"whole,omitempty"`   // when the hub had found it right
	Taken   []Taken    `json:"taken"`             // by whom, and when: from the first on it is delivered
	Gone    bool       `json:"gone,omitempty"`    // from the hub, since every producer has it
	Deleted *time.Time `json:"deleted,omitempty"` // when this box deleted the recording
}

// Taken is a producer's box that has a recording.
type Taken struct {
	By   string    `json:"by"`
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

const receiptSuffix = ".receipt.json"

// ReceiptPath is where the receipt of a recording stands.
func ReceiptPath(recording string) string { return recording + receiptSuffix }

// ReceiptOf is the recording, or the journal, that a receipt of that path is of; false for any other file.
func ReceiptOf(path string) (recording string, ok bool) {
	return strings.CutSuffix(path, receiptSuffix)
}

// ReadReceipt reads what became of a recording. One that is not there, or damaged, tells nothing.
func ReadReceipt(recording string) (Receipt, error) {
	var r Receipt
	data, err := os.ReadFile(recording + receiptSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("read receipt: %w", err)
	}
	return r, nil
}

// write brings the receipt to the disk, whole or not at all.
func (r Receipt) write(recording string) error {
	data, err := json.MarshalIndent(r, "", "\t")
	if err == nil {
		err = disk.Replace(recording+receiptSuffix, append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write receipt: %w", err)
	}
	return nil
}

// Same tells whether a recording is, byte for byte, what the receipt is of. All of it is read.
func (r Receipt) Same(recording string) (bool, error) {
	sum, _, err := received.SHA256(recording)
	return err == nil && sum == r.SHA256, err
}

// Delete deletes a recording that is delivered, and Same, and gives its receipt, which tells so and comes first: at whatever
// moment the power goes, what is not there was delivered.
func (r Receipt) Delete(recording string, now time.Time) (Receipt, error) {
	r.Deleted = &now
	if err := r.write(recording); err != nil {
		return r, err
	}
	if err := os.Remove(recording); err != nil {
		return r, err
	}
	return r, disk.SyncFolder(filepath.Dir(recording))
}

// last is when a producer took the recording last.
func (r Receipt) last() (at time.Time) {
	for _, t := range r.Taken {
		if t.At.After(at) {
			at = t.At
		}
	}
	return at
}

// with is the receipt with what the hub tells.
func (r Receipt) with(f hub.File) Receipt {
	at := f.At.Time()
	r.Bytes, r.SHA256, r.Upload, r.Whole, r.Gone = f.Bytes, f.SHA256, f.Upload, &at, f.Gone
	r.Taken = []Taken{}
	for _, t := range f.Taken {
		r.Taken = append(r.Taken, Taken{t.By, t.Name, t.At.Time()})
	}
	return r
}
