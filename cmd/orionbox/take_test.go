package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"orionbox/audio/audiotest"
	"orionbox/audio/measure"
	"orionbox/firmware"
	"orionbox/sip/siptest"
)

func itoa(n int) string { return strconv.Itoa(n) }

// TestTake starts and ends takes with no network at all, and lets other programs judge the file.
func TestTake(t *testing.T) {
	box := newBox(t, "127.0.0.1:9", "1001", boxTone, settings{"ChatSettings.username": "Zoë/../x"}).start()
	for n := 1; n <= 2; n++ {
		box.record()
		from := time.Now()
		box.await("two seconds of take", func(s firmware.Status) bool { return s.Take.Seconds > 2 && s.Take.Number == n })
		box.endTake()
		files := box.files(fmt.Sprintf("HQ_*_%d_*.mp3", n))
		if len(files) != 1 {
			t.Fatalf("take %d: files %v", n, files)
		}
		wantCBR(t, files[0], 48000, 2)
		take := audiotest.Read(t, files[0])
		if got := take[0].Duration(); got < 2*time.Second || got > time.Since(from)+3*time.Second {
			t.Errorf("take %d lasts %v", n, got)
		}
		wantNoGaps(t, take[0])
		if got := steady(take[1]).Tone(boxTone); got < -15.5 || got > -14.5 {
			t.Errorf("take %d holds the tone at %.2f dBFS, want -15", n, got)
		}
	}
	box.stop()
	for _, path := range append(box.files("HQ_*.mp3"), box.files("LQ_*.wav")...) {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("%s has mode %v, %v", path, info.Mode(), err)
		}
		if folder, err := os.Stat(filepath.Dir(path)); err != nil || folder.Mode().Perm() != 0o750 {
			t.Errorf("its folder has mode %v, %v", folder.Mode(), err)
		}
	}
	wantJournal(t, box, "session", "take-start", "take-stop", "voice-start", "voice-stop")
}

// wantNoGaps holds that the tone never stops once it has begun: a take of a box that was just switched on begins before
// its microphone was open.
func wantNoGaps(t *testing.T, take measure.Sound) {
	t.Helper()
	for _, gap := range take.Gaps(-60, 5*time.Millisecond) {
		if gap.Start > 0 {
			t.Errorf("the take has a gap of %v at %v", gap.Length, gap.Start)
		}
	}
}

// wantJournal holds that the session's journal is JSON lines and tells of each kind.
func wantJournal(t *testing.T, box *testBox, kinds ...string) {
	t.Helper()
	data, err := os.ReadFile(box.only("journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for line := range strings.Lines(string(data)) {
		var entry struct{ Kind string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("journal line %q: %v", line, err)
		}
		seen[entry.Kind]++
	}
	for _, kind := range kinds {
		if seen[kind] == 0 {
			t.Errorf("the journal tells of no %s: %v", kind, seen)
		}
	}
}

// wantCBR has ffprobe and mp3val judge an MP3.
func wantCBR(t *testing.T, path string, rate, channels int) {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-show_entries", "stream=codec_name,sample_rate,channels,bit_rate",
		"-of", "csv=p=0", path).Output()
	if want := fmt.Sprintf("mp3,%d,%d,320000", rate, channels); err != nil || strings.TrimSpace(string(out)) != want {
		t.Errorf("ffprobe of %s: %q, %v, want %q", path, out, err, want)
	}
	wantValid(t, path)
}

// wantValid has mp3val judge an MP3. That a take has no ID3 tag is as it should be.
func wantValid(t *testing.T, path string) {
	t.Helper()
	out, err := exec.Command("mp3val", path).Output()
	verdict := strings.ReplaceAll(string(out), "No supported tags in the file", "")
	for line := range strings.Lines(verdict) {
		if err != nil || strings.HasPrefix(line, "ERROR") || strings.HasPrefix(line, "WARNING") && !strings.HasSuffix(strings.TrimSpace(line), ":") {
			t.Errorf("mp3val of %s: %v\n%s", path, err, out)
			return
		}
	}
}

// TestPiecesOfATake cuts a take at frame boundaries: the pieces join to the take, and each decodes cleanly.
func TestPiecesOfATake(t *testing.T) {
	box := newBox(t, "127.0.0.1:9", "1001", boxTone, nil).start()
	box.record()
	box.await("some seconds of take", func(s firmware.Status) bool { return s.Take.Seconds > 4 })
	box.endTake()
	box.stop()
	whole, err := os.ReadFile(box.only("HQ_*.mp3"))
	if err != nil {
		t.Fatal(err)
	}
	const frame = 960 // 320 kbit/s at 48 kHz
	if len(whole)%frame != 0 {
		t.Fatalf("%d bytes are not whole frames", len(whole))
	}
	var joined []byte
	cuts := []int{0, 1, 40, 41, 97, len(whole) / frame}
	for i := range len(cuts) - 1 {
		piece := whole[cuts[i]*frame : cuts[i+1]*frame]
		joined = append(joined, piece...)
		if cuts[i+1]-cuts[i] < 10 {
			continue // players want more than a frame or two to know an MP3
		}
		path := filepath.Join(t.TempDir(), "piece.mp3")
		if err := os.WriteFile(path, piece, 0o600); err != nil {
			t.Fatal(err)
		}
		s := audiotest.Read(t, path)[0] // fails the test at the decoder's first complaint
		if tone := usual(s, boxTone); tone < -16 || tone > -14 {
			t.Errorf("piece of frames %d to %d holds the tone at %.2f dBFS", cuts[i], cuts[i+1], tone)
		}
	}
	if !bytes.Equal(joined, whole) {
		t.Error("the pieces do not join to the take")
	}
}

