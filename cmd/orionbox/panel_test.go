package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"orionbox/audio/audiotest"
	"orionbox/audio/cue"
	"orionbox/audio/measure"
	"orionbox/firmware"
	"orionbox/firmware/preflight"
	"orionbox/firmware/takes"
	"orionbox/hw/led"
	"orionbox/sip/siptest"
)

// wiring is `orionbox panel test` while it runs.
type wiring struct {
	t   *testing.T
	cmd *exec.Cmd
	out *logBuffer
}

func startWiring(t *testing.T, args ...string) *wiring {
	t.Helper()
	w := &wiring{t: t, out: &logBuffer{}}
	w.cmd = exec.Command(program, append([]string{"panel", "test"}, args...)...)
	w.cmd.Stdout, w.cmd.Stderr = w.out, w.out
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return w
}

// says waits for a text.
func (w *wiring) says(text string) {
	w.t.Helper()
	if !poll(10*time.Second, func() bool { return strings.Contains(w.out.String(), text) }) {
		w.t.Fatalf("the test of the panel does not say %q:\n%s", text, w.out)
	}
}

// ends waits for its end, which must be one without a fault or not.
func (w *wiring) ends(well bool) {
	w.t.Helper()
	if err := w.cmd.Wait(); (err == nil) != well {
		w.t.Errorf("it ended with %v:\n%s", err, w.out)
	}
}

var allButtons = []string{"record", "segment", "mic", "speakers", "status"}

// TestPanelTestOnARunningBox names each button and lights each LED of a box that runs, which obeys none meanwhile.
func TestPanelTestOnARunningBox(t *testing.T) {
	box := newBox(t, "", "ann", boxTone, also(simPanel, alone("ann", "ARTIST"))).start()
	w := startWiring(t, "--socket", box.socket)
	w.says("the LEDs are lit in turn: record, mic, ")
	for _, b := range allButtons {
		box.press(b)
		w.says("button " + b + ", press: line button_" + b + " of chip sim")
	}
	w.ends(true)
	for _, name := range []string{"record", "mic", "speakers", "call", "status", "peer1", "peer4"} {
		w.says("LED " + name + " is lit: line led_" + name + " of chip sim")
	}
	s := box.await("the panel to be as before", func(s firmware.Status) bool { return !s.Panel.Testing && s.Panel.LEDs["status"] == led.On })
	if s.Take.State != "idle" || s.Audio.MicMuted || s.Audio.SpeakersMuted {
		t.Errorf("the buttons were obeyed: %+v", s)
	}
	box.record()
	if out, err := orionbox(t, "panel", "test", "--socket", box.socket); err == nil || !strings.Contains(out, "a take runs") {
		t.Errorf("a test during a take: %v, %s", err, out)
	}
	box.endTake()
	box.stop()
}

// TestPanelTestAlone does the same where no box runs, and says which buttons were not pressed.
func TestPanelTestAlone(t *testing.T) {
	box := newBox(t, "", "ann", boxTone, also(simPanel, alone("ann", "ARTIST")))
	w := startWiring(t, "-c", box.conf, "--socket", box.socket)
	w.says("the LEDs are lit in turn: record, mic, ")
	for _, b := range allButtons {
		box.press(b)
		w.says("button " + b + ", press")
	}
	w.ends(true)
	w = startWiring(t, "-c", box.conf, "--socket", box.socket, "--for", "1s", "--json")
	w.ends(false)
	w.says("button record was not pressed (line button_record of chip sim)")
	w.says(`{"name":"led_record","text":"LED record is lit: line led_record of chip sim"}`)
}

