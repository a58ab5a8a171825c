package conference

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadUsers(t *testing.T) {
	const file = "\ufeff# the band\r\n\nalice:secret\n  bob : two words: and colons \n#carol:no\n"
	users, err := ReadUsers(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"alice": "secret", "bob": " two words: and colons"}
	if !maps.Equal(users, want) {
		t.Errorf("got %q, want %q", users, want)
	}
}

func TestReadUsersNamesTheLineAndNotThePassword(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"hunter2\n", "line 1: no colon"},
		{"# x\n\n:hunter2", "line 3: no user"},
		{"alice:", "line 1: no password"},
		{"alice:hunter2\nalice:hunter2", "line 2: this user"},
		{"al ice:hunter2", "line 1: a user name has no spaces"},
		{`a"b:hunter2`, "line 1: a user name has no spaces"},
		{strings.Repeat("a", 129) + ":hunter2", "line 1: the user name is longer"},
		{"a:" + strings.Repeat("hunter2", 20_000), "token too long"},
	} {
		_, err := ReadUsers(strings.NewReader(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.20q: got error %v, want %q", c.file, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%.20q: the error tells the password: %v", c.file, err)
		}
	}
	if _, err := ReadUsers(iotest.ErrReader(errors.New("disk gone"))); err == nil {
		t.Error("a broken reader gave no error")
	}
}

func FuzzReadUsers(f *testing.F) {
	for _, seed := range []string{"a:b", "# c\n\nu:p:q\r\n", ":", "\ufeffx:y", "a:b\na:c", "\x00:\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		users, err := ReadUsers(strings.NewReader(file))
		if err != nil && users != nil {
			t.Error("users beside an error")
		}
		for user, password := range users {
			if user == "" || password == "" || strings.ContainsFunc(user, unfitForUser) {
				t.Errorf("took user %q with a password of %d bytes", user, len(password))
			}
		}
	})
}
