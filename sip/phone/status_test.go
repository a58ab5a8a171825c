package phone

import (
	"fmt"
	"testing"
	"time"
)

func TestOnlyChangesAreTold(t *testing.T) {
	var b board
	b.init(testLog(t))
	b.set(Registering, nil, time.Time{})
	b.setRegistered(false)
	b.speaks("")
	if n := len(b.events); n != 0 {
		t.Errorf("%d events of nothing", n)
	}
	at := time.Now()
	for range 2 {
		b.setRegistered(true)
		b.set(Retrying, failed(Busy, "486 Busy Here"), at)
		b.set(Retrying, nil, at)
	}
	if n := len(b.events); n != 2 {
		t.Errorf("%d events of 2 changes", n)
	}
}

func TestNewestEventIsNeverLost(t *testing.T) {
	var b board
	b.init(testLog(t))
	last := ""
	for i := range 3 * cap(b.events) {
		last = fmt.Sprint(i)
		b.speaks(last)
		b.speaks(last)
	}
	var e Event
	for len(b.events) > 0 {
		e = <-b.events
	}
	if e.Status.Codec != last || e.Status.Codec != b.status().Codec {
		t.Errorf("the newest event is %+v", e.Status)
	}
}
