package hub

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// fuzzed parses data as what it may be; what it believes must be so again after a way over the network.
func fuzzed[T any](t *testing.T, data []byte, parse func([]byte) (T, error)) (v T, ok bool) {
	v, err := parse(data)
	if err != nil {
		if text := err.Error(); !utf8.ValidString(text) || strings.Contains(text, "\n\n\n") {
			t.Errorf("error %q", text)
		}
		return v, false
	}
	again, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("%+v: %v", v, err)
	}
	if len(again) > MaxMessage { // escapes make it longer than it was
		return v, true
	}
	if _, err := parse(again); err != nil {
		t.Fatalf("%s: %v", again, err)
	}
	return v, true
}

var seeds = []string{
	`{}`, `null`, `[]`, `{"presence":{"take":"recording","recording":true,"take_number":3,"fault":"disk full"}}`, `{"bye":true}`,
	`{"received":5,"sent":6,"clock":"c"}`, `{"error":"no"}`, `{"seq":7}`, `{"after":12}`,
	`{"id":"p1","kind":"chat","at":"2026-01-02T20:00:00Z","text":"hello\tyou"}`, `{"id":"p1","kind":"chat","at":"2026-01-02T20:00:00Z","text":"a\u0000b"}`,
	`{"id":"p1","kind":"marker","at":"2026-01-02T20:00:00Z","change":{"id":"c","marker":"m","op":"set","at":"2026-01-02T20:00:00.000000009Z"},"seq":4,"by":"bob","name":"Bob","role":"ARTIST"}`,
	`{"posts":[{"id":"p1","seq":1}],"more":true,"peers":[{"id":"bob","name":"Bob","role":"LISTENER","state":"absent"}],"tracks":[{}]}`,
	`{"box":"bob","session":"s","file":"../f","rate":48000}`,
	`{"box":"bob","session":"SESSION_20260102_200000","file":"HQ_bob_1_200003.mp3","name":"Bob","upload":"00112233445566778899aabbccddeeff","taken":[{"by":"carol","name":"Carol"}]}`,
	`{"id":"p1","kind":"request","at":"2026-01-02T20:00:00Z","want":{"box":"bob","session":"SESSION_20260102_200000","file":"journal.jsonl"}}`,
	`{"box":"bob","session":"s","file":"f.mp3","rate":48000,"line":[{"hub":1,"pos":1},{"hub":2,"pos":9}]}`,
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if b, ok := fuzzed(t, data, ParseBeat); ok && !b.Bye && b.Presence != b.Presence.tidy() {
			t.Errorf("believed %+v", b)
		}
		if r, ok := fuzzed(t, data, ParseBeatReply); ok && r.Error == "" && (r.Sent < r.Received || r.Clock == "") {
			t.Errorf("believed %+v", r)
		}
		if p, ok := fuzzed(t, data, ParsePost); ok && (utf8.RuneCountInString(p.Text) > MaxText || strings.ContainsAny(p.Text, "\r\n\x1b\x00")) && p.Kind != KindMarker {
			t.Errorf("believed %+v", p)
		}
		if p, ok := fuzzed(t, data, ParseTold); ok && (p.Seq <= 0 || p.Change != nil && (p.Change.By != p.By || p.Change.Seq != p.Seq)) {
			t.Errorf("believed %+v", p)
		}
		fuzzed(t, data, ParsePostReply)
		if tr, ok := fuzzed(t, data, ParseTrack); ok && strings.ContainsAny(tr.File+tr.Session, "/\\\x00") {
			t.Errorf("believed %+v", tr)
		}
		if fl, ok := fuzzed(t, data, ParseFile); ok && strings.ContainsAny(fl.File+fl.Session+fl.Upload, "/\\\x00") {
			t.Errorf("believed %+v", fl)
		}
		fuzzed(t, data, ParseHistoryRequest)
		fuzzed(t, data, ParseHistoryReply)
		fuzzed(t, data, ParsePeersMessage)
	})
}

func FuzzOutbox(f *testing.F) {
	f.Add([]byte("{\"post\":{\"id\":\"p1\",\"kind\":\"chat\",\"at\":1,\"text\":\"x\"}}\n{\"done\":\"p1\"}\n{\"po"))
	f.Add([]byte("\n\n{\"done\":\"\"}\n{\"post\":null}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		posts, _, err := readOutbox(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		jobs := make([]job, len(posts))
		for i, p := range posts {
			if err := p.Check(); err != nil {
				t.Fatal(err)
			}
			jobs[i].post = p
		}
		text, _, err := linesOf(jobs)
		if err != nil {
			t.Fatal(err)
		}
		again, bad, err := readOutbox(bytes.NewReader(text))
		if err != nil || bad != 0 || len(again) != len(posts) {
			t.Errorf("%d posts, written and read %d, %d bad, %v", len(posts), len(again), bad, err)
		}
	})
}

func FuzzToken(f *testing.F) {
	f.Add(testToken)
	f.Add("alice.")
	f.Fuzz(func(t *testing.T, token string) {
		id, secret, err := ParseToken(token)
		if err == nil && (id+"."+secret != token || CheckID(id) != nil) {
			t.Errorf("%q became %q and %q", token, id, secret)
		}
		if len(token) > 20 && err != nil && strings.Contains(err.Error(), token) {
			t.Error("the error tells the token")
		}
	})
}

