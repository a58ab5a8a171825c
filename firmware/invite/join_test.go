package invite

import (
	"fmt"
	"strings"
	"testing"

	"orionbox/firmware/conf"
)

var alice = conf.Invite{
	User: "1002", Password: "p;w%3B ~ä", Server: "sip.example.org:5070", CallNo: "600,,7531#",
	Hub: "[fe80::1]:9001", Name: "Alice; 100% Ä", Role: "PRODUCER", Token: "alice.ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	Fingerprint: strings.Repeat("0123456789abcdef", 4),
}

func TestJoinSetsWhatItCarries(t *testing.T) {
	full, err := alice.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, before := range map[string]string{
		"nothing":           "",
		"another account":   "# mine\n[ConnectionDetails]\nuser = 7\npassword = old\n[ChatSettings]\nport = 1\nrole = LISTENER # odd\n",
		"an earlier invite": "[ConnectionDetails]\nconn_string = " + string(full) + "\n",
		"a damaged one":     "[ConnectionDetails]\nconn_string = xx!\n",
		"defaults":          "[DEFAULT]\nport = 1\nuser = x\n",
	} {
		file, _ := conf.Parse("conn.conf", []byte(before))
		settings, err := Join(file, alice)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, problems := conf.Parse("conn.conf", file.Bytes())
		for _, p := range problems {
			t.Errorf("%s: %s", name, p)
		}
		c, want := again.Config(), conf.ChatSettings{IPAddress: "fe80::1", Port: 9001, Username: alice.Name, Role: alice.Role, Token: alice.Token, Fingerprint: alice.Fingerprint}
		d := c.ConnectionDetails
		if c.ChatSettings != want || d.User != alice.User || d.Password != alice.Password || d.Server != alice.Server || d.CallNo != alice.CallNo || d.ConnString != "" {
			t.Errorf("%s: became %v %v", name, d, c.ChatSettings)
		}
		if told := fmt.Sprintf("%v %+v", settings, settings); strings.Contains(told, "p;w") || strings.Contains(told, "ABCDEF") || strings.Contains(told, "7531") {
			t.Errorf("%s: a secret is told: %s", name, told)
		}
		if len(settings) < 10 || settings[1] != (Setting{"ConnectionDetails", "password", "(set)", true}) {
			t.Errorf("%s: %v", name, settings)
		}
		if !strings.HasPrefix(before, "# mine") == strings.HasPrefix(string(file.Bytes()), "# mine") {
			t.Errorf("%s: the comment went", name)
		}
	}
}

// TestLegacyLeavesTheHub alone: it knows of none.
func TestLegacyLeavesTheHub(t *testing.T) {
	const hub = "[ChatSettings]\nip_address = 10.0.0.1\ntoken = kept\n"
	file, _ := conf.Parse("conn.conf", []byte(hub))
	settings, err := Join(file, conf.Invite{User: "1002", Password: "p", Server: "10.0.0.9"})
	if err != nil || len(settings) != 3 {
		t.Fatalf("%v, %v", settings, err)
	}
	if got := string(file.Bytes()); got != hub+"\n[ConnectionDetails]\nuser = 1002\npassword = p\nserver = 10.0.0.9\n" {
		t.Errorf("became %s", got)
	}
}

func TestJoinRefusesABrokenFile(t *testing.T) {
	file, _ := conf.Parse("conn.conf", []byte("[ChatSettings]\nbroken\n"))
	if _, err := Join(file, alice); err == nil || !strings.Contains(err.Error(), "conn.conf:2") || strings.Contains(err.Error(), "p;w") {
		t.Errorf("%v", err)
	}
}

// FuzzJoin: whatever is read from a string can be put into a file, and means the same there.
func FuzzJoin(f *testing.F) {
	f.Add("1002", "p;%", "h", "600,,1#", "10.0.0.1:9000", "Ann", "artist", "ann.SECRET")
	f.Add("'", " ' ", "::", "6", "[fe80::1%a]:1", "None", "Producer", "\"x\"")
	f.Fuzz(func(t *testing.T, user, password, server, callNo, hub, name, role, token string) {
		in := conf.Invite{User: user, Password: conf.Secret(password), Server: server, CallNo: callNo, Hub: hub, Name: name,
			Role: role, Token: conf.Secret(token), Fingerprint: alice.Fingerprint}
		coded, err := in.Encode()
		if err != nil {
			return
		}
		in, err = conf.ParseInvite(string(coded))
		if err != nil {
			t.Fatal(err)
		}
		file, _ := conf.Parse("conn.conf", nil)
		if _, err := Join(file, in); err != nil {
			t.Fatal(err)
		}
		again, _ := conf.Parse("conn.conf", file.Bytes())
		c := again.Config()
		if c.ConnectionDetails.User != in.User || c.ConnectionDetails.Password != in.Password || c.ChatSettings.Username != in.Name || c.ChatSettings.Token != in.Token {
			t.Fatalf("%q became %q", []string{in.User, string(in.Password), in.Name, string(in.Token)}, file.Bytes())
		}
	})
}
