package audiotest

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"orionbox/audio/audiotest/lab"

	"orionbox/audio/measure"
)

// Pulse is a PulseAudio server that stands for a sound card: what a test feeds is heard by its microphone, the source
// "mic", and what a program plays into its speakers, the sink "spk", is recorded. Both are the server's default, and
// keep real time.
//
//	Feed -> sink micfeed -> source mic -> program under test -> sink spk -> Record
type Pulse struct {
	t       testing.TB
	folder  lab.Folder
	process *lab.Process
}

const pulseScript = `
load-module module-native-protocol-unix socket=@DIR@/native auth-anonymous=1
load-module module-null-sink sink_name=micfeed rate=48000 channels=2 format=s16le
load-module module-remap-source source_name=mic master=micfeed.monitor source_properties=device.description=Microphone
load-module module-null-sink sink_name=spk rate=48000 channels=2 format=s16le sink_properties=device.description=Speakers
set-default-sink spk
set-default-source mic
`

// StartPulse starts a server of the test's own. Nothing uses it until Setenv, SetenvALSA or Env says so.
func StartPulse(t testing.TB) *Pulse {
	t.Helper()
	p := &Pulse{t: t, folder: lab.NewFolder(t, lab.Client, "pulse")}
	p.folder.Write(t, "default.pa", strings.ReplaceAll(pulseScript, "@DIR@", p.folder.Inside))
	p.Start()
	return p
}

// Start starts a server that was killed, at the same place.
func (p *Pulse) Start() {
	t := p.t
	t.Helper()
	p.process = lab.Start(t, lab.Client, p.folder, p.own(), "/usr/bin/pulseaudio", "-n",
		"-F", p.folder.Inside+"/default.pa", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
		"--disallow-exit=yes", "--disable-shm=yes", "--realtime=no", "--high-priority=no", "--log-target=stderr")
	p.process.Wait(t, "the sound server", 10*time.Second, func() bool {
		out, err := p.control("info")
		return err == nil && strings.Contains(out, "Default Source: mic")
	})
}

// Kill ends it at once, which is to a program what a card is that is pulled out.
func (p *Pulse) Kill() { p.process.Kill() }

// own is the environment of the server and of its tools inside the lab.
func (p *Pulse) own() []string {
	dir := p.folder.Inside
	return []string{"HOME=" + dir, "XDG_RUNTIME_DIR=" + dir, "PULSE_STATE_PATH=" + dir, "PULSE_RUNTIME_PATH=" + dir,
		"PULSE_SERVER=unix:" + dir + "/native"}
}

func (p *Pulse) control(args ...string) (string, error) {
	return lab.Run(p.t, lab.Client, p.own(), append([]string{"/usr/bin/pactl"}, args...)...)
}

// Env makes a program that the test starts find the server.
func (p *Pulse) Env() []string { return []string{"PULSE_SERVER=unix:" + p.folder.Path("native")} }

// Setenv makes this process's PulseAudio clients find the server for the rest of the test.
func (p *Pulse) Setenv() { p.setenv(p.Env()) }

// EnvALSA makes a program that the test starts find the server as ALSA's default device, and no PulseAudio.
func (p *Pulse) EnvALSA() []string {
	conf := fmt.Sprintf("</usr/share/alsa/alsa.conf>\npcm.!default { type pulse server %q }\n"+
		"ctl.!default { type pulse server %q }\n", "unix:"+p.folder.Path("native"), "unix:"+p.folder.Path("native"))
	p.folder.Write(p.t, "asound.conf", conf)
	return []string{"ALSA_CONFIG_PATH=" + p.folder.Path("asound.conf"), "PULSE_SERVER=unix:" + p.folder.Path("none")}
}

// SetenvALSA makes this process find the server as ALSA's default device, and no PulseAudio, for the rest of the test.
func (p *Pulse) SetenvALSA() { p.setenv(p.EnvALSA()) }

func (p *Pulse) setenv(env []string) {
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		os.Unsetenv(name)
		p.t.(interface{ Setenv(string, string) }).Setenv(name, value)
	}
}

// Feed begins to play a sound to the microphone, once, and returns.
func (p *Pulse) Feed(s measure.Sound) {
	p.t.Helper()
	WriteWAV(p.t, p.folder.Path("feed.wav"), s)
	lab.Start(p.t, lab.Client, p.folder, p.own(), "/usr/bin/paplay", "--device=micfeed", p.folder.Inside+"/feed.wav")
	p.process.Wait(p.t, "the feed", 10*time.Second, func() bool {
		out, err := p.control("list", "short", "sink-inputs")
		return err == nil && strings.Count(out, "\n") > 0
	})
}

// Recording is what the speakers play while it lasts.
type Recording struct {
	pulse   *Pulse
	name    string
	process *lab.Process
}

// Record begins to record the speakers; it has begun when Record returns.
func (p *Pulse) Record() *Recording {
	p.t.Helper()
	r := &Recording{pulse: p, name: "heard.raw"}
	os.Remove(p.folder.Path(r.name))
	r.process = lab.Start(p.t, lab.Client, p.folder, p.own(), "/usr/bin/parec", "--device=spk.monitor", "--raw",
		"--format=s16le", "--rate=48000", "--channels=1", "--latency-msec=20", p.folder.Inside+"/"+r.name)
	r.Wait(0)
	return r
}

// Wait waits until more than length is recorded.
func (r *Recording) Wait(length time.Duration) {
	r.pulse.t.Helper()
	path := r.pulse.folder.Path(r.name)
	r.process.Wait(r.pulse.t, "sound from the speakers", length+10*time.Second, func() bool {
		info, err := os.Stat(path)
		return err == nil && time.Duration(info.Size())*time.Second/(2*48000) > length
	})
}

// Stop ends the recording and returns it, both channels mixed.
func (r *Recording) Stop() measure.Sound {
	r.pulse.t.Helper()
	r.process.Stop()
	return ReadRaw(r.pulse.t, r.pulse.folder.Path(r.name), 48000)
}
