package webadmin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// studio is a Studio that remembers what it was asked.
type studio struct {
	crowd   any // who is there, if not alice alone
	all     bool
	mark    MarkRequest
	after   int64
	wait    time.Duration
	said    string
	play    PlayRequest
	seek    SeekRequest
	deliver DeliverRequest
}

func (s *studio) Peers(context.Context) (any, error) {
	if s.crowd != nil {
		return s.crowd, nil
	}
	return []map[string]string{{"id": "alice", "state": "unknown"}}, nil
}

func (s *studio) Chunks(_ context.Context, all bool) (any, error) {
	s.all = all
	return []int(nil), nil
}

func (s *studio) Markers(_ context.Context, all bool) (any, error) {
	if all {
		return []string{"m0", "m1"}, nil
	}
	return []string{"m1"}, nil
}

func (s *studio) Mark(_ context.Context, request MarkRequest) (string, error) {
	s.mark = request
	if request.Marker == "gone" {
		return "", &Error{http.StatusConflict, "there is no such marker"}
	}
	return "marker " + request.Marker + ": " + request.Op, nil
}

func (s *studio) Chat(_ context.Context, after int64, wait time.Duration) (any, error) {
	s.after, s.wait = after, wait
	return []string{"hello"}, nil
}

func (s *studio) Say(_ context.Context, text string) error {
	s.said = text
	if text == "" {
		return &Error{http.StatusConflict, "there is nothing to say"}
	}
	return nil
}

// host is a Host that remembers what it was asked.
type host struct {
	asked   InviteRequest
	room    string
	revoked string
}

const (
	testPassword = "kept-to-itself"
	testInvite   = "an-invite-that-is-a-secret"
)

func (h *host) Invite(_ context.Context, request InviteRequest) (InviteReply, error) {
	h.asked = request
	if request.Name == "panic" {
		panic(fmt.Sprint("a fault of ours with ", request, " and ", InviteReply{ID: "x", String: testInvite}))
	}
	return InviteReply{ID: "alice", Name: request.Name, Role: request.Role, Room: "600", Hub: "10.0.0.1:9000", String: testInvite}, nil
}

func (h *host) Revoke(_ context.Context, room, id string) error {
	h.room, h.revoked = room, id
	if id == "nobody" {
		return &Error{http.StatusNotFound, "there is no nobody"}
	}
	return nil
}

func (h *host) Members(_ context.Context, room string) (any, error) {
	h.room = room
	return []string{"alice"}, nil
}

func (h *host) HubStatus(context.Context) (any, error) { return map[string]int{"connections": 3}, nil }

func TestStudio(t *testing.T) {
	s := &studio{}
	client, _ := open(t, Parts{Box: &box{}, Studio: s})
	wantJSON(t, `[{"id":"alice","state":"unknown"}]`)(client.Peers(t.Context()))
	wantJSON(t, `["m1"]`)(client.Markers(t.Context(), false))
	wantJSON(t, `["m0","m1"]`)(client.Markers(t.Context(), true))
	wantJSON(t, `[]`)(client.Chunks(t.Context(), true)) // where Go says nil
	if !s.all {
		t.Error("all chunks were wanted")
	}
	wantJSON(t, `["hello"]`)(client.Chat(t.Context(), 17, 20*time.Second))
	if s.after != 17 || s.wait != 20*time.Second {
		t.Errorf("chat after %d, wait %v", s.after, s.wait)
	}
	if err := client.Say(t.Context(), "well played; 100 % <b>"); err != nil || s.said != "well played; 100 % <b>" {
		t.Errorf("say %q, %v", s.said, err)
	}
	request := MarkRequest{Op: "move", Marker: "m1", Name: "verse", By: -10 * time.Second}
	if text, err := client.Mark(t.Context(), request); err != nil || text != "marker m1: move" || s.mark != request {
		t.Errorf("mark: %q, %v, asked %+v", text, err, s.mark)
	}
	var refused *Error
	if _, err := client.Mark(t.Context(), MarkRequest{Op: "delete", Marker: "gone"}); !errors.As(err, &refused) || refused.Status != http.StatusConflict {
		t.Errorf("a refusal comes as %v", err)
	}
	if _, err := client.Mark(t.Context(), MarkRequest{Op: "set", By: 25 * time.Hour}); !errors.As(err, &refused) || refused.Status != http.StatusBadRequest {
		t.Errorf("a move by more than a day: %v", err)
	}
	if err := client.Say(t.Context(), ""); !errors.As(err, &refused) || refused.Text != "there is nothing to say" {
		t.Errorf("nothing to say: %v", err)
	}
}

