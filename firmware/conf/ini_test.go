package conf

import (
	"encoding/json"
	"maps"
	"os"
	"testing"
)

// vector is what Python's own ConfigParser made of a text; testdata/vectors.py writes them.
type vector struct {
	Text     string                       `json:"text"`
	Sections map[string]map[string]string `json:"sections"`
	Error    string                       `json:"error"`
}

func vectors(t testing.TB) []vector {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestReadsAsConfigParser(t *testing.T) {
	for _, v := range vectors(t) {
		d := parse(v.Text)
		if d.bom {
			continue // ConfigParser refuses it, we read on
		}
		if refused := len(d.faults) > 0; refused != (v.Error != "") {
			t.Errorf("%q: faults %v, ConfigParser says %q", v.Text, d.faults, v.Error)
			continue
		}
		if v.Error != "" {
			continue
		}
		got := map[string]map[string]string{defaultSection: {}}
		for _, s := range d.sections {
			if got[s.name] == nil {
				got[s.name] = map[string]string{}
			}
			for _, o := range s.options {
				got[s.name][o.key] = o.raw()
			}
		}
		if !maps.EqualFunc(got, v.Sections, maps.Equal[map[string]string, map[string]string]) {
			t.Errorf("%q:\n got %q\nwant %q", v.Text, got, v.Sections)
		}
	}
}

func TestKeepsEveryByte(t *testing.T) {
	for _, v := range vectors(t) {
		if got := parse(v.Text).String(); got != v.Text {
			t.Errorf("%q came back as %q", v.Text, got)
		}
	}
}
