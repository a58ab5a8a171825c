package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"orionbox/audio/audiotest"
	"orionbox/firmware"
	"orionbox/hw/led"
	"orionbox/sip/siptest"
)

// The faults that a musician meets. Each is made in earnest, and must be told in the same breath by the LEDs, by the status and
// by the log; and a press of record must do what is right in it.

// simPanel has the box show its panel in the status, as it does on every box.
var simPanel = settings{"Hardware.chip": "sim"}

func also(all ...settings) settings {
	sum := settings{}
	for _, s := range all {
		maps.Copy(sum, s)
	}
	return sum
}

// faulty tells whether a status has a fault.
func faulty(s firmware.Status, id string) bool {
	for _, f := range s.Faults {
		if f.ID == id {
			return true
		}
	}
	return false
}

// told waits until the status has a fault and shows it on the LEDs, all in one, and then that the log has it.
func (b *testBox) told(since time.Time, id string, leds map[string]led.Pattern) {
	b.t.Helper()
	b.awaitFor(time.Minute, id+" and its LEDs", func(s firmware.Status) bool {
		if !faulty(s, id) {
			return false
		}
		for name, want := range leds {
			if s.Panel.LEDs[name] != want {
				return false
			}
		}
		return true
	})
	b.t.Logf("%s: LEDs and status show it after %v", id, time.Since(since).Round(10*time.Millisecond))
	if !poll(time.Second, func() bool { return strings.Contains(b.log.String(), "msg=fault part=director id="+id+" ") }) {
		b.t.Errorf("the log does not tell of %s", id)
	}
}

// over waits until a fault is gone, and the LEDs show so.
func (b *testBox) over(id string, leds map[string]led.Pattern) {
	b.t.Helper()
	b.awaitFor(time.Minute, "the end of "+id, func(s firmware.Status) bool {
		for name, want := range leds {
			if s.Panel.LEDs[name] != want {
				return false
			}
		}
		return !faulty(s, id)
	})
	if !poll(time.Second, func() bool { return strings.Contains(b.log.String(), `msg="fault gone" part=director id=`+id) }) {
		b.t.Errorf("the log does not tell that %s is over", id)
	}
}

// records presses record, expects a take that grows, and ends it.
func (b *testBox) records() {
	b.t.Helper()
	b.press("record")
	b.await("record to be lit", func(s firmware.Status) bool { return s.Recording && s.Panel.LEDs["record"] == led.On })
	b.endTake()
	b.await("record to be dark", func(s firmware.Status) bool { return s.Panel.LEDs["record"] == led.Off })
}

// TestDeadAudioDevice kills the sound server in mid-take, and starts it again: the take keeps its place in time.
func TestDeadAudioDevice(t *testing.T) {
	sound := audiotest.StartPulse(t)
	box := newBox(t, "", "ann", boxTone, also(simPanel, alone("ann", "ARTIST"), settings{"AudioSettings.mic": "Default", "AudioSettings.speakers": "Default"}))
	box.env = sound.Env()
	box.start()
	box.press("record")
	box.await("a take", func(s firmware.Status) bool {
		return s.Recording && s.Audio.Mic.State == "ok" && s.Panel.LEDs["mic"] == led.Off
	})
	at := time.Now()
	sound.Kill()
	box.told(at, "no-microphone", map[string]led.Pattern{"mic": led.Fast, "speakers": led.Fast, "status": led.Fast, "record": led.On})
	box.endTake()
	box.records() // silence, with the place in time that is its due
	box.press("record")
	box.await("a take", func(s firmware.Status) bool { return s.Recording })
	sound.Start()
	box.over("no-microphone", map[string]led.Pattern{"mic": led.Off, "speakers": led.Off, "record": led.On})
	box.endTake()
	box.stop()
	if n := len(box.files("HQ_*.mp3")); n != 3 {
		t.Errorf("%d takes, want 3", n)
	}
}

// TestFullDisk fills the disk in mid-take: the take is closed whole, no other starts, until there is room again.
func TestFullDisk(t *testing.T) {
	more := also(simPanel, alone("ann", "ARTIST"))
	delete(more, "AudioSettings.mic") // its tone
	box := newBox(t, "", "ann", boxTone, more)
	var fs syscall.Statfs_t
	if err := syscall.Statfs(box.dir, &fs); err != nil {
		t.Fatal(err)
	}
	free := int64(fs.Bavail) * fs.Bsize
	const margin = 1_000_000_000 // what other tests may write meanwhile is less
	if free < 3*margin {
		t.Fatalf("%d bytes are free in %s; this test needs %d", free, box.dir, 3*margin)
	}
	box.set("reserve", strconv.FormatInt((free-margin)/1_000_000, 10))
	box.start()
	box.record()
	at := time.Now()
	fill := filepath.Join(box.dir, "fill")
	occupy(t, fill, 2*margin)
	box.told(at, "storage-full", map[string]led.Pattern{"record": led.Slow, "status": led.Fast})
	box.await("the take to be closed", func(s firmware.Status) bool { return s.Take.State == "idle" })
	if out, err := orionbox(t, "press", "record", "--socket", box.socket); err == nil || !strings.Contains(out, "storage is full") {
		t.Errorf("record on a full disk: %v, %s", err, out)
	}
	if err := os.Remove(fill); err != nil {
		t.Fatal(err)
	}
	box.over("storage-full", map[string]led.Pattern{"record": led.Off})
	box.records()
	box.stop()
	for _, take := range box.files("HQ_*.mp3") {
		hears(t, take, audiotest.Read(t, take)[0], boxTone, -15)
	}
}

