package webadmin

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// FuzzBodies: whatever is sent, the door answers with JSON, refuses what it does not understand, and fails at nothing.
func FuzzBodies(f *testing.F) {
	for _, body := range []string{`{"text":"hello"}`, `{"op":"move","marker":"m1","by_ns":-10}`, `{"name":"alice","role":"ARTIST","password":"p"}`,
		`{"id":"alice","room":"600"}`, ``, `null`, `[{}]`, `{"by_ns":1e400}`, `{"text":"\ud800"}`, `{"text":"a"} `, "\xff",
		`{"chunk":"alice/3","to":"all","session":"SESSION_20261122_201501"}`, `{"at_ns":-5000000000,"relative":true}`} {
		f.Add("application/json", body)
	}
	f.Add("text/plain; charset", `{}`)
	handler := New(Parts{Box: &box{}, Panel: &wired{}, Studio: &studio{}, Host: &host{}}, quiet())
	f.Fuzz(func(t *testing.T, kind, body string) {
		if strings.Contains(strings.ToLower(body), "panic") {
			return // what the scripted host fails at
		}
		for _, path := range []string{"/api/chat", "/api/markers", "/api/play", "/api/play/seek", "/api/hub/invite", "/api/hub/revoke"} {
			answer := ask(handler, "POST", path, kind, body)
			if answer.Code >= http.StatusInternalServerError || !json.Valid(answer.Body.Bytes()) {
				t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
			}
		}
	})
}
