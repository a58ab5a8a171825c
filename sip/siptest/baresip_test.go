package siptest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"orionbox/audio/audiotest"
	"orionbox/audio/measure"
)

// echo calls the echo of the server and returns what came back, without the first and last moments.
func echo(t *testing.T, opts BaresipOptions) measure.Sound {
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
	t.Run("codecs", func(t *testing.T) {
		for i, codec := range []string{"opus", "G722", "PCMU", "PCMA"} {
			t.Run(codec, func(t *testing.T) {
				t.Parallel()
				freq, transport := 440+100*i, []string{"udp", "tcp"}[i%2]
				heard := echo(t, BaresipOptions{Server: a.Addr(), User: fmt.Sprint(1001 + i), Codec: codec,
					Transport: transport, Tone: freq})
				if got := heard.MainFrequency(); math.Abs(got-float64(freq)) > 1 {
					t.Errorf("over %s: heard %.1f Hz, want %d", transport, got, freq)
				}
				if got := heard.Tone(float64(freq)); math.Abs(got+9) > 1.5 {
					t.Errorf("over %s: heard the tone at %.1f dBFS, want -9", transport, got)
				}
			})
		}
	})
	rx := slices.DeleteFunc(a.Recordings(), func(f string) bool { return !strings.HasSuffix(f, "-rx.sln48") })
	if len(rx) != 4 {
		t.Fatalf("server recorded %q, want 4 calls", rx)
	}
	for _, f := range rx {
		if got := audiotest.ReadRaw(t, f, 48000).Level(); math.Abs(got+9) > 1.5 {
			t.Errorf("server recorded %.1f dBFS in %s, want -9", got, f)
		}
	}
}

func TestBaresipPlaysASound(t *testing.T) {
	a := StartAsterisk(t, AsteriskOptions{Codecs: "opus"})
	sound := measure.Sine(48000, 777, -20, time.Minute)
	heard := echo(t, BaresipOptions{Server: a.Addr(), User: "1003", Sound: &sound})
	if got := heard.Tone(777); math.Abs(got+20) > 1 {
		t.Errorf("heard 777 Hz at %.1f dBFS, want -20", got)
	}
}

func TestBaresipKeepsSilent(t *testing.T) {
	a := StartAsterisk(t, AsteriskOptions{})
	if heard := echo(t, BaresipOptions{Server: a.Addr(), User: "1003", Codec: "PCMU"}); heard.Level() > -60 {
		t.Errorf("heard %.1f dBFS of a silent telephone", heard.Level())
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

func TestServerSendsReinvites(t *testing.T) {
	a := StartAsterisk(t, AsteriskOptions{})
	a.CLI("pjsip set logger on")
	b := StartBaresip(t, BaresipOptions{Server: a.Addr(), User: "1005", Codec: "PCM", Tone: 440})
	for i, number := range []string{"628", "629"} {
		b.Dial(number)
		a.Wait("a re-INVITE", func() bool { return strings.Count(a.Log(), "\nINVITE sip:1005-") == i+1 })
		b.Talk(2 * time.Second)
		b.Hangup()
	}
	if got := b.Heard().MainFrequency(); math.Abs(got-440) > 1 {
		t.Errorf("after a change of codec %.1f Hz comes back, want 440", got)
	}
}

func TestServerSendsAndReadsDigits(t *testing.T) {
	a := StartAsterisk(t, AsteriskOptions{})
	b := StartBaresip(t, BaresipOptions{Server: a.Addr(), User: "1005", Codec: "PCMU", Tone: 440})
	b.Dial("613")
	if got := b.WaitEvent("CALL_DTMF_START"); got != "1" {
		t.Errorf("first digit sent to baresip is %q, want 1", got)
	}
	b.Hangup()
	b.Dial("630")
	b.Digits("99#1234#")
	a.WaitLog("PIN-GOT 99")
	a.WaitLog("PIN-GOT 1234")
	a.Wait("the conference", func() bool { return strings.Contains(a.CLI("confbridge list"), "main") })
}
