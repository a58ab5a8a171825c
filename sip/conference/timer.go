package conference

import (
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// sessionTimer is what both ends agreed on (RFC 4028); the zero value is a session without a timer.
type sessionTimer struct {
	interval time.Duration
	// ours tells that we send the refreshes; else the far end does.
	ours bool
}

// readTimer is what the request asks for, answered by the rules of RFC 4028 section 9. ok is false if the interval is
// less than the shortest we take and the far end can be told so (422).
func readTimer(req sip.Message, shortest time.Duration) (t sessionTimer, ok bool) {
	value := strings.Join(values(req, "Session-Expires", "x"), ",")
	if value == "" {
		return sessionTimer{}, true
	}
	seconds, params, _ := strings.Cut(value, ";")
	n, err := strconv.ParseUint(strings.TrimSpace(seconds), 10, 31)
	if err != nil {
		return sessionTimer{}, true // not understood, so not there
	}
	t.interval = time.Duration(n) * time.Second
	knows := lists(req, "timer", "Supported", "k")
	t.ours = !knows || strings.EqualFold(param(params, "refresher"), "uas")
	if t.interval < shortest {
		t.interval = shortest
		return t, !knows
	}
	return t, true
}

// headers say the agreement in a 2xx.
func (t sessionTimer) headers() []sip.Header {
	if t.interval == 0 {
		return nil
	}
	value := strconv.Itoa(int(t.interval/time.Second)) + ";refresher="
	if t.ours {
		return []sip.Header{sip.NewHeader("Session-Expires", value+"uas")}
	}
	return []sip.Header{sip.NewHeader("Session-Expires", value+"uac"), sip.NewHeader("Require", "timer")}
}

// due is when this side must act: refresh at half the interval, or give the far end up a third or 32 s before its end,
// whichever is less (RFC 4028 section 10).
func (t sessionTimer) due() time.Duration {
	if t.ours {
		return t.interval / 2
	}
	return t.interval - min(32*time.Second, t.interval/3)
}

// values are those of a header under any of its names.
func values(msg sip.Message, names ...string) []string {
	var out []string
	for _, name := range names {
		for _, h := range msg.GetHeaders(name) {
			out = append(out, h.Value())
		}
	}
	return out
}

// lists tells whether a header that is a list with commas holds the word.
func lists(msg sip.Message, word string, names ...string) bool {
	for _, value := range values(msg, names...) {
		for item := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(item), word) {
				return true
			}
		}
	}
	return false
}

// param is the value of one parameter of "a=1;b=2", or empty.
func param(params, name string) string {
	for p := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
