package conf

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// alice is a full invite with all that is awkward in it.
var alice = Invite{
	User: "1002", Password: "p;w%3B ~ä", Server: "sip.example.org:5070", CallNo: "600,,7531#",
	Hub: "[fe80::1]:9000", Name: "Alice; 100% Ä", Role: "PRODUCER", Token: "alice.ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	Fingerprint: strings.Repeat("0123456789abcdef", 4),
}

// hubOnly is for a box that does not call.
var hubOnly = Invite{Hub: "studio.local:9000", Name: "Bo", Role: "LISTENER", Token: "bo.SECRET", Fingerprint: strings.Repeat("f", 64)}

func encode(t testing.TB, in Invite) Secret {
	t.Helper()
	coded, err := in.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return coded
}

// wantConfigOf reads a conn.conf with the string alone and compares what it means.
func wantConfigOf(t *testing.T, in Invite, coded Secret) {
	t.Helper()
	f, problems := Parse("conn.conf", []byte("[ConnectionDetails]\nconn_string = "+string(coded)+"\n"))
	if err := fatal(problems); err != nil {
		t.Fatal(err)
	}
	c, want := f.Config(), Defaults()
	want.ConnectionDetails.User, want.ConnectionDetails.Password = in.User, in.Password
	want.ConnectionDetails.Server, want.ConnectionDetails.CallNo, want.ConnectionDetails.ConnString = in.Server, in.CallNo, coded
	if in.Full() {
		host, port, _ := strings.Cut(in.Hub[strings.LastIndex(in.Hub, "]")+1:], ":")
		if end := strings.LastIndex(in.Hub, "]"); end > 0 {
			host = in.Hub[1:end]
		}
		want.ChatSettings = ChatSettings{host, c.ChatSettings.Port, in.Name, in.Role, in.Token, in.Fingerprint}
		if n := strings.TrimLeft(port, "+0"); fmt.Sprint(c.ChatSettings.Port) != n {
			t.Errorf("port %d, want %s", c.ChatSettings.Port, n)
		}
	}
	if c.ConnectionDetails != want.ConnectionDetails || c.ChatSettings != want.ChatSettings {
		t.Errorf("the invite means %v %v, want %v %v", c.ConnectionDetails, c.ChatSettings, want.ConnectionDetails, want.ChatSettings)
	}
}

func TestInviteComesBack(t *testing.T) {
	for _, in := range []Invite{alice, hubOnly} {
		coded := encode(t, in)
		got, err := ParseInvite(string(coded))
		if err != nil || got != in {
			t.Errorf("came back as %v, %v", got, err)
		}
		if strings.Trim(string(coded), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			t.Error("the string holds more than letters, digits, - and _")
		}
		wantConfigOf(t, in, coded)
	}
	short := Invite{User: "1002", Password: "p%3B", Server: "10.0.0.9", CallNo: "600"}
	coded, err := short.EncodeLegacy()
	if err != nil {
		t.Fatal(err)
	}
	plain, err := base64.StdEncoding.DecodeString(string(coded))
	if err != nil || string(plain) != "1002;p%3B;10.0.0.9;600" {
		t.Errorf("the legacy form is %q, %v", plain, err)
	}
	if got, err := ParseInvite(string(coded)); err != nil || got != short || got.Full() {
		t.Errorf("came back as %v, %v", got, err)
	}
}

// TestInviteInEveryDress: mail programs break lines, other programs use the other alphabet and pad.
func TestInviteInEveryDress(t *testing.T) {
	coded := string(encode(t, alice))
	plain, err := base64.RawURLEncoding.DecodeString(coded)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		" " + coded[:70] + "\r\n\t" + coded[70:] + "\n", base64.StdEncoding.EncodeToString(plain), base64.URLEncoding.EncodeToString(plain), coded + "=",
	} {
		if got, err := ParseInvite(s); err != nil || got != alice {
			t.Errorf("%v, %v", got, err)
		}
	}
}

