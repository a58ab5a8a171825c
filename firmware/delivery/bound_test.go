package delivery

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"orionbox/firmware/delivery/door"
)

// long is a take of about so many bytes: a short one whose frames come again and again, and whose first frame tells of all.
func long(t *testing.T, dir string, size int64) (path string) {
	t.Helper()
	path = record(t, dir, 2, nil)
	short, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const frame, side = 960, 4 + 32 // of 320 kbit/s at 48 kHz; where the Info tag begins
	rounds := size / int64(len(short)-frame)
	head := bytes.Clone(short[:frame])
	binary.BigEndian.PutUint32(head[side+12:], uint32(frame+rounds*int64(len(short)-frame)))
	binary.BigEndian.PutUint16(head[side+154:], crc16(head[:side+154]))
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	_, err = file.Write(head)
	for range rounds {
		if err == nil {
			_, err = file.Write(short[frame:])
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// crc16 is that of an Info tag: x^16 + x^15 + x^2 + 1, reflected.
func crc16(data []byte) (crc uint16) {
	for _, b := range data {
		crc ^= uint16(b)
		for range 8 {
			if crc&1 == 1 {
				crc = crc>>1 ^ 0xa001
			} else {
				crc >>= 1
			}
		}
	}
	return crc
}

// A take of 100 MB passes through outbox, hub and inbox, all three in this process, in little memory; when they have ended nothing is
// left of them.
func TestLongTakeTakesLittle(t *testing.T) {
	const most = 30 << 20 // bytes
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	root, folder := t.TempDir(), t.TempDir()
	dir := filepath.Join(root, testSession)
	path := long(t, dir, 100e6)
	s := newStudio(t, door.Config{})
	before := descriptors(t)
	o := s.alice(root, End)
	i := s.producer("carol", folder)
	runtime.GC()
	var peak atomic.Uint64
	start := heap()
	ctx, cancel := context.WithCancel(t.Context())
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for tick := time.NewTicker(10 * time.Millisecond); ctx.Err() == nil; <-tick.C {
			peak.Store(max(peak.Load(), heap()))
		}
	}()
	s.tells(o.Filed)
	o.LookThrough()
	stops := []func(){run(t, o.Run), run(t, i.Run)}
	isDelivered(t, path, folder)
	cancel()
	<-watched
	if took := int64(peak.Load()) - int64(start); took > most {
		t.Errorf("it took %d MB", took>>20)
	} else {
		t.Logf("it took %d MB", took>>20)
	}
	for _, stop := range stops {
		stop()
	}
	for end := time.Now().Add(5 * time.Second); left() != ""; <-time.After(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("a goroutine is left:\n%s", left())
		}
	}
	eventually(t, "no descriptor is left", func() bool { return descriptors(t) <= before+1 }) // the producer's folder is held
	s.stop()
	eventually(t, "no goroutine of the hub's files is left", func() bool { return !strings.Contains(stacks(), "delivery/door.") })
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func stacks() string {
	text := make([]byte, 4<<20)
	return string(text[:runtime.Stack(text, true)])
}

// left are the goroutines of outboxes, inboxes and their ways.
func left() string {
	for _, one := range strings.Split(stacks(), "\n\n") {
		if strings.Contains(one, "delivery.(*Outbox)") || strings.Contains(one, "delivery.(*Inbox).Run") || strings.Contains(one, "net/http.(*persistConn)") {
			return one
		}
	}
	return ""
}
