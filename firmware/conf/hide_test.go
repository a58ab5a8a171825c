package conf

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
)

// planted is a file with a secret in each place where people put one.
var planted = `# last year: old-sesame
[DEFAULT]
token = default-sesame
[ConnectionDetails]
user = 1001
password = "open sesame"
server = sip.example.org
call_no = 600,,7531#,,8642
conn_string = ` + base64.StdEncoding.EncodeToString([]byte("1002;inner-sesame;sip.example.org;600")) + `
pasword = typo-sesame
  continued-sesame
no sign sesame
[ChatSettings]
username = Alice
token = bad sesame token
[Hub]
nats_url = nats://boss:nats-sesame@10.0.0.1:4222,nats://token-sesame@10.0.0.2:4222
[Admin]
password_hash = refused-sesame
[Mine]
password = foreign-sesame
`

func TestSecretsAreFoundWhereverTheyStand(t *testing.T) {
	f, _ := Parse("conn.conf", []byte(planted))
	all := f.Secrets()
	for _, want := range []string{"open sesame", "7531#", "7531", "8642", "inner-sesame", "default-sesame", "bad sesame token", "nats-sesame",
		"boss:nats-sesame", "token-sesame", "refused-sesame", "foreign-sesame"} {
		if !slices.Contains(all, want) {
			t.Errorf("%q is none of %q", want, all)
		}
	}
	for _, not := range []string{"", "None", "600", "1001", "sip.example.org", "Alice"} {
		if slices.Contains(all, not) {
			t.Errorf("%q is no secret", not)
		}
	}
	empty, _ := Parse("conn.conf", nil)
	if got := empty.Secrets(); len(got) > 0 {
		t.Errorf("an empty file has the secrets %q", got)
	}
}

func TestSecretsInsideAnInvite(t *testing.T) {
	text := "[ConnectionDetails]\nconn_string = " + base64.StdEncoding.EncodeToString([]byte("1002;inner-sesame;sip.example.org;600,,4321")) + "\n"
	f, problems := Parse("conn.conf", []byte(text))
	if all := f.Secrets(); !slices.Contains(all, "inner-sesame") || !slices.Contains(all, "4321") {
		t.Errorf("%q, %v", all, problems)
	}
}

func TestRedactedShowsNoSecret(t *testing.T) {
	f, _ := Parse("conn.conf", []byte(planted))
	text := f.Redacted()
	for _, not := range []string{"sesame", "7531", "8642", "MTAwM"} {
		if strings.Contains(text, not) {
			t.Errorf("%q stands in\n%s", not, text)
		}
	}
	for _, want := range []string{"[ConnectionDetails]\n", "\nuser = 1001\n", "\npassword = ***\n", "\ncall_no = 600,***\n", "\npasword = ***\n", "\nusername = Alice\n", "# ***\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if got, want := strings.Count(text, "\n"), strings.Count(planted, "\n"); got != want {
		t.Errorf("%d lines of %d: the problems name lines", got, want)
	}
}