func TestChecks(t *testing.T) {
	marker := func(c takes.Change) Post { return Post{ID: "p", Kind: KindMarker, At: 1, Change: &c} }
	good := Peer{ID: "bob", Name: "Bob", Role: session.Artist, State: Present}
	with := func(change func(*Peer)) Peer { p := good; change(&p); return p }
	track := takes.Track{Box: "bob", Session: "SESSION_20260102_200000", File: "LQ_bob_200000.wav", Rate: 48000}
	trackWith := func(change func(*takes.Track)) checkedTrack { tr := track; change(&tr); return checkedTrack(tr) }
	for _, test := range []struct {
		v    checker
		want string // empty: nothing is wrong
	}{
		{chat("p", 0, "héllo\tyou"), ""},
		{chat("", 0, "x"), "id is missing"},
		{chat(strings.Repeat("x", 65), 0, "x"), "too long"},
		{chat("p", 0, ""), "nothing in it"},
		{chat("p", 0, strings.Repeat("é", MaxText)), ""},
		{chat("p", 0, strings.Repeat("é", MaxText+1)), "longer than 2000"},
		{chat("p", 0, "a\nb"), "one line"},
		{chat("p", 0, "a\x1b[2Jb"), "one line"},
		{chat("p", 0, "a\u2028b"), "one line"},
		{chat("p", 0, "a\xffb"), "UTF-8"},
		{Post{ID: "p", Kind: KindChat, Text: "x"}, "time"},
		{Post{ID: "p", Kind: "gossip", At: 1, Text: "x"}, "no such kind"},
		{Post{ID: "p", Kind: KindNotice, At: 1, Text: NoticeMicMuted}, ""},
		{Post{ID: "p", Kind: KindNotice, At: 1, Text: "Microphone muted"}, "no such notice"},
		{Post{ID: "p", Kind: KindNotice, At: 1}, "no such notice"},
		{Post{ID: "p", Kind: KindMarker, At: 1}, "only a marker"},
		{marker(takes.Change{Marker: "M", Op: takes.Set, At: 5}), "its marker's id"},
		{marker(takes.Change{Marker: "a.>", Op: takes.Set, At: 5}), "its marker's id"},
		{marker(takes.Change{Marker: "a\n", Op: takes.Set, At: 5}), "its marker's id"},
		{marker(takes.Change{Op: takes.Delete}), "its marker's id"},
		{marker(takes.Change{Marker: strings.Repeat("m", 65), Op: takes.Set, At: 5}), "its marker's id"},
		{marker(takes.Change{Marker: strings.Repeat("-", 64), Op: takes.Set, At: 5}), ""},
		{marker(takes.Change{Marker: "m", Op: takes.Set, At: 5}), ""},
		{marker(takes.Change{Marker: "m", Op: takes.Set}), "needs a place"},
		{marker(takes.Change{Marker: "m", Op: "burn"}), "no such operation"},
		{good, ""},
		{with(func(p *Peer) { p.ID = "Bob" }), "id is"},
		{with(func(p *Peer) { p.Name = "" }), "name is missing"},
		{with(func(p *Peer) { p.Name = "a\rb" }), "one line"},
		{with(func(p *Peer) { p.Role = "KING" }), "no such role"},
		{with(func(p *Peer) { p.State = "" }), "no such state"},
		{with(func(p *Peer) { p.Take = "levitating" }), "no such state of a take"},
		{with(func(p *Peer) { p.Number = -1 }), "out of range"},
		{checkedTrack(track), ""},
		{trackWith(func(tr *takes.Track) { tr.Box = "" }), "id is"},
		{trackWith(func(tr *takes.Track) { tr.File = "../secret" }), "not the name of a recording"},
		{trackWith(func(tr *takes.Track) { tr.Session = ".." }), "not the name of a session's folder"},
		{trackWith(func(tr *takes.Track) { tr.Rate = 0 }), "no such recording"},
		{trackWith(func(tr *takes.Track) { tr.Samples = -1 }), "length is out of range"},
		{trackWith(func(tr *takes.Track) { tr.Line = takes.Timeline{{Hub: 5, Pos: 5}, {Hub: 5, Pos: 6}} }), "runs backwards"},
		{trackWith(func(tr *takes.Track) { tr.Line = make(takes.Timeline, 4000+1) }), "more than"},
		{Beat{Bye: true}, ""},
		{Beat{}, "state of a take"},
		{BeatReply{Received: 2, Sent: 1, Clock: "c"}, "no time"},
		{BeatReply{Error: "a\nb"}, "one line"},
		{PostReply{Seq: -1}, "negative"},
		{HistoryRequest{After: -1}, "negative"},
	} {
		err := test.v.Check()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: want %q, got %v", test.v, test.want, err)
		}
	}
}

func TestParseRefusesWhatIsTooLong(t *testing.T) {
	long := `{"id":"p","kind":"chat","at":"2026-01-02T20:00:00Z","text":"` + strings.Repeat(" ", MaxMessage) + `"}`
	if _, err := ParsePost([]byte(long)); err == nil || !strings.Contains(err.Error(), "bytes") {
		t.Errorf("got %v", err)
	}
	if _, err := ParsePost([]byte("{\"id\":\"\xff\"}")); err == nil || !strings.Contains(err.Error(), "UTF-8") {
		t.Errorf("got %v", err)
	}
}
