package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orionbox/firmware/delivery/door"
)

func TestMetadata(t *testing.T) {
	for want, pairs := range map[string][]string{
		"":                       {},
		"a YQ==":                 {"a", "a", "b", ""},
		"session cw==,file w7w=": {"session", "s", "file", "ü"},
		"a LCA=,b AA==":          {"a", ", ", "b", "\x00"},
		"odd YQ==":               {"odd", "a", "left"},
	} {
		if got := metadata(pairs...); got != want {
			t.Errorf("%q is %q, not %q", pairs, got, want)
		}
	}
}

func TestWaySaysNothingSecret(t *testing.T) {
	token := "alice." + strings.Repeat("A", 26)
	w, err := NewWay(WayConfig{Room: "600", Token: token, Address: "hub:4443", Fingerprint: strings.Repeat("0", 64)})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{w.String(), w.cfg.GoString(), w.cfg.LogValue().String(), OutboxConfig{}.Root} {
		if strings.Contains(text, "AAAA") {
			t.Errorf("%q", text)
		}
	}
	for _, cfg := range []WayConfig{{}, {Token: token, Fingerprint: "no"}, {Token: "no", Fingerprint: strings.Repeat("0", 64)}} {
		if _, err := NewWay(cfg); err == nil {
			t.Errorf("%v is a way", cfg)
		}
	}
	for address, want := range map[string]string{"0.0.0.0:1": "127.0.0.1:1", "[::]:1": "127.0.0.1:1", ":1": "127.0.0.1:1", "hub:1": "hub:1", "nonsense": "nonsense"} {
		if got := dialable(address); got != want {
			t.Errorf("%q is dialled as %q", address, got)
		}
	}
}

// liar is a way to a hub that answers as it likes.
func liar(t *testing.T, answer http.HandlerFunc) *Way {
	t.Helper()
	s := httptest.NewTLSServer(answer)
	t.Cleanup(s.Close)
	sum := sha256.Sum256(s.Certificate().Raw)
	w, err := NewWay(WayConfig{Room: "600", Token: "alice." + strings.Repeat("A", 26), Address: strings.TrimPrefix(s.URL, "https://"), Fingerprint: hex.EncodeToString(sum[:])})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// Whatever a hub answers is an error, or makes sense.
func TestHubThatLies(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		ask    func(*Way) error
	}{
		"head without an offset": {func(http.ResponseWriter, *http.Request) {}, func(w *Way) error { _, _, err := w.head(ctx, "x"); return err }},
		"head before the start":  {offsetIs("-5"), func(w *Way) error { _, _, err := w.head(ctx, "x"); return err }},
		"head that is no number": {offsetIs("5e3"), func(w *Way) error { _, _, err := w.head(ctx, "x"); return err }},
		"patch beyond what was sent": {offsetIs("100"), func(w *Way) error {
			_, err := w.patch(ctx, "x", 5, -1, strings.NewReader("0123456789"))
			return err
		}},
		"patch back": {offsetIs("4"), func(w *Way) error {
			_, err := w.patch(ctx, "x", 5, -1, strings.NewReader("0123456789"))
			return err
		}},
		"whole in another tongue":    {says(200, "<html>"), func(w *Way) error { _, err := w.whole(ctx, "x", door.Whole{}); return err }},
		"whole of nothing":           {says(200, "{}"), func(w *Way) error { _, err := w.whole(ctx, "x", door.Whole{}); return err }},
		"whole at great length":      {says(200, strings.Repeat("x", 1<<22)), func(w *Way) error { _, err := w.whole(ctx, "x", door.Whole{}); return err }},
		"taken and a refusal":        {says(503, strings.Repeat("no", 1<<20)), func(w *Way) error { _, err := w.taken(ctx, "x", "y"); return err }},
		"all where a part was asked": {says(200, "all"), func(w *Way) error { _, err := w.fetch(ctx, "x", 5, 10); return err }},
		"somewhere else":             {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, func(w *Way) error { return w.create(ctx, "s", "f", "") }},
		"nothing at all":             {func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, func(w *Way) error { return w.remove(ctx, "x") }},
	} {
		if err := c.ask(liar(t, c.answer)); err == nil || len(err.Error()) > maxTrouble+100 {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := liar(t, says(416, "no more"))
	if body, err := w.fetch(ctx, "x", 5, 10); body != nil || err != nil {
		t.Errorf("nothing more: %v", err)
	}
}

func offsetIs(n string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Upload-Offset", n)
	}
}

func says(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

func TestRefusals(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":"the disk is full"}`:    "the disk is full",
		"ERR_REFUSED: the disk is full\n": "the disk is full",
		"ERR_X: no\n":                     "ERR_X: no",
		"":                                "the hub answers 507 Insufficient Storage",
		`{}`:                              `{}`,
	} {
		err := refusal(&http.Response{StatusCode: 507, Status: "507 Insufficient Storage", Body: io.NopCloser(strings.NewReader(body))})
		if err.Error() != want || !refused(err, 401, 507) || refused(err, 401) || !refused(err) {
			t.Errorf("%q: %v", body, err)
		}
	}
	if refused(errors.New("no"), 507) || refused(nil) {
		t.Error("what is no refusal is one")
	}
}

func FuzzRefusal(f *testing.F) {
	for _, s := range []string{`{"error":"no"}`, "", "ERR_REFUSED: ", "null", "[]", `{"error":5}`, strings.Repeat("x", 5000)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := refusal(&http.Response{StatusCode: 400, Status: "400 Bad Request", Body: io.NopCloser(strings.NewReader(string(data)))})
		if text := err.Error(); text == "" || len(text) > maxTrouble*6 || !refused(err, 400) {
			t.Errorf("%q", text)
		}
	})
}

func FuzzReadReceipt(f *testing.F) {
	for _, s := range []string{`{"bytes":5,"sha256":"x","upload":"y","whole":"2026-01-02T20:00:00Z","taken":[{"by":"carol","name":"Carol","at":"2026-01-02T20:00:00Z"}],"gone":true}`,
		"", "{}", "null", "[]", `{"taken":null}`, `{"bytes":-1}`, `{"whole":5}`} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, take1)
		if err := os.WriteFile(path+receiptSuffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := ReadReceipt(path)
		if err != nil {
			return
		}
		if err := r.write(path); err != nil {
			return // a year that JSON has no form for
		}
		if again, err := ReadReceipt(path); err != nil || len(again.Taken) != len(r.Taken) || again.SHA256 != r.SHA256 || !again.last().Equal(r.last()) {
			t.Errorf("%+v became %+v, %v", r, again, err)
		}
	})
}

func TestReceiptsThatAreDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), take1)
	if r, err := ReadReceipt(path); err != nil || r.Whole != nil {
		t.Errorf("none: %+v %v", r, err)
	}
	for _, text := range []string{"", "{", "\x00\x00", "[]"} {
		if err := os.WriteFile(path+receiptSuffix, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := ReadReceipt(path); err == nil || r.Whole != nil || len(r.Taken) > 0 {
			t.Errorf("%q: %+v %v", text, r, err)
		}
	}
	at := noon
	want := Receipt{Bytes: 5, SHA256: sumNo(1), Whole: &at, Taken: []Taken{{"carol", "Carol", noon}, {"dave", "Dave", noon.Add(time.Hour)}}}
	if err := want.write(path); err != nil {
		t.Fatal(err)
	}
	if r, err := ReadReceipt(path); err != nil || !r.last().Equal(noon.Add(time.Hour)) || len(r.Taken) != 2 {
		t.Errorf("%+v %v", r, err)
	}
}
