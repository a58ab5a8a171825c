package delivery

import (
	"fmt"
	"time"
)

// OutboxStatus is what an outbox tells of itself.
type OutboxStatus struct {
	Policy    Policy         `json:"policy"`
	Rate      float64        `json:"bytes_per_second"`       // of late; 0: nothing moves
	Limit     int64          `json:"limit_bytes_per_second"` // that the call leaves; 0: none
	Left      int64          `json:"left_bytes"`             // of what is recorded so far
	Seconds   float64        `json:"seconds_left"`           // at that rate; 0: nothing is left, or nothing moves
	Sending   *ParcelStatus  `json:"sending,omitempty"`      // what goes out now
	Waiting   []ParcelStatus `json:"waiting"`                // takes that no producer has yet, oldest first
	Delivered int            `json:"delivered"`              // takes that a producer has
	Trouble   string         `json:"trouble,omitempty"`      // why nothing is sent
}

// ParcelStatus is how far a recording has come.
type ParcelStatus struct {
	Session string `json:"session"`
	File    string `json:"file"`
	Bytes   int64  `json:"bytes"`
	Sent    int64  `json:"sent_bytes"` // that the hub has
	Open    bool   `json:"open"`       // it still grows
	Wanted  bool   `json:"wanted"`     // a producer has asked for it
	Whole   bool   `json:"whole"`      // the hub has it, and found it right
	Trouble string `json:"trouble,omitempty"`
}

// Status is how far all is.
func (o *Outbox) Status() OutboxStatus {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := OutboxStatus{Policy: o.book.policy, Rate: o.speed.rate(o.now()), Limit: o.way.pacer.now(), Waiting: []ParcelStatus{}, Trouble: o.book.trouble}
	for _, p := range o.book.parcels {
		switch {
		case p.journal:
		case p.state == delivered:
			s.Delivered++
		default:
			s.Waiting = append(s.Waiting, p.status())
			s.Left += max(0, p.bytes-p.sent())
		}
	}
	if p := o.sending; p != nil && !p.journal {
		now := p.status()
		s.Sending = &now
	}
	if s.Rate > 0 {
		s.Seconds = float64(s.Left) / s.Rate
	}
	return s
}

func (p *parcel) sent() int64 {
	if p.state == whole || p.state == delivered {
		return p.bytes
	}
	return min(max(0, p.offset), p.bytes)
}

func (p *parcel) status() ParcelStatus {
	return ParcelStatus{Session: p.key.Session, File: p.key.File, Bytes: p.bytes, Sent: p.sent(), Open: p.open,
		Wanted: p.wanted > 0, Whole: p.state == whole, Trouble: p.err}
}

// Line is the status in words.
func (s OutboxStatus) Line() string {
	if len(s.Waiting) == 0 && s.Delivered == 0 {
		return "nothing is recorded that could be delivered"
	}
	if len(s.Waiting) == 0 {
		return fmt.Sprintf("all %d takes are delivered", s.Delivered)
	}
	text := fmt.Sprintf("%d of %d takes are delivered, %.1f MB to go", s.Delivered, s.Delivered+len(s.Waiting), float64(s.Left)/1e6)
	if s.Sending != nil {
		text += fmt.Sprintf("; %s: %.0f %%", s.Sending.File, percent(s.Sending.Sent, s.Sending.Bytes))
	}
	if s.Rate > 0 && s.Left > 0 && s.Trouble == "" {
		text += fmt.Sprintf(", %.0f kB/s, %v left", s.Rate/1e3, (time.Duration(s.Seconds) * time.Second).Round(time.Second))
	}
	if s.Trouble != "" {
		text += "; waits: " + s.Trouble
	}
	return text
}

func percent(part, of int64) float64 {
	if of <= 0 {
		return 0
	}
	return 100 * float64(part) / float64(of)
}

// Missing says what is to be done until all is delivered and confirmed.
func (s OutboxStatus) Missing() []string {
	var all []string
	for _, p := range s.Waiting {
		if why := p.missing(s); why != "" {
			all = append(all, fmt.Sprintf("%s in %s %s", p.File, p.Session, why))
		}
	}
	return all
}

func (p ParcelStatus) missing(s OutboxStatus) string {
	switch {
	case p.Whole:
		return "is at the hub and was compared; no producer has taken it yet"
	case p.Open && s.Policy != Live:
		return "is being recorded"
	case p.Trouble != "":
		return "waits: " + p.Trouble
	case s.Policy == Request && !p.Wanted:
		return "waits until a producer asks for it"
	case s.Trouble != "":
		return "waits: " + s.Trouble
	}
	return fmt.Sprintf("is on its way: %.0f %%", percent(p.Sent, p.Bytes))
}

// Missing says what has not come whole yet.
func (s InboxStatus) Missing() []string {
	var all []string
	for _, a := range s.Arriving {
		all = append(all, fmt.Sprintf("%s of %s is arriving: %.1f MB", a.File, a.Name, float64(a.Have)/1e6))
	}
	if len(all) == 0 && s.Trouble != "" {
		all = append(all, "what has arrived is not cut: "+s.Trouble)
	}
	return all
}

// Line is the status in words.
func (s InboxStatus) Line() string {
	text := fmt.Sprintf("%d takes in %s", s.Received, s.Folder)
	if len(s.Arriving) > 0 {
		bytes := int64(0)
		for _, a := range s.Arriving {
			bytes += a.Have
		}
		text += fmt.Sprintf(", %d arriving (%.1f MB here)", len(s.Arriving), float64(bytes)/1e6)
	}
	if s.Trouble != "" {
		text += "; waits: " + s.Trouble
	}
	return text
}