func TestLongAnswersAreWholeOrAnError(t *testing.T) {
	s := &studio{crowd: strings.Repeat("a", maxAnswer-2)} // and two quotes
	client, _ := open(t, Parts{Studio: s})
	if body, err := client.Peers(t.Context()); err != nil || len(body) != maxAnswer || !json.Valid(body) {
		t.Errorf("an answer of the longest kind: %d bytes, %v", len(body), err)
	}
	s.crowd = strings.Repeat("a", maxAnswer-1)
	if body, err := client.Peers(t.Context()); err == nil || !strings.Contains(err.Error(), "longer than 64 MB") {
		t.Errorf("a longer one: %d bytes, %v", len(body), err)
	}
}

func TestHost(t *testing.T) {
	h := &host{}
	client, _ := open(t, Parts{Host: h})
	wantJSON(t, `{"connections":3}`)(client.HubStatus(t.Context()))
	wantJSON(t, `["alice"]`)(client.Members(t.Context(), "6&0"))
	if h.room != "6&0" {
		t.Errorf("members of room %q", h.room)
	}
	request := InviteRequest{Name: "Alice", Role: "ARTIST", User: "1001", Password: testPassword, Server: "sip.example.org", CallNo: "600", Hub: "h:9000", Legacy: true}
	reply, err := client.Invite(t.Context(), request)
	if err != nil || reply.String != testInvite || reply.ID != "alice" || h.asked.Password != testPassword || h.asked.CallNo != "600" || !h.asked.Legacy {
		t.Errorf("invite %q of %q, %v", reply.String, reply.ID, err)
	}
	if text, err := client.Revoke(t.Context(), "600", "alice"); err != nil || !strings.Contains(text, "alice") || h.room != "600" || h.revoked != "alice" {
		t.Errorf("revoke: %q, %v; %q in %q", text, err, h.revoked, h.room)
	}
	var refused *Error
	if _, err := client.Revoke(t.Context(), "", "nobody"); !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		t.Errorf("revoke nobody: %v", err)
	}
}

