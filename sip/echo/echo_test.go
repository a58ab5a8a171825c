package echo_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"orionbox/sip/conference"
	"orionbox/sip/echo"
	"orionbox/sip/phone"
	"orionbox/sip/siptest"
)

// account is a user of the lab.
func account(t *testing.T, server string) phone.Config {
	return phone.Config{User: "1001", Password: siptest.Password("1001"), Server: server, CallNo: "600",
		StatePath: filepath.Join(t.TempDir(), "call.json")}
}

func logTo(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

// host is the built-in conference with the lab's users.
func host(t *testing.T) string {
	t.Helper()
	c, err := conference.New(conference.Config{Listen: "127.0.0.1:0", Users: map[string]string{"1001": siptest.Password("1001")}}, logTo(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("conference: %v", err)
		}
	})
	return c.Addr().String()
}

// echoes fails unless the number gives back what it hears.
func echoes(t *testing.T, cfg phone.Config, number string) {
	t.Helper()
	r, err := echo.Test(t.Context(), cfg, number, logTo(t))
	if err != nil || !r.Heard {
		t.Errorf("%s over %s in %s: %+v, %v", number, cfg.Transport, cfg.Codec, r, err)
		return
	}
	if math.Abs(r.LevelDB) > 6 || r.RoundTrip <= 0 || r.Received < 80 || cfg.Codec != r.Codec {
		t.Errorf("%s over %s in %s: %+v", number, cfg.Transport, cfg.Codec, r)
	}
}

func TestEchoIsHeard(t *testing.T) {
	a := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	numbers := map[string]string{a.Addr(): "601", host(t): conference.EchoNumber}
	t.Run("codecs", func(t *testing.T) {
		for server, number := range numbers {
			for i, codec := range []string{"opus", "G722", "PCMU", "PCMA"} {
				t.Run(number+" "+codec, func(t *testing.T) {
					t.Parallel()
					cfg := account(t, server)
					cfg.Codec, cfg.Transport = codec, []string{"udp", "tcp"}[i%2]
					echoes(t, cfg, number)
				})
			}
		}
	})
	a.Wait("no channel to be left", func() bool { return a.Channels() == 0 })
}

// TestEchoBehindAnAnnouncement: FreePBX explains at length before it echoes.
func TestEchoBehindAnAnnouncement(t *testing.T) {
	a := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	cfg := account(t, a.Addr())
	cfg.Codec = "PCMU"
	echoes(t, cfg, "*43")
	echoes(t, cfg, "*43,,1234#") // what follows is left out
}

func TestNumbersThatDoNotEcho(t *testing.T) {
	a := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	own := host(t)
	t.Run("numbers", func(t *testing.T) {
		for _, c := range []struct{ what, server, number string }{
			{"conference", a.Addr(), "600"}, {"milliwatt", a.Addr(), "610"}, {"tone", a.Addr(), "611"},
			{"no sound", a.Addr(), "627"}, {"room of the built-in conference", own, "600"},
		} {
			t.Run(c.what, func(t *testing.T) {
				t.Parallel()
				r, err := echo.Test(t.Context(), account(t, c.server), c.number, logTo(t))
				silent := r.Received == 0
				if err != nil || r.Heard || r.RoundTrip != 0 || r.LevelDB != 0 || r.Codec != "opus" || silent != (c.what == "no sound") {
					t.Errorf("%+v, %v", r, err)
				}
			})
		}
	})
}

func TestReasons(t *testing.T) {
	deaf, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	a, own := siptest.StartAsterisk(t, siptest.AsteriskOptions{}).Addr(), host(t)
	for _, c := range []struct {
		server, number, password string
		want                     phone.Reason
	}{
		{a, "601", "not the password", phone.WrongPassword}, {own, "*43", "not the password", phone.Forbidden},
		{a, "998", "", phone.NoSuchNumber}, {own, strings.Repeat("9", 65), "", phone.NoSuchNumber},
		{a, "620", "", phone.Busy}, {a, "622", "", phone.NoAnswer}, {a, "625", "", phone.Forbidden},
		{deaf.LocalAddr().String(), "601", "", phone.Timeout},
	} {
		cfg := account(t, c.server)
		if c.password != "" {
			cfg.Password = c.password
		}
		r, err := echo.Test(t.Context(), cfg, c.number, logTo(t))
		if phone.ReasonOf(err) != c.want || !strings.Contains(err.Error(), string(c.want)) || r != (echo.Result{}) {
			t.Errorf("%s at %s: %v, want %q", c.number, c.server, err, c.want)
		}
	}
}

func TestEndsBeforeItsTime(t *testing.T) {
	a := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	test := func() {
		_, err := echo.Test(ctx, account(t, a.Addr()), "601", logTo(t))
		ended <- err
	}
	go test()
	a.Wait("the call", func() bool { return a.Channels() == 1 })
	a.HangUp()
	if err := <-ended; phone.ReasonOf(err) != phone.HungUp {
		t.Errorf("hung up by the server: %v", err)
	}
	go test()
	a.Wait("the call", func() bool { return a.Channels() == 1 })
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	a.Wait("no channel to be left", func() bool { return a.Channels() == 0 })
}

// TestTheBoxsCallIsLeftAlone: a box is in its conference, with the same account, when the line is tried.
func TestTheBoxsCallIsLeftAlone(t *testing.T) {
	a := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	for _, c := range []struct{ server, number string }{{a.Addr(), "601"}, {host(t), conference.EchoNumber}} {
		cfg := account(t, c.server)
		box := start(t, cfg)
		leg := box.up(t).Leg
		before := remembers(t, cfg.StatePath)
		cfg.Codec = "PCMU"
		echoes(t, cfg, c.number)
		if after := remembers(t, cfg.StatePath); after != before || !strings.Contains(before, "call_id") {
			t.Errorf("memory is %s, was %s", after, before)
		}
		select {
		case e := <-box.Events():
			t.Errorf("the box noticed: %+v", e)
		default:
		}
		if s := box.Status(); s.State != phone.InConference || !s.Registered || leg.Stats().Strangers != 0 {
			t.Errorf("%+v", s)
		}
		box.stop()
	}
}

func TestNothingIsLeftRunning(t *testing.T) {
	server := host(t)
	cfg := account(t, server)
	if _, err := echo.Test(t.Context(), cfg, "*43", logTo(t)); err != nil {
		t.Error(err)
	}
	before := runtime.NumGoroutine()
	for _, number := range []string{"*43", strings.Repeat("9", 65)} {
		if r, err := echo.Test(t.Context(), cfg, number, logTo(t)); r.Heard == (err != nil) {
			t.Errorf("%s: %+v, %v", number, r, err)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, were %d\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

// box is a phone in its conference.
type box struct {
	*phone.Phone
	stop func()
}

func start(t *testing.T, cfg phone.Config) box {
	t.Helper()
	p, err := phone.New(cfg, logTo(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx); close(done) }()
	b := box{p, func() { stop(); <-done }}
	t.Cleanup(b.stop)
	return b
}

// up waits for the call.
func (b box) up(t *testing.T) phone.Event {
	t.Helper()
	deadline := time.After(15 * time.Second)
	for {
		select {
		case e := <-b.Events():
			if e.Leg != nil {
				return e
			}
		case <-deadline:
			t.Fatalf("not in the conference: %+v", b.Status())
		}
	}
}

func remembers(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