// TestPanelTestNamesLineAndChip has lines of a chip that is not there.
func TestPanelTestNamesLineAndChip(t *testing.T) {
	more := alone("ann", "ARTIST")
	more["Hardware.chip"], more["Hardware.button_record"], more["Hardware.led_record"] = "gpiochip77", "!17", "27"
	box := newBox(t, "", "ann", boxTone, more)
	for _, running := range []bool{false, true} {
		if running {
			box.start()
		}
		w := startWiring(t, "-c", box.conf, "--socket", box.socket, "--for", "1s")
		w.ends(false)
		w.says("LED record cannot be lit: line 27 of chip gpiochip77")
		w.says("button record was not pressed (line !17 of chip gpiochip77)")
		w.says("FAULT: open GPIO chip gpiochip77: no such chip")
	}
	s := box.await("the fault", func(s firmware.Status) bool { return faulty(s, "panel") })
	if s.Panel.LEDs["status"] != led.Fast {
		t.Errorf("the fault is not shown: %v", s.Panel.LEDs)
	}
	box.records() // and the box goes on
	box.stop()
}

// TestPreflight tries a box at an Asterisk before a session: a call that echoes included.
func TestPreflight(t *testing.T) {
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	box := newBox(t, server.Addr(), "1001", boxTone, also(simPanel, settings{"ConnectionDetails.echo_no": "*43"})).start()
	box.join()
	out, err := orionbox(t, "preflight", "--json", "--socket", box.socket)
	var r preflight.Report
	if failed := json.Unmarshal([]byte(out), &r); err != nil || failed != nil || !r.Good {
		t.Fatalf("%v, %v:\n%s", err, failed, out)
	}
	for _, c := range r.Checks {
		if c.Name != "hub" && c.Name != "clock" && c.Result != preflight.Good {
			t.Errorf("%+v", c)
		}
	}
	if out, err = orionbox(t, "preflight", "--socket", box.socket); err != nil || !strings.Contains(out, "\nready for a session\n") ||
		!strings.Contains(out, "*43 gives back what was sent") || !strings.Contains(out, "plays the test tone, at -") || !strings.Contains(out, "in the conference, opus") {
		t.Errorf("%v:\n%s", err, out)
	}
	if s, err := box.status(); err != nil || s.Call != "in conference" || server.Channels() != 1 {
		t.Errorf("after it the call is %s, %v, with %d channels", s.Call, err, server.Channels())
	}
	box.stop()
}

// TestPreflightThatFails says what is wrong, and ends with code 1.
func TestPreflightThatFails(t *testing.T) {
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	box := newBox(t, server.Addr(), "1001", boxTone, settings{"AudioSettings.mic": "null", "ConnectionDetails.echo_no": "600", "ConnectionDetails.call_no": "699"}).start()
	box.await("the refusal", func(s firmware.Status) bool { return s.Call == "refused" })
	out, err := orionbox(t, "preflight", "--socket", box.socket)
	for _, want := range []string{"microphone bad", "nothing comes in", "call       bad      refused", "echo       bad", "600 answers", "NOT ready for a session"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
		t.Errorf("it ends with %v", err)
	}
	box.stop()
}

// TestCuesAreHeardAndNotRecorded looks for a cue where it must be, in the speakers, and where it must not: in the take, the voice
// recording, and what the conference hears.
func TestCuesAreHeardAndNotRecorded(t *testing.T) {
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	peer := siptest.StartBaresip(t, siptest.BaresipOptions{Server: server.Addr(), User: "1002"})
	peer.Dial("600")
	heard := filepath.Join(t.TempDir(), "heard.wav")
	box := newBox(t, server.Addr(), "1001", boxTone, settings{"AudioSettings.speakers": "file:" + heard, "AudioSettings.cues": "tones", "AudioSettings.mic": "null"}).start()
	box.join()
	box.record() // "started": c5, g5
	box.talk(talk)
	box.endTake()
	box.talk(time.Second)
	box.stop()
	peer.Hangup()
	for name, sound := range map[string]measure.Sound{
		"the take": audiotest.Read(t, box.only("HQ_*.mp3"))[0], "the voice recording": audiotest.Read(t, box.only("LQ_*.wav"))[0], "the peer": peer.Heard(),
	} {
		if at := loudest(sound, 783.99); at > -60 {
			t.Errorf("the cue is in %s at %.1f dBFS", name, at)
		}
	}
	if at := loudest(audiotest.Read(t, heard)[0], 783.99); at < -26 || at > -18 {
		t.Errorf("the cue is heard at %.1f dBFS, want about -20", at)
	}
}