func TestPartsThatAreNotThere(t *testing.T) {
	alone, _ := open(t, Parts{Host: &host{}})
	boxed, _ := open(t, Parts{Box: &box{}, Studio: &studio{}})
	_, status := alone.Status(t.Context())
	_, press := alone.Press(t.Context(), "record", 0)
	_, peers := alone.Peers(t.Context())
	_, invite := boxed.Invite(t.Context(), InviteRequest{Name: "alice"})
	_, hub := boxed.HubStatus(t.Context())
	for what, c := range map[string]struct {
		err  error
		want string
	}{
		"status of a hub": {status, "orionbox run"}, "press at a hub": {press, "orionbox run"}, "peers of a hub": {peers, "orionbox run"},
		"say at a hub":    {alone.Say(t.Context(), "x"), "orionbox run"},
		"invite of a box": {invite, "orionbox hub"}, "hub of a box": {hub, "orionbox hub"},
	} {
		var refused *Error
		if !errors.As(c.err, &refused) || refused.Status != http.StatusNotFound || !strings.Contains(refused.Text, c.want) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
}

func TestBodies(t *testing.T) {
	handler := New(Parts{Box: &box{}, Panel: &wired{}, Studio: &studio{}, Host: &host{}}, quiet())
	const isJSON = "application/json"
	for _, c := range []struct {
		what, path, kind, body string
		want                   int
	}{
		{"as it should be", "/api/chat", isJSON, `{"text":"hello"}`, http.StatusOK},
		{"with its character set", "/api/chat", "application/json; charset=utf-8", `{"text":"hello"}`, http.StatusOK},
		{"no type", "/api/chat", "", `{"text":"hello"}`, http.StatusUnsupportedMediaType},
		{"a form, as a strange page could send it", "/api/chat", "text/plain", `{"text":"hello"}`, http.StatusUnsupportedMediaType},
		{"empty", "/api/chat", isJSON, ``, http.StatusBadRequest},
		{"cut", "/api/chat", isJSON, `{"text":"hel`, http.StatusBadRequest},
		{"two", "/api/chat", isJSON, `{"text":"a"}{"text":"b"}`, http.StatusBadRequest},
		{"rubbish behind", "/api/chat", isJSON, `{"text":"a"} x`, http.StatusBadRequest},
		{"unknown field", "/api/chat", isJSON, `{"text":"a","colour":"red"}`, http.StatusBadRequest},
		{"wrong kind", "/api/markers", isJSON, `{"op":7}`, http.StatusBadRequest},
		{"no object", "/api/markers", isJSON, `[]`, http.StatusBadRequest},
		{"too far", "/api/markers", isJSON, `{"op":"move","by_ns":-9223372036854775808}`, http.StatusBadRequest},
		{"too long", "/api/chat", isJSON, `{"text":"` + strings.Repeat("a", maxBody) + `"}`, http.StatusRequestEntityTooLarge},
		{"an invite", "/api/hub/invite", isJSON, `{"name":"a","role":"ARTIST"}`, http.StatusOK},
		{"revoke by form", "/api/hub/revoke", "application/x-www-form-urlencoded", `id=alice`, http.StatusUnsupportedMediaType},
	} {
		answer := ask(handler, "POST", c.path, c.kind, c.body)
		if answer.Code != c.want {
			t.Errorf("%s: %d %s, want %d", c.what, answer.Code, answer.Body, c.want)
		}
		var reply Reply
		if err := json.Unmarshal(answer.Body.Bytes(), &reply); c.want != http.StatusOK && (err != nil || reply.Error == "") {
			t.Errorf("%s: the error is no reply: %s", c.what, answer.Body)
		}
	}
}

func TestQueries(t *testing.T) {
	handler := New(Parts{Box: &box{}, Panel: &wired{}, Studio: &studio{}, Host: &host{}}, quiet())
	for path, want := range map[string]int{
		"/api/chat": http.StatusOK, "/api/chat?after=3&wait=30s": http.StatusOK,
		"/api/chat?after=-1": http.StatusBadRequest, "/api/chat?after=x": http.StatusBadRequest,
		"/api/chat?wait=31s": http.StatusBadRequest, "/api/chat?wait=-1s": http.StatusBadRequest, "/api/chat?wait=long": http.StatusBadRequest,
		"/api/chunks": http.StatusOK, "/api/chunks?all=1": http.StatusOK, "/api/chunks?all=perhaps": http.StatusBadRequest,
		"/api/markers": http.StatusOK, "/api/markers?all=true": http.StatusOK, "/api/markers?all=some": http.StatusBadRequest,
		"/api/hub/invite": http.StatusMethodNotAllowed, "/api/hub": http.StatusNotFound,
	} {
		if answer := ask(handler, "GET", path, "", ""); answer.Code != want {
			t.Errorf("GET %s: %d %s, want %d", path, answer.Code, answer.Body, want)
		}
	}
}

// TestSecretsAreNotLogged has the handler of an invite fail as badly as it can, and prints what it was given.
func TestSecretsAreNotLogged(t *testing.T) {
	var log strings.Builder
	handler := New(Parts{Host: &host{}}, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	body := `{"name":"panic","role":"ARTIST","password":"` + testPassword + `"}`
	failed := ask(handler, "POST", "/api/hub/invite", "application/json", body)
	wrong := ask(handler, "POST", "/api/hub/invite", "application/json", strings.Replace(body, `"role"`, `"rule"`, 1))
	made := ask(handler, "POST", "/api/hub/invite", "application/json", strings.Replace(body, "panic", "alice", 1))
	if made.Code != http.StatusOK || made.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("invite: %d, %v", made.Code, made.Header())
	}
	request, reply := InviteRequest{Name: "alice", Password: testPassword}, InviteReply{ID: "alice", String: testInvite}
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "request", request, "reply", reply)
	printed := fmt.Sprintf("%v %+v %#v %s %v", request, request, request, reply, []any{&reply, request})
	if failed.Code != http.StatusInternalServerError || wrong.Code != http.StatusBadRequest || !strings.Contains(log.String(), "alice") {
		t.Errorf("answers %d and %d, log %s", failed.Code, wrong.Code, log.String())
	}
	for _, text := range []string{log.String(), failed.Body.String(), wrong.Body.String(), printed} {
		if strings.Contains(text, testPassword) || strings.Contains(text, testInvite) {
			t.Errorf("a secret stands in %s", text)
		}
	}
}

func ask(handler http.Handler, method, path, kind, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	return answer
}

func wantJSON(t *testing.T, want string) func(json.RawMessage, error) {
	return func(got json.RawMessage, err error) {
		t.Helper()
		var tight strings.Builder
		for _, part := range strings.Fields(string(got)) {
			tight.WriteString(part)
		}
		if err != nil || tight.String() != want {
			t.Errorf("%s, %v; want %s", tight.String(), err, want)
		}
	}
}