func TestEveryDamageIsNoticed(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_ =+/.,!\x00\xffä"
	whole := string(encode(t, alice))
	want := func(what string, at int, s string) {
		t.Helper()
		got, err := ParseInvite(s)
		if err == nil && got == alice {
			return // white space, or the other alphabet
		}
		if err == nil {
			t.Fatalf("%s at %d is not noticed", what, at)
		}
		text := err.Error()
		if !strings.HasPrefix(text, "read invite: it is damaged") || !strings.HasSuffix(text, "ask for it again") {
			t.Fatalf("%s at %d: %v", what, at, err)
		}
		for _, part := range []string{"Alice", string(alice.Token), "example", "7531", "0123456789abcdef"} {
			if strings.Contains(text, part) {
				t.Fatalf("%s at %d tells a part: %v", what, at, err)
			}
		}
	}
	same := 0
	for i := range whole {
		for _, sign := range alphabet {
			changed := whole[:i] + string(sign) + whole[i+1:]
			if _, err := ParseInvite(changed); err == nil {
				same++
			}
			want("a changed character", i, changed)
		}
		want("a missing character", i, whole[:i]+whole[i+1:])
		want("a doubled character", i, whole[:i+1]+whole[i:])
		if i > 0 && whole[i] != whole[i-1] {
			want("a swap", i, whole[:i-1]+whole[i:i+1]+whole[i-1:i]+whole[i+1:])
		}
		if i > 0 && i < len(whole)-1 {
			want("a missing beginning", i, whole[i:])
		}
	}
	// The character itself, and - and _ in the other alphabet.
	if most := len(whole) + strings.Count(whole, "-") + strings.Count(whole, "_"); same != most {
		t.Errorf("%d changes leave the invite as it is, want %d", same, most)
	}
}

func TestInviteOfOddParts(t *testing.T) {
	seal := func(plain string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(plain + ";" + checkOf(plain)))
	}
	print := strings.Repeat("a", 64)
	for _, c := range []struct{ plain, want string }{
		{"orion/2;1;hunter2;h;6;h:1;n;ARTIST;t;" + print, "newer kind than this box knows; update"},
		{"orion/2;1;hunter2;h;6;h:1;n;ARTIST;t;" + print + ";more", "newer kind"},
		{"orion/1;1;hunter2;h;6;h:1;n;ARTIST;t", "newer kind"},
		{"orion/1;1;hunter2;h;6;h;n;ARTIST;t;" + print, "part 5 (hub) that is no host and port"},
		{"orion/1;1;hunter2;h;6;h:1;n;DRUMMER;t;" + print, "part 7 (role) that is not one of the allowed"},
		{"orion/1;1;hunter2;h;6;h:1;n;ARTIST;a b;" + print, "part 8 (token) that holds a space"},
		{"orion/1;1;hunter2;h;6;h:1;n;ARTIST;t;abc", "part 9 (fingerprint) that is not"},
		{"orion/1;1;hunter2;h;6;h:1;;ARTIST;t;" + print, "nothing as part 6 (name)"},
		{"orion/1;1;hunter2;h;6;h:1;n;ARTIST;t;", "nothing as part 9 (fingerprint)"},
		{"orion/1;1;hunter2%;h;6;h:1;n;ARTIST;t;" + print, "part 2 (password) with a broken escape"},
		{"orion/1;1;hunter2%3b;h;6;h:1;n;ARTIST;t;" + print, "part 2 (password) with a broken escape"},
		{"orion/1;1;hunter2;h;x y;h:1;n;ARTIST;t;" + print, "part 4 (call_no) that is no number"},
		{"orion/1;1;hunter2;h;6;[fe80::1%25\n]:1;n;ARTIST;t;" + print, "part 5 (hub) that the host"},
	} {
		_, err := ParseInvite(seal(c.plain))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", c.plain, err, c.want)
		}
	}
}

func TestNoInvite(t *testing.T) {
	if _, err := ParseInvite(" \n"); err == nil || !strings.Contains(err.Error(), "it is empty") {
		t.Errorf("%v", err)
	}
}

