package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"orionbox/audio/audiotest"
	"orionbox/audio/measure"
	"orionbox/firmware"
	"orionbox/sip/siptest"
)

const (
	boxTone  = 660 // Hz that the box plays, at -15 dBFS
	peerTone = 440 // Hz that baresip plays, at -9 dBFS
	talk     = 3 * time.Second
)

// steady is the middle of a recording, after everybody has joined and before anybody leaves.
func steady(s measure.Sound) measure.Sound {
	return s.Cut(s.Duration()/2-time.Second, s.Duration()/2+time.Second)
}

// hears fails the test unless the sound holds the tone within 2 dB of the level that was sent.
func hears(t *testing.T, who string, s measure.Sound, freq, level float64) {
	t.Helper()
	if got := usual(steady(s), freq); math.Abs(got-level) > 2 {
		t.Errorf("%s hears %.0f Hz at %.1f dBFS, want %.0f", who, freq, got, level)
	}
}

// usual is the median of a tone's level over pieces of 100 ms: where a jitter buffer left out or made up 20 ms the tone
// jumps in phase, which over a longer piece would look like a weaker tone.
func usual(s measure.Sound, freq float64) float64 {
	const piece = 100 * time.Millisecond
	var levels []float64
	for at := time.Duration(0); at+piece <= s.Duration(); at += piece {
		levels = append(levels, s.Cut(at, at+piece).Tone(freq))
	}
	if len(levels) == 0 {
		return measure.Silence
	}
	slices.Sort(levels)
	return levels[len(levels)/2]
}

// TestEachCodecAndTransport joins a real conference with a real telephone in it, and each hears the other: in the
// box's voice recording, and in what the telephone recorded.
func TestEachCodecAndTransport(t *testing.T) {
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	for _, c := range []struct {
		codec, transport string
		rate             int
	}{
		{"opus", "udp", 48000}, {"G722", "tcp", 16000}, {"PCMU", "udp", 8000}, {"PCMA", "tcp", 8000},
	} {
		t.Run(c.codec+" over "+c.transport, func(t *testing.T) {
			peer := siptest.StartBaresip(t, siptest.BaresipOptions{Server: server.Addr(), User: "1002", Tone: peerTone})
			peer.Dial("600")
			box := newBox(t, server.Addr(), "1001", boxTone, settings{
				"LQRecordingSettings.codec": c.codec, "ConnectionDetails.transport": c.transport,
			}).start()
			if got := box.join().Phone.Codec; got != c.codec {
				t.Errorf("codec %q", got)
			}
			box.talk(talk)
			box.stop()
			peer.Hangup()
			hears(t, "the telephone", peer.Heard(), boxTone, -15)
			voice := audiotest.Read(t, box.only("LQ_*.wav"))[0]
			if voice.Rate != c.rate {
				t.Errorf("voice recording at %d Hz, want the codec's %d", voice.Rate, c.rate)
			}
			hears(t, "the box's voice recording", voice, peerTone, -9)
			hears(t, "the box's voice recording", voice, boxTone, -15)
		})
	}
}

// TestTwoBoxesHearEachOther and never themselves, in the built-in conference.
func TestTwoBoxesHearEachOther(t *testing.T) {
	addr := startConference(t, "1001", "1002")
	heard := map[string]string{}
	boxes := map[string]*testBox{}
	tones := map[string]float64{"1001": 330, "1002": 550}
	for user, tone := range tones {
		heard[user] = t.TempDir() + "/heard.wav"
		boxes[user] = newBox(t, addr, user, tone, settings{"AudioSettings.speakers": "file:" + heard[user]}).start()
	}
	for _, b := range boxes {
		b.join()
	}
	for _, b := range boxes {
		b.talk(talk)
	}
	for _, b := range boxes {
		b.stop()
	}
	for user, tone := range tones {
		s := audiotest.Read(t, heard[user])[0]
		hears(t, user, s, 880-tone, -15)
		if own := steady(s).Tone(tone); own > -70 {
			t.Errorf("%s hears itself at %.1f dBFS", user, own)
		}
	}
}

// TestWhyThereIsNoCall tells the causes apart, as a person needs them told.
func TestWhyThereIsNoCall(t *testing.T) {
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	for _, c := range []struct {
		name   string
		more   settings
		state  string
		reason string
	}{
		{"wrong password", settings{"ConnectionDetails.password": "not-it"}, "refused", "wrong password"},
		{"no such number", settings{"ConnectionDetails.call_no": "699"}, "refused", "no such number"},
		{"busy", settings{"ConnectionDetails.call_no": "620"}, "retrying", "busy"},
		{"no route", settings{"ConnectionDetails.server": "127.0.0.1:9"}, "retrying", "no route"},
	} {
		t.Run(c.name, func(t *testing.T) {
			box := newBox(t, server.Addr(), "1001", boxTone, c.more).start()
			s := box.await("the reason", func(s firmware.Status) bool { return string(s.Phone.Reason) == c.reason })
			s = box.await("the state", func(s firmware.Status) bool { return string(s.Call) == c.state })
			if s.Phone.RetryAt == nil {
				t.Errorf("will not try again: %+v", s.Phone)
			}
			box.record() // and recording works all the same
			box.endTake()
			box.stop()
			if takes := audiotest.Read(t, box.only("HQ_*.mp3")); len(takes) != 2 {
				t.Errorf("take has %d channels", len(takes))
			}
		})
	}
}

