package media

import (
	"encoding/binary"
	"testing"
	"time"
)

// FuzzReceiver hands payloads of any bytes with any times to each codec: the tick must get its sound, finite, and must
// neither panic nor hang.
func FuzzReceiver(f *testing.F) {
	f.Add([]byte("\x00\x01\x00\xa0\x00\x08payload.\x00\x02\x01\x40\x00\x08payload."), uint8(0))
	f.Add([]byte{0, 1, 3, 192, 0, 3, 0x78, 1, 2, 0, 2, 7, 128, 0, 2, 0xff, 0xff}, uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, which uint8) {
		c, err := codecOf(format(t, []string{"PCMU", "PCMA", "G722", "opus"}[which%4]))
		if err != nil {
			t.Fatal(err)
		}
		r, err := newReceiver(c, c.PayloadType, 16000)
		if err != nil {
			t.Fatal(err)
		}
		var l letter
		dst := make([]float32, 320)
		var now time.Duration
		for len(data) >= 6 {
			l.seq, l.stamp = binary.BigEndian.Uint16(data), uint32(binary.BigEndian.Uint16(data[2:]))
			l.payloadType = c.PayloadType + data[4]&0x80
			n := min(int(data[5])*8, len(data)-6, len(l.payload))
			l.size = copy(l.payload[:], data[6:6+n])
			now += time.Duration(data[4]&0x7f) * time.Millisecond
			data = data[6+n:]
			r.push(&l, now)
			r.fill(dst, now)
			for _, s := range dst {
				if s != s || s > 2 || s < -2 {
					t.Fatalf("a sample of %v", s)
				}
			}
		}
	})
}