func TestInviteThatCannotBeMade(t *testing.T) {
	for _, c := range []struct {
		change func(*Invite)
		want   string
	}{
		{func(i *Invite) { i.Hub = "" }, "hub is not set"},
		{func(i *Invite) { i.Name = "" }, "name is not set"},
		{func(i *Invite) { i.Fingerprint = "" }, "fingerprint is not set"},
		{func(i *Invite) { i.Fingerprint = "hunter2" }, "fingerprint is not a SHA-256"},
		{func(i *Invite) { i.Role = "hunter2" }, "role is not one of the allowed"},
		{func(i *Invite) { i.Password = "hunter2\n" }, "password goes over several lines"},
		{func(i *Invite) { i.Token = "hunter2 " }, "token holds a space"},
		{func(i *Invite) { i.Server = "hunter2 x" }, "server is"},
	} {
		in := alice
		c.change(&in)
		coded, err := in.Encode()
		if err == nil || coded != "" || !strings.HasPrefix(err.Error(), "make invite: "+c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// TestKeysWinOverTheInvite: what is written out stands, defaults do not.
func TestKeysWinOverTheInvite(t *testing.T) {
	coded := string(encode(t, alice))
	f, problems := Parse("conn.conf", []byte("[ConnectionDetails]\nconn_string = "+coded+"\n[ChatSettings]\nrole = producer\nport = 9001\nusername = None\n"+
		"fingerprint = "+strings.Repeat("01:23:45:67:89:AB:CD:EF:", 4)[:95]+"\n"))
	c := f.Config().ChatSettings
	if c.Port != 9001 || c.Role != "PRODUCER" || c.Username != alice.Name || c.Token != alice.Token || c.IPAddress != "fe80::1" {
		t.Errorf("read as %+v", c)
	}
	if len(problems) != 1 || problems[0].Fatal || problems[0].Line != 2 || !strings.Contains(problems[0].Text, "says another port than the keys") {
		t.Errorf("problems %v", problems)
	}
	f, _ = Parse("conn.conf", []byte("[DEFAULT]\nport = 9002\n[ConnectionDetails]\nconn_string = "+coded+"\n"))
	if c := f.Config().ChatSettings; c.Port != 9002 || c.Role != "PRODUCER" {
		t.Errorf("read as %+v", c)
	}
}

func TestInviteDoesNotPrint(t *testing.T) {
	var out bytes.Buffer
	for _, v := range []any{alice, &alice, []Invite{alice}, map[string]Invite{"a": alice}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(data)
		slog.New(slog.NewTextHandler(&out, nil)).Info("text", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "v", v)
	}
	for _, secret := range []Secret{alice.Password, alice.Token} {
		for _, told := range []string{string(secret), fmt.Sprintf("%x", string(secret)), fmt.Sprintf("%X", string(secret))} {
			if strings.Contains(out.String(), told) {
				t.Errorf("%q is told", told)
			}
		}
	}
	if !strings.Contains(out.String(), "Alice") {
		t.Error("nothing is told at all")
	}
}

func TestShow(t *testing.T) {
	shown := map[string]string{}
	err := alice.Each(func(k Key, value string) error {
		shown[k.Section+"."+k.Name] = k.Show(value)
		return nil
	})
	if err != nil || len(shown) != 10 {
		t.Errorf("%v %v", shown, err)
	}
	for key, want := range map[string]string{
		"ConnectionDetails.user": "1002", "ConnectionDetails.password": "(set)", "ConnectionDetails.call_no": "600,(set)",
		"ChatSettings.ip_address": "fe80::1", "ChatSettings.port": "9000", "ChatSettings.token": "(set)", "ChatSettings.username": "Alice; 100% Ä",
	} {
		if shown[key] != want {
			t.Errorf("%s is shown as %s, want %s", key, shown[key], want)
		}
	}
	if got := (Key{Name: "username"}).Show("a\u202eb"); got != `"a\u202eb"` {
		t.Errorf("a name that turns the line round is shown as %s", got)
	}
}

func TestEveryCutOfAFullInviteIsNoticed(t *testing.T) {
	whole, err := Invite{User: "1001", Password: "hunter2", Server: "sip.example.org", CallNo: "600", Hub: "192.0.2.1:9000",
		Name: "Ann", Role: "ARTIST", Token: "ann.ABC", Fingerprint: strings.Repeat("a", 64)}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		for _, part := range []Secret{whole[:n], whole[n+1:]} {
			if in, err := ParseInvite(string(part)); err == nil {
				t.Errorf("%d of %d characters are read as an invite, full %v", len(part), len(whole), in.Full())
			}
		}
	}
}
