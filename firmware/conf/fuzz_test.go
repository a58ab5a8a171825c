package conf

import (
	"strings"
	"testing"
)

// FuzzParse: whatever the bytes, reading does not panic, keeps every byte, and gives the same again for the same text.
func FuzzParse(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add([]byte(v.Text))
	}
	f.Add([]byte(Example()))
	f.Add([]byte("\xff\xfe\x00[\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, problems := Parse("conn.conf", data)
		if string(file.Bytes()) != string(data) {
			t.Fatalf("%q came back as %q", data, file.Bytes())
		}
		again, same := Parse("conn.conf", file.Bytes())
		if file.Config().String() != again.Config().String() || len(problems) != len(same) {
			t.Fatalf("%q reads differently the second time", data)
		}
		for _, p := range problems {
			if p.Line < 0 || p.Line > len(file.doc.lines)+1 || p.Text == "" {
				t.Fatalf("odd problem %+v", p)
			}
		}
	})
}

// FuzzSet: an edit that is taken reads back as given, and leaves every other line as it was.
func FuzzSet(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Text, "value", uint8(0))
	}
	f.Add(account, " x'", uint8(2))
	f.Add(bom+"[ChatSettings]\r\nport = 1\r\n\r\n", "17", uint8(13))
	keys := Keys()
	f.Fuzz(func(t *testing.T, text, value string, which uint8) {
		k := keys[int(which)%len(keys)]
		file, _ := Parse("conn.conf", []byte(text))
		before := file.doc
		if err := file.Set(k.Section, k.Name, value); err != nil {
			if string(file.Bytes()) != text {
				t.Fatalf("refused (%v), but changed", err)
			}
			return
		}
		again, _ := Parse("conn.conf", file.Bytes())
		if got := again.value(k.Section, k.Name); got != value {
			t.Fatalf("%q with %s = %q gives %q, which reads %q", text, k.Name, value, file.Bytes(), got)
		}
		if len(again.doc.faults) > 0 {
			t.Fatalf("%q became %q with faults %v", text, file.Bytes(), again.doc.faults)
		}
		if !sameBut(before, again.doc, k.Section, k.Name) {
			t.Fatalf("%q became %q: another key changed", text, file.Bytes())
		}
		for _, l := range before.lines { // comments and blank lines all stay
			if l.comment() && !strings.Contains(string(file.Bytes()), l.text) {
				t.Fatalf("%q became %q: a comment went", text, file.Bytes())
			}
		}
	})
}

// FuzzParseInvite: no panic, and what is read can be made again, in both forms where they can say it, and means the same
// as conn_string.
func FuzzParseInvite(f *testing.F) {
	for _, s := range []string{"MTAwMjthYmM7aDs2MDA=", "MTAwMjthYmM7aA", "-_-_", "!!!!", "", "YQ", string(encode(f, alice)), string(encode(f, hubOnly))} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in, err := ParseInvite(s)
		if err != nil {
			return
		}
		coded, err := in.EncodeLegacy()
		if in.Full() {
			coded, err = in.Encode()
		}
		if err != nil {
			t.Fatalf("%q was read and cannot be made: %v", s, err)
		}
		if again, err := ParseInvite(string(coded)); err != nil || again != in {
			t.Fatalf("%q is not what it was: %v", s, err)
		}
		wantConfigOf(t, in, coded)
	})
}

// FuzzInvite: any parts that are not refused come back, and a damaged full invite is never read as another.
func FuzzInvite(f *testing.F) {
	f.Add("1002", "p;%", "h", "600,,1#", "10.0.0.1:9000", "Ann", "artist", "ann.SECRET", strings.Repeat("AB:", 31)+"AB", uint16(3), byte('x'))
	f.Add("", "", "", "", "[fe80::1%a]:1", "%3B;%", "Producer", "%", strings.Repeat("0", 64), uint16(200), byte('A'))
	f.Fuzz(func(t *testing.T, user, password, server, callNo, hub, name, role, token, print string, at uint16, sign byte) {
		coded, err := Invite{user, Secret(password), server, callNo, hub, name, role, Secret(token), print}.Encode()
		if err != nil {
			return
		}
		in, err := ParseInvite(string(coded))
		if err != nil {
			t.Fatalf("made, but not read: %v", err)
		}
		if in.User != user || string(in.Password) != password || in.Name != name || string(in.Token) != token || in.Hub != hub {
			t.Fatalf("came back as %q %q", in.User, in.Name)
		}
		wantConfigOf(t, in, coded)
		damaged := []byte(coded)
		damaged[int(at)%len(damaged)] = sign
		if got, err := ParseInvite(string(damaged)); err == nil && got != in {
			t.Fatalf("damaged, and read as another")
		}
	})
}
