package library

import (
	"encoding/json"
	"os"

	"orionbox/firmware/delivery"
)

// writeReceipt writes one as the outbox does, which alone may.
func writeReceipt(path string, r delivery.Receipt) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(delivery.ReceiptPath(path), data, 0o640)
}
