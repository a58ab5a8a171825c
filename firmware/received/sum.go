package received

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// SHA256 is the SHA-256 of a file in hex (FIPS 180-4), as receipts and the hub give it, and the file's length.
func SHA256(path string) (sum string, bytes int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, fmt.Errorf("sum up recording: %w", err)
	}
	h := sha256.New()
	bytes, err = io.Copy(h, f)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", 0, fmt.Errorf("sum up recording: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), bytes, nil
}
