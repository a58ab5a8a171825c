package siptest

import (
	"math"
	"strings"
	"testing"
	"time"

	"orionbox/audio/audiotest"
)

// echo calls the echo of the server and returns what came back, without the first and last moments.
func echo(t *testing.T, opts BaresipOptions) audiotest.Sound {
	t.Helper()
	b := StartBaresip(t, opts)
	b.Dial("607")
	b.Talk(2 * time.Second)
	b.Hangup()
	heard := b.Heard()
	return heard.Cut(heard.Duration()/3, heard.Duration()-200*time.Millisecond)
}

func TestBaresipHearsItselfInEveryCodec(t *testing.T) {
	a := StartAsterisk(t, AsteriskOptions{})
	for i, codec := range []string{"opus", "G722", "PCMU", "PCMA"} {
		for _, transport := range []string{"udp", "tcp"} {
			freq := float64(440 + 100*i)
			heard := echo(t, BaresipOptions{Server: a.Addr(), User: "1002", Codec: codec, Transport: transport, Tone: int(freq)})
			if got := heard.MainFrequency(); math.Abs(got-freq) > 1 {
				t.Errorf("%s over %s: heard %.1f Hz, want %g", codec, transport, got, freq)
			}
			if got := heard.Tone(freq); math.Abs(got+9) > 1.5 {
				t.Errorf("%s over %s: heard the tone at %.1f dBFS, want -9", codec, transport, got)
			}
		}
	}
	var rx []string
	for _, f := range a.Recordings() {
		if strings.HasSuffix(f, "-rx.sln48") {
			rx = append(rx, f)
		}
	}
	if len(rx) != 8 {
		t.Fatalf("server recorded %q, want 8 calls", a.Recordings())
	}
	if got := audiotest.ReadRaw(t, rx[0], 48000).MainFrequency(); math.Abs(got-440) > 1 {
		t.Errorf("server recorded %.1f Hz of the first call, want 440", got)
	}
}

func TestBaresipPlaysASound(t *testing.T) {
	a := StartAsterisk(t, AsteriskOptions{Codecs: "opus"})
	sound := audiotest.Sine(48000, 777, -20, time.Minute)
	heard := echo(t, BaresipOptions{Server: a.Addr(), User: "1003", Sound: &sound})
	if got := heard.Tone(777); math.Abs(got+20) > 1 {
		t.Errorf("heard 777 Hz at %.1f dBFS, want -20", got)
	}
}

func TestConferenceGivesEverybodyTheOthers(t *testing.T) {
	a := StartAsterisk(t, AsteriskOptions{})
	one := StartBaresip(t, BaresipOptions{Server: a.Addr(), User: "1001", Codec: "opus", Tone: 440})
	two := StartBaresip(t, BaresipOptions{Server: a.Addr(), User: "1002", Codec: "G722", Tone: 660})
	one.Dial("600")
	two.Dial("600")
	one.Talk(2 * time.Second)
	two.Talk(2 * time.Second)
	two.Hangup()
	one.Hangup()
	heard := two.Heard()
	heard = heard.Cut(heard.Duration()/3, heard.Duration())
	if own, other := heard.Tone(660), heard.Tone(440); own > -60 || other < -13 {
		t.Errorf("660 Hz hears 440 Hz at %.1f dBFS and itself at %.1f", other, own)
	}
}

func TestCallsThatFailAreToldApart(t *testing.T) {
	a := StartAsterisk(t, AsteriskOptions{})
	b := StartBaresip(t, BaresipOptions{Server: a.Addr(), User: "1004", Codec: "PCMU", Tone: 440})
	for number, want := range map[string]string{"620": "486", "621": "503", "625": "403", "626": "500", "699": "404"} {
		b.Call(number)
		if got := b.WaitEvent("CALL_CLOSED"); !strings.HasPrefix(got, want) {
			t.Errorf("call to %s closed with %q, want %s", number, got, want)
		}
	}
}

func TestWrongPassword(t *testing.T) {
	a := StartAsterisk(t, AsteriskOptions{})
	b := StartBaresip(t, BaresipOptions{User: "1004", Tone: 440})
	b.Command("uanew", "<sip:1005@"+a.Addr()+";transport=udp>;auth_pass=wrong;regint=60")
	if got := b.WaitEvent("REGISTER_FAIL"); !strings.HasPrefix(got, "401") {
		t.Errorf("registration failed with %q, want 401", got)
	}
}

func TestDigitsAndReinvite(t *testing.T) {
	a := StartAsterisk(t, AsteriskOptions{})
	b := StartBaresip(t, BaresipOptions{Server: a.Addr(), User: "1005", Codec: "PCMU", Tone: 440})
	b.Dial("628")
	b.Talk(2 * time.Second)
	b.Hangup()
	b.Dial("613")
	if got := b.WaitEvent("CALL_DTMF_START"); got != "1" {
		t.Errorf("first digit sent to baresip is %q, want 1", got)
	}
	b.WaitEvent("CALL_CLOSED")
}
