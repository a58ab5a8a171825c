package conference

import (
	"math"
	"testing"
	"time"

	"orionbox/sip/siptest"
)

// TestRealTelephone lets a real baresip register, call in, hear one of our legs and be heard by it.
func TestRealTelephone(t *testing.T) {
	c := host(t, func(cfg *Config) { cfg.Users = map[string]string{"alice": members["alice"], "1002": "secret1002"} })
	alice := newPhone(t, c, "udp", "alice")
	alice.join()
	for i, codec := range []string{"opus", "G722", "PCMU"} {
		transport := []string{"udp", "tcp"}[i%2]
		t.Run(codec+"/"+transport, func(t *testing.T) {
			b := siptest.StartBaresip(t, siptest.BaresipOptions{
				Server: c.Addr().String(), User: "1002", Transport: transport, Codec: codec, Tone: baresipTone,
			})
			b.Dial("600")
			var level float64
			waitFor(t, "baresip's tone", func() bool {
				level = alice.listen(500 * time.Millisecond).Tone(baresipTone)
				return math.Abs(level-baresipLevel) < 1.5
			})
			b.Talk(3 * time.Second)
			b.Hangup()
			heard := b.Heard()
			heard = heard.Cut(heard.Duration()-time.Second, heard.Duration()-200*time.Millisecond)
			if got := heard.Tone(tones["alice"]); math.Abs(got-toneLevel) > 1.5 {
				t.Errorf("baresip hears us at %.1f dB, want %d", got, toneLevel)
			}
			if got := heard.Tone(baresipTone); got > -60 {
				t.Errorf("baresip hears itself at %.1f dB", got)
			}
		})
	}
}

// What baresip plays, in Hz and dBFS RMS.
const (
	baresipTone  = 900
	baresipLevel = -9
)
