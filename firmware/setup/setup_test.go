package setup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"orionbox/firmware/conf"
	"orionbox/webadmin"
)

// The secrets of the file in wanted, besides those of the invite.
const (
	wifiSecret = "sesame of the network"
	pageSecret = "sesame of the page"
	pageCode   = "ABCD-EFGH-2345"
	sipSecret  = "kept-to-itself"
)

// mine has the page's password already, at bcrypt's least cost: to hash it anew in each test takes a minute.
const mine = "# mine\n[AudioSettings]\nmic = null\n\n[Admin]\npassword_hash = $2a$04$73zgHxEqAKvGiTukwmp5WOxwcbU.pw4OYltI34rSMiKOxrfeKaQPa\n"

// card is a new box: its card's folder for other computers, its state, and its settings.
type card struct{ root string }

func newCard(t *testing.T, file string) card {
	t.Helper()
	c := card{t.TempDir()}
	for _, dir := range []string{"boot", "state", "box"} {
		if err := os.Mkdir(filepath.Join(c.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c.put(t, "box/conn.conf", mine)
	if file != "" {
		c.put(t, "boot/orionbox.txt", file)
	}
	return c
}

func (c card) put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.root, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (c card) config() Config {
	in := func(name string) string { return filepath.Join(c.root, name) }
	return Config{File: in("boot/orionbox.txt"), State: in("state"), Conf: in("box/conn.conf"), Label: in("boot/orionbox-label.txt"),
		Board: "10000000abcd12ef\x00", Code: func() (string, error) {
			if f, err := conf.Load(in("box/conn.conf")); err != nil || f.Config().Admin.PasswordHash != "" {
				return "", err
			}
			return pageCode, nil
		}}
}

// files are all of the card, with what they hold.
func (c card) files(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(c.root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(c.root, path)
		all[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (c card) text(t *testing.T, name string) string { return c.files(t)[name] }

// wanted is a file with all keys.
func wanted(t *testing.T) string {
	t.Helper()
	in := conf.Invite{User: "1002", Password: sipSecret, Server: "192.0.2.1", CallNo: "600", Hub: "192.0.2.2:9100", Name: "Ann",
		Role: "ARTIST", Token: "ann.KEPTTOITSELF", Fingerprint: strings.Repeat("ab", 32)}
	text, err := in.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return "wifi = Studio\nwifi_password = " + wifiSecret + "\ncountry = de\nhostname = ann-box\ntimezone = Europe/Berlin\ninvite = " +
		string(text) + "\nadmin_password = " + pageSecret + "\nssh_key = " + someKey + "\n"
}

// wantTaken checks all that the file in wanted leads to, and that nothing else is there.
func wantTaken(t *testing.T, c card) {
	t.Helper()
	all := c.files(t)
	for name, want := range map[string]string{
		"state/country": "DE\n", "state/hostname": "ann-box\n", "state/timezone": "Europe/Berlin\n", "state/ssh/authorized_keys": someKey + "\n",
		"state/network/orionbox.nmconnection": joining("Studio", wifiSecret), "state/ap-name": "orionbox-12EF\n",
	} {
		if all[name] != want {
			t.Errorf("%s says %q", name, all[name])
		}
		delete(all, name)
	}
	password := strings.TrimSpace(all["state/ap-password"])
	if !passwordLike.MatchString(password) || all["state/"+apFile] != access("orionbox-12EF", password, false) {
		t.Errorf("the access point is odd:\n%s", all["state/"+apFile])
	}
	if label := all["boot/orionbox-label.txt"]; !strings.Contains(label, "http://ann-box.local:8080") || strings.Contains(label, pageCode) || strings.Contains(label, password) {
		t.Errorf("the label:\n%s", label)
	}
	wantConf(t, all["box/conn.conf"])
	for _, name := range []string{"state/ap-password", "state/" + apFile, "boot/orionbox-label.txt", "box/conn.conf"} {
		delete(all, name)
	}
	for name := range all {
		t.Errorf("%s was left", name)
	}
	c.wantPrivate(t)
}

func wantConf(t *testing.T, text string) {
	t.Helper()
	f, problems := conf.Parse("conn.conf", []byte(text))
	set := f.Config()
	if len(problems) > 0 || !strings.HasPrefix(text, mine) || string(set.ConnectionDetails.Password) != sipSecret || set.ChatSettings.Username != "Ann" {
		t.Errorf("conn.conf: %v\n%s", problems, text)
	}
	if !webadmin.CheckPassword(string(set.Admin.PasswordHash), pageSecret) {
		t.Error("the page has another password")
	}
}

// wantPrivate looks for files with a secret that others may read.
func (c card) wantPrivate(t *testing.T) {
	t.Helper()
	for _, name := range []string{"state/network/orionbox.nmconnection", "state/" + apFile, "state/ap-password", "state/ssh/authorized_keys", "box/conn.conf"} {
		if info, err := os.Stat(filepath.Join(c.root, name)); err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

func wantNoSecret(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{wifiSecret, pageSecret, sipSecret, "KEPTTOITSELF", pageCode} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is told:\n%s", secret, text)
		}
	}
}

func TestRunTakesTheFile(t *testing.T) {
	c := newCard(t, wanted(t))
	for range 2 { // again, as at the next start
		done, err := c.config().Run()
		if err != nil {
			t.Fatal(err)
		}
		wantNoSecret(t, strings.Join(done, "\n"))
		wantTaken(t, c)
	}
}

// TestRunSetsThePassword cuts the power once it is set: the hash is not another after that.
func TestRunSetsThePassword(t *testing.T) {
	const others, file = "# mine\n[Admin]\nlisten = :80\n", "admin_password = " + pageSecret
	c := newCard(t, file)
	c.put(t, "box/conn.conf", others)
	cfg := c.config()
	edit, err := cfg.edit(Plan{AdminPassword: pageSecret})
	if err != nil {
		t.Fatal(err)
	}
	if err := edit.save(); err != nil {
		t.Fatal(err)
	}
	before := c.text(t, "box/conn.conf")
	if _, err := cfg.Run(); err != nil {
		t.Fatal(err)
	}
	f, _ := conf.Parse("conn.conf", []byte(before))
	if before != c.text(t, "box/conn.conf") || !strings.HasPrefix(before, others) || !webadmin.CheckPassword(string(f.Config().Admin.PasswordHash), pageSecret) {
		t.Errorf("conn.conf was\n%s\nand is\n%s", before, c.text(t, "box/conn.conf"))
	}
}

func TestRunTakesAFileWithTheNameTwiceEnded(t *testing.T) {
	c := newCard(t, "")
	c.put(t, "boot/orionbox.txt.txt", wanted(t))
	if _, err := c.config().Run(); err != nil {
		t.Fatal(err)
	}
	wantTaken(t, c)
}

// TestRunMayBeCut cuts the power after each step: the next start comes to the same end.
func TestRunMayBeCut(t *testing.T) {
	for n := 0; ; n++ {
		c := newCard(t, wanted(t))
		steps := stepsOf(t, c)
		if n > len(steps) {
			break
		}
		if _, err := do(steps[:n]); err != nil {
			t.Fatal(err)
		}
		if _, err := c.config().Run(); err != nil {
			t.Errorf("after %d steps: %v", n, err)
		}
		wantTaken(t, c)
	}
}

func stepsOf(t *testing.T, c card) []step {
	t.Helper()
	cfg, file := c.config(), []byte(wanted(t))
	plan, faults := Parse(file)
	edit, err := cfg.edit(plan)
	if len(faults) > 0 || err != nil {
		t.Fatal(faults, err)
	}
	return append(cfg.steps(plan, edit, digest(file)), cfg.end(cfg.File)...)
}

// TestRunMayBeCutWithinAStep has files that were on their way to their names, and a set-up file half erased.
func TestRunMayBeCutWithinAStep(t *testing.T) {
	c := newCard(t, wanted(t))
	if err := c.config().folders(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"state/network/.orionbox.nmconnection.123", "state/.country.9", "state/ssh/.authorized_keys.77",
		"box/.conn.conf.5", "state/.ap-password.1", "state/network/.orionbox-ap.nmconnection.4", "boot/.orionbox-label.txt.8", "state/.setup-taken.3"} {
		c.put(t, name, wifiSecret)
	}
	if _, err := c.config().Run(); err != nil {
		t.Fatal(err)
	}
	wantTaken(t, c)
	text := wanted(t)
	c.put(t, "boot/orionbox-used.txt", strings.Repeat("\x00", 20)+text[20:])
	c.put(t, "state/setup-taken", digest([]byte(text)))
	if _, err := c.config().Run(); err != nil {
		t.Fatal(err)
	}
	wantTaken(t, c)
}

func TestRunRemovesAFileThatIsErased(t *testing.T) {
	c := newCard(t, strings.Repeat("\x00", 300))
	if _, err := c.config().Run(); err != nil {
		t.Fatal(err)
	}
	if all := c.files(t); all["boot/orionbox.txt"]+all["boot/orionbox-used.txt"]+all["boot/orionbox-errors.txt"] != "" {
		t.Errorf("%q", all)
	}
}

// TestRunThatFailsIsDoneAgain has each step fail: the file stays, says so, and is taken once that is mended.
func TestRunThatFailsIsDoneAgain(t *testing.T) {
	for _, name := range []string{"state/country", "state/network/orionbox.nmconnection", "state/ssh/authorized_keys", "state/setup-taken", "boot/orionbox-used.txt"} {
		c := newCard(t, wanted(t))
		inWay := filepath.Join(c.root, name, "in the way")
		if err := os.MkdirAll(inWay, 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := c.config().Run(); err == nil {
			t.Errorf("%s: nothing failed", name)
		} else {
			wantNoSecret(t, err.Error())
		}
		if c.text(t, "boot/orionbox.txt") == "" || c.text(t, "boot/orionbox-label.txt") == "" {
			t.Errorf("%s: the file is gone, or there is no label", name)
		}
		wantNoSecret(t, strings.ReplaceAll(c.text(t, "boot/orionbox-errors.txt"), pageCode, ""))
		if err := os.RemoveAll(filepath.Dir(inWay)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.config().Run(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantTaken(t, c)
	}
}

func TestRunOfAFileWithAFaultChangesNothing(t *testing.T) {
	file := wanted(t) + "wlan = x\nhostname = b\n"
	c := newCard(t, file)
	done, err := c.config().Run()
	var refused *Refused
	if !errors.As(err, &refused) || len(refused.Faults) != 2 {
		t.Fatalf("%v, %v", done, err)
	}
	all := c.files(t)
	for _, name := range []string{"state/country", "state/network/orionbox.nmconnection", "state/ssh/authorized_keys", "state/hostname", "state/setup-taken"} {
		if text, there := all[name]; there {
			t.Errorf("%s says %q", name, text)
		}
	}
	told := all["boot/orionbox-errors.txt"]
	if all["boot/orionbox.txt"] != file || all["box/conn.conf"] != mine || !strings.Contains(told, "line 9: wlan: ") || !strings.Contains(told, "line 10: hostname: ") {
		t.Errorf("the file or conn.conf was changed, or the faults are not told:\n%s", told)
	}
	wantNoSecret(t, told+err.Error()+strings.Join(done, ""))
	c.put(t, "boot/orionbox.txt", wanted(t))
	if _, err := c.config().Run(); err != nil {
		t.Fatal(err)
	}
	wantTaken(t, c)
}

func TestRunOfABrokenConfChangesNothing(t *testing.T) {
	c := newCard(t, wanted(t))
	c.put(t, "box/conn.conf", "no section = 1\n")
	if _, err := c.config().Run(); err == nil {
		t.Error("it was edited")
	}
	if text := c.text(t, "state/country"); text != "" || !strings.Contains(c.text(t, "boot/orionbox-errors.txt"), "conn.conf") {
		t.Errorf("country %q, errors %q", text, c.text(t, "boot/orionbox-errors.txt"))
	}
}

func TestRunLeavesAFileThatSaysNothing(t *testing.T) {
	const template = "# wifi = Studio\nhostname =\n"
	c := newCard(t, template)
	if _, err := c.config().Run(); err != nil {
		t.Fatal(err)
	}
	if c.text(t, "boot/orionbox.txt") != template {
		t.Error("the template is gone")
	}
}

// TestRunDoesNotRepeatWhatCannotBeErased is a card that cannot be written: what was changed since stays.
func TestRunDoesNotRepeatWhatCannotBeErased(t *testing.T) {
	c := newCard(t, wanted(t))
	if _, err := do(stepsOf(t, c)[:9]); err != nil || c.text(t, "state/setup-taken") == "" {
		t.Fatalf("not yet taken: %v", err)
	}
	c.put(t, "state/hostname", "since\n")
	if _, err := c.config().Run(); err != nil {
		t.Fatal(err)
	}
	if all := c.files(t); all["state/hostname"] != "since\n" || all["boot/orionbox.txt"] != "" || all["state/setup-taken"] != "" {
		t.Errorf("%v", all)
	}
}

func TestRunOfASecondFileChangesOnlyWhatItSays(t *testing.T) {
	c := newCard(t, wanted(t))
	if _, err := c.config().Run(); err != nil {
		t.Fatal(err)
	}
	before := c.files(t)
	c.put(t, "boot/orionbox.txt", "wifi = Other\n")
	if _, err := c.config().Run(); err != nil {
		t.Fatal(err)
	}
	after := c.files(t)
	if after["state/network/orionbox.nmconnection"] != joining("Other", "") {
		t.Error("the network is the old one")
	}
	before["state/network/orionbox.nmconnection"] = after["state/network/orionbox.nmconnection"]
	for name := range before {
		if before[name] != after[name] {
			t.Errorf("%s became %q", name, after[name])
		}
	}
}

func TestANewBoxHasItsOwnWiFiAndSaysSo(t *testing.T) {
	c := newCard(t, "")
	c.put(t, "box/conn.conf", "")
	done, err := c.config().Run()
	if err != nil {
		t.Fatal(err)
	}
	all := c.files(t)
	password := strings.TrimSpace(all["state/ap-password"])
	if all["state/"+apFile] != access("orionbox-12EF", password, true) {
		t.Errorf("the access point:\n%s", all["state/"+apFile])
	}
	for _, want := range []string{"orionbox-12EF", password, "http://10.42.0.1:8080\r\n", "http://orionbox.local:8080", pageCode} {
		if !strings.Contains(all["boot/orionbox-label.txt"], want) {
			t.Errorf("the label does not say %q:\n%s", want, all["boot/orionbox-label.txt"])
		}
	}
	if strings.Contains(strings.Join(done, "\n"), password) {
		t.Errorf("the password is told: %v", done)
	}
	c.wantPrivate(t)
	c.put(t, "state/ap-password", "cut") // as a power cut may leave it
	c.put(t, "state/network/home.nmconnection", "[connection]\ntype=wifi\n")
	if _, err := c.config().Run(); err != nil {
		t.Fatal(err)
	}
	all = c.files(t)
	if fresh := strings.TrimSpace(all["state/ap-password"]); fresh == password || all["state/"+apFile] != access("orionbox-12EF", fresh, false) {
		t.Errorf("the access point beside a network:\n%s", all["state/"+apFile])
	}
}

func TestTheLabelIsThereWithoutACode(t *testing.T) {
	c := newCard(t, "")
	cfg := c.config()
	cfg.Code = func() (string, error) { return "", errors.New("the disk is away") }
	if _, err := cfg.Run(); err == nil || !strings.Contains(c.text(t, "boot/orionbox-label.txt"), "orionbox-12EF") {
		t.Errorf("%v, label %q", err, c.text(t, "boot/orionbox-label.txt"))
	}
}

func TestABoardWithoutANumberKeepsItsName(t *testing.T) {
	c := newCard(t, "")
	cfg := c.config()
	cfg.Board = ""
	var names []string
	for range 2 {
		if _, err := cfg.Run(); err != nil {
			t.Fatal(err)
		}
		names = append(names, strings.TrimSpace(c.text(t, "state/ap-name")))
	}
	if !nameLike.MatchString(names[0]) || len(slices.Compact(names)) != 1 {
		t.Errorf("%v", names)
	}
}

func TestANewConfBelongsToWhomItsFolderBelongs(t *testing.T) {
	c := newCard(t, "admin_password = "+pageSecret)
	if err := os.Remove(filepath.Join(c.root, "box/conn.conf")); err != nil {
		t.Fatal(err)
	}
	box := filepath.Join(c.root, "box")
	if os.Geteuid() == 0 {
		if err := os.Chown(box, 1234, 1234); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.config().Run(); err != nil {
		t.Fatal(err)
	}
	if err := OwnFolder(filepath.Join(box, "recordings"), 0o750); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"conn.conf", "recordings"} {
		if got, want := ownerOf(t, filepath.Join(box, name)), ownerOf(t, box); got != want {
			t.Errorf("%s belongs to %d, its folder to %d", name, got, want)
		}
	}
}

func ownerOf(t *testing.T, path string) uint32 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Uid
}
