package phone

import (
	"fmt"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// minSessionExpires is the least that RFC 4028 section 4 lets anyone ask for.
const minSessionExpires = 90 * time.Second

// sessionTimer is the agreement that a call is dead unless it is refreshed (RFC 4028).
type sessionTimer struct {
	interval time.Duration // 0: no agreement
	ours     bool          // we refresh, not the far side
}

// agreed reads a 2xx to a request of ours: it names who refreshes, us (uac) or the far side (uas).
func agreed(res *sip.Response) sessionTimer {
	interval, refresher := sessionExpires(res)
	return sessionTimer{interval: interval, ours: refresher != "uas"}
}

// asked reads a request of the far side, whose names are the other way round; nobody named leaves it to the far side.
func asked(req *sip.Request) sessionTimer {
	interval, refresher := sessionExpires(req)
	return sessionTimer{interval: interval, ours: refresher == "uas"}
}

// due is how long after a refresh to act: to refresh at half time, or to hang up shortly before the end (section 10).
func (s sessionTimer) due() time.Duration {
	if s.ours {
		return s.interval / 2
	}
	return s.interval - min(32*time.Second, s.interval/3)
}

// header is what a 2xx of ours to the far side's request says.
func (s sessionTimer) header() string {
	refresher := "uac"
	if s.ours {
		refresher = "uas"
	}
	return fmt.Sprintf("%d;refresher=%s", int(s.interval/time.Second), refresher)
}

// headed is a request or a response.
type headed interface{ GetHeader(name string) sip.Header }

// sessionExpires reads "1800;refresher=uac", by its full or compact name; 0 if there is none.
func sessionExpires(m headed) (time.Duration, string) {
	h := m.GetHeader("session-expires")
	if h == nil {
		h = m.GetHeader("x")
	}
	if h == nil {
		return 0, ""
	}
	value, params, _ := strings.Cut(h.Value(), ";")
	refresher := ""
	for p := range strings.SplitSeq(params, ";") {
		if key, v, _ := strings.Cut(strings.TrimSpace(p), "="); strings.EqualFold(strings.TrimSpace(key), "refresher") {
			refresher = strings.ToLower(strings.TrimSpace(v))
		}
	}
	return min(seconds(value), 24*time.Hour), refresher
}
