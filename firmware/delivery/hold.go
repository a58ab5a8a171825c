package delivery

import "time"

// hold keeps everything back while the hub cannot be reached, or takes nothing.
type hold struct {
	until   time.Time
	holds   int // in a row
	trouble string
}

// pause holds all back for a while that grows with each in a row.
func (h *hold) pause(now time.Time, least time.Duration, why string) {
	h.holds = min(h.holds+1, 6)
	h.trouble = why
	h.until = now.Add(max(least, min(250*time.Millisecond<<h.holds, 5*time.Second)))
}

// retry has what is held back tried at once. What was wrong stays told until something goes.
func (h *hold) retry() { h.until, h.holds = time.Time{}, 0 }

// went notes that the hub was reached and took or gave something.
func (h *hold) went() { *h = hold{} }
