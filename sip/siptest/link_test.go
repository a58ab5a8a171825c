package siptest

import (
	"testing"
	"time"

	"orionbox/audio/audiotest/lab"
)

// The measure of a call must see a bad link, or a test that finds a call unharmed by it says nothing.
func TestCallSuffersFromAFullLink(t *testing.T) {
	link := lab.NewLink(t, lab.LinkConfig{Rate: 2_000_000, Buffer: 400 * time.Millisecond})
	server := StartAsterisk(t, AsteriskOptions{At: link.B()})
	phone := StartBaresip(t, BaresipOptions{At: link.A(), Server: server.Addr(), User: "1001", Codec: "PCMU", Tone: 440})
	phone.Dial("601")
	phone.Talk(8 * time.Second) // one report of RTCP at least
	idle := server.Legs()[0]
	if idle.Received < 300 || idle.Lost+idle.FarLost > 0 || idle.RoundTrip > 50*time.Millisecond {
		t.Errorf("over an idle link: %+v", idle)
	}
	stop := link.Fill(link.A(), link.B())
	server.Wait("the call to suffer", func() bool {
		full := server.Legs()[0]
		return full.RoundTrip > 130*time.Millisecond && full.Lost > idle.Lost
	})
	t.Logf("idle %+v, full %+v", idle, server.Legs()[0])
	stop()
	phone.Hangup()
}

func TestLegsAreRead(t *testing.T) {
	a := StartAsterisk(t, AsteriskOptions{})
	if got := a.Legs(); len(got) != 0 {
		t.Errorf("%v of a server without calls", got)
	}
	got, ok := readLeg([]string{"0c3f", "1001-00000000", "00:40:00", "ulaw", "120K", "5", "0", "0.012", "119K", "6", "0", "0.003", "0.250"})
	want := Leg{120_000, 5, 12 * time.Millisecond, 119_000, 6, 3 * time.Millisecond, 250 * time.Millisecond}
	if !ok || got != want {
		t.Errorf("read %+v, %t; want %+v", got, ok, want)
	}
}