// occupy takes bytes of a disk away.
func occupy(t *testing.T, path string, bytes int64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Fallocate(int(f.Fd()), 0, 0, bytes); err != nil {
		t.Fatal(err)
	}
}

// TestLostHub kills the hub: the peers are unknown, not away, and recording goes on.
func TestLostHub(t *testing.T) {
	s := newStudio(t, map[string]string{"alice": "ARTIST", "carol": "PRODUCER"}, nil)
	alice := s.boxes["alice"]
	alice.await("carol to be there", func(s firmware.Status) bool {
		return s.Panel.LEDs["peer1"] == led.On && s.Panel.LEDs["status"] == led.On
	})
	at := time.Now()
	s.hub.kill()
	alice.told(at, "hub-down", map[string]led.Pattern{"peer1": led.Slow, "status": led.Fast, "call": led.On})
	alice.records()
	s.hub.start()
	alice.over("hub-down", map[string]led.Pattern{"peer1": led.On})
	for _, b := range s.boxes {
		b.stop()
	}
}

// TestLostSIPServer kills the server in mid-call.
func TestLostSIPServer(t *testing.T) {
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	box := newBox(t, server.Addr(), "1001", boxTone, simPanel).start()
	box.join()
	box.await("call to be lit", func(s firmware.Status) bool { return s.Panel.LEDs["call"] == led.On })
	at := time.Now()
	server.Kill()
	box.told(at, "call-down", map[string]led.Pattern{"call": led.Slow, "status": led.On})
	box.records()
	server.Start()
	box.over("call-down", map[string]led.Pattern{"call": led.On})
	box.stop()
}

// TestSilentSIPServer has the server stand still in mid-call, which nobody says: it is shown within two seconds, and the call
// goes on if the server does.
func TestSilentSIPServer(t *testing.T) {
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	box := newBox(t, server.Addr(), "1001", boxTone, simPanel).start()
	call := box.join()
	at := time.Now()
	server.Hang()
	box.told(at, "call-down", map[string]led.Pattern{"call": led.Slow})
	server.GoOn()
	box.over("call-down", map[string]led.Pattern{"call": led.On})
	if s, err := box.status(); err != nil || !s.Phone.Since.Equal(call.Phone.Since) {
		t.Errorf("%v, it is not the same call any more: %+v", err, s.Phone)
	}
	box.stop()
}

func TestWrongPassword(t *testing.T) {
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	box := newBox(t, server.Addr(), "1001", boxTone, also(simPanel, settings{"ConnectionDetails.password": "not-it"}))
	at := time.Now()
	box.start()
	box.told(at, "call-refused", map[string]led.Pattern{"call": led.Fast, "status": led.Fast})
	box.records()
	if out, err := orionbox(t, "status", "--socket", box.socket); err != nil || !strings.Contains(out, "wrong password") || !strings.Contains(out, "call fast") {
		t.Errorf("%v, status prints\n%s", err, out)
	}
	box.stop()
}

// TestPeersOnTheLEDs has a real peer come, mute, record, go stale, come back and leave.
func TestPeersOnTheLEDs(t *testing.T) {
	s := newStudio(t, map[string]string{"alice": "ARTIST", "bob": "ARTIST"}, nil)
	alice, bob := s.boxes["alice"], s.boxes["bob"]
	shows := func(want led.Pattern) {
		t.Helper()
		alice.awaitFor(time.Minute, "peer1 to be "+string(want), func(s firmware.Status) bool { return s.Panel.LEDs["peer1"] == want })
	}
	shows(led.On)
	bob.press("mic")
	shows(led.Wink)
	bob.press("record")
	shows(led.Fast)
	bob.kill()
	shows(led.Slow)
	bob.start()
	shows(led.On)
	bob.stop()
	shows(led.Off)
	st, err := alice.status()
	if err != nil || !slices.Equal(st.Panel.Peers, []string{"bob", "", "", ""}) {
		t.Errorf("seats %q, %v", st.Panel.Peers, err)
	}
	alice.stop()
}