// kills is how often the box is killed in mid-take.
const kills = 50

// TestKill kills the box at any moment of a take, again and again. After each next start what it recorded plays to its
// end and lacks at most a second, the call it left is gone, and it is back in the conference within 5 s.
func TestKill(t *testing.T) {
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	box := newBox(t, server.Addr(), "1001", boxTone, settings{"AudioSettings.pre_roll": "0"})
	random := rand.New(rand.NewPCG(1, 2))
	checked := map[string]bool{}
	for n := range kills {
		started := time.Now()
		box.start()
		box.awaitFor(15*time.Second, "the conference", func(s firmware.Status) bool { return s.Call == "in conference" })
		if took := time.Since(started); took > 5*time.Second {
			t.Errorf("start %d: back in the conference after %v", n, took)
		}
		server.Wait("one call, the left one gone", func() bool { return server.Channels() == 1 })
		wantRepaired(t, box, checked)

		box.press("record")
		pressed := time.Now()
		moment := time.NewTimer(time.Duration(200+random.IntN(2200)) * time.Millisecond)
		<-moment.C
		killed := time.Now() // before the signal: what was captured after counts for nothing
		box.kill()
		lasts[box] = append(lasts[box], killed.Sub(pressed))
	}
	box.start()
	box.join()
	wantRepaired(t, box, checked)
	box.stop()
	if len(checked) < 2*kills {
		t.Errorf("%d recordings were checked, want %d takes and %d voice recordings", len(checked), kills, kills)
	}
}

// lasts holds, for each box, how long each of its takes lasted until the kill.
var lasts = map[*testBox][]time.Duration{}

// wantRepaired judges the recordings that were not there at the last look.
func wantRepaired(t *testing.T, box *testBox, checked map[string]bool) {
	t.Helper()
	current, _ := box.status()
	for _, path := range append(box.files("HQ_*.mp3"), box.files("LQ_*.wav")...) {
		if checked[path] || filepath.Dir(path) == current.Session {
			continue
		}
		checked[path] = true
		sound := audiotest.Read(t, path)[0] // fails the test if ffmpeg has a complaint
		played := lasts[box][len(lasts[box])-1]
		if got := sound.Duration(); got < played-time.Second {
			t.Errorf("%s holds %v of %v: more than a second is gone", filepath.Base(path), got, played)
		}
		if strings.HasSuffix(path, ".mp3") && sound.Duration() > 0 {
			wantValid(t, path)
		}
	}
}

// TestStandstill stops the whole box for a while, as a machine that swaps or overheats does. What was played then is lost;
// the take is as long as the time all the same, and the journal tells where the gap is.
func TestStandstill(t *testing.T) {
	const still = 3 * time.Second
	box := newBox(t, "127.0.0.1:9", "1001", boxTone, settings{"AudioSettings.pre_roll": "0"}).start()
	box.record()
	begun := time.Now()
	box.await("two seconds of take", func(s firmware.Status) bool { return s.Take.Seconds > 2 })
	stand(t, box, still)
	box.await("sound after the standstill", func(s firmware.Status) bool { return s.Take.Seconds > 4+still.Seconds() })
	lasted := time.Since(begun)
	box.endTake()
	box.stop()
	take := audiotest.Read(t, box.only("HQ_*.mp3"))[0]
	if off := (take.Duration() - lasted).Abs(); off > time.Second {
		t.Errorf("the take lasts %v, the time was %v", take.Duration(), lasted)
	}
	gaps := take.Gaps(-60, still/2)
	if len(gaps) != 1 || (gaps[0].Length-still).Abs() > still/2 {
		t.Errorf("gaps %v, want one of %v", gaps, still)
	}
	wantJournal(t, box, "gap")
}

// stand stops the box for a time.
func stand(t *testing.T, box *testBox, length time.Duration) {
	t.Helper()
	if err := box.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	timer := time.NewTimer(length)
	<-timer.C
	if err := box.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

// TestFolderTakenAway pulls the recordings' folder out from under a take: the box says so and goes on in another.
func TestFolderTakenAway(t *testing.T) {
	box := newBox(t, "127.0.0.1:9", "1001", boxTone, nil).start()
	box.record()
	before := box.await("some take", func(s firmware.Status) bool { return s.Take.Seconds > 1 })
	if err := os.Rename(filepath.Join(box.dir, "rec"), filepath.Join(box.dir, "away")); err != nil {
		t.Fatal(err)
	}
	box.await("another take in another folder", func(s firmware.Status) bool {
		_, err := os.Stat(filepath.Join(s.Session, s.Take.File))
		return s.Recording && err == nil && s.Take.File != ""
	})
	box.endTake()
	box.stop()
	audiotest.Read(t, box.only("HQ_*.mp3"))
	audiotest.Read(t, filepath.Join(box.dir, "away", filepath.Base(before.Session), before.Take.File))
}