// TestPIN dials a conference that asks for a PIN: only the right digits get in.
func TestPIN(t *testing.T) {
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	box := newBox(t, server.Addr(), "1001", boxTone, settings{"ConnectionDetails.call_no": "612,1234#"}).start()
	box.join()
	server.WaitLog("DTMF-GOT 1234")
	box.stop()
}

// TestServerGoesAndComesBack kills the server in mid-call: the take goes on, and the box joins again by itself.
func TestServerGoesAndComesBack(t *testing.T) {
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	box := newBox(t, server.Addr(), "1001", boxTone, nil).start()
	box.join()
	box.record()
	for _, end := range []struct {
		name string
		do   func()
	}{{"stop", server.Stop}, {"kill", server.Kill}} {
		end.do()
		box.awaitFor(60*time.Second, "the loss to show after "+end.name, func(s firmware.Status) bool { return s.Call != "in conference" })
		server.Start()
		s := box.awaitFor(60*time.Second, "the conference again after "+end.name, func(s firmware.Status) bool { return s.Call == "in conference" })
		if !s.Recording {
			t.Errorf("after %s the take no longer grows: %+v", end.name, s.Take)
		}
	}
	box.endTake()
	box.stop()
	take := audiotest.Read(t, box.only("HQ_*.mp3"))[0]
	wantNoGaps(t, take)
	if got := take.MainFrequency(); got < boxTone-1 || got > boxTone+1 {
		t.Errorf("the take's main tone is %.1f Hz", got)
	}
	box.only("LQ_*.wav") // one session, one voice recording, whatever the call did
}

// TestServerHangsUp has the server end the call: the box dials again.
func TestServerHangsUp(t *testing.T) {
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	box := newBox(t, server.Addr(), "1001", boxTone, nil).start()
	before := box.join()
	server.HangUp()
	box.await("a new call", func(s firmware.Status) bool {
		return s.Call == "in conference" && s.Phone.Since.After(before.Phone.Since)
	})
	box.stop()
	server.Wait("the call to be gone", func() bool { return server.Channels() == 0 })
}

// TestMute silences the box in the conference and nothing else.
func TestMute(t *testing.T) {
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	peer := siptest.StartBaresip(t, siptest.BaresipOptions{Server: server.Addr(), User: "1002", Tone: peerTone})
	peer.Dial("600")
	box := newBox(t, server.Addr(), "1001", boxTone, nil).start()
	box.join()
	box.press("mic")
	box.record()
	box.talk(talk)
	if s, err := box.status(); err != nil || !s.Audio.MicMuted {
		t.Errorf("status does not show the mute: %+v, %v", s.Audio, err)
	}
	box.endTake()
	box.stop()
	peer.Hangup()
	if got := steady(peer.Heard()).Tone(boxTone); got > -70 {
		t.Errorf("the muted box is heard at %.1f dBFS", got)
	}
	if got := steady(audiotest.Read(t, box.only("HQ_*.mp3"))[0]).Tone(boxTone); got < -19 {
		t.Errorf("the take of a muted box holds its tone at %.1f dBFS", got)
	}
}

// startConference runs the built-in conference for the given users and returns its address.
func startConference(t *testing.T, users ...string) string {
	t.Helper()
	var lines strings.Builder
	for _, u := range users {
		fmt.Fprintf(&lines, "%s:%s\n", u, siptest.Password(u))
	}
	c := startProgram(t, lines.String())
	var addr string
	if !poll(10*time.Second, func() bool {
		_, rest, found := strings.Cut(c.String(), "address=")
		addr, _, _ = strings.Cut(rest, " ")
		return found
	}) {
		t.Fatalf("the conference did not open:\n%s", c)
	}
	return addr
}

// TestServerReInvites has the server ask anew in mid-call, for the same and for another codec: the echo of the box's own
// tone goes on.
func TestServerReInvites(t *testing.T) {
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	for number, codec := range map[string]string{"628": "opus", "629": "PCMA"} {
		t.Run(number, func(t *testing.T) {
			heard := filepath.Join(t.TempDir(), "heard.wav")
			box := newBox(t, server.Addr(), "1001", boxTone, settings{
				"ConnectionDetails.call_no": number, "AudioSettings.speakers": "file:" + heard,
			}).start()
			call := box.join()
			box.await("the codec that the server asks for", func(s firmware.Status) bool {
				return s.Phone.Media != nil && s.Phone.Media.Codec == codec && s.Voice.Seconds > 2
			})
			box.talk(talk)
			if s, err := box.status(); err != nil || !s.Phone.Since.Equal(call.Phone.Since) {
				t.Errorf("it is not the same call any more: %+v, %v", s.Phone, err)
			}
			box.stop()
			echo := audiotest.Read(t, heard)[0]
			hears(t, "the box", echo.Cut(echo.Duration()-2*time.Second, echo.Duration()), boxTone, -15)
		})
	}
}
