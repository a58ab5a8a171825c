package conf

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestExampleInDocs keeps docs/conn.conf.example in step. To write it anew: ORIONBOX_WRITE_EXAMPLE=1 go test ./firmware/conf
func TestExampleInDocs(t *testing.T) {
	const path = "../../docs/conn.conf.example"
	if os.Getenv("ORIONBOX_WRITE_EXAMPLE") != "" {
		if err := os.WriteFile(path, []byte(Example()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != Example() {
		t.Errorf("%s is not what Example() gives; see the comment of this test", path)
	}
}

func TestExampleIsWhole(t *testing.T) {
	f, problems := Parse("conn.conf.example", []byte(Example()))
	for _, p := range problems {
		t.Errorf("the example has a problem: %s", p)
	}
	for _, k := range Keys() {
		o := f.doc.find(k.Section, k.Name)
		if o == nil {
			t.Errorf("[%s] %s is not in the example", k.Section, k.Name)
			continue
		}
		above := strings.Join(comments(f.doc, o.line), " ")
		want := k.Allowed + ". Default: " + k.Default
		if !strings.Contains(above, want) {
			t.Errorf("[%s] %s: the comment %q lacks %q", k.Section, k.Name, above, want)
		}
		if k.Meaning == "" {
			t.Errorf("[%s] %s has no meaning", k.Section, k.Name)
		}
	}
	// Apart from the made-up account it is the defaults.
	got, want := f.Config(), Defaults()
	got.ConnectionDetails = want.ConnectionDetails
	want.AudioSettings.RecordingLocation = "recordings" // both are relative to the folder of the file
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the example means\n%+v\nnot the defaults\n%+v", struct{ Config }{got}, struct{ Config }{want})
	}
}

// comments is the text of the comment block above a line, other keys of the same block skipped.
func comments(d *document, at int) []string {
	for at--; !d.lines[at].comment(); at-- {
	}
	var words []string
	for ; d.lines[at].comment(); at-- {
		words = append(strings.Fields(strings.TrimPrefix(d.lines[at].text, "#")), words...)
	}
	return words
}
