package engine_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"orionbox/audio/audiotest/lab"
	"orionbox/audio/device"
	"orionbox/audio/engine"
	"orionbox/audio/pcm"
)

// server is a PulseAudio server with a microphone and speakers: a card that can be pulled out by killing it.
type server struct {
	t       *testing.T
	folder  lab.Folder
	process *lab.Process
}

const script = `
load-module module-native-protocol-unix socket=@DIR@/native auth-anonymous=1
load-module module-null-sink sink_name=feed rate=48000 channels=2
load-module module-remap-source source_name=mic master=feed.monitor
load-module module-null-sink sink_name=spk rate=48000 channels=2
set-default-sink spk
set-default-source mic
`

func (s *server) plug() {
	s.t.Helper()
	inside := s.folder.Inside
	env := []string{"HOME=" + inside, "XDG_RUNTIME_DIR=" + inside, "PULSE_RUNTIME_PATH=" + inside, "PULSE_STATE_PATH=" + inside}
	s.process = lab.Start(s.t, lab.Client, s.folder, env, "/usr/bin/pulseaudio", "-n", "-F", inside+"/default.pa",
		"--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes", "--realtime=no",
		"--high-priority=no", "--log-target=stderr")
	s.process.Wait(s.t, "the sound server", 10*time.Second, func() bool {
		list, err := device.List()
		return err == nil && len(list) > 0
	})
}

// A sound server that dies is to miniaudio what a card is that is pulled out. The engine must notice, keep time, let go
// of the dead device, and find the new one.
func TestSoundServerDiesAndComesBack(t *testing.T) {
	s := &server{t: t, folder: lab.NewFolder(t, lab.Client, "replug")}
	s.folder.Write(t, "default.pa", strings.ReplaceAll(script, "@DIR@", s.folder.Inside))
	t.Setenv("PULSE_SERVER", "unix:"+s.folder.Path("native"))
	s.plug()

	e, err := engine.New(engine.Config{Mic: device.Default, Speakers: device.Default, Width: 2,
		Format: pcm.Format{Rate: 48000, Channels: 2}}, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	reach(t, e, engine.OK)
	first, start := sound(t, e), time.Now()
	s.process.Kill()
	reach(t, e, engine.Lost)
	s.plug()
	reach(t, e, engine.OK)
	pos := sound(t, e) - first
	if off := pos - stereo.Samples(time.Since(start)); off < -48000/2 || off > 48000/2 {
		t.Errorf("the time line is off by %v", stereo.Duration(off))
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

var stereo = pcm.Format{Rate: 48000, Channels: 2}

// reach waits until both devices are in a state.
func reach(t *testing.T, e *engine.Engine, want engine.State) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		if s := e.Status(); s.Mic.State == want && s.Speakers.State == want {
			return
		}
		select {
		case <-e.Changed():
		case <-deadline:
			t.Fatalf("20 s, and not %s: %+v", want, e.Status())
		}
	}
}

// sound empties the studio ring until a second has come from the microphone, and returns its end.
func sound(t *testing.T, e *engine.Engine) int64 {
	t.Helper()
	tick, deadline := time.NewTicker(5*time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for heard, end := 0, int64(0); ; {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("20 s, and %d samples from the microphone", heard)
		}
		for f, ok := e.Studio().Pop(); ok; f, ok = e.Studio().Pop() {
			if !f.Filled {
				heard += f.Len()
			}
			end = f.End()
		}
		if heard > 48000 {
			return end
		}
	}
}
