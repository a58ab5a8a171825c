package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"orionbox/audio/audiotest"
	"orionbox/firmware"
	"orionbox/firmware/demo"
	"orionbox/sip/siptest"
)

// startProgram runs `orionbox conference` on a free port until the test ends, and returns what it logs.
func startProgram(t *testing.T, users string) *logBuffer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(path, []byte(users), 0o600); err != nil {
		t.Fatal(err)
	}
	log := &logBuffer{}
	cmd := exec.Command(program, "conference", "--listen", "127.0.0.1:0", "--users", path)
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the conference ended with %v\n%s", err, log)
		}
	})
	return log
}

// wantExit runs a command and checks its exit code and a text that it must print.
func wantExit(t *testing.T, code int, text string, args ...string) {
	t.Helper()
	out, err := orionbox(t, args...)
	var exit *exec.ExitError
	got := 0
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	}
	if got != code || !strings.Contains(out, text) {
		t.Errorf("orionbox %s: exit %d, want %d with %q:\n%s", strings.Join(args, " "), got, code, text, out)
	}
}

func TestExitCodes(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	wantExit(t, 0, "orionbox demo", "--help")
	wantExit(t, 0, "orionbox", "version")
	wantExit(t, exitUsage, "unknown command", "sing")
	wantExit(t, exitUsage, "unknown flag", "run", "--loud")
	wantExit(t, exitUsage, "invalid argument", "press", "doorbell")
	wantExit(t, exitUsage, "accepts 1 arg", "press")
	wantExit(t, exitUsage, "--users", "conference")
	wantExit(t, exitUsage, "--seconds", "demo", "--seconds", "1")
	wantExit(t, exitNotRunning, "orionbox run", "status", "--socket", none)
	wantExit(t, exitNotRunning, "orionbox run", "press", "record", "--socket", none)
	wantExit(t, exitFailed, none, "run", "-c", none)
	wantExit(t, exitFailed, none, "check", "-c", none)
	wantExit(t, exitFailed, none, "recover", none)
}

