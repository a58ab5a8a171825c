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

// FuzzConnString: no panic, and no part of the string in an error.
func FuzzConnString(f *testing.F) {
	for _, s := range []string{"MTAwMjthYmM7aDs2MDA=", "MTAwMjthYmM7aA", "-_-_", "!!!!", "", "YQ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseConnString(s)
		if err != nil {
			return
		}
		coded, err := MakeConnString(c)
		if err != nil {
			t.Fatalf("%q was read and cannot be made: %v", s, err)
		}
		if again, err := ParseConnString(string(coded)); err != nil || again != c {
			t.Fatalf("%q is not what it was: %v", s, err)
		}
	})
}
