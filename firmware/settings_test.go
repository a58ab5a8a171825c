package firmware

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"orionbox/firmware/conf"
	"orionbox/webadmin"
)

const ownConf = "# mine\n[ConnectionDetails]\nuser = 1001\n; do not tell\npassword = hush-hush\nserver = sip.example.org\ncall_no = 600\n[AudioSettings]\n# loud\npre_roll = 2\n[Extras]\ncolour = red\n"

func settingsIn(t *testing.T) (*settings, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "conn.conf")
	if err := os.WriteFile(path, []byte(ownConf), 0o600); err != nil {
		t.Fatal(err)
	}
	return newSettings(path), path
}

// field is a key as a page shows it now.
func field(t *testing.T, s *settings, id string) webadmin.Setting {
	t.Helper()
	form, err := s.Form(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range form.Sections {
		for _, k := range section.Keys {
			if k.ID == id {
				return k
			}
		}
	}
	t.Fatalf("no field %s", id)
	return webadmin.Setting{}
}

func changed(t *testing.T, s *settings, id, value string) webadmin.SettingChange {
	t.Helper()
	return webadmin.SettingChange{ID: id, Value: value, Tag: field(t, s, id).Tag}
}

func text(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestFormShowsEveryKeyAndNoSecret(t *testing.T) {
	s, _ := settingsIn(t)
	form, err := s.Form(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys := 0
	for _, section := range form.Sections {
		keys += len(section.Keys)
		for _, k := range section.Keys {
			if k.Meaning == "" || k.Allowed == "" {
				t.Errorf("%s is not explained", k.ID)
			}
		}
	}
	if want := len(conf.Keys()) - 1; keys != want { // the hash of the page's password has a form of its own
		t.Errorf("%d fields, want %d", keys, want)
	}
	all, err := json.Marshal(form)
	if err != nil || strings.Contains(string(all), "hush-hush") {
		t.Errorf("%v, the form holds the password", err)
	}
	if k := field(t, s, "ConnectionDetails.password"); !k.Secret || !k.IsSet || k.Value != "" {
		t.Errorf("the password is %+v", k)
	}
}

func TestChangeKeepsAllElse(t *testing.T) {
	s, path := settingsIn(t)
	wrong, err := s.Change(t.Context(), []webadmin.SettingChange{changed(t, s, "AudioSettings.pre_roll", "3.5"), changed(t, s, "ConnectionDetails.password", "other secret")})
	if err != nil || len(wrong) > 0 {
		t.Fatalf("%v, %v", wrong, err)
	}
	want := strings.NewReplacer("pre_roll = 2", "pre_roll = 3.5", "hush-hush", "other secret").Replace(ownConf)
	if got := text(t, path); got != want {
		t.Errorf("the file is\n%s\nwant\n%s", got, want)
	}
}

// TestABadValueChangesNothing saves all or nothing, and names each key that was wrong.
func TestABadValueChangesNothing(t *testing.T) {
	s, path := settingsIn(t)
	wrong, err := s.Change(t.Context(), []webadmin.SettingChange{changed(t, s, "AudioSettings.pre_roll", "3"),
		changed(t, s, "HQRecordingSettings.rate", "47999"), changed(t, s, "ConnectionDetails.server", "two words")})
	if err != nil || len(wrong) != 2 || !strings.Contains(wrong["HQRecordingSettings.rate"], "48000") || !strings.Contains(wrong["ConnectionDetails.server"], "host:port") {
		t.Errorf("%v, %v", wrong, err)
	}
	if got := text(t, path); got != ownConf {
		t.Errorf("half of it was saved:\n%s", got)
	}
	wrong, err = s.Change(t.Context(), []webadmin.SettingChange{changed(t, s, "Hardware.button_mic", "17"), changed(t, s, "Hardware.led_mic", "17")})
	if err == nil && len(wrong) == 0 || text(t, path) != ownConf {
		t.Errorf("two parts on one line: %v, %v", wrong, err)
	}
}

// TestWhatWouldShutThePageIsRefused before it is saved.
func TestWhatWouldShutThePageIsRefused(t *testing.T) {
	s, path := settingsIn(t)
	for id, value := range map[string]string{"Admin.certificate": "/none.pem", "Admin.listen": "192.0.2.77:80", "AudioSettings.recording_location": "/proc/none"} {
		if wrong, err := s.Change(t.Context(), []webadmin.SettingChange{changed(t, s, id, value)}); err != nil || wrong[id] == "" || text(t, path) != ownConf {
			t.Errorf("%s = %s: %v, %v", id, value, wrong, err)
		}
	}
	if wrong, err := s.Change(t.Context(), []webadmin.SettingChange{changed(t, s, "Admin.listen", "127.0.0.1:8090")}); err != nil || len(wrong) > 0 {
		t.Errorf("an address of its own: %v, %v", wrong, err)
	}
}

// TestTwoPagesAtOnce lose neither's change: of two of one key the second is told, of two keys both are there.
func TestTwoPagesAtOnce(t *testing.T) {
	s, path := settingsIn(t)
	first, second := changed(t, s, "AudioSettings.pre_roll", "3"), changed(t, s, "AudioSettings.pre_roll", "4")
	other := changed(t, s, "AudioSettings.reserve", "700")
	for _, c := range []struct {
		change webadmin.SettingChange
		ok     bool
	}{{first, true}, {second, false}, {other, true}, {first, true}} { // the last is what it is already
		wrong, err := s.Change(t.Context(), []webadmin.SettingChange{c.change})
		if err != nil || (len(wrong) == 0) != c.ok {
			t.Errorf("%+v: %v, %v", c.change, wrong, err)
		}
	}
	if got := text(t, path); !strings.Contains(got, "pre_roll = 3\n") || !strings.Contains(got, "reserve = 700\n") {
		t.Errorf("the file is\n%s", got)
	}
	var pages sync.WaitGroup
	for _, id := range []string{"Delivery.policy", "Delivery.keep", "ChatSettings.port", "ChatSettings.username"} {
		c := changed(t, s, id, map[string]string{"Delivery.policy": "end", "Delivery.keep": "no", "ChatSettings.port": "9100", "ChatSettings.username": "Ann"}[id])
		pages.Go(func() {
			if wrong, err := s.Change(t.Context(), []webadmin.SettingChange{c}); err != nil || len(wrong) > 0 {
				t.Errorf("%v, %v", wrong, err)
			}
		})
	}
	pages.Wait()
	for _, want := range []string{"policy = end", "keep = no", "port = 9100", "username = Ann"} {
		if !strings.Contains(text(t, path), want) {
			t.Errorf("%q is lost", want)
		}
	}
}

func TestJoinOnThePage(t *testing.T) {
	s, path := settingsIn(t)
	in := conf.Invite{User: "1007", Password: "pass-word", Server: "192.0.2.9", CallNo: "600"}
	coded, err := in.EncodeLegacy()
	if err != nil {
		t.Fatal(err)
	}
	if done, err := s.Join(t.Context(), string(coded)); err != nil || !strings.Contains(done, "server") || strings.Contains(done, "pass-word") {
		t.Errorf("%q, %v", done, err)
	}
	if got := text(t, path); !strings.Contains(got, "user = 1007\n; do not tell\npassword = pass-word\n") || !strings.Contains(got, "colour = red") {
		t.Errorf("the file is\n%s", got)
	}
	before := text(t, path)
	if _, err := s.Join(t.Context(), "no invite"); err == nil || text(t, path) != before {
		t.Errorf("a damaged invite: %v", err)
	}
}

// TestFirstPassword walks from a box without one, by its code, to one with.
func TestFirstPassword(t *testing.T) {
	_, path := settingsIn(t)
	a := admin{path, filepath.Join(filepath.Dir(path), ".setup-code")}
	b := &Box{}
	for range 2 { // the second start has the first one's code
		if err := b.makeCode(a); err != nil {
			t.Fatal(err)
		}
	}
	code, err := ReadCode(a.code)
	if err != nil || len(code) != 14 || a.Set() || a.Check("") {
		t.Fatalf("code %q, %v; set %v", code, err, a.Set())
	}
	if info, err := os.Stat(a.code); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the code's file: %v, %v", info.Mode(), err)
	}
	for _, spoilt := range []string{"", "\n", "AB"} {
		if err := os.WriteFile(a.code, []byte(spoilt), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := a.Choose(strings.TrimSpace(spoilt), "correct horse"); err == nil {
			t.Fatalf("a code file that holds %q lets anybody in", spoilt)
		}
	}
	if err := b.makeCode(a); err != nil {
		t.Fatal(err)
	}
	code, err = ReadCode(a.code)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Choose("AAAA-AAAA-AAAA", "correct horse"); err == nil {
		t.Error("another code does as well")
	}
	if err := a.Choose(strings.ToLower(strings.ReplaceAll(code, "-", " ")), "short"); err == nil {
		t.Error("a short password does")
	}
	if err := a.Choose(strings.ToLower(strings.ReplaceAll(code, "-", " ")), "correct horse"); err != nil {
		t.Fatal(err)
	}
	if !a.Set() || !a.Check("correct horse") || a.Check("correct horsf") || strings.Contains(text(t, path), "correct horse") {
		t.Errorf("the file is\n%s", text(t, path))
	}
	if err := a.Choose(code, "another one"); err == nil {
		t.Error("a password can be chosen a second time")
	}
}
