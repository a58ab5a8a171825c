package clock

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

func TestInstantInJSON(t *testing.T) {
	for _, i := range []Instant{1, 1795489085715269021, math.MaxInt64, -5, math.MinInt64, Instant(time.Hour)} {
		data, err := json.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		var back Instant
		if err := json.Unmarshal(data, &back); err != nil || back != i {
			t.Errorf("%d is %s, read as %d, %v", i, data, back, err)
		}
	}
	if data, err := json.Marshal(Instant(1795489085715269021)); err != nil || string(data) != `"2026-11-24T02:58:05.715269021Z"` {
		t.Errorf("%s, %v", data, err)
	}
	var i Instant
	for _, bad := range []string{`12`, `"soon"`, `"3000-01-01T00:00:00Z"`, `"2026-11-24"`, `{}`} {
		if err := json.Unmarshal([]byte(bad), &i); err == nil {
			t.Errorf("%s is read as %d", bad, i)
		}
	}
}