// loudest is the level of a tone where it is loudest, in dBFS of its peak, in windows of 100 ms.
func loudest(s measure.Sound, pitch float64) float64 {
	most := -200.0
	for at := time.Duration(0); at+100*time.Millisecond <= s.Duration(); at += 25 * time.Millisecond {
		most = max(most, s.Cut(at, at+100*time.Millisecond).Tone(pitch))
	}
	return most
}

// TestWhoTalksIntoAMutedMicrophoneIsTold plays the box's own spoken words to it as a voice.
func TestWhoTalksIntoAMutedMicrophoneIsTold(t *testing.T) {
	box := newBox(t, "", "ann", boxTone, also(simPanel, alone("ann", "ARTIST")))
	talking := cue.Say(cue.Preflight, cue.Not, cue.Good, cue.Recording, cue.Started, cue.Storage, cue.Count(40, cue.Minutes), cue.Left,
		cue.InTheConference, cue.Count(3, cue.Musicians), cue.Here, cue.NotYet, cue.Count(2, cue.Takes), cue.ToDeliver)
	mic := filepath.Join(box.dir, "talk.wav")
	voice := measure.Sound{Rate: talking.Rate, Samples: talking.Samples}
	audiotest.WriteWAV(t, mic, voice, voice)
	box.set("mic", "file:"+mic)
	box.start()
	box.await("a level", func(s firmware.Status) bool { return s.Audio.PeakDB > -40 })
	box.press("mic")
	if !poll(20*time.Second, func() bool { return strings.Contains(box.log.String(), `says="microphone muted while you talk."`) }) {
		t.Error("nobody tells the one who talks")
	}
	box.stop()
}

// TestHoldingStatusSwitchesOff holds status on a box that may: the take is closed, and systemctl asked, once all is.
func TestHoldingStatusSwitchesOff(t *testing.T) {
	box := newBox(t, "", "ann", boxTone, also(simPanel, alone("ann", "ARTIST"), settings{"Hardware.power_off": "yes"}))
	asked := filepath.Join(box.dir, "asked")
	script := "#!/bin/sh\necho \"$@\" >" + asked + "\n" // the real one would end the test, and the machine with it
	if err := os.WriteFile(filepath.Join(box.dir, "systemctl"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	box.env = []string{"PATH=" + box.dir + ":" + os.Getenv("PATH")}
	box.start()
	box.record()
	if out, err := orionbox(t, "press", "status", "--hold", "3s", "--socket", box.socket); err != nil || !strings.Contains(out, "finishing") {
		t.Fatalf("%v, %s", err, out)
	}
	if !poll(20*time.Second, func() bool {
		data, err := os.ReadFile(asked)
		return err == nil && strings.HasSuffix(string(data), "poweroff\n")
	}) {
		t.Fatal("the computer is not switched off")
	}
	select {
	case <-box.gone:
		t.Error("the box has ended before the computer did: its LEDs are dark")
	default:
	}
	box.stop() // as the computer does
	if audio := audiotest.Read(t, box.only("HQ_*.mp3")); len(audio) == 0 {
		t.Error("the take is empty")
	}
}

// TestPressAndPreRoll holds that a take begins before its press.
func TestPressAndPreRoll(t *testing.T) {
	box := newBox(t, "", "ann", boxTone, also(simPanel, alone("ann", "ARTIST"), settings{"AudioSettings.pre_roll": "1"})).start()
	box.await("two seconds of sound", func(s firmware.Status) bool { return s.Uptime > 2 })
	pressed := time.Now()
	box.record()
	box.endTake()
	box.stop()
	for _, e := range box.journal() {
		if first := e.Time.Sub(pressed); e.Kind == takes.KindTakeStart && (first > -500*time.Millisecond || first < -1500*time.Millisecond) {
			t.Errorf("the take's first sample is %v after the command, want about -1 s", first)
		}
	}
}
