package conf

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// onDisk makes a conn.conf in a folder of the test's own.
func onDisk(t *testing.T, text string, mode fs.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "conn.conf")
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, path string) *File {
	t.Helper()
	f, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func set(t *testing.T, f *File, section, key, value string) {
	t.Helper()
	if err := f.Set(section, key, value); err != nil {
		t.Fatal(err)
	}
}

func wantText(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q (%v), want %q", path, got, err, want)
	}
}

func TestSave(t *testing.T) {
	path := onDisk(t, "# mine\r\n"+account, 0o644)
	f := load(t, path)
	set(t, f, "ConnectionDetails", "user", "1002")
	for range 2 { // the second finds the first's text
		if err := f.Save(); err != nil {
			t.Fatal(err)
		}
	}
	wantText(t, path, "# mine\r\n"+strings.Replace(account, "1001", "1002", 1))
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestSaveMakesAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "conn.conf")
	if _, err := Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load of nothing: %v", err)
	}
	f, _ := Parse(path, nil)
	set(t, f, "Admin", "listen", ":80")
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	wantText(t, path, "[Admin]\nlisten = :80\n")
}

func TestSaveFollowsALink(t *testing.T) {
	path := onDisk(t, account, 0o600)
	link := filepath.Join(t.TempDir(), "link.conf")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	f := load(t, link)
	set(t, f, "ConnectionDetails", "user", "1002")
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	wantText(t, path, strings.Replace(account, "1001", "1002", 1))
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", info.Mode(), err)
	}
}

func TestSaveRefusesWhatOthersChanged(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"written": func(path string) error { return os.WriteFile(path, []byte(account+"# theirs\n"), 0o600) },
		"removed": os.Remove,
	} {
		path := onDisk(t, account, 0o600)
		f := load(t, path)
		set(t, f, "ConnectionDetails", "user", "1002")
		if err := change(path); err != nil {
			t.Fatal(err)
		}
		if err := f.Save(); !errors.Is(err, ErrChanged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTwoEditorsLoseNothing has many save at once, each reloading when another was first.
func TestTwoEditorsLoseNothing(t *testing.T) {
	path := onDisk(t, account, 0o600)
	keys := []string{"button_record", "button_segment", "button_mic", "button_speakers", "button_status", "led_record", "led_mic", "led_call"}
	edit := func(key string, line int) error {
		for {
			f, err := Load(path)
			if err != nil {
				return err
			}
			if err := f.Set("Hardware", key, fmt.Sprint(line)); err != nil {
				return err
			}
			if err := f.Save(); !errors.Is(err, ErrChanged) {
				return err
			}
		}
	}
	var wg sync.WaitGroup
	for i, key := range keys {
		wg.Go(func() {
			if err := edit(key, i); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := load(t, path).Config().Hardware.Lines; len(got) != len(keys) {
		t.Errorf("of %d edits there are %v", len(keys), got)
	}
}

func TestSaveRefusesANewFault(t *testing.T) {
	// An old fault (bitrate) is no reason, one that two edits make together is.
	path := onDisk(t, account+"[HQRecordingSettings]\nbitrate = 321\n", 0o600)
	f := load(t, path)
	set(t, f, "Hardware", "button_record", "5")
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	before := string(f.Bytes())
	set(t, f, "Hardware", "led_call", "5")
	if err := f.Save(); err == nil || !strings.Contains(err.Error(), "taken by button_record") {
		t.Errorf("saved: %v", err)
	}
	wantText(t, path, before)
}

func TestSaveThatFailsLeavesTheOld(t *testing.T) {
	path := onDisk(t, account, 0o600)
	f := load(t, path)
	set(t, f, "ConnectionDetails", "user", "1002")
	f.path = filepath.Join(filepath.Dir(path), "no", "such", "folder.conf")
	f.loaded = ""
	if err := f.Save(); err == nil {
		t.Error("saved into a folder that is not there")
	}
	wantText(t, path, account)
}

func TestLoadWarnsOfOpenSecrets(t *testing.T) {
	if ps := load(t, onDisk(t, account, 0o644)).Problems(); len(ps) != 1 || ps[0].Fatal || !strings.Contains(ps[0].Text, "chmod 600") {
		t.Errorf("problems %v", ps)
	}
	if ps := load(t, onDisk(t, account, 0o600)).Problems(); len(ps) != 0 {
		t.Errorf("problems %v", ps)
	}
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("a folder was loaded")
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	const word = "hunter2"
	invite, err := Invite{User: "1", Password: word, Server: "h", CallNo: "6"}.EncodeLegacy()
	if err != nil {
		t.Fatal(err)
	}
	text := "[ConnectionDetails]\npassword = " + word + "\nconn_string = " + string(invite) + "\ncall_no = 600,,7531\n" +
		"[ChatSettings]\ntoken = " + word + "\n[Hub]\nnats_url = nats://a:" + word + "@b\n[Admin]\npassword_hash = $2a$10$" + word + strings.Repeat("x", 53-len(word)) + "\n"
	f, problems := Parse("conn.conf", []byte(text))
	if err := fatal(problems); err != nil {
		t.Fatal(err)
	}
	c := f.Config()
	if string(c.ConnectionDetails.Password) != word {
		t.Fatal("the password cannot be had at all")
	}
	var out strings.Builder
	for _, v := range []any{c, &c, c.ConnectionDetails, &c.ConnectionDetails, c.ConnectionDetails.Password, c.ChatSettings, c.Hub, c.Admin, f, *f, problems} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		if data, err := json.Marshal(v); err == nil {
			out.Write(data)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("text", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "v", v)
	}
	for _, told := range []string{word, fmt.Sprintf("%x", word), fmt.Sprintf("%X", word), string(invite)[:8]} {
		if i := strings.Index(out.String(), told); i >= 0 {
			t.Errorf("%q is told: ...%s", told, out.String()[max(0, i-80):i+len(told)])
		}
	}
	if s := c.String(); strings.Contains(s, "7531") || !strings.Contains(s, "600,(set)") {
		t.Errorf("the PIN in %s", s)
	}
}
