package board

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// files makes a root with what the kernel would show. The texts are as the kernel's sources print them: no Raspberry Pi
// was asked.
func files(t *testing.T, texts map[string]string) *Board {
	t.Helper()
	root := t.TempDir()
	for path, text := range texts {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return New(root)
}

func TestAPCWithNothingIsNoError(t *testing.T) {
	b := files(t, nil)
	if s := b.State(); s != (State{}) {
		t.Errorf("an empty folder is %+v", s)
	}
	if _, err := b.OpenWatchdog(time.Second); !errors.Is(err, ErrNoWatchdog) {
		t.Errorf("its watchdog: %v", err)
	}
}

func TestThisMachineCanBeAsked(t *testing.T) {
	if s := New("/").State(); s.Temperature != nil && (*s.Temperature < -60 || *s.Temperature > 200) {
		t.Errorf("this machine is %+v", s)
	}
}

func TestARaspberryPi(t *testing.T) {
	b := files(t, map[string]string{
		"proc/device-tree/model":                              "Raspberry Pi 4 Model B Rev 1.5\x00",
		"sys/class/thermal/thermal_zone0/type":                "cpu-thermal\n",
		"sys/class/thermal/thermal_zone0/temp":                "48199\n",
		"sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
		"sys/class/hwmon/hwmon1/name":                         "rpi_volt\n",
		"sys/class/hwmon/hwmon1/in0_lcrit_alarm":              "0\n",
		"sys/class/rtc/rtc0/since_epoch":                      "12\n",
		"run/systemd/timesync/synchronized":                   "",
	})
	s := b.State()
	want := Power{Undervoltage: true, Throttled: true, HadUndervoltage: true, HadThrottling: true}
	if s.Model != "Raspberry Pi 4 Model B Rev 1.5" || s.Temperature == nil || *s.Temperature != 48.199 || s.Power == nil || *s.Power != want {
		t.Errorf("%+v, power %+v", s, s.Power)
	}
	if s.Time != (Time{Known: true, Synchronised: true}) {
		t.Errorf("time %+v, want it synchronised, and no battery", s.Time)
	}
}

func TestABoardIsToldFromOthers(t *testing.T) {
	both := map[string]string{
		"sys/firmware/devicetree/base/serial-number": "10000000c0ffee42\x00",
		"sys/class/net/wlan0/address":                "dc:a6:32:01:02:03\n",
	}
	if got := files(t, both).Identity(); got != "10000000c0ffee42" {
		t.Errorf("a Raspberry Pi is %q", got)
	}
	delete(both, "sys/firmware/devicetree/base/serial-number")
	if got := files(t, both).Identity(); got != "dc:a6:32:01:02:03" {
		t.Errorf("a computer with a radio is %q", got)
	}
	if got := files(t, nil).Identity(); got != "" {
		t.Errorf("a computer that tells nothing is %q", got)
	}
}

func TestTemperatureIsTheProcessors(t *testing.T) {
	for _, test := range []struct {
		zones []string // type, temp
		want  float64
	}{
		{[]string{"acpitz", "27800", "x86_pkg_temp", "61000", "nvme", "90000"}, 61},
		{[]string{"acpitz", "27800", "iwlwifi_1", "40000"}, 40},
		{[]string{"cpu-thermal", "nonsense", "gpu-thermal", "33000"}, 33},
		{[]string{"cpu0-thermal", "50000", "cpu1-thermal", "55000"}, 55},
	} {
		texts := map[string]string{}
		for i := 0; i < len(test.zones); i += 2 {
			zone := "sys/class/thermal/thermal_zone" + string(rune('0'+i/2))
			texts[zone+"/type"], texts[zone+"/temp"] = test.zones[i]+"\n", test.zones[i+1]+"\n"
		}
		if got, ok := files(t, texts).Temperature(); !ok || got != test.want {
			t.Errorf("%v: %v %v, want %v", test.zones, got, ok, test.want)
		}
	}
}

func TestPower(t *testing.T) {
	const pi4, pi5 = "sys/devices/platform/soc/soc:firmware/get_throttled", "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled"
	hwmon := func(alarm string) map[string]string {
		return map[string]string{"sys/class/hwmon/hwmon0/name": "cpu_thermal\n", "sys/class/hwmon/hwmon0/in0_lcrit_alarm": "1",
			"sys/class/hwmon/hwmon2/name": "rpi_volt\n", "sys/class/hwmon/hwmon2/in0_lcrit_alarm": alarm}
	}
	for name, test := range map[string]struct {
		texts map[string]string
		want  Power
		known bool
	}{
		"well":               {map[string]string{pi4: "0\n"}, Power{}, true},
		"low now":            {map[string]string{pi5: "0x1\n"}, Power{Undervoltage: true, HadUndervoltage: true}, true},
		"was low":            {map[string]string{pi4: "10000"}, Power{HadUndervoltage: true}, true},
		"hot":                {map[string]string{pi4: "80008"}, Power{Throttled: true, HadThrottling: true}, true},
		"capped once":        {map[string]string{pi4: "20000"}, Power{HadThrottling: true}, true},
		"monitor: low":       {hwmon("1\n"), Power{Undervoltage: true, HadUndervoltage: true}, true},
		"monitor: well":      {hwmon("0\n"), Power{}, true},
		"monitor: nonsense":  {hwmon("x"), Power{}, false},
		"firmware: nonsense": {map[string]string{pi4: "gone"}, Power{}, false},
	} {
		if got, known := files(t, test.texts).Power(); got != test.want || known != test.known {
			t.Errorf("%s: %+v %v, want %+v %v", name, got, known, test.want, test.known)
		}
	}
}

func TestTime(t *testing.T) {
	const rtc = "sys/class/rtc/rtc0/since_epoch"
	kernel := func(status int, err error) func() (int, error) { return func() (int, error) { return status, err } }
	for name, test := range map[string]struct {
		texts  map[string]string
		kernel func() (int, error)
		want   Time
	}{
		"kernel: yes":             {nil, kernel(0, nil), Time{Known: true, Synchronised: true}},
		"kernel: no":              {nil, kernel(unix.STA_UNSYNC, nil), Time{Known: true}},
		"kernel: refuses":         {nil, kernel(0, errors.New("not allowed")), Time{}},
		"timesyncd is sooner":     {map[string]string{"run/systemd/timesync/synchronized": ""}, kernel(unix.STA_UNSYNC, nil), Time{Known: true, Synchronised: true}},
		"timesyncd has not":       {map[string]string{"run/systemd/timesync/x": ""}, nil, Time{Known: true}},
		"clock with a battery":    {map[string]string{rtc: "1795392000\n"}, nil, Time{Hardware: true}},
		"clock without a battery": {map[string]string{rtc: "31\n"}, nil, Time{}},
	} {
		b := files(t, test.texts)
		b.kernel = test.kernel
		if got := b.Time(); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

// A plain file stands for the watchdog, since there is none here, and one that bites would end the test: what is written
// to it is the whole of what the kernel sees, but the time it is set to.
func TestWatchdogIsKeptQuietAndDisarmed(t *testing.T) {
	b := files(t, map[string]string{"dev/watchdog": ""})
	w, err := b.OpenWatchdog(15 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.KeepAlive(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := b.read("dev/watchdog"); got != "\x00\x00V" {
		t.Errorf("written: %q", got)
	}
	if err := w.KeepAlive(); err == nil {
		t.Error("a closed watchdog is kept quiet")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"50005\n", "0x1", "48199", "-5", "1", "Raspberry Pi 5\x00\x00", "\xff\x00", "99999999999999999999", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if m := line(s); strings.ContainsAny(m, "\x00\n\r\x1b") || len(m) > len(s) {
			t.Errorf("model %q", m)
		}
		if c, ok := parseTemperature(s); ok && (c < -60 || c > 200) {
			t.Errorf("temperature %v", c)
		}
		if p, ok := parseThrottled(s); p.Undervoltage && !p.HadUndervoltage || p.Throttled && !p.HadThrottling || !ok && p != (Power{}) {
			t.Errorf("power %+v %v", p, ok)
		}
		if alarm, ok := parseAlarm(s); alarm && !ok {
			t.Error("an alarm that is not known")
		}
		plausible(s)
	})
}
