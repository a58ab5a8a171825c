package received

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"orionbox/firmware/takes"
)

const receiptSuffix = ".receipt.json"

// Receipt is what both ends agreed about a take that was delivered. A later version only adds fields.
type Receipt struct {
	V        int       `json:"v"`
	Box      string    `json:"box"`  // id of the artist's
	Name     string    `json:"name"` // of the person
	Session  string    `json:"session"`
	File     string    `json:"file"`           // as the artist's box named it
	Kept     string    `json:"kept,omitempty"` // its name here, if another file has that
	Bytes    int64     `json:"bytes"`
	SHA256   string    `json:"sha256"`           // in hex
	Upload   string    `json:"upload,omitempty"` // id at the hub
	Received time.Time `json:"received"`         // by the producer's clock
	By       string    `json:"by"`               // id of the box that received it
}

// receiptVersion is that of the receipts that are written.
const receiptVersion = 1

// Check is an error for one that no box wrote.
func (r Receipt) Check() error {
	sum, err := hex.DecodeString(r.SHA256)
	switch {
	case r.V < 1:
		return errors.New("it has no version")
	case err != nil || len(sum) != 32:
		return errors.New("its sha256 is not one")
	case r.Bytes < 0:
		return errors.New("its length is out of range")
	case r.Kept != "" && !isBeside(r.Kept, r.File):
		return errors.New("the name that it was kept under is not one")
	}
	return errors.Join(Owner{r.Box, r.Name, r.Session}.Check(), checkTake(r.File), takes.CheckPerson(r.By, ""))
}

// isBeside tells whether kept is one of the names that Keep makes of file.
func isBeside(kept, file string) bool {
	stem := strings.TrimSuffix(file, ".mp3") + "_"
	number, ok := strings.CutPrefix(strings.TrimSuffix(kept, ".mp3"), stem)
	return ok && strings.HasSuffix(kept, ".mp3") && len(number) < 10 && number != "" && strings.Trim(number, "0123456789") == ""
}

// checkKept is checkTake, for the names that Keep gives.
func checkKept(file string) error {
	err := checkTake(file)
	if at := strings.LastIndexByte(file, '_'); err != nil && at > 0 {
		if take := file[:at] + ".mp3"; checkTake(take) == nil && isBeside(file, take) {
			return nil
		}
	}
	return err
}

// name is that of the file it is about.
func (r Receipt) name() string {
	if r.Kept != "" {
		return r.Kept
	}
	return r.File
}

func parseReceipt(data []byte) (r Receipt, err error) {
	if err = json.Unmarshal(data, &r); err == nil {
		err = r.Check()
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("read receipt: %w", err)
	}
	return r, nil
}

// PutReceipt writes the receipt of a take that stands in the folder.
func (f *Folder) PutReceipt(r Receipt) error {
	r.V = receiptVersion
	if err := r.Check(); err != nil {
		return fmt.Errorf("put receipt: %w", err)
	}
	if (Owner{Box: r.Box, Session: r.Session}) != f.owner.key() {
		return fmt.Errorf("put receipt: %s is not of this folder's session", r.File)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writeJSON(r.name()+receiptSuffix, r)
}

// Receipt is that of a file in the folder; fs.ErrNotExist if there is none.
func (f *Folder) Receipt(file string) (Receipt, error) {
	if err := checkKept(file); err != nil {
		return Receipt{}, fmt.Errorf("read receipt: %w", err)
	}
	return readReceipt(f.path(file + receiptSuffix))
}

// ReadReceipt is that of a take at a path, for who only reads.
func ReadReceipt(take string) (Receipt, error) { return readReceipt(take + receiptSuffix) }

func readReceipt(path string) (Receipt, error) {
	data, err := readSmall(path, maxJSON)
	if err != nil {
		return Receipt{}, fmt.Errorf("read receipt: %w", err)
	}
	return parseReceipt(data)
}

// Receipts are all that can be read, by the names of their files; the error joins why others cannot.
func (f *Folder) Receipts() ([]Receipt, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, fmt.Errorf("read receipts: %w", err)
	}
	var all []Receipt
	var errs []error
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), receiptSuffix) || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		r, err := readReceipt(f.path(e.Name()))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.Name(), err))
			continue
		}
		all = append(all, r)
	}
	return all, errors.Join(errs...)
}