func TestCheckNamesEveryFault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "conn.conf")
	text := `[ConnectionDetails]
user = 1001
password = kept-to-itself
server = sip.example.org:99999
call_no = six hundred
transport = pigeon
[HQRecordingSettings]
rate = 47999
[LQRecordingSettings]
codec = mp3
[Extras]
colour = red
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := orionbox(t, "check", "-c", path)
	if err == nil {
		t.Errorf("a broken conn.conf passes:\n%s", out)
	}
	for _, want := range []string{
		path + ":4:", "server", path + ":5:", "call_no", path + ":6:", "transport", "udp, tcp",
		path + ":8:", "rate", "48000", path + ":10:", "codec", "opus", path + ":11:", "Extras",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("check does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "kept-to-itself") {
		t.Errorf("check prints the password:\n%s", out)
	}
	wantExit(t, exitFailed, "transport", "run", "-c", path)
	if after, _ := os.ReadFile(path); string(after) != text {
		t.Errorf("the file was rewritten:\n%s", after)
	}
}

func TestDemo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	out, err := orionbox(t, "demo", "--seconds", "5", "--out", dir)
	if err != nil {
		t.Fatalf("demo: %v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "receipt.json"))
	var receipt demo.Receipt
	if err := errors.Join(err, json.Unmarshal(data, &receipt)); err != nil {
		t.Fatal(err)
	}
	if !receipt.OK || len(receipt.Files) != 5 {
		t.Errorf("receipt %+v", receipt)
	}
	for _, f := range receipt.Files {
		if !strings.Contains(out, f.Path) {
			t.Errorf("the table lacks %s:\n%s", f.Path, out)
		}
		if f.Kind == "studio take" {
			wantCBR(t, filepath.Join(dir, f.Path), 48000, 2)
		}
	}
	wantCuts(t, receipt)
	wantDeliveries(t, dir, receipt)
	wantAlignment(t, dir, receipt)
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "song.wav"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantExit(t, exitFailed, "--out", "demo", "--seconds", "5", "--out", other)
	if _, err := os.Stat(filepath.Join(other, "song.wav")); err != nil {
		t.Errorf("the demo removed a file that is not its own: %v", err)
	}
}

// wantDeliveries wants each take and chunk of both artists at the producer's, byte for byte, of true length by ffmpeg, and named in
// its tags.
func wantDeliveries(t *testing.T, dir string, receipt demo.Receipt) {
	t.Helper()
	if len(receipt.Arrivals) != 2 || len(receipt.Deliveries) != 6 || receipt.LastByteSeconds <= 0 {
		t.Errorf("%d takes and %d chunks were delivered, the last after %.1f s", len(receipt.Arrivals), len(receipt.Deliveries), receipt.LastByteSeconds)
	}
	for _, a := range receipt.Arrivals {
		if sum := sumOf(t, filepath.Join(dir, a.Path)); sum != a.Artist || !a.Journal {
			t.Errorf("%s is %s, the artist's %s; journal %v", a.Path, sum, a.Artist, a.Journal)
		}
	}
	for _, b := range receipt.Boxes {
		for _, c := range b.Chunks {
			i := slices.IndexFunc(receipt.Deliveries, func(d demo.Delivery) bool { return d.Box == b.Box && d.Chunk == c.Number })
			if c.Studio == nil || i < 0 {
				if c.Studio != nil {
					t.Errorf("%s's chunk %d was not delivered", b.Box, c.Number)
				}
				continue
			}
			d := receipt.Deliveries[i]
			path := filepath.Join(dir, d.Path)
			if sum := sumOf(t, path); sum != d.Artist {
				t.Errorf("%s is %s, what the artist cuts %s", d.Path, sum, d.Artist)
			}
			if got, want := len(audiotest.Read(t, path)[0].Samples), int(c.Studio.To-c.Studio.From); got != want {
				t.Errorf("%s has %d samples by ffmpeg, the chunk %d", d.Path, got, want)
			}
			if tags := ffprobe(t, path, "format_tags"); !strings.Contains(tags, "artist="+b.Box) || !strings.Contains(tags, "track="+strconv.Itoa(c.Number)) {
				t.Errorf("%s is tagged\n%s", d.Path, tags)
			}
		}
	}
}

// wantAlignment wants a WAV of each artist in the export, within a millisecond of the others, and all of one length and time by
// ffprobe.
func wantAlignment(t *testing.T, dir string, receipt demo.Receipt) {
	t.Helper()
	var shapes []string
	for _, a := range receipt.Alignments {
		if a.ResidualMS == nil || *a.ResidualMS > 1 {
			t.Errorf("%s lies %v ms beside the others", a.Path, a.ResidualMS)
		}
		shapes = append(shapes, ffprobe(t, filepath.Join(dir, a.Path), "stream=duration_ts:format_tags=time_reference"))
	}
	if len(shapes) != 2 || shapes[0] != shapes[1] || !strings.Contains(shapes[0], "time_reference=") {
		t.Errorf("the WAVs are %q", shapes)
	}
}

// ffprobe is what it says of some entries of a file.
func ffprobe(t *testing.T, path, entries string) string {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-show_entries", entries, "-of", "default=noprint_wrappers=1", path).CombinedOutput()
	if err != nil {
		t.Fatalf("ffprobe %s: %v\n%s", path, err, out)
	}
	return strings.ReplaceAll(string(out), "TAG:", "")
}

// wantCuts wants each artist's take in the three pieces that two cuts make, each next to the one before, and no cut off.
func wantCuts(t *testing.T, receipt demo.Receipt) {
	t.Helper()
	for _, b := range receipt.Boxes {
		var ends []int64
		for _, c := range b.Chunks {
			if c.Studio == nil {
				continue
			}
			if len(ends) > 0 && c.Studio.From != ends[len(ends)-1] {
				t.Errorf("%s's chunk %d begins at %d, the one before ends at %d", b.Box, c.Number, c.Studio.From, ends[len(ends)-1])
			}
			ends = append(ends, c.Studio.To)
		}
		if b.Role == "ARTIST" && (len(ends) != 3 || b.BoundaryErrorMS == nil || *b.BoundaryErrorMS > 5+b.PressMS/2) {
			t.Errorf("%s's take is in %d pieces, cut %v ms off", b.Box, len(ends), b.BoundaryErrorMS)
		}
		if len(b.Chunks) < 3 || b.VoiceErrorMS == nil || *b.VoiceErrorMS > 30+b.PressMS/2 {
			t.Errorf("%s's voice is in %d pieces, cut %v ms off", b.Box, len(b.Chunks), b.VoiceErrorMS)
		}
	}
	if len(receipt.Boxes) != 3 {
		t.Errorf("%d boxes on the receipt", len(receipt.Boxes))
	}
}

// TestDoorOfARunningBox is refused what makes no sense, and told so.
func TestDoorOfARunningBox(t *testing.T) {
	box := newBox(t, "127.0.0.1:9", "1001", boxTone, settings{"ChatSettings.role": "LISTENER"}).start()
	wantExit(t, exitRefused, "ARTIST", "press", "record", "--socket", box.socket)
	wantExit(t, exitRefused, "LISTENER", "press", "segment", "--socket", box.socket)
	wantExit(t, 0, "speakers muted", "press", "speakers", "--socket", box.socket)
	wantExit(t, 0, "muted", "status", "--socket", box.socket)
	wantExit(t, exitFailed, "another orionbox", "run", "-c", box.conf, "--socket", box.socket)
	wantExit(t, 0, "finishing", "press", "status", "--hold", "3s", "--socket", box.socket)
	<-box.gone
	if box.exit != nil {
		t.Errorf("a box that was told to finish ends with %v", box.exit)
	}
}

// TestSecretsStayWhereTheyAre looks for the password wherever a stranger could: log, status, command lines, files.
func TestSecretsStayWhereTheyAre(t *testing.T) {
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	box := newBox(t, server.Addr(), "1001", boxTone, nil).start()
	box.join()
	box.record()
	status, err := orionbox(t, "status", "--json", "--socket", box.socket)
	if err != nil {
		t.Fatal(err)
	}
	cmdline, err := os.ReadFile("/proc/" + itoa(box.cmd.Process.Pid) + "/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	environ, err := os.ReadFile("/proc/" + itoa(box.cmd.Process.Pid) + "/environ")
	if err != nil {
		t.Fatal(err)
	}
	server.HangUp() // have it dial again, with another challenge
	box.await("the conference again", func(s firmware.Status) bool { return s.Call == "in conference" })
	box.endTake()
	box.stop()
	for where, text := range map[string]string{
		"log": box.log.String(), "status": status, "command line": string(cmdline), "environment": string(environ),
	} {
		if strings.Contains(text, box.password) {
			t.Errorf("the password stands in the %s", where)
		}
	}
	err = filepath.WalkDir(filepath.Join(box.dir, "rec"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), box.password) {
			t.Errorf("the password stands in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
